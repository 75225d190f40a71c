import type { SharedFrame } from "../../src/transport/shared-frame.js";
import type { SocketOwner, TransportSocket } from "../../src/transport/transport-socket.js";

/** A socket without a network: keeps what is sent, and lets a test say what arrives. */
export class FakeSocket implements TransportSocket {
  readonly kind = "websocket";
  readonly remoteAddress = "127.0.0.1";
  owner: SocketOwner | undefined;
  heard = false;
  open = true;
  bufferedBytes = 0;
  paused = true;
  pings = 0;
  closedWith: { code: number; reason: string } | undefined;
  readonly sent: string[] = [];

  sendText(text: string): void {
    if (this.open) this.sent.push(text);
  }

  sendBinary(bytes: Uint8Array): void {
    if (this.open) this.sent.push(Buffer.from(bytes).toString("latin1"));
  }

  sendShared(frame: SharedFrame, suffix: string): void {
    if (this.open) this.sent.push(frame.body.toString(frame.binary ? "latin1" : "utf8") + suffix);
  }

  ping(): void {
    this.pings++;
  }

  flush(): void {}

  close(code: number, reason: string): void {
    if (!this.open) return;
    this.open = false;
    this.closedWith = { code, reason };
  }

  terminate(): void {
    this.close(1006, "");
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  /** A text message arrives. */
  arrive(frame: unknown): void {
    this.heard = true;
    this.owner?.onText(this, typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** Bytes arrive. */
  arriveBytes(bytes: Uint8Array): void {
    this.heard = true;
    this.owner?.onBinary(this, Buffer.from(bytes));
  }

  /** The network drops the connection without a word. */
  lose(): void {
    this.open = false;
    this.owner?.onClose(this, 1006, "");
  }

  /** The frames sent so far, parsed, and forgotten. */
  take(): unknown[] {
    return this.sent.splice(0).map((text): unknown => JSON.parse(text));
  }
}
