import type { AnyRef } from "./actor-ref.js";
import type { Cell } from "./cell.js";
import type { ExitReason } from "./exit-reason.js";
import type { Monitor } from "./monitor.js";

/** Tells a trapping actor that a linked actor ended, or that somebody sent it an exit signal. */
export interface Exit {
  readonly ref: AnyRef;
  readonly reason: ExitReason;
}

/** Work that an actor does for the program between two messages, also while it is suspended; see `sys`. */
export interface SystemRequest {
  /** Never throws. */
  run(cell: Cell): void;
}

/** What a signal asks for: `stop` and `system` are heard by a suspended actor, the others wait for its resumption. */
export type SignalKind = "down" | "exit" | "message" | "stop" | "system";

/** A system signal that waits in front of the user messages of an actor, linked to the next one. */
export class Signal {
  readonly kind: SignalKind;
  /**
   * The count of handled messages at which it may be delivered: signals overtake the messages of others, but never a message that the same
   * sender sent before, so that the order between each pair is kept.
   */
  readonly after: number;
  /** The `Down`, the {@link Exit}, the message, the reason to stop with, or the {@link SystemRequest}. */
  readonly content: unknown;
  /** Whom it comes from: the monitor of a `down`, the sender of an `exit`. */
  readonly origin: Monitor | Cell | null;
  next: Signal | null = null;

  constructor(kind: SignalKind, after: number, content: unknown, origin: Monitor | Cell | null) {
    this.kind = kind;
    this.after = after;
    this.content = content;
    this.origin = origin;
  }

  /** Whether it may be delivered after `handled` messages. */
  isDue(handled: number, suspended: boolean): boolean {
    // A suspended actor handles nothing, so what it must hear cannot wait for messages sent before.
    return suspended ? this.kind === "stop" || this.kind === "system" : this.after <= handled;
  }
}

/** The waiting signals of one actor, oldest first. Taking the oldest costs constant time, however many children of a supervisor end at once. */
export class SignalQueue {
  first: Signal | null = null;
  #last: Signal | null = null;

  push(entry: Signal): void {
    if (this.#last === null) this.first = entry;
    else this.#last.next = entry;
    this.#last = entry;
  }

  /** Puts an entry in front of all others, or behind the messages that are in front already. */
  pushFirst(entry: Signal, behindMessages: boolean): void {
    let previous: Signal | null = null;
    for (let at = this.first; behindMessages && at?.kind === "message"; at = at.next) previous = at;
    entry.next = previous === null ? this.first : previous.next;
    if (previous === null) this.first = entry;
    else previous.next = entry;
    if (entry.next === null) this.#last = entry;
  }

  /** Takes the first signal that may be delivered after `handled` messages, or `null`. */
  take(handled: number, suspended: boolean): Signal | null {
    return this.#takeFirst((entry) => entry.isDue(handled, suspended));
  }

  /** Whether there is a signal that may be delivered after `handled` messages. */
  has(handled: number, suspended: boolean): boolean {
    for (let entry = this.first; entry !== null; entry = entry.next) if (entry.isDue(handled, suspended)) return true;
    return false;
  }

  /** How many signals wait. */
  get length(): number {
    let count = 0;
    for (let entry = this.first; entry !== null; entry = entry.next) count++;
    return count;
  }

  /** Drops the signals that come from `origin`. */
  dropFrom(origin: Monitor | Cell): void {
    while (this.#takeFirst((entry) => entry.origin === origin) !== null);
  }

  #takeFirst(wanted: (entry: Signal) => boolean): Signal | null {
    let previous: Signal | null = null;
    for (let entry = this.first; entry !== null; entry = entry.next) {
      if (wanted(entry)) {
        if (previous === null) this.first = entry.next;
        else previous.next = entry.next;
        if (this.#last === entry) this.#last = previous;
        entry.next = null;
        return entry;
      }
      previous = entry;
    }
    return null;
  }
}
