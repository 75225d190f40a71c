/** How long a supervisor waits before it restarts a child, longer each time; every part has a default. */
export interface BackoffOptions {
  /** The longest delay before the first attempt, in milliseconds; 500 by default. */
  readonly baseMs?: number;
  /** The longest delay of all, in milliseconds; 20,000 by default, or `baseMs` if that is more. */
  readonly capMs?: number;
  /** How many times as long the next delay may be; 2 by default, 1 for delays that do not grow. */
  readonly factor?: number;
  /** Which part of a delay is drawn by chance, from 0 (nothing) to 1 (all of it); 0.5 by default. */
  readonly jitter?: number;
  /** How long a child must have run for its delays to begin with `baseMs` again, in milliseconds; 10,000 by default. */
  readonly stableMs?: number;
  /** How many attempts in a row are made; when one more is due the supervisor gives up. `Infinity` by default. */
  readonly maxAttempts?: number;
}

/** Back-off with every default filled in. */
export type BackoffRule = Required<BackoffOptions>;

/** Where chance comes from: numbers from 0 (inclusive) to 1 (exclusive). */
export interface Chance {
  next(): number;
}

// Above this the power says nothing new: whatever the base, its delays have reached any cap that a timer can wait for.
const HIGHEST_POWER = 1_000;

/**
 * The delay before an attempt, in milliseconds: `min(capMs, baseMs * factor ** (attempt - 1))`, less a part drawn by chance.
 *
 * Attempts count from 1. With a jitter of 0.5 a delay is at least half of that, so that children which died together come back spread.
 */
export function restartDelay(
  attempt: number,
  { baseMs, capMs, factor, jitter }: Pick<BackoffRule, "baseMs" | "capMs" | "factor" | "jitter">,
  chance: Chance,
): number {
  const longest = Math.min(capMs, baseMs * factor ** Math.min(attempt - 1, HIGHEST_POWER));
  return longest * (1 - jitter * chance.next());
}

/** The attempts in a row to restart one child. Holds no clock: times come in as data, in milliseconds of one that is monotonic. */
export class RestartAttempts {
  #rule: BackoffRule;
  #made = 0;
  #runningSince: number | undefined;

  constructor(rule: BackoffRule) {
    this.#rule = rule;
  }

  /** How many attempts in a row are made or due. */
  get made(): number {
    return this.#made;
  }

  /** Goes on by another rule. */
  follow(rule: BackoffRule): void {
    this.#rule = rule;
  }

  /** Notes that the child runs since `now`. */
  started(now: number): void {
    this.#runningSince = now;
  }

  /**
   * Says how long to wait before the next attempt, for a child that ended at `now` or could not be started; `undefined` when it was the last.
   *
   * A child that ran for `stableMs` begins anew.
   */
  next(now: number, chance: Chance): number | undefined {
    if (this.#runningSince !== undefined && now - this.#runningSince >= this.#rule.stableMs) this.#made = 0;
    this.#runningSince = undefined;
    if (this.#made >= this.#rule.maxAttempts) return undefined;
    this.#made++;
    return restartDelay(this.#made, this.#rule, chance);
  }
}
