import type { WebSocketClass, WebSocketLike } from "../../src/client/index.js";

/** A class of sockets out of a function that makes them, for a client that is given a class. */
export function socketOf(connect: (url: string) => WebSocketLike): WebSocketClass {
  return class extends Relay {
    constructor(url: string) {
      super(connect(url));
    }
  };
}

class Relay implements WebSocketLike {
  readonly #inner: WebSocketLike;

  constructor(inner: WebSocketLike) {
    this.#inner = inner;
  }

  get binaryType(): string {
    return this.#inner.binaryType;
  }

  set binaryType(type: string) {
    this.#inner.binaryType = type;
  }

  get readyState(): number {
    return this.#inner.readyState;
  }

  set onopen(listener: WebSocketLike["onopen"]) {
    this.#inner.onopen = listener;
  }

  set onmessage(listener: WebSocketLike["onmessage"]) {
    this.#inner.onmessage = listener;
  }

  set onclose(listener: WebSocketLike["onclose"]) {
    this.#inner.onclose = listener;
  }

  set onerror(listener: WebSocketLike["onerror"]) {
    this.#inner.onerror = listener;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#inner.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#inner.close(code, reason);
  }
}
