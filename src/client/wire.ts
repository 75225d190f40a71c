/** The part of a WebSocket that the client uses: a browser's, Node's own, and that of `ws` fit. */
export interface WebSocketLike {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

/** A class of WebSockets: `globalThis.WebSocket`, or the default export of `ws`. */
export type WebSocketClass = new (url: string) => WebSocketLike;

/** What a wire tells its owner. */
export interface WireOwner {
  wireOpened(wire: Wire): void;
  /** `data` is a string, unless the server sent a binary frame. */
  wireReceived(wire: Wire, data: unknown): void;
  wireClosed(wire: Wire, code: number, reason: string): void;
}

const OPEN = 1;

/**
 * One WebSocket, from its making to its loss.
 *
 * Once it is released nothing of it is heard any more: frames that a lost connection still delivers cannot reach the session.
 */
export class Wire {
  readonly #socket: WebSocketLike;

  constructor(socket: WebSocketLike, owner: WireOwner) {
    this.#socket = socket;
    socket.onopen = () => owner.wireOpened(this);
    socket.onmessage = (event: { readonly data: unknown }) => owner.wireReceived(this, event.data);
    socket.onclose = (event: { readonly code: number; readonly reason: string }) =>
      owner.wireClosed(this, event.code, event.reason);
    socket.onerror = ignore;
  }

  /** Writes a frame. One that a closing socket cannot take is not lost: it is kept until it is acknowledged. */
  send(text: string): void {
    if (this.#socket.readyState === OPEN) this.#socket.send(text);
  }

  /** Closes it and hears no more of it, except `closed` when the close is done. */
  release(code?: number, reason?: string, closed?: () => void): void {
    const socket = this.#socket;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = closed ?? null;
    if (code !== undefined) socket.close(code, reason);
  }
}

// An error is always followed by a close, which says more. The handler has to be there: without one `ws` throws.
function ignore(): void {}
