/** The part of a WebSocket that the client uses: a browser's, Node's own, and that of `ws` fit. */
export interface WebSocketLike {
  /** Set to `"arraybuffer"`, so that binary frames come as such. */
  binaryType: string;
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** A class of WebSockets: `globalThis.WebSocket`, or the default export of `ws`. */
export type WebSocketClass = new (url: string) => WebSocketLike;
