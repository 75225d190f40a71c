/**
 * Frames on a bare Unix socket, written and read by hand: the least that messages between two processes can cost in Node.
 *
 * A frame is its length, a head of as many bytes as Holdfast's frames between cores have, and messages: kind, target, number, one argument. What is
 * said in one turn of the microtasks shares a frame. There are no actors, no refs, no watching and no numbering, and only one kind of value.
 */

/** Kinds of messages. */
export const KIND = Object.freeze({ cast: 2, call: 3, reply: 4, handled: 5, usage: 6 });

const LENGTH_BYTES = 4;
/** Version, names of both sides, number of the frame, number of the last one heard. */
const HEAD_BYTES = 40;
const FULL_FRAME = 65_536;
const LONGEST_MESSAGE = 32;
const TARGET = 7;

/** Writes messages into frames. */
export class RawWriter {
  /** @param {{ write(bytes: Buffer): unknown }} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  #socket;
  #bytes = Buffer.alloc(FULL_FRAME + LENGTH_BYTES + HEAD_BYTES + LONGEST_MESSAGE);
  #at = LENGTH_BYTES + HEAD_BYTES;
  #scheduled = false;

  /**
   * @param {number} kind
   * @param {number} number of the message or of the call
   * @param {number} value
   */
  message(kind, number, value) {
    const bytes = this.#bytes;
    bytes[this.#at++] = kind;
    bytes[this.#at++] = TARGET;
    this.#varint(number);
    this.#varint(value);
    if (this.#at >= FULL_FRAME) this.#flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#flush();
      });
    }
  }

  #flush() {
    if (this.#at === LENGTH_BYTES + HEAD_BYTES) return;
    const frame = Buffer.from(this.#bytes.subarray(0, this.#at));
    frame.writeUInt32LE(this.#at - LENGTH_BYTES, 0);
    this.#at = LENGTH_BYTES + HEAD_BYTES;
    this.#socket.write(frame);
  }

  /** @param {number} value */
  #varint(value) {
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
  }
}

/** Reads them. */
export class RawReader {
  /** @param {(kind: number, number: number, value: number) => void} take */
  constructor(take) {
    this.#take = take;
  }

  #take;
  /** @type {Buffer | undefined} */ #rest;
  #bytes = Buffer.alloc(0);
  #at = 0;

  /** @param {Buffer} chunk */
  read(chunk) {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    while (bytes.length - start >= LENGTH_BYTES) {
      const end = start + LENGTH_BYTES + bytes.readUInt32LE(start);
      if (end > bytes.length) break;
      this.#frame(bytes, start + LENGTH_BYTES + HEAD_BYTES, end);
      start = end;
    }
    this.#rest = start === bytes.length ? undefined : bytes.subarray(start);
  }

  /**
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   */
  #frame(bytes, start, end) {
    this.#bytes = bytes;
    this.#at = start;
    while (this.#at < end) {
      const kind = bytes[this.#at] ?? 0;
      this.#at += 2;
      const number = this.#varint();
      this.#take(kind, number, this.#varint());
    }
  }

  #varint() {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }
}
