import { hash, randomFillSync, timingSafeEqual } from "node:crypto";

/** What a presented secret turned out to be. */
export type SecretVerdict = "current" | "previous" | "retired" | "wrong";

/** What is kept of a session's secrets: hashes, one character a byte. */
export interface KeptSecrets {
  readonly current: string;
  readonly previous: string | undefined;
  /** The latest that are worth nothing any more, one after another. */
  readonly retired: string;
}

const SECRET_BYTES = 32;
/** Characters of a hash: one a byte. */
const HASH_LENGTH = 32;
/** How many old secrets are known as stolen when they are used. */
const MOST_RETIRED = 16;

/**
 * The secrets by which one client proves that a session is its own.
 *
 * 256 random bits, kept as SHA-256 hashes, compared in constant time, and rotated on each attach. The previous one stays good until the
 * client has shown that it has the new one, because the answer that carried the new one may have been lost. An older one is theft.
 */
export class Secrets {
  #current = "";
  #previous: string | undefined;
  /** The hashes of the latest that are worth nothing any more, one after another, the latest first. */
  #retired = "";
  /** The attempt of the hello that was let in last; 0 while none has counted. Not kept: a hello does not outlive the server's process. */
  attempt = 0;

  /** New ones, or those that were kept. */
  constructor(kept?: KeptSecrets) {
    if (kept === undefined) return;
    this.#current = kept.current;
    this.#previous = kept.previous;
    this.#retired = kept.retired;
  }

  /** What is to be kept of them. */
  get kept(): KeptSecrets {
    return { current: this.#current, previous: this.#previous, retired: this.#retired };
  }

  /**
   * Makes the next secret and returns it, once.
   *
   * `presented` says which one the client came with: that one stays good until the client has shown that it has the new one. When it was the
   * previous one, the answer with the current one was lost, and nobody may use that any more.
   */
  rotate(presented: "none" | "current" | "previous"): string {
    const secret = nextSecret();
    if (presented === "current") {
      // Whoever has the current one needs the one before no more, also if nothing else ever said so.
      this.confirm();
      this.#previous = this.#current;
    }
    this.#current = hashOf(secret);
    return secret;
  }

  /** The client has the current secret: the previous one is worth nothing any more. False when that is nothing new. */
  confirm(): boolean {
    if (this.#previous === undefined) return false;
    this.#retired = (this.#previous + this.#retired).slice(0, HASH_LENGTH * MOST_RETIRED);
    this.#previous = undefined;
    return true;
  }

  /** Makes the next secret, and the ones before worth nothing at once. */
  replace(): string {
    const secret = this.rotate("current");
    this.confirm();
    return secret;
  }

  check(secret: string): SecretVerdict {
    presented.write(hashOf(secret), "latin1");
    if (isPresented(this.#current, 0)) return "current";
    if (this.#previous !== undefined && isPresented(this.#previous, 0)) return "previous";
    for (let at = 0; at < this.#retired.length; at += HASH_LENGTH) {
      if (isPresented(this.#retired, at)) return "retired";
    }
    return "wrong";
  }
}

const POOLED_SECRETS = 128;
const pool = Buffer.alloc(SECRET_BYTES * POOLED_SECRETS);
let poolUsed = pool.length;

/** A fresh secret. The system is asked for many at once, as asking costs more than the bytes; each is used once and wiped. */
function nextSecret(): string {
  if (poolUsed === pool.length) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  const end = poolUsed + SECRET_BYTES;
  const secret = pool.toString("base64url", poolUsed, end);
  pool.fill(0, poolUsed, end);
  poolUsed = end;
  return secret;
}

// One byte a character: 32 bytes of string instead of a buffer and its bookkeeping, in every session.
function hashOf(secret: string): string {
  // What Node calls "binary" here is Latin 1.
  return hash("sha256", secret, "binary");
}

/** What is compared, one pair at a time: two buffers for all sessions. */
const presented = Buffer.alloc(HASH_LENGTH);
const known = Buffer.alloc(HASH_LENGTH);

/** Compares the presented hash with the one that begins there, in constant time. A place without one holds nothing that anybody could know. */
function isPresented(hashes: string, start: number): boolean {
  if (hashes.length < start + HASH_LENGTH) return false;
  known.write(hashes.slice(start, start + HASH_LENGTH), "latin1");
  return timingSafeEqual(presented, known);
}
