import type { SharedFrame } from "../../src/transport/shared-frame.js";
import {
  checkClose,
  DRAIN_PROMISE_BYTES,
  joinTurn,
  type SocketOwner,
  type TransportKind,
  type TransportSocket,
  type TurnWriter,
} from "../../src/transport/transport-socket.js";
import type { BeatingRef } from "../connection/heartbeat.js";
import { SentBytes, sizeOf, TakenBytes, UNTOLD_BYTES } from "./relay-credit.js";
import type { RelayFrame, ToClient } from "./relay-message.js";

/** What a {@link RelaySocket} needs of its node. */
export interface RelaySocketHost {
  /** Says something to the node with the client's socket; false when that cannot be reached. */
  say(says: ToClient): boolean;
  /** The conversation is over here: nothing comes for it any more. */
  forget(): void;
  /** Takes what an owner has thrown. */
  onError(error: unknown): void;
}

/** What is gathered before the end of a turn is sent when it has grown to this many bytes. */
const FULL_MESSAGE = 64 * 1024;
/** What may wait for the other node. The owner stops long before; this bound is for one that does not. */
const QUEUE_LIMIT_BYTES = 8 * 1024 * 1024;
const ABNORMAL = 1006;

/**
 * The socket of a client that is connected to another node.
 *
 * What is sent goes to that node, all of a turn in one message, and counts as buffered until that node has got rid of it. What comes while the
 * owner does not read waits here, and so much of it that the other node stops reading.
 */
export class RelaySocket implements TransportSocket, TurnWriter {
  readonly kind: TransportKind;
  readonly remoteAddress: string;
  owner: SocketOwner | undefined = undefined;
  heard = true;
  /** The actor that owns it, once it has started. */
  connection: BeatingRef | undefined = undefined;
  readonly #relay: number;
  readonly #host: RelaySocketHost;
  readonly #sent = new SentBytes();
  readonly #taken = new TakenBytes();
  #isOpen = true;
  #isOver = false;
  #reading = true;
  /** What the other node believes. */
  #toldReading = false;
  #queue: RelayFrame[] = [];
  #queuedBytes = 0;
  #joined = false;
  #drainOwed = false;
  /** What has come and was not read. */
  #unread: RelayFrame[] = [];
  /** How the client has closed, while what came before is not read. */
  #gone: { readonly code: number; readonly reason: string } | undefined;

  constructor(relay: number, host: RelaySocketHost, kind: TransportKind, remoteAddress: string) {
    this.#relay = relay;
    this.#host = host;
    this.kind = kind;
    this.remoteAddress = remoteAddress;
  }

  get open(): boolean {
    return this.#isOpen;
  }

  get bufferedBytes(): number {
    return this.#sent.waiting + this.#queuedBytes;
  }

  sendText(text: string): void {
    this.#send(text);
  }

  sendBinary(bytes: Uint8Array): void {
    this.#send(bytes);
  }

  sendShared(frame: SharedFrame, suffix: string): void {
    if (!frame.binary) this.#send(frame.text + suffix);
    else this.#send(suffix === "" ? frame.body : Buffer.concat([frame.body, Buffer.from(suffix)]));
  }

  ping(): void {
    if (this.#isOpen) this.#say({ kind: "ping", relay: this.#relay });
  }

  close(code: number, reason: string): void {
    checkClose(code, reason);
    if (!this.#isOpen) return;
    this.flush();
    this.#say({ kind: "close", relay: this.#relay, code, reason });
    this.#endSoon(code, reason);
  }

  terminate(): void {
    if (this.#isOver) return;
    this.#queue = [];
    this.#queuedBytes = 0;
    if (this.#isOpen) this.#say({ kind: "cut", relay: this.#relay });
    this.#endSoon(ABNORMAL, "");
  }

  pause(): void {
    if (this.#isOver) return;
    this.#reading = false;
    this.#flushSoon();
  }

  resume(): void {
    if (this.#isOver) return;
    this.#reading = true;
    this.#flushSoon();
    // Later: the owner is told from the event loop, never from inside its own call.
    if (this.#unread.length > 0 || this.#gone !== undefined) queueMicrotask(() => this.#deliver());
  }

  flush(): void {
    this.#joined = false;
    if (!this.#isOpen) return;
    const relay = this.#relay;
    if (this.#reading !== this.#toldReading) {
      this.#toldReading = this.#reading;
      this.#say({ kind: "reading", relay, on: this.#reading });
    }
    if (this.#queue.length > 0) {
      const frames = this.#queue;
      this.#queue = [];
      this.#sent.sent(this.#queuedBytes);
      this.#queuedBytes = 0;
      this.#say({ kind: "frames", relay, frames, taken: this.#taken.tell() });
    } else if (this.#taken.isDue) this.#say({ kind: "taken", relay, taken: this.#taken.tell() });
  }

  // What comes of the other node; called from the event loop.

  /** The client has sent something. */
  arrived(frames: readonly RelayFrame[]): void {
    this.heard = true;
    if (this.#isOver || this.#gone !== undefined) return;
    this.#unread.push(...frames);
    this.#deliver();
  }

  /** The other node has got rid of so many bytes in all. */
  took(total: number): void {
    this.#sent.took(total);
    if (!this.#drainOwed || !this.#isOpen || this.bufferedBytes >= UNTOLD_BYTES) return;
    this.#drainOwed = false;
    try {
      this.owner?.onDrain(this);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The client's socket is closed. */
  gone(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#isOpen = false;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#host.forget();
    this.#gone = { code, reason };
    this.#deliver();
  }

  /** The other node cannot be reached any more. What has come is read: the client will not hear of it. */
  lost(): void {
    this.gone(ABNORMAL, "");
  }

  #send(frame: RelayFrame): void {
    if (!this.#isOpen) return;
    this.#queue.push(frame);
    this.#queuedBytes += sizeOf(frame);
    const buffered = this.bufferedBytes;
    if (buffered >= DRAIN_PROMISE_BYTES) this.#drainOwed = true;
    if (buffered > QUEUE_LIMIT_BYTES) this.terminate();
    else if (this.#queuedBytes >= FULL_MESSAGE) this.flush();
    else this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#joined) return;
    this.#joined = true;
    joinTurn(this);
  }

  #say(says: ToClient): void {
    if (!this.#isOpen || this.#host.say(says)) return;
    this.#endSoon(ABNORMAL, "");
  }

  #deliver(): void {
    const unread = this.#unread;
    let read = 0;
    try {
      while (this.#reading && !this.#isOver && read < unread.length) {
        const frame = unread[read++];
        if (frame === undefined) break;
        this.#taken.took(sizeOf(frame));
        if (typeof frame === "string") this.owner?.onText(this, frame);
        else this.owner?.onBinary(this, bufferOf(frame));
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#unread = read === unread.length ? [] : unread.slice(read);
    if (this.#taken.isDue) this.#flushSoon();
    const gone = this.#gone;
    if (gone !== undefined && this.#unread.length === 0) this.#end(gone.code, gone.reason);
  }

  /** Ends it here; the owner is told later, as this may be inside of its own call. */
  #endSoon(code: number, reason: string): void {
    if (!this.#isOpen && this.#gone === undefined) return;
    this.#isOpen = false;
    this.#host.forget();
    queueMicrotask(() => this.#end(code, reason));
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unread = [];
    const { owner } = this;
    this.owner = undefined;
    try {
      owner?.onClose(this, code, reason);
    } catch (error) {
      this.#host.onError(error);
    }
  }

  /** The owner has thrown: its conversation ends, the others go on. */
  #fail(error: unknown): void {
    this.terminate();
    this.#host.onError(error);
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
