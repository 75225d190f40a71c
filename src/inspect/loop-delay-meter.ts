import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../kernel/clock.js";
import type { LoopDelay } from "./protocol/tree.js";

const RESOLUTION_MS = 10;
const LONGEST_WINDOW_MS = 10_000;
const NANOSECONDS_PER_MS = 1e6;

/**
 * Measures how late the event loop's timers fire, only while somebody looks: it costs a timer of 10 ms, and nothing when stopped.
 *
 * Figures are of the last 10 s at most; then the window begins anew.
 */
export class LoopDelayMeter {
  readonly #clock: Clock;
  #histogram: IntervalHistogram | undefined;
  #since = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins to measure; does nothing when it measures already. */
  start(): void {
    if (this.#histogram !== undefined) return;
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#histogram.enable();
    this.#since = this.#clock.now();
  }

  /** Ends measuring and forgets what was measured. */
  stop(): void {
    this.#histogram?.disable();
    this.#histogram = undefined;
  }

  /** The lateness since the window began; undefined when stopped or before the first sample. */
  read(): LoopDelay | undefined {
    const histogram = this.#histogram;
    if (histogram === undefined || histogram.count === 0) return undefined;
    const now = this.#clock.now();
    const delay = {
      p50Ms: lateness(histogram.percentile(50)),
      p99Ms: lateness(histogram.percentile(99)),
      overMs: Math.round(now - this.#since),
    };
    if (now - this.#since >= LONGEST_WINDOW_MS) {
      histogram.reset();
      this.#since = now;
    }
    return delay;
  }
}

// The histogram holds the time between two firings: what exceeds the timer's own interval is lateness.
function lateness(nanoseconds: number): number {
  return Math.max(0, Math.round((nanoseconds / NANOSECONDS_PER_MS - RESOLUTION_MS) * 100) / 100);
}
