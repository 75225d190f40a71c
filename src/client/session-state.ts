import type { Hello, JsonObject, ResumeRequest, Welcome } from "../protocol/handshake.js";
import { SESSION_VERSION } from "../protocol/names.js";
import { AckDebt } from "../protocol/sequence.js";

/** What a `hello` says beside the session itself. */
export interface HelloFacts {
  readonly token: string | undefined;
  readonly params: JsonObject | undefined;
  readonly ttlMs: number | undefined;
  readonly txFirst: number;
  readonly txNext: number;
}

/**
 * What the client knows of its session: who it is, and how far it has come in the server's stream.
 *
 * Outlives every connection. Only the latest secret is kept: if an answer was lost, the server takes the one before.
 */
export class SessionState {
  /** What was received and not acknowledged yet. */
  readonly debt = new AckDebt();
  /** The highest server number that was accepted. */
  received = 0;
  /** The highest server number whose listeners have returned: what is acknowledged. */
  handled = 0;
  #identity: Pick<ResumeRequest, "sid" | "secret" | "epoch"> | undefined;

  /** The session's public id; `undefined` while there is none. */
  get sid(): string | undefined {
    return this.#identity?.sid;
  }

  /** Makes the payload of the first frame on a new connection. */
  hello({ token, params, ttlMs, txFirst, txNext }: HelloFacts): Hello {
    const facts = {
      v: SESSION_VERSION,
      ...(token === undefined ? {} : { token }),
      ...(params === undefined ? {} : { params }),
      ...(ttlMs === undefined ? {} : { ttlMs }),
    } as const;
    if (this.#identity === undefined) return { ...facts, intent: "new" };
    return { ...facts, intent: "resume", resume: { ...this.#identity, rx: this.handled, txFirst, txNext } };
  }

  /** Takes over what the server answered. A session that is not the one before starts with nothing received. */
  adopt({ sid, secret, epoch, resumed }: Welcome): void {
    if (!resumed) this.forget();
    this.#identity = { sid, secret, epoch };
  }

  /** Accepts a number, and counts its frame as to be acknowledged; `true` if an acknowledgement is due at once. */
  handle(seq: number, bytes: number, nowMs: number): boolean {
    this.handled = Math.max(this.handled, seq);
    return this.debt.add(bytes, nowMs);
  }

  /** Gives the number to acknowledge and counts it as acknowledged. */
  takeAck(): number {
    this.debt.clear();
    return this.handled;
  }

  /** There is no session any more. */
  forget(): void {
    this.#identity = undefined;
    this.received = 0;
    this.handled = 0;
    this.debt.clear();
  }
}
