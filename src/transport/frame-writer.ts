import type { Socket } from "node:net";
import { MAX_HEADER_BYTES, OPCODE_BINARY, writeHeader, writeTextFrame } from "./frame-bytes.js";
import { SharedFrame } from "./shared-frame.js";

/**
 * What one turn has queued for a socket: a text, a binary message, or a shared frame. The entry behind a shared frame is its suffix.
 */
export type FrameQueue = (string | Uint8Array | SharedFrame)[];

/** Called when the bytes have gone to the operating system, or cannot. */
export type WriteDone = (error?: Error | null) => void;

const SCRATCH_BYTES = 64 * 1024;
/** From here on the copy of a shared body costs more than writing it from where it is. */
const SHARE_BODY_BYTES = 16 * 1024;

let scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
let scratchUsed = 0;

/**
 * Writes a whole queue to the socket in one call.
 *
 * `units` is the sum of what the entries count: UTF-16 units of texts, bytes of everything else. A frame of which the socket has no other
 * neighbour is written from the bytes that all receivers share; everything else is encoded side by side into one buffer.
 */
export function writeFrames(socket: Socket, queue: FrameQueue, units: number, done: WriteDone | undefined): void {
  const [first, suffix] = queue;
  if (queue.length === 2 && first instanceof SharedFrame && typeof suffix === "string") {
    if (suffix === "") {
      socket.write(first.whole, done);
      return;
    }
    if (first.body.length >= SHARE_BODY_BYTES) {
      writeParts(socket, first, suffix, done);
      return;
    }
  }
  // A UTF-16 unit is three bytes of UTF-8 at most.
  const atMost = 3 * units + MAX_HEADER_BYTES * queue.length;
  if (atMost <= SCRATCH_BYTES / 2) writeFromScratch(socket, queue, atMost, done);
  else writeFromOwnBuffer(socket, queue, done);
}

function writeFromScratch(socket: Socket, queue: FrameQueue, atMost: number, done: WriteDone | undefined): void {
  if (SCRATCH_BYTES - scratchUsed < atMost) {
    scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    scratchUsed = 0;
  }
  const end = encode(queue, scratch, scratchUsed);
  socket.write(scratch.subarray(scratchUsed, end), done);
  // The system nearly always takes everything at once, and then the bytes are free again. If not, they belong to the socket until they have
  // gone: the next frames are written behind them, and the buffer is given up when it is full.
  if (socket.writableLength > 0) scratchUsed = end;
}

function writeFromOwnBuffer(socket: Socket, queue: FrameQueue, done: WriteDone | undefined): void {
  let size = MAX_HEADER_BYTES * queue.length;
  for (const entry of queue) {
    if (typeof entry === "string") size += Buffer.byteLength(entry);
    else size += entry instanceof SharedFrame ? entry.body.length : entry.length;
  }
  const buffer = Buffer.allocUnsafeSlow(size);
  socket.write(buffer.subarray(0, encode(queue, buffer, 0)), done);
}

function writeParts(socket: Socket, frame: SharedFrame, suffix: string, done: WriteDone | undefined): void {
  const tail = Buffer.from(suffix);
  const header = Buffer.allocUnsafe(MAX_HEADER_BYTES);
  const headerEnd = writeHeader(header, 0, frame.opcode, frame.body.length + tail.length);
  socket.cork();
  socket.write(header.subarray(0, headerEnd));
  socket.write(frame.body);
  socket.write(tail, done);
  socket.uncork();
}

function encode(queue: FrameQueue, target: Buffer, start: number): number {
  let at = start;
  for (let i = 0; i < queue.length; i += 1) {
    const entry = queue[i];
    if (typeof entry === "string") at = writeTextFrame(target, at, entry);
    else if (entry instanceof SharedFrame) {
      i += 1;
      const suffix = queue[i];
      at = entry.writeTo(target, at, typeof suffix === "string" ? suffix : "");
    } else if (entry !== undefined) {
      at = writeHeader(target, at, OPCODE_BINARY, entry.length);
      target.set(entry, at);
      at += entry.length;
    }
  }
  return at;
}
