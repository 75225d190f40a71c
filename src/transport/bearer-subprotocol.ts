const BEARER_PREFIX = "base64url.bearer.phx.";
/** Characters of an RFC 7230 token, and `/`, which base64's standard alphabet needs and some clients send. */
const SUBPROTOCOL = /^[!#$%&'*+\-./0-9A-Z^_`a-z|~]+$/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const MOST_OFFERED = 16;

/** What a `Sec-WebSocket-Protocol` header comes to. */
export type SubprotocolChoice =
  | {
      readonly ok: true;
      /** What the answer names; `undefined` when the client offered nothing. */
      readonly subprotocol: string | undefined;
      /** What the client's bearer entry holds, decoded. */
      readonly authToken: string | undefined;
    }
  | { readonly ok: false; readonly reason: string };

/**
 * Chooses a subprotocol and takes the auth token out of the header, as Phoenix does.
 *
 * A client sends `phoenix, base64url.bearer.phx.<base64 of the token>`: the only header that a browser's WebSocket lets a script fill. The
 * token is taken when there is exactly one such entry; the standard and the URL-safe alphabet are both read, padded or not. A header that
 * is there but offers nothing of `accepted` is refused.
 */
export function chooseSubprotocol(header: string | undefined, accepted: readonly string[]): SubprotocolChoice {
  if (header === undefined) return { ok: true, subprotocol: undefined, authToken: undefined };
  const offered = header.split(",").map((entry) => entry.trim());
  if (offered.length > MOST_OFFERED || !offered.every((entry) => SUBPROTOCOL.test(entry))) {
    return { ok: false, reason: `Sec-WebSocket-Protocol must be a list of at most ${MOST_OFFERED} names` };
  }
  const subprotocol = accepted.find((name) => offered.includes(name));
  if (subprotocol === undefined) {
    const wanted = accepted.length === 0 ? "none is spoken here" : `expected ${accepted.join(" or ")}`;
    return { ok: false, reason: `no offered subprotocol can be accepted: ${wanted}` };
  }
  const bearers = offered.filter((entry) => entry.startsWith(BEARER_PREFIX));
  const [bearer] = bearers;
  if (bearer === undefined || bearers.length > 1) return { ok: true, subprotocol, authToken: undefined };
  const encoded = bearer.slice(BEARER_PREFIX.length);
  if (!BASE64.test(encoded)) return { ok: false, reason: "the bearer subprotocol does not hold base64" };
  return { ok: true, subprotocol, authToken: Buffer.from(encoded, "base64").toString() };
}
