import type { Cell } from "./cell.js";
import { formatReason, isNormalExit } from "./exit-reason.js";
import type { Report } from "./report.js";

/** Why a message was not delivered: its receiver had ended or nobody holds the name, its mailbox was full, or a schema refused the arguments. */
export type DeadLetterReason = "noproc" | "mailbox_full" | "bad_argument";

/** One message that could not be delivered; the payload itself is not kept. */
export interface DeadLetter {
  readonly target: string;
  readonly message: string;
  readonly reason: DeadLetterReason;
  readonly payload: string;
  readonly at: number;
}

/** How many dead letters one receiver has had, by reason. */
export interface DeadLetterTarget {
  readonly target: string;
  readonly byReason: Readonly<Record<DeadLetterReason, number>>;
}

interface Counted {
  readonly target: string;
  readonly byReason: Record<DeadLetterReason, number>;
}

const RECENT = 100;
const MOST_TARGETS = 100;
const REPORT_EVERY_MS = 1_000;

/**
 * Counts what could not be delivered.
 *
 * Every letter is counted, also by receiver, for the 100 receivers that had one last. At most one a second is written down as text and reported, as a `dead_letter` report with the number since the last
 * one; the latest 100 of those are kept.
 */
export class DeadLetters {
  total = 0;
  readonly byReason: Record<DeadLetterReason, number> = { noproc: 0, mailbox_full: 0, bad_argument: 0 };
  // By the number of an actor or by a name; the one that had a letter last is the last.
  readonly #counted = new Map<number | string, Counted>();
  #lastCounted: readonly [key: number | string, counted: Counted] | undefined;
  #recent: DeadLetter[] = [];
  #oldest = 0;
  #unreported = 0;
  #lastReport = Number.NEGATIVE_INFINITY;
  readonly #report: (report: Report) => void;
  readonly #now: () => number;

  constructor(report: (report: Report) => void, now: () => number) {
    this.#report = report;
    this.#now = now;
  }

  /** The latest dead letters that were written down, oldest first. */
  get recent(): readonly DeadLetter[] {
    return [...this.#recent.slice(this.#oldest), ...this.#recent.slice(0, this.#oldest)];
  }

  /** How many went to whom; the receiver of the latest is the last, and there are 100 at most. */
  get byTarget(): readonly DeadLetterTarget[] {
    return [...this.#counted.values()].map(({ target, byReason }) => ({ target, byReason: { ...byReason } }));
  }

  add(target: Cell | string, message: string, reason: DeadLetterReason, payload: unknown): void {
    this.total++;
    this.byReason[reason]++;
    this.#unreported++;
    this.#countFor(target, reason);
    // A flood of dead letters must stay cheap: text is made for the first of each second only.
    const now = this.#now();
    // Whoever sends to an actor that ended in order was a little late: no reason to alarm anybody.
    const orderly = typeof target !== "string" && reason === "noproc" && isNormalExit(target.exitReason);
    if (now - this.#lastReport < REPORT_EVERY_MS) return;
    this.#lastReport = now;
    const letter: DeadLetter = {
      target: titleOf(target),
      message,
      reason,
      payload: formatReason(payload),
      at: now,
    };
    this.#keep(letter);
    const text = `${this.#unreported} dead letter${this.#unreported === 1 ? "" : "s"}, the last one ${message} to ${letter.target}: ${reason}`;
    this.#report({
      type: "dead_letter",
      level: orderly ? "info" : "warning",
      text,
      details: { ...letter, count: this.#unreported, total: this.total },
    });
    this.#unreported = 0;
  }

  #countFor(target: Cell | string, reason: DeadLetterReason): void {
    const key = typeof target === "string" ? target : target.id;
    if (this.#lastCounted?.[0] !== key) {
      const counted = this.#counted.get(key) ?? {
        target: titleOf(target),
        byReason: { noproc: 0, mailbox_full: 0, bad_argument: 0 },
      };
      this.#counted.delete(key);
      this.#counted.set(key, counted);
      this.#lastCounted = [key, counted];
      if (this.#counted.size > MOST_TARGETS) this.#forgetOldest();
    }
    const [, counted] = this.#lastCounted;
    counted.byReason[reason]++;
  }

  #forgetOldest(): void {
    const [oldest] = this.#counted.keys();
    if (oldest !== undefined) this.#counted.delete(oldest);
  }

  #keep(letter: DeadLetter): void {
    if (this.#recent.length < RECENT) {
      this.#recent.push(letter);
      return;
    }
    this.#recent[this.#oldest] = letter;
    this.#oldest = (this.#oldest + 1) % RECENT;
  }
}

function titleOf(target: Cell | string): string {
  return typeof target === "string" ? target : target.describe();
}
