import type { RelayFrame } from "./relay-message.js";

/** What a message counts beside its own length, so that many empty ones are not for nothing. */
const FRAME_BYTES = 16;

/** Bytes that were taken and of which the other side is not told, as it would cost a message for each. */
export const UNTOLD_BYTES = 4 * 1024;

/** What a message counts, on both nodes alike: a text its UTF-16 units. */
export function sizeOf(frame: RelayFrame): number {
  return frame.length + FRAME_BYTES;
}

/** What all of some messages count. */
export function sizeOfAll(frames: readonly RelayFrame[]): number {
  let bytes = 0;
  for (const frame of frames) bytes += sizeOf(frame);
  return bytes;
}

/** The bytes of one direction of a relay, as their sender counts them. */
export class SentBytes {
  #sent = 0;
  #taken = 0;

  /** What the other side has not got rid of, as far as is known. */
  get waiting(): number {
    return this.#sent - this.#taken;
  }

  sent(bytes: number): void {
    this.#sent += bytes;
  }

  /** The other side has got rid of so much in all. A number that cannot be is not heard. */
  took(total: number): void {
    if (total > this.#taken && total <= this.#sent) this.#taken = total;
  }
}

/** The bytes of one direction of a relay, as their receiver counts them. */
export class TakenBytes {
  #taken = 0;
  #told = 0;

  took(bytes: number): void {
    this.#taken += bytes;
  }

  /** Whether the other side is to hear of it though nothing else is to be said. */
  get isDue(): boolean {
    return this.#taken - this.#told >= UNTOLD_BYTES;
  }

  /** The total for the other side. */
  tell(): number {
    this.#told = this.#taken;
    return this.#taken;
  }
}
