import type { Socket } from "node:net";
import { checkClose } from "./close-check.js";
import type { SharedFrame } from "./shared-frame.js";
import { DRAIN_PROMISE_BYTES, type SocketOwner, type TransportSocket } from "./transport-socket.js";
import { joinTurn, type TurnWriter } from "./turn-writes.js";

/** A complete WebSocket that compresses; the one of `ws`. */
export interface DeflatingSocket {
  readonly bufferedAmount: number;
  readonly isOpen: boolean;
  send(data: string | Uint8Array, options: { binary: boolean }, done: () => void): void;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
}

/**
 * What may wait of a chunk that had arrived before the owner paused: a chunk of 64 KiB may inflate to much more than it was.
 */
const HELD_LIMIT_BYTES = 1024 * 1024;

/**
 * A WebSocket whose messages may be compressed: everything is left to a complete WebSocket.
 *
 * Messages are inflated up to the payload limit and not a byte further; one above it ends the connection with 1009.
 */
export class CompressedWebSocket implements TransportSocket, TurnWriter {
  owner: SocketOwner | undefined = undefined;
  heard = false;
  readonly #socket: Socket;
  readonly #onError: (error: unknown) => void;
  readonly #heldLimitBytes: number;
  #full: DeflatingSocket | undefined = undefined;
  #corked = false;
  #reading = true;
  #closing = false;
  #over = false;
  #drainOwed = false;
  #held: (string | Buffer)[] = [];
  #heldBytes = 0;

  constructor(socket: Socket, payloadLimitBytes: number, onError: (error: unknown) => void) {
    this.#socket = socket;
    this.#onError = onError;
    this.#heldLimitBytes = HELD_LIMIT_BYTES + payloadLimitBytes;
  }

  /** Gives it the WebSocket that it stands for; the next thing after its making. */
  carriedBy(full: DeflatingSocket): void {
    this.#full = full;
  }

  get kind(): "websocket" {
    return "websocket";
  }

  get open(): boolean {
    return !this.#closing && !this.#over && this.#full?.isOpen === true;
  }

  get bufferedBytes(): number {
    return this.#full?.bufferedAmount ?? 0;
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? "";
  }

  sendText(text: string): void {
    this.#send(text, false);
  }

  sendBinary(bytes: Uint8Array): void {
    this.#send(bytes, true);
  }

  sendShared(frame: SharedFrame, suffix: string): void {
    if (frame.binary) this.#send(suffix === "" ? frame.body : Buffer.concat([frame.body, Buffer.from(suffix)]), true);
    else this.#send(frame.text + suffix, false);
  }

  #send(data: string | Uint8Array, binary: boolean): void {
    const full = this.#full;
    if (full === undefined || !this.open) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      joinTurn(this);
    }
    full.send(data, { binary }, () => this.#drained());
    if (full.bufferedAmount >= DRAIN_PROMISE_BYTES) this.#drainOwed = true;
  }

  ping(): void {
    if (this.open) this.#full?.ping();
  }

  flush(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }

  #drained(): void {
    if (!this.#drainOwed || !this.open || this.bufferedBytes > 0) return;
    this.#drainOwed = false;
    this.#guard(() => this.owner?.onDrain(this));
  }

  close(code: number, reason: string): void {
    checkClose(code, reason);
    if (!this.open) return;
    this.beginClose();
    this.#full?.close(code, reason);
    this.flush();
    // The client's answer has to be read even if the owner had paused.
    this.#full?.resume();
  }

  terminate(): void {
    this.#closing = true;
    this.#forgetHeld();
    this.#full?.terminate();
  }

  pause(): void {
    if (!this.open) return;
    this.#reading = false;
    this.#full?.pause();
  }

  resume(): void {
    if (!this.open) return;
    this.#reading = true;
    if (this.#held.length === 0) this.#full?.resume();
    else setImmediate(() => this.#release());
  }

  /** A whole message has come. */
  receiveMessage(bytes: Buffer, binary: boolean): void {
    this.heard = true;
    if (!this.open) return;
    const data = binary ? bytes : bytes.toString();
    if (this.#reading && this.#held.length === 0) {
      this.#deliver(data);
      return;
    }
    this.#held.push(data);
    this.#heldBytes += data.length;
    if (this.#heldBytes > this.#heldLimitBytes) this.terminate();
  }

  /** A close frame is about to be sent, by whichever side's wish. */
  beginClose(): void {
    this.#closing = true;
    this.#forgetHeld();
  }

  /** The connection is over; tells the owner, once. */
  finish(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#forgetHeld();
    const { owner } = this;
    this.owner = undefined;
    this.#guard(() => owner?.onClose(this, code, reason));
  }

  #release(): void {
    while (this.#reading && this.open) {
      const next = this.#held.shift();
      if (next === undefined) {
        this.#full?.resume();
        return;
      }
      this.#heldBytes -= next.length;
      this.#deliver(next);
    }
  }

  #deliver(data: string | Buffer): void {
    this.#guard(() => {
      if (typeof data === "string") this.owner?.onText(this, data);
      else this.owner?.onBinary(this, data);
    });
  }

  #guard(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.terminate();
      this.#onError(error);
    }
  }

  #forgetHeld(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }
}
