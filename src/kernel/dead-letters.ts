import type { Cell } from "./cell.js";
import { formatReason, isNormalExit } from "./exit-reason.js";
import type { Report } from "./report.js";

/** Why a message was not delivered: its receiver had ended, nobody holds the name, or its mailbox was full. */
export type DeadLetterReason = "noproc" | "mailbox_full";

/** One message that could not be delivered; the payload itself is not kept. */
export interface DeadLetter {
  readonly target: string;
  readonly message: string;
  readonly reason: DeadLetterReason;
  readonly payload: string;
  readonly at: number;
}

const RECENT = 100;
const REPORT_EVERY_MS = 1_000;

/**
 * Counts what could not be delivered.
 *
 * Every letter is counted. At most one a second is written down as text and reported, as a `dead_letter` report with the number since the last
 * one; the latest 100 of those are kept.
 */
export class DeadLetters {
  total = 0;
  readonly byReason: Record<DeadLetterReason, number> = { noproc: 0, mailbox_full: 0 };
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

  add(target: Cell | string, message: string, reason: DeadLetterReason, payload: unknown): void {
    this.total++;
    this.byReason[reason]++;
    this.#unreported++;
    // A flood of dead letters must stay cheap: text is made for the first of each second only.
    const now = this.#now();
    // Whoever sends to an actor that ended in order was a little late: no reason to alarm anybody.
    const orderly = typeof target !== "string" && reason === "noproc" && isNormalExit(target.exitReason);
    if (now - this.#lastReport < REPORT_EVERY_MS) return;
    this.#lastReport = now;
    const letter: DeadLetter = {
      target: typeof target === "string" ? target : target.describe(),
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

  #keep(letter: DeadLetter): void {
    if (this.#recent.length < RECENT) {
      this.#recent.push(letter);
      return;
    }
    this.#recent[this.#oldest] = letter;
    this.#oldest = (this.#oldest + 1) % RECENT;
  }
}
