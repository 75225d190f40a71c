import type { SharedFrame } from "../transport/shared-frame.js";
import type { SocketOwner, TransportKind, TransportSocket } from "../transport/transport-socket.js";
import type { LineEvent } from "./faulty-line.js";

/** A conversation over HTTP as its owner has it: another socket, and somebody who is told what passes through it. */
export class ObservedSocket implements TransportSocket, SocketOwner {
  owner: SocketOwner | undefined = undefined;
  readonly #inner: TransportSocket;
  readonly #observe: (event: LineEvent) => void;
  #forsaken = false;

  constructor(inner: TransportSocket, observe: (event: LineEvent) => void) {
    this.#inner = inner;
    this.#observe = observe;
    inner.owner = this;
  }

  get kind(): TransportKind {
    return this.#inner.kind;
  }

  get heard(): boolean {
    return this.#inner.heard;
  }

  set heard(heard: boolean) {
    this.#inner.heard = heard;
  }

  get open(): boolean {
    return !this.#forsaken && this.#inner.open;
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes;
  }

  get remoteAddress(): string {
    return this.#inner.remoteAddress;
  }

  sendText(text: string): void {
    this.#sent(text);
    this.#inner.sendText(text);
  }

  sendBinary(bytes: Uint8Array): void {
    this.#sent(bytes);
    this.#inner.sendBinary(bytes);
  }

  sendShared(frame: SharedFrame, suffix: string): void {
    if (frame.binary) this.#sent(suffix === "" ? frame.body : Buffer.concat([frame.body, Buffer.from(suffix)]));
    else this.#sent(frame.text + suffix);
    this.#inner.sendShared(frame, suffix);
  }

  ping(): void {
    this.#inner.ping();
  }

  flush(): void {
    this.#inner.flush();
  }

  close(code: number, reason: string): void {
    this.#inner.close(code, reason);
  }

  terminate(): void {
    this.#inner.terminate();
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  /** Its process is dead: the owner is told nothing more. */
  forsake(): void {
    this.#forsaken = true;
    this.owner = undefined;
  }

  onText(_socket: TransportSocket, text: string): void {
    if (this.owner === undefined) return;
    this.#observe({ type: "arrived", from: "client", data: text });
    this.owner.onText(this, text);
  }

  onBinary(_socket: TransportSocket, bytes: Buffer): void {
    if (this.owner === undefined) return;
    this.#observe({ type: "arrived", from: "client", data: bytes });
    this.owner.onBinary(this, bytes);
  }

  onClose(_socket: TransportSocket, code: number, reason: string): void {
    const { owner } = this;
    this.owner = undefined;
    if (owner === undefined) return;
    this.#observe({ type: "ended", end: "server", code, reason });
    owner.onClose(this, code, reason);
  }

  onDrain(_socket: TransportSocket): void {
    this.owner?.onDrain(this);
  }

  #sent(data: string | Uint8Array): void {
    if (this.open) this.#observe({ type: "sent", from: "server", data });
  }
}
