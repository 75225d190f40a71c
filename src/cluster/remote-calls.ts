import type { PendingCall } from "../kernel/pending-call.js";

/** Entries beyond twice those that were open at the last look make the next look due. */
const SMALLEST_LOOK = 1_000;

/**
 * The calls under way to the actors of one other node, by their numbers.
 *
 * A call that timed out here leaves its entry behind, because nobody tells; such entries are swept out when there are twice as many as were
 * open before, so they never outnumber the open ones for long.
 */
export class RemoteCalls {
  readonly #calls = new Map<number, PendingCall>();
  #last = 0;
  #nextLook = SMALLEST_LOOK;

  get size(): number {
    return this.#calls.size;
  }

  /** Notes a call and gives its number. */
  add(call: PendingCall): number {
    if (this.#calls.size >= this.#nextLook) this.#sweep();
    const number = ++this.#last;
    this.#calls.set(number, call);
    return number;
  }

  /** Takes the call that a reply is for; `undefined` when nobody waits any more. */
  take(number: number): PendingCall | undefined {
    const call = this.#calls.get(number);
    this.#calls.delete(number);
    return call;
  }

  /** Forgets all of them; they are failed by the end of their stand-ins. */
  clear(): void {
    this.#calls.clear();
  }

  #sweep(): void {
    for (const [number, call] of this.#calls) if (!call.open) this.#calls.delete(number);
    this.#nextLook = Math.max(SMALLEST_LOOK, this.#calls.size * 2);
  }
}
