import type { SharedFrame } from "../transport/shared-frame.js";
import { DRAIN_PROMISE_BYTES, type SocketOwner, type TransportSocket } from "../transport/transport-socket.js";
import type { FaultyLine } from "./faulty-line.js";
import type { Parcel } from "./faulty-flow.js";

const TEXT_OPCODE = 1;
const LONGEST_REASON_BYTES = 123;

/** The server's end of a connection: a socket as its owner knows it, on top of a {@link FaultyLine}. */
export class FaultySocket implements TransportSocket {
  readonly kind = "websocket";
  readonly remoteAddress: string;
  owner: SocketOwner | undefined = undefined;
  heard = true;
  readonly #line: FaultyLine;
  readonly #socketBufferBytes: number;
  /** What this turn has sent. */
  #turn: Parcel[] = [];
  #turnBytes = 0;
  #open = true;
  #ended = false;
  #drainPromised = false;

  constructor(line: FaultyLine, remoteAddress: string, socketBufferBytes: number) {
    this.#line = line;
    this.remoteAddress = remoteAddress;
    this.#socketBufferBytes = socketBufferBytes;
  }

  get open(): boolean {
    return this.#open;
  }

  get bufferedBytes(): number {
    return this.#turnBytes + Math.max(0, this.#line.bytesDown - this.#socketBufferBytes);
  }

  sendText(text: string): void {
    this.#send({ kind: "text", text }, text.length);
  }

  sendBinary(bytes: Uint8Array): void {
    this.#send({ kind: "binary", bytes: new Uint8Array(bytes) }, bytes.length);
  }

  sendShared(frame: SharedFrame, suffix: string): void {
    if (frame.opcode === TEXT_OPCODE) this.sendText(frame.body.toString() + suffix);
    else this.sendBinary(suffix === "" ? frame.body : Buffer.concat([frame.body, Buffer.from(suffix)]));
  }

  ping(): void {
    this.#send({ kind: "ping" }, 2);
  }

  flush(): void {
    const parcels = this.#turn;
    this.#turn = [];
    this.#turnBytes = 0;
    for (const parcel of parcels) this.#line.sendDown(parcel);
    this.#keepPromise();
  }

  close(code: number, reason: string): void {
    if (!this.#open) return;
    const sendable = (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);
    if (!sendable || Buffer.byteLength(reason) > LONGEST_REASON_BYTES) {
      throw new RangeError(`Expected a close code that can be sent and a reason of at most 123 bytes, got ${code}`);
    }
    this.#open = false;
    this.flush();
    this.#line.closedByServer(code, reason);
  }

  terminate(): void {
    if (this.#ended) return;
    this.#open = false;
    this.#turn = [];
    this.#turnBytes = 0;
    this.#line.terminatedByServer();
  }

  pause(): void {
    this.#line.holdUp();
  }

  resume(): void {
    this.#line.letGoUp();
  }

  /** @internal A message has arrived, or a sign of life. */
  received(parcel: Parcel): void {
    this.heard = true;
    if (!this.#open) return;
    const { owner } = this;
    if (parcel.kind === "text") owner?.onText(this, parcel.text);
    else if (parcel.kind === "binary") owner?.onBinary(this, Buffer.from(parcel.bytes));
  }

  /** @internal The network has taken some of what was waiting. */
  drained(): void {
    this.#keepPromise();
  }

  /** @internal The conversation is over. */
  ended(code: number, reason: string): void {
    this.#open = false;
    if (this.#ended) return;
    this.#ended = true;
    const { owner } = this;
    this.owner = undefined;
    owner?.onClose(this, code, reason);
  }

  /** @internal Its process is dead: the owner is told nothing more. */
  forsake(): void {
    this.#open = false;
    this.#ended = true;
    this.#turn = [];
    this.owner = undefined;
  }

  #send(parcel: Parcel, bytes: number): void {
    if (!this.#open) return;
    // All that a turn sends leaves together at its end.
    if (this.#turn.length === 0) queueMicrotask(() => this.flush());
    this.#turn.push(parcel);
    this.#turnBytes += bytes;
    if (this.bufferedBytes >= DRAIN_PROMISE_BYTES) this.#drainPromised = true;
  }

  #keepPromise(): void {
    if (!this.#drainPromised || !this.#open || this.bufferedBytes > 0) return;
    this.#drainPromised = false;
    this.owner?.onDrain(this);
  }
}
