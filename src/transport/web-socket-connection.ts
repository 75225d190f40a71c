import type { Socket } from "node:net";
import { checkClose } from "./close-check.js";
import { OPCODE_PING, OPCODE_PONG } from "./frame-bytes.js";
import { type FrameTaker, readFrames } from "./frame-reader.js";
import { type FrameQueue, writeFrames } from "./frame-writer.js";
import { PartialFrame } from "./partial-frame.js";
import { SharedFrame } from "./shared-frame.js";
import { DRAIN_PROMISE_BYTES, type SocketOwner, type TransportSocket } from "./transport-socket.js";
import type { TurnPace } from "./turn-pace.js";
import { joinTurn, type TurnWriter } from "./turn-writes.js";

/** A complete WebSocket, which goes on where the ordinary ends. */
export interface FullWebSocket {
  close(code: number, reason: string): void;
  pause(): void;
  resume(): void;
}

/** What all connections of one server have in common. */
export interface ConnectionHost {
  readonly payloadLimitBytes: number;
  readonly onError: (error: unknown) => void;
  /** Sets the pace at which owners hear that their sockets are over. */
  readonly pace: TurnPace;

  /** Makes a complete WebSocket of a connection. It reads `head` first, then the socket, which is paused. */
  takeOver(connection: WebSocketConnection, socket: Socket, head: Buffer): FullWebSocket;
}

const CONNECTION = Symbol("connection");

declare module "node:net" {
  interface Socket {
    [CONNECTION]?: WebSocketConnection;
  }
}

const OPEN = 0;
const CLOSING = 1;
const CLOSED = 2;

const NOTHING = Buffer.alloc(0);
const PING = SharedFrame.control(OPCODE_PING, NOTHING);

/**
 * A WebSocket in its ordinary life: whole frames in, whole frames out, one small object and no closure.
 *
 * Everything that is not ordinary is left to a complete WebSocket, made when it is needed: fragments, the closing handshake, and every
 * violation of the protocol. From then on that one reads; sending stays here until the close frame has been sent.
 */
export class WebSocketConnection implements TransportSocket, FrameTaker, TurnWriter {
  owner: SocketOwner | undefined = undefined;
  heard = false;
  reading = true;
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  #state = OPEN;
  #drainOwed = false;
  #queuedUnits = 0;
  #queue: FrameQueue | undefined = undefined;
  #partial: PartialFrame | undefined = undefined;
  #full: FullWebSocket | undefined = undefined;

  /** `socket` has been upgraded and has no listeners of the handshake any more. */
  constructor(socket: Socket, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    socket[CONNECTION] = this;
    // An HTTP server's sockets may be half open; what Node listens with to the end of others does nothing for them, and costs an array.
    if (socket.allowHalfOpen) dropListeners(socket, "end");
    socket.on("close", onSocketClose);
    socket.on("end", onSocketEnd);
    socket.on("error", onSocketError);
    socket.on("data", onSocketData);
  }

  get kind(): "websocket" {
    return "websocket";
  }

  get open(): boolean {
    return this.#state === OPEN && this.#socket.writable;
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#queuedUnits;
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? "";
  }

  sendText(text: string): void {
    if (this.#state !== OPEN) return;
    this.#queuedUnits += text.length;
    if (this.#queue !== undefined) this.#queue.push(text);
    else this.#begin([text]);
  }

  sendBinary(bytes: Uint8Array): void {
    if (this.#state !== OPEN) return;
    this.#queuedUnits += bytes.length;
    if (this.#queue !== undefined) this.#queue.push(bytes);
    else this.#begin([bytes]);
  }

  sendShared(frame: SharedFrame, suffix: string): void {
    if (this.#state !== OPEN) return;
    this.#queuedUnits += frame.body.length + suffix.length;
    if (this.#queue !== undefined) this.#queue.push(frame, suffix);
    else this.#begin([frame, suffix]);
  }

  ping(): void {
    this.sendShared(PING, "");
  }

  #begin(queue: FrameQueue): void {
    this.#queue = queue;
    joinTurn(this);
  }

  flush(): void {
    const queue = this.#queue;
    if (queue === undefined) return;
    const units = this.#queuedUnits;
    this.#queue = undefined;
    this.#queuedUnits = 0;
    if (!this.#socket.writable) return;
    if (this.#socket.writableLength + units >= DRAIN_PROMISE_BYTES) this.#drainOwed = true;
    try {
      writeFrames(this.#socket, queue, units, this.#drainOwed ? () => this.#drained() : undefined);
    } catch (error) {
      // A queue above the largest buffer. Others wait behind this one, so it may not throw.
      this.fail(error);
    }
  }

  #drained(): void {
    if (!this.#drainOwed || this.#state !== OPEN || this.bufferedBytes > 0) return;
    this.#drainOwed = false;
    try {
      this.owner?.onDrain(this);
    } catch (error) {
      this.fail(error);
    }
  }

  close(code: number, reason: string): void {
    checkClose(code, reason);
    if (!this.open) return;
    // The close frame travels with what is queued before it.
    this.#socket.cork();
    if (this.#full === undefined) this.#leaveTo(this.#partial?.bytes ?? NOTHING);
    this.#full?.close(code, reason);
    this.#socket.uncork();
    // The client's answer has to be read even if the owner had paused.
    this.#socket.resume();
  }

  terminate(): void {
    this.reading = false;
    if (this.#state === OPEN) this.#state = CLOSING;
    this.#queue = undefined;
    this.#queuedUnits = 0;
    this.#socket.destroy();
  }

  pause(): void {
    if (this.#state !== OPEN) return;
    this.reading = false;
    if (this.#full === undefined) this.#socket.pause();
    else this.#full.pause();
  }

  resume(): void {
    if (this.#state !== OPEN) return;
    this.reading = true;
    // While a chunk is being read, its reader sees that it may go on.
    if (this.#full !== undefined) this.#full.resume();
    else this.#socket.resume();
  }

  takeText(text: string): void {
    this.owner?.onText(this, text);
  }

  takeBinary(bytes: Buffer): void {
    this.owner?.onBinary(this, bytes);
  }

  takePing(payload: Buffer): void {
    // A client that sends pings and does not read is not given a growing heap of answers.
    if (this.bufferedBytes < DRAIN_PROMISE_BYTES)
      this.sendShared(SharedFrame.control(OPCODE_PONG, Buffer.from(payload)), "");
  }

  /** A message that had to be put together. */
  receiveMessage(bytes: Buffer, binary: boolean): void {
    this.heard = true;
    if (this.#state !== OPEN) return;
    try {
      if (binary) this.takeBinary(bytes);
      else this.takeText(bytes.toString());
    } catch (error) {
      this.fail(error);
    }
  }

  /** Reads what has arrived. Does not throw. */
  receive(chunk: Buffer): void {
    this.heard = true;
    try {
      this.#read(chunk);
    } catch (error) {
      this.fail(error);
    }
  }

  #read(chunk: Buffer): void {
    const limit = this.#host.payloadLimitBytes;
    let rest = chunk;
    while (this.#partial !== undefined) {
      const partial = this.#partial;
      rest = rest.subarray(partial.take(rest));
      const { bytes } = partial;
      this.#partial = undefined;
      const end = readFrames(this, bytes, limit);
      if (end < 0) {
        this.#readAsFull(Buffer.concat([bytes, rest]));
        return;
      }
      if (end === 0) {
        this.#partial = partial;
        if (rest.length === 0) return;
      }
    }
    const end = readFrames(this, rest, limit);
    if (end < 0) this.#readAsFull(rest.subarray(~end));
    else if (this.reading && end < rest.length) this.#partial = new PartialFrame(rest.subarray(end));
    // The owner has paused or closed in the middle of a chunk: its rest goes back to where it came from.
    else if (end < rest.length) this.#socket.unshift(rest.subarray(end));
  }

  #readAsFull(head: Buffer): void {
    this.#leaveTo(head);
    this.#socket.resume();
  }

  #leaveTo(head: Buffer): void {
    const socket = this.#socket;
    this.#partial = undefined;
    socket.removeListener("close", onSocketClose);
    socket.removeListener("end", onSocketEnd);
    socket.removeListener("error", onSocketError);
    socket.removeListener("data", onSocketData);
    // Stopped while it changes hands; what is given back flows when it is resumed.
    socket.pause();
    this.#full = this.#host.takeOver(this, socket, head);
  }

  /** A close frame is about to be sent, by whichever side's wish: what is queued goes before it and nothing comes after it. */
  beginClose(): void {
    this.flush();
    this.#state = Math.max(this.#state, CLOSING);
    this.reading = false;
  }

  /** The client has stopped sending without a close frame. */
  halfClosed(): void {
    this.beginClose();
    this.#socket.end();
  }

  /** Tells the owner that it is over, once. */
  finish(code: number, reason: string): void {
    this.#state = CLOSED;
    this.reading = false;
    this.#queue = undefined;
    this.#queuedUnits = 0;
    this.#partial = undefined;
    this.#host.pace.run(() => this.#tell(code, reason));
  }

  #tell(code: number, reason: string): void {
    const { owner } = this;
    this.owner = undefined;
    try {
      owner?.onClose(this, code, reason);
    } catch (error) {
      this.fail(error);
    }
  }

  /** The owner has thrown: its connection ends, the others live. */
  fail(error: unknown): void {
    this.terminate();
    this.#host.onError(error);
  }
}

function dropListeners(socket: Socket, event: string): void {
  // One by one: removeAllListeners would turn the table of listeners into a larger form.
  const listeners: unknown[] = socket.listeners(event);
  for (const listener of listeners) if (isListener(listener)) socket.removeListener(event, listener);
}

function isListener(value: unknown): value is () => void {
  return typeof value === "function";
}

function onSocketData(this: Socket, chunk: Buffer): void {
  this[CONNECTION]?.receive(chunk);
}

function onSocketEnd(this: Socket): void {
  this[CONNECTION]?.halfClosed();
}

function onSocketClose(this: Socket): void {
  this[CONNECTION]?.finish(1006, "");
}

function onSocketError(this: Socket): void {
  // Nothing to tell: "close" follows and says it all, 1006.
  this.destroy();
}
