import { randomBytes, timingSafeEqual } from "node:crypto";

const TOKEN_BYTES = 27;
/** The part of a token by which it is found: 72 of its 216 bits. The rest is compared in constant time. */
const NAME_LENGTH = 12;
const TOKEN = /^[A-Za-z0-9_-]{36}$/;

/**
 * Makes the token of one conversation over HTTP: 216 random bits in 36 characters that a URL takes as they are.
 *
 * It says nothing and stands for nothing but this conversation: whoever holds it may read and send in it until it ends, and cannot resume
 * the session with it.
 */
export function makeStreamToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}

/** Tells whether a text has the form of a token, so that one of a conversation that is over differs from an app's own parameter. */
export function isStreamToken(text: string): boolean {
  return TOKEN.test(text);
}

/** A token as it is given out: behind the name of the process that has the conversation, where several share a port. */
const PLACED = /^(?:([A-Za-z0-9_-]{1,64})~)?([A-Za-z0-9_-]{36})$/;

/** The parts of a token that a client brought; `undefined` for what is none. */
export function readPlacedToken(
  text: string,
): { readonly process: string | undefined; readonly token: string } | undefined {
  const [, process, token] = PLACED.exec(text) ?? [];
  return token === undefined ? undefined : { process, token };
}

/** Something that a token stands for. */
export interface Tokened {
  readonly token: string;
}

/** Finds conversations by their tokens. How long a look-up takes tells nothing of the part of the token that is secret. */
export class StreamTable<Stream extends Tokened> {
  readonly #byName = new Map<string, Stream>();

  get size(): number {
    return this.#byName.size;
  }

  add(stream: Stream): void {
    this.#byName.set(nameOf(stream.token), stream);
  }

  remove(stream: Stream): void {
    this.#byName.delete(nameOf(stream.token));
  }

  find(token: string): Stream | undefined {
    if (!isStreamToken(token)) return undefined;
    const stream = this.#byName.get(nameOf(token));
    if (stream === undefined) return undefined;
    return timingSafeEqual(Buffer.from(stream.token, "latin1"), Buffer.from(token, "latin1")) ? stream : undefined;
  }
}

function nameOf(token: string): string {
  return token.slice(0, NAME_LENGTH);
}
