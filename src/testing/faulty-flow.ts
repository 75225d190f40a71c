import type { Clock, ClockTimer } from "../kernel/clock.js";
import type { ExchangeHead } from "./faulty-exchange.js";

/** Something on its way from one end of a connection to the other. `break` is the end of the connection without a close frame. */
export type Parcel =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binary"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "head"; readonly head: ExchangeHead }
  | { readonly kind: "close"; readonly code: number; readonly reason: string }
  | { readonly kind: "ping" }
  | { readonly kind: "pong" }
  | { readonly kind: "break" };

/** Who has stopped a flow: the network, or the end that does not read. */
export type Holder = "network" | "reader";

interface Waiting {
  readonly parcel: Parcel;
  readonly bytes: number;
  readonly dueMs: number;
}

/**
 * One direction of a connection: what is sent arrives later, in order, or not at all.
 *
 * As on TCP nothing is lost out of the middle: a flow that has swallowed something delivers nothing more.
 */
export class FaultyFlow {
  readonly #clock: Clock;
  readonly #arrive: (parcel: Parcel) => void;
  readonly #holders = new Set<Holder>();
  #waiting: Waiting[] = [];
  #bytes = 0;
  #lastDueMs = 0;
  #timer: ClockTimer | undefined;
  #ended = false;

  constructor(clock: Clock, arrive: (parcel: Parcel) => void) {
    this.#clock = clock;
    this.#arrive = arrive;
  }

  /** Bytes on the way. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages on the way, control frames left out. */
  get messages(): number {
    return this.#waiting.filter(({ parcel }) => parcel.kind === "text" || parcel.kind === "binary").length;
  }

  /**
   * Sends something that takes `delayMs`, and longer if what went before it does; false if nothing leaves any more.
   *
   * `readMs` is what its reader takes for it alone, one after the other.
   */
  send(parcel: Parcel, delayMs: number, readMs = 0): boolean {
    if (this.#ended) return false;
    const bytes = sizeOf(parcel);
    this.#lastDueMs = Math.max(this.#lastDueMs, this.#clock.now() + delayMs) + readMs;
    this.#waiting.push({ parcel, bytes, dueMs: this.#lastDueMs });
    this.#bytes += bytes;
    this.#arm();
    return true;
  }

  /** Nothing arrives until everyone who has stopped it lets go. */
  hold(holder: Holder): void {
    this.#holders.add(holder);
    this.#disarm();
  }

  letGo(holder: Holder): void {
    if (this.#holders.delete(holder)) this.#arm();
  }

  /** What is on the way still arrives; nothing is sent after it. */
  end(): void {
    this.#ended = true;
  }

  /** What is on the way never arrives, and nothing is sent after it. Gives the number of messages lost. */
  swallow(): number {
    const lost = this.messages;
    this.#ended = true;
    this.#waiting = [];
    this.#bytes = 0;
    this.#disarm();
    return lost;
  }

  /** What is on the way arrives now, whoever has stopped it. */
  hurry(): void {
    this.#disarm();
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    for (const { parcel } of waiting) this.#arrive(parcel);
  }

  /** What is on the way takes that much longer. */
  delay(byMs: number): void {
    this.#lastDueMs += byMs;
    this.#waiting = this.#waiting.map((each) => ({ ...each, dueMs: each.dueMs + byMs }));
    this.#disarm();
    this.#arm();
  }

  #arm(): void {
    const [next] = this.#waiting;
    if (next === undefined || this.#timer !== undefined || this.#holders.size > 0) return;
    this.#timer = this.#clock.setTimer(Math.max(0, next.dueMs - this.#clock.now()), () => {
      this.#timer = undefined;
      this.#deliver();
    });
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #deliver(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#holders.size === 0; next = this.#waiting[0]) {
      if (next.dueMs > this.#clock.now()) break;
      this.#waiting.shift();
      this.#bytes -= next.bytes;
      this.#arrive(next.parcel);
    }
    this.#arm();
  }
}

function sizeOf(parcel: Parcel): number {
  if (parcel.kind === "text") return parcel.text.length;
  return parcel.kind === "binary" ? parcel.bytes.length : 2;
}
