import type { Socket } from "node:net";

const HEAD_LENGTH = 4;
/** No frame between cores is longer: a length above it is no length, and the connection is ended. */
const LONGEST_FRAME = 64 * 1_048_576;
/** When so much waits to be written the other side does not keep up. */
const MOST_WAITING = 32 * 1_048_576;
/** Frames up to here are copied behind each other, which costs less than a write for each. */
const LARGEST_GATHERED = 8_192;
/** How much of them is gathered at most. */
const MOST_GATHERED = 65_536;

/** Who reads from a {@link FrameSocket}. */
export interface FrameReader {
  frame(frame: Uint8Array): void;
  /** The connection is over; nothing comes any more. Told once. */
  closed(why: string): void;
}

/**
 * Frames of any length over one stream: each behind its length.
 *
 * What is sent before the loop goes on leaves in one system call, as far as it is small: that call costs more than all else that is done for a frame.
 */
export class FrameSocket {
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  /** Small frames that wait for the end of the running callbacks. */
  #gathered: Buffer | undefined;
  #gatheredLength = 0;
  #scheduled = false;
  /** What has come of a frame that is not whole yet. */
  #parts: Buffer[] = [];
  #length = 0;
  #why = "closed";

  constructor(socket: Socket, reader: FrameReader) {
    this.#socket = socket;
    this.#reader = reader;
    socket.on("data", (chunk: Buffer) => this.#received(chunk));
    socket.on("error", (error) => {
      this.#why = error.message;
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        resolve();
        reader.closed(this.#why);
      });
    });
  }

  /** Sends a frame; false when too much waits already, the connection is over, or no frame may be so long. */
  send(frame: Uint8Array): boolean {
    const socket = this.#socket;
    if (frame.length > LONGEST_FRAME) return false;
    if (socket.destroyed || socket.writableEnded || socket.writableLength > MOST_WAITING) return false;
    if (frame.length <= LARGEST_GATHERED) this.#gather(frame);
    else {
      this.#write();
      const head = Buffer.allocUnsafe(HEAD_LENGTH);
      head.writeUInt32LE(frame.length, 0);
      socket.cork();
      socket.write(head);
      socket.write(frame);
      socket.uncork();
    }
    return true;
  }

  /** Ends the connection once all is written. */
  end(): void {
    this.#write();
    this.#socket.end();
  }

  /** Ends the connection now. */
  destroy(): void {
    this.#socket.destroy();
  }

  #gather(frame: Uint8Array): void {
    if (this.#gatheredLength + HEAD_LENGTH + frame.length > MOST_GATHERED) this.#write();
    const gathered = (this.#gathered ??= Buffer.allocUnsafeSlow(MOST_GATHERED));
    const at = gathered.writeUInt32LE(frame.length, this.#gatheredLength);
    gathered.set(frame, at);
    this.#gatheredLength = at + frame.length;
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Behind all microtasks: an actor that goes on after a reply, and sends again, does so in one of them.
    process.nextTick(() => {
      this.#scheduled = false;
      this.#write();
    });
  }

  /** Writes what is gathered, as a copy: the socket may keep it for a while. */
  #write(): void {
    const length = this.#gatheredLength;
    if (length === 0 || this.#gathered === undefined) return;
    this.#gatheredLength = 0;
    const socket = this.#socket;
    // The other side may have ended the connection since.
    if (!socket.destroyed && !socket.writableEnded) socket.write(Buffer.from(this.#gathered.subarray(0, length)));
  }

  #received(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#length += chunk.length;
    const needed = this.#needed();
    if (needed === undefined) return;
    // Known from the head alone: nothing of such a frame is kept.
    if (needed > HEAD_LENGTH + LONGEST_FRAME) return this.#refuse(needed - HEAD_LENGTH);
    if (this.#length < needed) return;
    let whole = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts, this.#length);
    while (whole.length >= HEAD_LENGTH) {
      const length = whole.readUInt32LE(0);
      if (length > LONGEST_FRAME) return this.#refuse(length);
      if (whole.length < HEAD_LENGTH + length) break;
      this.#reader.frame(whole.subarray(HEAD_LENGTH, HEAD_LENGTH + length));
      if (this.#socket.destroyed) return;
      whole = whole.subarray(HEAD_LENGTH + length);
    }
    this.#parts = whole.length === 0 ? [] : [whole];
    this.#length = whole.length;
  }

  /** The length of the first frame with its head, so that a long frame is put together once and not with every chunk. */
  #needed(): number | undefined {
    const [first] = this.#parts;
    if (first === undefined || this.#length < HEAD_LENGTH) return undefined;
    if (first.length >= HEAD_LENGTH) return HEAD_LENGTH + first.readUInt32LE(0);
    return HEAD_LENGTH + Buffer.concat(this.#parts, this.#length).readUInt32LE(0);
  }

  #refuse(length: number): void {
    this.#why = `expected a frame of at most ${LONGEST_FRAME} bytes, got ${length}`;
    this.#socket.destroy();
  }
}
