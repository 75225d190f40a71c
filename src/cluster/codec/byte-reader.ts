import { CodecError } from "./codec-error.js";
import type { TextCache } from "./text-cache.js";

/** Reads numbers, texts and bytes from one buffer, and never beyond its end. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw this.bad("one more byte", "the end of the frame");
    this.#at++;
    return value;
  }

  varint(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    this.#at--;
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw this.bad("a whole number below 2^53", "a larger one");
  }

  /** The count of things that take at least one byte each: so no count makes the reader allocate more than the frame is long. */
  count(): number {
    const count = this.varint();
    if (count > this.left) throw this.bad(`at most ${this.left} entries`, `${count}`);
    return count;
  }

  /** Goes on behind bytes that are known, when these come next; false, and it stays where it is, when others do, or there are none to look for. */
  skip(known: Uint8Array): boolean {
    const { length } = known;
    if (length === 0 || length > this.left) return false;
    for (let at = 0; at < length; at++) if (known[at] !== this.#bytes[this.#at + at]) return false;
    this.#at += length;
    return true;
  }

  float(): number {
    this.#need(8);
    const value = this.#bytes.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  /** A copy, so that it does not keep the whole frame. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    this.#need(length);
    const copy = new Uint8Array(length);
    copy.set(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return copy;
  }

  /** The next bytes in place, without a copy: for what is read at once. */
  slice(length: number): Uint8Array {
    this.#need(length);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(length: number, encoding: "latin1" | "utf8" | "utf16le"): string {
    this.#need(length);
    const text = this.#bytes.toString(encoding, this.#at, this.#at + length);
    this.#at += length;
    return text;
  }

  /** Text of ASCII, from a cache when it came before. */
  ascii(length: number, cache: TextCache): string {
    this.#need(length);
    const text = cache.read(this.#bytes, this.#at, length);
    this.#at += length;
    return text;
  }

  /** An error that says where the frame is wrong. */
  bad(expected: string, got: string): CodecError {
    return new CodecError("bad_frame", `Expected ${expected} at byte ${this.#at} of ${this.#bytes.length}, got ${got}`);
  }

  #need(length: number): void {
    if (length > this.left) throw this.bad(`${length} bytes`, `${this.left}, to the end of the frame`);
  }
}
