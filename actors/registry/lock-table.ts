import type { Attachment } from "./holder.js";
import type { KeyId } from "./key.js";

/** One who holds a lock, or waits for it. It ends with its owner. */
export class LockClaim<Owner> implements Attachment {
  readonly id: KeyId;
  /** Who may set it again: the owner, or a token where each claim stands alone. */
  readonly requester: unknown;
  readonly owner: Owner | undefined;
  /** How often it was set; the lock is free when it was released as often. 0 while it waits, and when it is over. */
  count = 0;
  readonly #table: LockTable<Owner>;
  readonly #told: LockListener;

  constructor(table: LockTable<Owner>, id: KeyId, request: LockRequest<Owner>) {
    this.id = id;
    this.requester = request.requester;
    this.owner = request.owner;
    this.#table = table;
    this.#told = request.told ?? nobody;
  }

  get held(): boolean {
    return this.count > 0;
  }

  granted(): void {
    this.#told.granted();
  }

  ownerEnded(): void {
    this.#table.drop(this);
    this.#told.ownerEnded();
  }
}

/** Is told what becomes of one who waits. */
export interface LockListener {
  granted(): void;
  ownerEnded(): void;
}

/** Who asks for a lock. */
export interface LockRequest<Owner> {
  readonly requester: unknown;
  readonly owner: Owner | undefined;
  readonly told?: LockListener;
}

// A lock that was free tells nobody that it was granted: whoever asked has it.
const nobody: LockListener = { granted: () => undefined, ownerEnded: () => undefined };

interface Lock<Owner> {
  holder: LockClaim<Owner>;
  readonly queue: Set<LockClaim<Owner>>;
}

/**
 * Who holds which lock and who waits for it, first come first served.
 *
 * A lock may be set again by who holds it, and must be released as often. A lock that nobody holds does not exist.
 */
export class LockTable<Owner> {
  readonly #locks = new Map<KeyId, Lock<Owner>>();
  #waiting = 0;

  /** How many locks are held. */
  get size(): number {
    return this.#locks.size;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Who holds a lock. */
  holder(id: KeyId): LockClaim<Owner> | undefined {
    return this.#locks.get(id)?.holder;
  }

  /** Sets a lock if it is free, or held by the same requester; returns the claim that holds it then, or `undefined`. */
  trySet(id: KeyId, request: LockRequest<Owner>): LockClaim<Owner> | undefined {
    const lock = this.#locks.get(id);
    if (lock === undefined) {
      const holder = new LockClaim(this, id, request);
      holder.count = 1;
      this.#locks.set(id, { holder, queue: new Set() });
      return holder;
    }
    if (lock.holder.requester !== request.requester) return undefined;
    lock.holder.count++;
    return lock.holder;
  }

  /** Waits for a lock that another holds. */
  enqueue(id: KeyId, request: LockRequest<Owner>): LockClaim<Owner> {
    const claim = new LockClaim(this, id, request);
    this.#locks.get(id)?.queue.add(claim);
    this.#waiting++;
    return claim;
  }

  /** Undoes one set; the next in the queue has the lock when it was the last. False when the requester does not hold it. */
  release(id: KeyId, requester: unknown): boolean {
    const lock = this.#locks.get(id);
    if (lock === undefined || lock.holder.requester !== requester) return false;
    if (--lock.holder.count === 0) this.#passOn(id, lock);
    return true;
  }

  /** Ends a claim, whether it holds its lock, however often it was set, or waits for it. */
  drop(claim: LockClaim<Owner>): void {
    const lock = this.#locks.get(claim.id);
    if (lock === undefined) return;
    if (lock.holder === claim) {
      claim.count = 0;
      this.#passOn(claim.id, lock);
    } else if (lock.queue.delete(claim)) this.#waiting--;
  }

  #passOn(id: KeyId, lock: Lock<Owner>): void {
    const [next] = lock.queue;
    if (next === undefined) {
      this.#locks.delete(id);
      return;
    }
    lock.queue.delete(next);
    this.#waiting--;
    lock.holder = next;
    next.count = 1;
    // The same requester may have asked several times: all its claims become one.
    const same = [...lock.queue].filter((claim) => claim.requester === next.requester);
    for (const claim of same) {
      lock.queue.delete(claim);
      this.#waiting--;
      next.count++;
    }
    next.granted();
    for (const claim of same) claim.granted();
  }
}
