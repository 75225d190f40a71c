import type { Clock, ClockTimer } from "./clock.js";
import { realClock } from "./clock.js";
import type { Report, Reporter, ReportLevel } from "./report.js";

/** How many reports pass; everything has a default. */
export interface ReportLimitOptions {
  /** Reports of one type, a second; 10 by default. */
  readonly perSecond?: number;
  /** The same, at once after a rest; 50 by default. */
  readonly burst?: number;
  /** The machine's by default. */
  readonly clock?: Clock;
}

/** A reporter with a limit. */
export interface LimitedReporter extends Reporter {
  /** Tells at once how many were left out, and ends its timer. */
  stop(): void;
}

/** What is known of one type of reports. */
interface Kind {
  /** When the bucket of this type is full again. */
  fullAtMs: number;
  leftOut: number;
  level: ReportLevel;
}

const SUMMARY_MS = 1_000;
const MS_PER_SECOND = 1_000;
/** Types that are counted apart; reports name them in the source, so this is more than there are. */
const MOST_KINDS = 200;
const OTHERS = "others";
const WEIGHT: Readonly<Record<ReportLevel, number>> = { debug: 0, info: 1, warning: 2, error: 3 };

/**
 * Lets so many reports of each type pass, and of the others tells once a second how many there were.
 *
 * For what strangers can cause: whoever sends one bad frame after the other must not fill a log. The default reporter of a system is
 * `limitReports(consoleReporter)`. The summary has the type `reports_left_out`, the highest level of what was left out, and the details
 * `{ type, count }`.
 *
 * ```ts
 * const system = await createSystem({ root: App, reporter: limitReports((report) => log.write(report)) });
 * ```
 */
export function limitReports(reporter: Reporter, options: ReportLimitOptions = {}): LimitedReporter {
  const limit = new ReportLimit(reporter, options);
  return Object.assign((report: Report) => limit.take(report), { stop: () => limit.stop() });
}

class ReportLimit {
  readonly #reporter: Reporter;
  readonly #clock: Clock;
  readonly #tokenMs: number;
  readonly #burstMs: number;
  readonly #kinds = new Map<string, Kind>();
  #timer: ClockTimer | undefined;

  constructor(reporter: Reporter, { perSecond = 10, burst = 50, clock = realClock }: ReportLimitOptions) {
    this.#reporter = reporter;
    this.#clock = clock;
    this.#tokenMs = MS_PER_SECOND / perSecond;
    this.#burstMs = burst * this.#tokenMs;
  }

  take(report: Report): void {
    const now = this.#clock.now();
    const kind = this.#kindOf(report.type);
    const fullAtMs = Math.max(kind.fullAtMs, now) + this.#tokenMs;
    if (fullAtMs - now <= this.#burstMs) {
      kind.fullAtMs = fullAtMs;
      this.#reporter(report);
      return;
    }
    kind.leftOut += 1;
    if (WEIGHT[report.level] > WEIGHT[kind.level]) kind.level = report.level;
    this.#timer ??= this.#clock.setTimer(SUMMARY_MS, () => {
      this.#timer = undefined;
      this.#summarize();
    });
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#summarize();
  }

  #summarize(): void {
    for (const [type, kind] of this.#kinds) {
      const { leftOut: count, level } = kind;
      if (count === 0) continue;
      kind.leftOut = 0;
      kind.level = "debug";
      const text = `${count} more ${count === 1 ? "report" : "reports"} of the type ${type} left out of the log`;
      this.#reporter({ type: "reports_left_out", level, text, details: { type, count } });
    }
  }

  #kindOf(type: string): Kind {
    const known = this.#kinds.get(type);
    if (known !== undefined) return known;
    const name = this.#kinds.size < MOST_KINDS ? type : OTHERS;
    const kind = this.#kinds.get(name) ?? { fullAtMs: 0, leftOut: 0, level: "debug" };
    this.#kinds.set(name, kind);
    return kind;
  }
}
