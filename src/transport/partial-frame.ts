/** A masked header is at most this long. */
const LONGEST_HEADER_BYTES = 14;
/** Room for the payload is made as it arrives: announcing a long message costs a client the bytes, not the server the memory. */
const FIRST_ROOM_BYTES = 256;

/**
 * The beginning of a client's frame whose end has not arrived yet.
 *
 * The bytes are copied, because the chunk they came in may be 64 KiB long and would stay alive for the sake of a few.
 */
export class PartialFrame {
  #room: Buffer;
  #length: number;

  constructor(start: Uint8Array) {
    this.#room = Buffer.allocUnsafeSlow(Math.max(start.length, LONGEST_HEADER_BYTES));
    this.#room.set(start);
    this.#length = start.length;
  }

  /** What has arrived so far. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  /**
   * Takes from `chunk` what the frame lacks and returns how many bytes that were.
   *
   * It may take the header alone: the caller looks whether the frame is whole and asks again if not.
   */
  take(chunk: Buffer): number {
    const wanted = frameBytes(this.#room, this.#length) - this.#length;
    const count = Math.min(wanted, chunk.length);
    this.#makeRoom(this.#length + count, this.#length + wanted);
    this.#room.set(count === chunk.length ? chunk : chunk.subarray(0, count), this.#length);
    this.#length += count;
    return count;
  }

  #makeRoom(needed: number, atMost: number): void {
    if (needed <= this.#room.length) return;
    const room = Buffer.allocUnsafeSlow(Math.min(atMost, Math.max(needed, this.#room.length * 2, FIRST_ROOM_BYTES)));
    room.set(this.bytes);
    this.#room = room;
  }
}

/** Bytes of the frame that begins in `bytes` as far as its first `length` bytes tell: at least those of the next part of its header. */
function frameBytes(bytes: Buffer, length: number): number {
  if (length < 2) return 2;
  const short = (bytes[1] ?? 0) & 0x7f;
  if (short < 126) return 6 + short;
  if (short === 126) return length < 4 ? 4 : 8 + bytes.readUInt16BE(2);
  return length < 10 ? 10 : LONGEST_HEADER_BYTES + bytes.readUInt32BE(6);
}
