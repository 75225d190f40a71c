import { headerBytes, OPCODE_BINARY, OPCODE_TEXT, writeHeader, writeText } from "./frame-bytes.js";

/**
 * A message that is encoded once and sent to many sockets.
 *
 * Each receiver may add a suffix of its own, so a broadcast that ends in a per-session number is still encoded once:
 * `SharedFrame.text('[null,null,"room:1","said",{"n":1}')` with the suffixes `,17]` and `,4]`. The bytes are immutable by agreement.
 */
export class SharedFrame {
  /** The kind of message, as RFC 6455 numbers it. */
  readonly opcode: number;
  /** The message without any suffix. */
  readonly body: Buffer;
  #whole: Buffer | undefined = undefined;
  #text: string | undefined = undefined;

  private constructor(opcode: number, body: Buffer) {
    this.opcode = opcode;
    this.body = body;
  }

  /** Encodes a text message, or the beginning of one if suffixes are to follow. */
  static text(text: string): SharedFrame {
    return new SharedFrame(OPCODE_TEXT, Buffer.from(text));
  }

  /** Wraps a text message that is encoded already. The bytes are not copied: they must not change any more. */
  static encoded(bytes: Uint8Array): SharedFrame {
    return new SharedFrame(OPCODE_TEXT, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  /** Wraps a binary message. The bytes are not copied: they must not change any more. */
  static binary(bytes: Uint8Array): SharedFrame {
    return new SharedFrame(OPCODE_BINARY, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  /** A control frame (ping or pong); `body` is at most 125 bytes. */
  static control(opcode: number, body: Buffer): SharedFrame {
    return new SharedFrame(opcode, body);
  }

  /** Whether this is a binary message. */
  get binary(): boolean {
    return this.opcode === OPCODE_BINARY;
  }

  /** The body as text, for receivers that are not reached by WebSocket. Made on first use, and kept. */
  get text(): string {
    this.#text ??= this.body.toString();
    return this.#text;
  }

  /** Header and body as they go out when there is no suffix. Made on first use, and the same bytes for all who need it. */
  get whole(): Buffer {
    if (this.#whole === undefined) {
      this.#whole = Buffer.allocUnsafe(headerBytes(this.body.length) + this.body.length);
      this.writeTo(this.#whole, 0, "");
    }
    return this.#whole;
  }

  /** Writes the frame with `suffix` behind its body and returns the offset behind it. `target` must have room for three bytes a unit. */
  writeTo(target: Buffer, offset: number, suffix: string): number {
    const { body, opcode } = this;
    const suffixBytes = Buffer.byteLength(suffix);
    const start = writeHeader(target, offset, opcode, body.length + suffixBytes);
    target.set(body, start);
    return start + body.length + writeText(target, start + body.length, suffix);
  }
}
