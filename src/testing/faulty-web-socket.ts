import type { FaultyLine } from "./faulty-line.js";

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** Makes the connection behind a WebSocket. */
export type Dial = (end: FaultyWebSocket, url: string) => FaultyLine;

/**
 * The client's end of a connection: what a browser's WebSocket is, as far as clients of channels use it.
 *
 * Made by the client itself, from the class that a network gives: `new Socket(url, { webSocket: network.WebSocket })`.
 */
export class FaultyWebSocket {
  static readonly CONNECTING = CONNECTING;
  static readonly OPEN = OPEN;
  static readonly CLOSING = CLOSING;
  static readonly CLOSED = CLOSED;

  binaryType = "arraybuffer";
  onopen: ((event: { readonly type: "open" }) => void) | null = null;
  onmessage: ((event: { readonly type: "message"; readonly data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: CloseEventLike) => void) | null = null;
  onerror: ((event: { readonly type: "error" }) => void) | null = null;
  readonly url: string;
  readonly #line: FaultyLine;
  #state = CONNECTING;

  /** @internal Clients use the class that a network gives, which knows how to dial. */
  constructor(url: string, dial: Dial) {
    this.url = url;
    this.#line = dial(this, url);
  }

  get readyState(): number {
    return this.#state;
  }

  /** Bytes that are still on their way to the server. */
  get bufferedAmount(): number {
    return this.#line.bytesUp;
  }

  /** Sends a message; one that the network has no way for any more is lost. @throws {TypeError} while it connects, as a browser's does */
  send(data: string | Uint8Array | ArrayBuffer): void {
    if (this.#state === CONNECTING)
      throw new TypeError("Cannot send: expected an open WebSocket, got one that connects");
    if (this.#state !== OPEN) return;
    if (typeof data === "string") this.#line.sendUp({ kind: "text", text: data });
    else this.#line.sendUp({ kind: "binary", bytes: new Uint8Array(data) });
  }

  close(code = 1005, reason = ""): void {
    if (this.#state === CLOSING || this.#state === CLOSED) return;
    const dialled = this.#state !== CONNECTING;
    this.#state = CLOSING;
    this.#line.closedByClient(code, reason, dialled);
  }

  /** @internal */
  opened(): void {
    if (this.#state !== CONNECTING) return;
    this.#state = OPEN;
    this.onopen?.({ type: "open" });
  }

  /** @internal */
  received(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.#state !== OPEN) return;
    const copy = typeof data === "string" ? data : data.slice().buffer;
    this.onmessage?.({ type: "message", data: copy });
  }

  /** @internal The connection is over. */
  ended(code: number, reason: string): void {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    if (code === 1006) this.onerror?.({ type: "error" });
    this.onclose?.({ type: "close", code, reason, wasClean: code !== 1006 });
  }
}

/** What `onclose` gets. */
export interface CloseEventLike {
  readonly type: "close";
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}
