import { BadArgumentError, HoldfastError, whatCame } from "../../src/index.js";

/** What a guard reads of a lease: the lease itself, what JSON left of it, or the token alone. */
export type Fenced = { readonly token: number } | number;

/** Thrown by {@link FencingGuard.check}: somebody with a later lease has used the resource already. */
export class StaleLeaseError extends HoldfastError {
  override readonly name = "StaleLeaseError";
  readonly code = "stale_lease";
  readonly token: number;
  readonly highest: number;

  constructor(token: number, highest: number) {
    super(
      `Refused the lease with token ${token}: a later one, with token ${highest}, has used the resource already. Give up what was begun, and ask for another lease.`,
    );
    this.token = token;
    this.highest = highest;
  }
}

/**
 * Guards a resource against holders that do not know yet that they were replaced: it admits nobody whose fencing token is lower than one it has seen.
 *
 * It belongs to the resource, where the effect takes place, not to the holder: a process that was paused past the end of its lease wakes up believing that
 * it still holds it. Use one guard for each resource. Where the resource is a database, the same rule as a condition of the statement does it:
 * `update … set fence = $1 where id = $2 and fence <= $1`.
 *
 * ```ts
 * const guard = new FencingGuard();
 * guard.check(lease); // throws where a later lease was seen
 * ```
 */
export class FencingGuard {
  #highest: number;

  /** `highest` is the highest token seen so far, where the resource remembers it. */
  constructor(highest = 0) {
    this.#highest = highest;
  }

  /** The highest token seen. */
  get highest(): number {
    return this.#highest;
  }

  /** Tells whether the holder of this lease may use the resource, and if so refuses all earlier ones from now on. */
  admits(lease: Fenced): boolean {
    const token = tokenOf(lease);
    if (token < this.#highest) return false;
    this.#highest = token;
    return true;
  }

  /**
   * Like {@link FencingGuard.admits}, for those who cannot go on without.
   *
   * @throws {StaleLeaseError} when a later lease was seen
   */
  check(lease: Fenced): void {
    if (!this.admits(lease)) throw new StaleLeaseError(tokenOf(lease), this.#highest);
  }
}

function tokenOf(lease: Fenced): number {
  const token = typeof lease === "number" ? lease : lease?.token;
  if (typeof token === "number" && !Number.isNaN(token)) return token;
  throw new BadArgumentError(`Expected a lease, or its token; got ${whatCame(lease)}`);
}
