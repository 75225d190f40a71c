import { CodecError } from "./codec-error.js";
import { MOST_BYTES } from "./tags.js";

const SMALLEST = 1_024;
/** A buffer that has grown beyond this is not kept for the next frame. */
const LARGEST_KEPT = 1_048_576;
/** Up to here a loop over the characters is faster than a call into the runtime. */
const SHORT_TEXT = 32;
/** The same for bytes. */
const SHORT_COPY = 96;

/** Appends numbers, texts and bytes to one growing buffer. */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor() {
    this.#bytes = Buffer.allocUnsafe(SMALLEST);
  }

  get length(): number {
    return this.#length;
  }

  /** Drops what was written after a length that was noted before. */
  truncate(length: number): void {
    this.#length = length;
    if (this.#bytes.length <= LARGEST_KEPT || length > SMALLEST) return;
    const smaller = Buffer.allocUnsafe(SMALLEST);
    this.#bytes.copy(smaller, 0, 0, length);
    this.#bytes = smaller;
  }

  /** Takes what was written, and begins anew. The result is the caller's own, and may be kept. */
  take(): Uint8Array {
    const taken = new Uint8Array(this.#length);
    this.#copyTo(taken, 0);
    this.truncate(0);
    return taken;
  }

  /** Takes what was written, behind what another writer holds, and begins anew. A small result shares its memory with others: it is not for keeping. */
  takeBehind(head: ByteWriter): Uint8Array {
    // Out of Node's pool, which is several times as quick as memory of its own.
    const taken = Buffer.allocUnsafe(head.length + this.#length);
    head.#copyTo(taken, 0);
    this.#copyTo(taken, head.length);
    this.truncate(0);
    return taken;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number from 0 to 2^53 - 1, seven bits to a byte. */
  varint(value: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow(8);
    const bytes = this.#bytes;
    let rest = value;
    while (rest > 0x7f) {
      bytes[this.#length++] = (rest % 128) | 0x80;
      rest = rest < 0x8000_0000 ? rest >>> 7 : Math.floor(rest / 128);
    }
    bytes[this.#length++] = rest;
  }

  float(value: number): void {
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  /** Bytes as they are. */
  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** A short text of ASCII behind a tag and its length; false, and nothing written, when it is longer or not ASCII. */
  shortAscii(tag: number, text: string): boolean {
    const { length } = text;
    if (length > SHORT_TEXT) return false;
    this.#reserve(length + 2);
    const bytes = this.#bytes;
    const start = this.#length + 2;
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at);
      if (code > 0x7f) return false;
      bytes[start + at] = code;
    }
    bytes[start - 2] = tag;
    bytes[start - 1] = length;
    this.#length = start + length;
    return true;
  }

  /** Text of ASCII. */
  ascii(text: string): void {
    this.#reserve(text.length);
    this.#length += this.#bytes.write(text, this.#length, "latin1");
  }

  /** Text as UTF-8, whose length in bytes is known. */
  utf8(text: string, length: number): void {
    this.#reserve(length);
    this.#length += this.#bytes.write(text, this.#length, "utf8");
  }

  utf16(text: string): void {
    this.#reserve(text.length * 2);
    this.#length += this.#bytes.write(text, this.#length, "utf16le");
  }

  #copyTo(target: Uint8Array, start: number): void {
    const length = this.#length;
    const bytes = this.#bytes;
    if (length > SHORT_COPY) target.set(bytes.subarray(0, length), start);
    else for (let at = 0; at < length; at++) target[start + at] = bytes[at] ?? 0;
  }

  #reserve(count: number): void {
    if (this.#length + count > this.#bytes.length) this.#grow(count);
  }

  #grow(count: number): void {
    const least = this.#length + count;
    // The encoder adds the field.
    if (least > MOST_BYTES) throw new CodecError("cannot_carry", `more than ${MOST_BYTES} bytes`);
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, least));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
