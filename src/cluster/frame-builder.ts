import { ByteWriter } from "./codec/byte-writer.js";
import { CodecError } from "./codec/codec-error.js";
import { Encoder, type RefWriter } from "./codec/encode.js";
import { CODEC_VERSION } from "./codec/tags.js";
import type { NodeIdentity } from "./node-identity.js";

/** A frame is sent when it has grown to this many bytes, at the latest when the run of actors that fill it is over. */
const FULL_FRAME = 65_536;

/** What becomes of finished frames. */
export interface FrameSink {
  /** The number of the last frame that came from the other node: each frame says what its sender knew. */
  readonly heard: number;
  frame(frame: Uint8Array): void;
}

/**
 * Gathers envelopes for one node into numbered frames.
 *
 * What the actors of one turn of the event loop send to a node leaves in one frame. The number lets the receiver see that a frame is missing.
 */
export class FrameBuilder {
  readonly writer = new ByteWriter();
  readonly encoder: Encoder;
  readonly #sink: FrameSink;
  readonly #head = new ByteWriter();
  readonly #headLength: number;
  #sequence = 0;
  #scheduled = false;
  #open = false;
  /** Where the envelope begins that is written now. */
  #started = 0;

  constructor(from: NodeIdentity, to: NodeIdentity, refs: RefWriter, sink: FrameSink) {
    this.encoder = new Encoder(this.writer, refs);
    this.#sink = sink;
    const head = new Encoder(this.#head, refs);
    this.#head.byte(CODEC_VERSION);
    head.text(from.incarnation);
    head.text(to.incarnation);
    this.#headLength = this.#head.length;
  }

  /** The number of the last frame. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Begins an envelope. @throws {CodecError} when one is being written: a getter among its values has sent something */
  begin(kind: number): void {
    if (this.#open) throw sentFromGetter();
    this.#open = true;
    this.#started = this.writer.length;
    this.writer.byte(kind);
  }

  /** Ends an envelope: it will be sent. */
  end(): void {
    this.#open = false;
    if (this.writer.length >= FULL_FRAME) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
  }

  /** Drops the envelope that was begun last. */
  abandon(): void {
    this.#open = false;
    this.writer.truncate(this.#started);
  }

  /** Sends what is gathered now. */
  flush(): void {
    if (this.writer.length > 0) this.#send(++this.#sequence);
  }

  /** Sends a frame with nothing in it, and the number of the one before: so the receiver sees that that was lost. */
  probe(): void {
    if (this.writer.length === 0 && this.#sequence > 0) this.#send(this.#sequence);
  }

  #send(sequence: number): void {
    this.#head.truncate(this.#headLength);
    this.#head.varint(sequence);
    this.#head.varint(this.#sink.heard);
    this.#sink.frame(this.writer.takeBehind(this.#head));
  }
}

function sentFromGetter(): CodecError {
  return new CodecError(
    "cannot_carry",
    "Cannot send to another node from within a getter of a message for it: read the value first, then send",
    "$",
  );
}
