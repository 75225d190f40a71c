import type { Cell } from "../kernel/cell.js";
import { type ExitReason, formatReason } from "../kernel/exit-reason.js";
import { CodecError } from "./codec/codec-error.js";
import { Envelope } from "./envelope.js";
import { FrameBuilder, type FrameSink } from "./frame-builder.js";
import type { NodeIdentity } from "./node-identity.js";
import type { PeerRefs } from "./peer-refs.js";

/** A call that waits longer waits for ever, as far as the callee is told. */
const LONGEST_TIMEOUT_MS = 2 ** 52;

/** Whom a call is for, and how long its caller waits. */
export interface CallHead {
  readonly number: number;
  readonly target: number;
  readonly caller: Cell | null;
  /** In milliseconds; may be `Infinity`. */
  readonly timeoutMs: number;
}

/** Writes what one node says to another, an envelope each. What cannot be carried throws a {@link CodecError}, and nothing of it is sent. */
export class EnvelopeWriter {
  readonly #frames: FrameBuilder;
  readonly #refs: PeerRefs;

  constructor(self: NodeIdentity, peer: NodeIdentity, refs: PeerRefs, sink: FrameSink) {
    this.#frames = new FrameBuilder(self, peer, refs, sink);
    this.#refs = refs;
  }

  /** The number of the last frame. */
  get sequence(): number {
    return this.#frames.sequence;
  }

  /** Sends what is gathered now. */
  flush(): void {
    this.#frames.flush();
  }

  /** Lets the other node see whether it has missed the last frame. */
  probe(): void {
    this.#frames.probe();
  }

  send(target: number, message: unknown): void {
    this.#frames.begin(Envelope.send);
    try {
      this.#frames.writer.varint(target);
      this.#frames.encoder.value(message);
    } catch (thrown) {
      this.#abandon();
      throw thrown;
    }
    this.#end();
  }

  cast(target: number, message: number, args: readonly unknown[]): void {
    this.#frames.begin(Envelope.cast);
    try {
      this.#frames.writer.varint(target);
      this.#arguments(message, args);
    } catch (thrown) {
      this.#abandon();
      throw thrown;
    }
    this.#end();
  }

  call({ number, target, caller, timeoutMs }: CallHead, message: number, args: readonly unknown[]): void {
    const { writer } = this.#frames;
    this.#frames.begin(Envelope.call);
    try {
      writer.varint(number);
      writer.varint(target);
      this.#optionalRef(caller);
      writer.varint(timeoutMs > LONGEST_TIMEOUT_MS ? 0 : 1 + Math.ceil(timeoutMs));
      this.#arguments(message, args);
    } catch (thrown) {
      this.#abandon();
      throw thrown;
    }
    this.#end();
  }

  reply(number: number, value: unknown): void {
    this.#frames.begin(Envelope.reply);
    try {
      this.#frames.writer.varint(number);
      this.#frames.encoder.value(value);
    } catch (thrown) {
      this.#abandon();
      throw thrown;
    }
    this.#end();
  }

  failure(number: number, code: string, reason: ExitReason): void {
    this.#rare(Envelope.failure, () => {
      this.#frames.writer.varint(number);
      this.#frames.encoder.text(code);
      this.#reason(reason);
    });
  }

  exit(sender: Cell | null, target: number, reason: ExitReason, throughLink: boolean): void {
    this.#rare(Envelope.exit, () => {
      this.#optionalRef(sender);
      this.#frames.writer.varint(target);
      this.#frames.writer.byte(throughLink ? 1 : 0);
      this.#reason(reason);
    });
  }

  /** One of the envelopes about two actors: `link` or `unlink`. */
  relation(kind: typeof Envelope.link | typeof Envelope.unlink, sender: Cell, target: number): void {
    this.#rare(kind, () => {
      this.#frames.encoder.value(sender);
      this.#frames.writer.varint(target);
    });
  }

  /** One of the envelopes about one actor of the other node: `monitor` or `unmonitor`. */
  watch(kind: typeof Envelope.monitor | typeof Envelope.unmonitor, target: number): void {
    this.#rare(kind, () => this.#frames.writer.varint(target));
  }

  down(ended: number, reason: ExitReason): void {
    this.#rare(Envelope.down, () => {
      this.#frames.writer.varint(ended);
      this.#reason(reason);
    });
  }

  /** All relations between the two nodes' actors are over. */
  severed(): void {
    this.#rare(Envelope.severed, () => undefined);
  }

  service(name: string, value: unknown): void {
    this.#rare(Envelope.service, () => {
      this.#frames.encoder.text(name);
      this.#frames.encoder.value(value);
    });
  }

  /** Those that are sent seldom enough to pay for a closure. */
  #rare(kind: number, write: () => void): void {
    this.#frames.begin(kind);
    try {
      write();
    } catch (thrown) {
      this.#abandon();
      throw thrown;
    }
    this.#end();
  }

  #end(): void {
    this.#refs.confirm();
    this.#frames.end();
  }

  #abandon(): void {
    this.#refs.forget();
    this.#frames.abandon();
  }

  #arguments(message: number, args: readonly unknown[]): void {
    const { writer, encoder } = this.#frames;
    writer.varint(message);
    writer.varint(args.length);
    for (const argument of args) encoder.value(argument);
  }

  #optionalRef(cell: Cell | null): void {
    this.#frames.encoder.value(cell);
  }

  /** A reason that cannot cross arrives as `{ uncarried: text }`: that an actor has ended must be told whatever the reason. */
  #reason(reason: ExitReason): void {
    try {
      this.#frames.encoder.value(reason);
    } catch (thrown) {
      if (!(thrown instanceof CodecError)) throw thrown;
      this.#refs.forget();
      this.#frames.encoder.value({ uncarried: formatReason(reason) });
    }
  }
}
