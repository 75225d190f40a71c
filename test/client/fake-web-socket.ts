import type { WebSocketLike } from "../../src/client/web-socket-like.js";
import { type BinaryFromServer, decodeClientBinary, encodeServerBinary } from "../../src/protocol/binary-frame.js";
import { decodeTextFrame, encodeTextFrame, type Frame } from "../../src/protocol/frame.js";

/** One end of a connection in memory: a test plays the network and the server. */
export class FakeWebSocket implements WebSocketLike {
  readonly url: string;
  binaryType = "blob";
  readyState = 0;
  onopen: ((event: object) => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  onerror: ((event: object) => void) | null = null;
  /** What the client wrote, in order. */
  readonly sent: Frame[] = [];
  /** How the client closed it. */
  closedWith: { readonly code: number | undefined; readonly reason: string | undefined } | undefined;

  constructor(url: string) {
    this.url = url;
  }

  send(data: string | Uint8Array): void {
    const decoded = typeof data === "string" ? decodeTextFrame(data) : decodeClientBinary(data);
    if (!decoded.ok) throw new Error(`the client wrote a malformed frame: ${decoded.reason}`);
    this.sent.push({ seq: undefined, ack: undefined, ...decoded.frame });
  }

  close(code?: number, reason?: string): void {
    this.closedWith = { code, reason };
    this.readyState = 2;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.({});
  }

  /** The server sends a frame; what is left out is null, or absent. */
  deliver(frame: Partial<Frame> & Pick<Frame, "topic" | "event">): void {
    const blank = { joinRef: null, ref: null, payload: {}, seq: undefined, ack: undefined };
    this.deliverRaw(encodeTextFrame({ ...blank, ...frame }));
  }

  /** The server sends a binary frame. */
  deliverBytes(frame: BinaryFromServer): void {
    this.deliverRaw(new Uint8Array(encodeServerBinary(frame)).buffer);
  }

  deliverRaw(data: unknown): void {
    this.onmessage?.({ data });
  }

  /** The connection closes, by the server or by the network. */
  closeFromServer(code = 1006, reason = ""): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  /** The frames that the client wrote for this event. */
  of(event: string): Frame[] {
    return this.sent.filter((frame) => frame.event === event);
  }
}
