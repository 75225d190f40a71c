/** How many resources a pool has. */
export interface PoolLimits {
  /** So many are kept, also when nobody wants them. */
  readonly min: number;
  /** Never more than so many, those that are being made or closed included. */
  readonly max: number;
}

/** What a pool has and what is wanted of it. */
export interface PoolCounts {
  /** Resources that there are: free, held or being checked. */
  readonly open: number;
  readonly creating: number;
  readonly closing: number;
  readonly checking: number;
  readonly waiting: number;
}

/**
 * How many resources to begin to make now.
 *
 * One for each who waits and for whom none is on its way, and as many as are missing to `min`; but never so many that more than `max` exist at once,
 * and never more at a time than `allowed`, which is what the circuit says.
 */
export function creationsWanted({ min, max }: PoolLimits, counts: PoolCounts, allowed: number): number {
  const { open, creating, closing, checking, waiting } = counts;
  const forWaiting = waiting - creating - checking;
  const forMinimum = min - open - creating;
  const room = max - open - creating - closing;
  return Math.max(0, Math.min(Math.max(forWaiting, forMinimum), room, allowed - creating));
}

/** What is told of a free resource when a pool is looked through. */
export interface Idle {
  readonly idleSince: number;
  readonly goodAt: number;
  readonly retireAt: number;
}

/** How long free resources stay, and how often they are looked at; `Infinity` switches a rule off. */
export interface IdleRules {
  /** How long one may be free while there are more than `min`, in milliseconds. */
  readonly idleMs: number;
  /** How long one may go without a check, in milliseconds. */
  readonly checkEveryMs: number;
}

/** What to do with the free resources of a pool. */
export interface IdlePlan<Entry> {
  readonly close: readonly Entry[];
  readonly check: readonly Entry[];
  /** When to look again; `undefined` when nothing will ever be due. */
  readonly nextAt: number | undefined;
}

/**
 * Looks through the free resources of a pool, the longest idle first: the too old are closed, and of the others those that nobody wanted for long, as far
 * as `min` stay; the rest is checked when its time has come.
 */
export function planIdle<Entry extends Idle>(
  free: readonly Entry[],
  { open, min }: { readonly open: number; readonly min: number },
  { idleMs, checkEveryMs }: IdleRules,
  now: number,
): IdlePlan<Entry> {
  const close: Entry[] = [];
  const check: Entry[] = [];
  let nextAt = Number.POSITIVE_INFINITY;
  let left = open;
  for (const entry of free) {
    const { idleSince, goodAt, retireAt } = entry;
    // What is kept because of the minimum alone is not looked at for its idleness again, until something changes.
    const evictAt = left > min ? idleSince + idleMs : Number.POSITIVE_INFINITY;
    const checkAt = goodAt + checkEveryMs;
    if (retireAt <= now || evictAt <= now) {
      close.push(entry);
      left--;
    } else if (checkAt <= now) {
      check.push(entry);
    } else {
      nextAt = Math.min(nextAt, retireAt, evictAt, checkAt);
    }
  }
  return { close, check, nextAt: nextAt === Number.POSITIVE_INFINITY ? undefined : nextAt };
}
