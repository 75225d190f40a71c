import type { Clock } from "../../src/index.js";
import type { TaskOutcome } from "./task-outcome.js";

/** Is told that a slot was filled or closed. */
export type SlotListener = (slot: TaskSlot) => void;

/**
 * Where the result of one task arrives: filled once, taken once.
 *
 * A result that nobody wants any more finds the slot closed and is dropped, so a late one can never be seen.
 */
export class TaskSlot<Value = unknown> {
  #outcome: TaskOutcome<Value> | undefined;
  #closed = false;
  #listeners: Set<SlotListener> | undefined;

  /** Whether nothing will come any more: the result was taken or given up. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether waiting is over: a result is here, or none will come. */
  get settled(): boolean {
    return this.#closed || this.#outcome !== undefined;
  }

  /** The result, if it is here; it stays. */
  get outcome(): TaskOutcome<Value> | undefined {
    return this.#outcome;
  }

  /** Puts the result in; only the first counts. */
  settle(outcome: TaskOutcome<Value>): void {
    if (this.settled) return;
    this.#outcome = outcome;
    this.#tell();
  }

  /** Takes the result, if it is here, and closes the slot. */
  take(): TaskOutcome<Value> | undefined {
    const outcome = this.#outcome;
    if (outcome !== undefined) this.close();
    return outcome;
  }

  /** Gives the result up, whether it is here or not. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#outcome = undefined;
    this.#tell();
  }

  /** Has `listener` told, once, when waiting is over. */
  listen(listener: SlotListener): void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  /** Takes a listener away. */
  unlisten(listener: SlotListener): void {
    this.#listeners?.delete(listener);
  }

  #tell(): void {
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) listener(this);
  }
}

/**
 * Waits for slots, at most `timeoutMs` milliseconds; 0 does not wait.
 *
 * `enough` is asked about each slot that settles, those that had settled before included, and ends the wait by answering true.
 */
export function waitForSlots(
  slots: readonly TaskSlot[],
  enough: (slot: TaskSlot) => boolean,
  clock: Clock,
  timeoutMs: number,
): Promise<void> {
  const open = slots.filter((slot) => !slot.settled);
  const over = slots.filter((slot) => slot.settled).some((slot) => enough(slot));
  if (over || open.length === 0 || timeoutMs === 0) return Promise.resolve();
  return new Promise((resolve) => {
    let timer: object | undefined;
    const end = (): void => {
      if (timer !== undefined) clock.clearTimer(timer);
      for (const slot of open) slot.unlisten(listener);
      resolve();
    };
    let left = open.length;
    const listener = (slot: TaskSlot): void => {
      left--;
      if (enough(slot) || left === 0) end();
    };
    for (const slot of open) slot.listen(listener);
    if (timeoutMs !== Number.POSITIVE_INFINITY) timer = clock.setTimer(timeoutMs, end);
  });
}
