import { isCount } from "../../src/protocol/sequence.js";
import { Secrets } from "./secrets.js";

/** How old a token gets before a client that shows that it is there is given the next one. */
const RENEW_AFTER_MS = 300_000;

/**
 * The tokens by which a stock client finds its session again: `<sid>.<secret>`, kept as hashes like all {@link Secrets}.
 *
 * As they stand in URLs each is good for one connect, and for some minutes: while the client is there it gets a new one every five. The one
 * before is good until the client's next heartbeat, as the news of the new one may have been lost.
 */
export class StockToken extends Secrets {
  #madeAt = 0;

  /** Makes the next token; none before it is good any more. */
  next(sid: string, nowMs: number): string {
    this.#madeAt = nowMs;
    return `${sid}.${this.replace()}`;
  }

  /** Makes the next token when this one is old; that one stays good until its successor is confirmed. */
  renewed(sid: string, nowMs: number): string | undefined {
    if (nowMs - this.#madeAt < RENEW_AFTER_MS) return undefined;
    this.#madeAt = nowMs;
    return `${sid}.${this.rotate("current")}`;
  }
}

/** The two parts of a token that a client brought; the secret is `""` when it has none. */
export function readStockToken(token: string): { readonly sid: string; readonly secret: string } {
  const dot = token.indexOf(".");
  return dot < 0 ? { sid: token, secret: "" } : { sid: token.slice(0, dot), secret: token.slice(dot + 1) };
}

/** What a stock client says in its URL when it wants to be able to come back: the token it was given, if any, and the highest number it saw. */
export function stockClaimOf(
  params: Readonly<Record<string, unknown>>,
): { readonly token: string | undefined; readonly rx: number } | undefined {
  const { session: token, rx } = params;
  if (typeof token !== "string") return undefined;
  const seen = Number(rx ?? 0);
  return { token: token === "" ? undefined : token, rx: isCount(seen) ? seen : 0 };
}
