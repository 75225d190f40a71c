/** How fast a bucket fills, and how much it holds. Either may be `Infinity`: then nothing is ever refused. */
export interface BucketRule {
  /** Tokens a second. */
  readonly perSecond: number;
  /** The most tokens at a time: what may come at once after a rest. */
  readonly burst: number;
}

const MS_PER_SECOND = 1_000;
/** What the arithmetic of fractions may be off by. */
const ROUNDING = 1e-9;

/**
 * Tells how long to wait until `count` tokens are there: 0 when they are there now.
 *
 * The state of a bucket is one number, the moment at which it is full: a bucket that was never used is full since 0. More tokens than the
 * bucket holds are never there; they are given when it is full.
 */
export function waitForTokens(rule: BucketRule, fullAtMs: number, nowMs: number, count: number): number {
  const { perSecond, burst } = rule;
  if (perSecond === Infinity || burst === Infinity) return 0;
  const missing = (Math.max(0, fullAtMs - nowMs) * perSecond) / MS_PER_SECOND;
  const lacking = missing + Math.min(count, burst) - burst;
  return lacking <= ROUNDING ? 0 : (lacking * MS_PER_SECOND) / perSecond;
}

/** The new state of a bucket from which `count` tokens were taken, whether they were there or not: it may come to owe some. */
export function withoutTokens(rule: BucketRule, fullAtMs: number, nowMs: number, count: number): number {
  const { perSecond, burst } = rule;
  if (perSecond === Infinity || burst === Infinity) return 0;
  return Math.max(fullAtMs, nowMs) + (count * MS_PER_SECOND) / perSecond;
}

/** A token bucket. It holds no clock: times come in as data, and may not go backwards. */
export class TokenBucket {
  readonly #rule: BucketRule;
  #fullAtMs = 0;

  constructor(rule: BucketRule) {
    this.#rule = rule;
  }

  /** Takes tokens, and returns 0; or takes none, and returns how long to wait for them. */
  take(nowMs: number, count = 1): number {
    const waitMs = waitForTokens(this.#rule, this.#fullAtMs, nowMs, count);
    if (waitMs === 0) this.#fullAtMs = withoutTokens(this.#rule, this.#fullAtMs, nowMs, count);
    return waitMs;
  }

  /**
   * Takes tokens that may not be there: for work that is done in any case, and that others then wait for.
   *
   * The debt is at most one whole bucket.
   */
  charge(nowMs: number, count = 1): void {
    const { perSecond, burst } = this.#rule;
    const most = nowMs + (2 * burst * MS_PER_SECOND) / perSecond;
    const next = withoutTokens(this.#rule, this.#fullAtMs, nowMs, count);
    this.#fullAtMs = Number.isNaN(most) ? next : Math.min(next, most);
  }

  /** Whether it is as if it had never been used. */
  isFull(nowMs: number): boolean {
    return this.#fullAtMs <= nowMs;
  }
}
