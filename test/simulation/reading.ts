import type { Ledger } from "./ledger.js";
import { latestOfKeys, policyOf } from "./topics.js";

/** What a reader of a topic may be told besides all of it. */
export interface ReadingRules {
  /** Whether it may be told that broadcasts were not kept for it. */
  readonly mayLose: boolean;
  /** Whether bytes may come twice, as their number is not known to who comes back. */
  readonly bytesRepeat: boolean;
  /** Of how many of the latest broadcasts nobody may be deprived who gets the latest ones only. */
  readonly windowMessages: number;
}

/** What one client reads of one topic, and what is wrong with that as text; `undefined` when all is well. */
export interface TopicReading {
  /** The last broadcast that was read, or was there before the join. */
  readonly last: number;
  /** A broadcast comes; `from` says who has counted it, where there are several. */
  news(n: number, binary: boolean, from: string): string | undefined;
  /** A hole is announced. */
  gap(from: number, to: number, reason: string): string | undefined;
  /** What it lacks of all that was broadcast, when nothing is on its way any more. */
  lacks(): string | undefined;
}

/**
 * What one client reads of one topic, from the answer to its join to the loss of the channel: in order, each once, and every hole announced
 * with exactly what is missing.
 */
export class Reading implements TopicReading {
  readonly #topic: string;
  readonly #ledger: Ledger;
  readonly #rules: ReadingRules;
  /** Broadcasts there had been when the join was answered. */
  readonly #joinedAt: number;
  #last: number | undefined;
  /** How many were announced to be missing since the last one. */
  #announced = 0;
  /** Whether it was announced that some are missing, and not how many. */
  #unknown = false;
  /** The highest that an announced loss may stand for: of it no key need be right. */
  #lostUpTo = 0;
  readonly #seen = new Set<number>();

  constructor(topic: string, ledger: Ledger, rules: ReadingRules) {
    this.#topic = topic;
    this.#ledger = ledger;
    this.#rules = rules;
    this.#joinedAt = ledger.published(topic);
  }

  get last(): number {
    return this.#last ?? this.#joinedAt;
  }

  news(n: number, binary: boolean): string | undefined {
    if (this.#last !== undefined && n <= this.#last) {
      if (binary && this.#rules.bytesRepeat) return undefined;
      return `got broadcast ${n} of ${this.#topic} after ${this.#last}`;
    }
    const hole = this.#hole(n);
    this.#last = n;
    this.#announced = 0;
    this.#unknown = false;
    if (policyOf(this.#topic) === "conflate") this.#seen.add(n);
    return hole;
  }

  gap(from: number, to: number, reason: string): string | undefined {
    const policy = policyOf(this.#topic);
    const what = `was told that ${from} to ${to} of ${this.#topic} are missing: ${reason}`;
    if (reason === "conflated" && policy !== "conflate") return `${what}, which is ${policy}`;
    if (reason === "overflow" && policy !== "drop_oldest") return `${what}, which is ${policy}`;
    if (reason === "lost" && !this.#rules.mayLose) return `${what}, for no reason`;
    if (reason === "lost") this.#lostUpTo = this.#ledger.published(this.#topic);
    if (Number.isNaN(from + to)) this.#unknown = true;
    else if (to < from) return `${what}, which is nothing`;
    else this.#announced += to - from + 1;
    return reason === "overflow" && this.#hasTooFewLeft() ? `${what}, which is more than had to go` : undefined;
  }

  lacks(): string | undefined {
    const published = this.#ledger.published(this.#topic);
    const hole = this.#hole(published + 1);
    if (hole !== undefined) return hole;
    for (const n of latestOfKeys(this.#topic, published)) {
      if (n <= this.#joinedAt || n <= this.#lostUpTo || this.#seen.has(n) || this.#isDoubtful(n)) continue;
      return `lacks ${n} of ${this.#topic}, the latest of its key`;
    }
    return undefined;
  }

  /**
   * Whether of the latest broadcasts some will not come that had to: since the announcement there can only be more of them. Not known where
   * what has come may be announced to be missing, as bytes without a number.
   */
  #hasTooFewLeft(): boolean {
    if (this.#rules.bytesRepeat) return false;
    const left = this.#ledger.published(this.#topic) - this.last - this.#announced;
    return this.#last !== undefined && left < this.#rules.windowMessages;
  }

  #hole(next: number): string | undefined {
    const { last } = this;
    let missing = 0;
    let certain = 0;
    for (let n = last + 1; n < next; n++) {
      missing++;
      if (!this.#isDoubtful(n)) certain++;
    }
    if (this.#unknown || (certain <= this.#announced && this.#announced <= missing)) return undefined;
    // Of what came between its join and the answer nobody outside knows; and of bytes without a number nobody knows whether they have come.
    const mayExceed = this.#last === undefined || this.#rules.bytesRepeat;
    if (mayExceed && this.#announced > missing) return undefined;
    return `got ${next} of ${this.#topic} after ${last}: ${missing} are missing, ${this.#announced} were announced`;
  }

  #isDoubtful(n: number): boolean {
    return this.#ledger.isDoubtful(this.#topic, n);
  }
}
