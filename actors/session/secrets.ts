import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** What a presented secret turned out to be. */
export type SecretVerdict = "current" | "previous" | "retired" | "wrong";

const SECRET_BYTES = 32;

/**
 * The secrets by which one client proves that a session is its own.
 *
 * 256 random bits, kept as SHA-256 hashes, compared in constant time, and rotated on each attach. The previous one stays good until the
 * client has shown that it has the new one, because the answer that carried the new one may have been lost. An older one is theft.
 */
export class Secrets {
  #current = "";
  #previous: string | undefined;
  #retired: string | undefined;

  /**
   * Makes the next secret and returns it, once.
   *
   * `presented` says which one the client came with: that one stays good until the client has shown that it has the new one. When it was the
   * previous one, the answer with the current one was lost, and nobody may use that any more.
   */
  rotate(presented: "none" | "current" | "previous"): string {
    const secret = nextRandomBytes().toString("base64url");
    if (presented === "current") this.#previous = this.#current;
    this.#current = hash(secret);
    return secret;
  }

  /** The client has the current secret: the previous one is worth nothing any more. */
  confirm(): void {
    if (this.#previous === undefined) return;
    this.#retired = this.#previous;
    this.#previous = undefined;
  }

  check(secret: string): SecretVerdict {
    const presented = hash(secret);
    if (equals(presented, this.#current)) return "current";
    if (this.#previous !== undefined && equals(presented, this.#previous)) return "previous";
    return this.#retired !== undefined && equals(presented, this.#retired) ? "retired" : "wrong";
  }
}

const POOLED_SECRETS = 128;
let pool = Buffer.alloc(0);

/** Fresh random bytes: the system is asked once for many, as asking costs more than the bytes. Each is used once and wiped. */
function nextRandomBytes(): Buffer {
  if (pool.length === 0) pool = randomBytes(SECRET_BYTES * POOLED_SECRETS);
  const bytes = Buffer.from(pool.subarray(0, SECRET_BYTES));
  pool.fill(0, 0, SECRET_BYTES);
  pool = pool.subarray(SECRET_BYTES);
  return bytes;
}

// One byte a character: 32 bytes of string instead of a buffer and its bookkeeping, in every session.
function hash(secret: string): string {
  return createHash("sha256").update(secret).digest().toString("latin1");
}

function equals(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one, "latin1"), Buffer.from(other, "latin1"));
}
