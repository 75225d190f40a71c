import { numberBinary } from "../../src/protocol/binary-frame.js";
import { encodeBody, sealBody } from "../../src/protocol/frame.js";
import { ControlEvent, PHOENIX_TOPIC } from "../../src/protocol/names.js";
import { sealNumbers } from "../../src/protocol/plain-frame.js";
import { AckDebt, HandledTracker, receive, type Verdict } from "../../src/protocol/sequence.js";
import type { TransportSocket } from "../../src/transport/transport-socket.js";
import { type Body, Outbox, type OutboxLimits } from "./outbox.js";

/** The part of a socket that a stream writes to. */
export type FrameSink = Pick<TransportSocket, "sendText" | "sendBinary" | "sendShared" | "bufferedBytes">;

/** Up to which numbers a crash takes nothing back; what is above must not leave yet. */
export interface SafePoint {
  /** Frames of ours. */
  readonly safeTx: number;
  /** Frames of the client's that are handled. */
  readonly safeHandled: number;
}

/** Where a stream stood before its server was started anew. */
export interface StreamPast {
  readonly tx: number;
  readonly acknowledged: number;
  /** All frames of the client's up to this number are handled. */
  readonly rx: number;
  /** Those above that are handled too. */
  readonly ahead: readonly number[];
  /** The last frames that were not acknowledged, oldest first. */
  readonly bodies: readonly Body[];
}

/** The bounds of a stream. */
export interface StreamLimits extends OutboxLimits {
  /** Nothing is written while the socket holds this many unsent bytes. */
  readonly socketBufferBytes: number;
}

/**
 * The numbers of one session in both directions: what was sent and not acknowledged, what was taken and not handled.
 *
 * It knows no clock, actor or timer, and survives every socket. An idle stream holds four numbers: outbox, tracker and debt are there only
 * while they have something in them.
 */
export class SessionStream {
  /** The highest number given to a frame of ours. */
  tx = 0;
  /** The highest of them that the client has acknowledged. */
  acknowledged = 0;
  /** The highest number of the client that was taken. */
  rx = 0;
  /** The number up to which all of them are handled: the acknowledgement we owe or have sent. */
  handled = 0;
  #outbox: Outbox | undefined;
  #tracker: HandledTracker | undefined;
  #debt: AckDebt | undefined;

  /** Frames kept until they are acknowledged, and their bytes. */
  get outbox(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#outbox?.length ?? 0, bytes: this.#outbox?.bytes ?? 0 };
  }

  /** Those frames, oldest first. */
  get bodies(): readonly Body[] {
    return this.#outbox?.above(0) ?? [];
  }

  /** Frames that were not written to the present socket. */
  get unsent(): number {
    return this.#outbox?.unsent ?? 0;
  }

  /** Their bytes. */
  get unsentBytes(): number {
    return this.#outbox?.unsentBytes ?? 0;
  }

  /** Client frames taken and not handled. */
  get unhandled(): number {
    return Math.max(0, this.rx - this.handled);
  }

  /** Numbers that are handled while lower ones are not. */
  get ahead(): readonly number[] {
    return this.#tracker?.numbersAhead ?? [];
  }

  /** Whether an acknowledgement is owed. */
  get owes(): boolean {
    return this.#debt?.owed === true;
  }

  /** Looks at a client frame's number, and takes it when it is the next one. */
  take(seq: number): Verdict {
    const verdict = receive(this.rx, seq);
    if (verdict !== "accept") return verdict;
    this.rx = seq;
    // Handled before the server was started anew, while lower ones were not.
    return seq <= this.handled || this.#tracker?.has(seq) === true ? "duplicate" : verdict;
  }

  /** Numbers a frame of a client that numbers none, so that it is known how many are not handled. */
  takeNext(): number {
    return ++this.rx;
  }

  /** Marks a client frame as handled. */
  markHandled(seq: number): void {
    if (this.#tracker === undefined && seq === this.handled + 1) this.handled = seq;
    else {
      this.#tracker ??= new HandledTracker(this.handled);
      this.#tracker.mark(seq);
      this.handled = this.#tracker.handled;
      if (this.#tracker.ahead === 0) this.#tracker = undefined;
    }
  }

  /** Notes that the client waits for an acknowledgement; true when it is due at once. */
  owe(bytes: number): boolean {
    this.#debt ??= new AckDebt();
    // The time is somebody else's business: whoever owes is on the list of those that acknowledge soon.
    return this.#debt.add(bytes, 0);
  }

  /** Forgets what only helps while frames come. */
  settle(): void {
    if (!this.owes) this.#debt = undefined;
  }

  /** Writes an acknowledgement of its own. */
  writeAcknowledgement(sink: FrameSink, safe?: SafePoint): void {
    this.#debt = undefined;
    const ack = safe?.safeHandled ?? this.handled;
    sink.sendText(sealBody(encodeBody(null, null, PHOENIX_TOPIC, ControlEvent.ack, { ack })));
  }

  /** Goes on where a stream stood before. */
  restore(
    { tx, acknowledged, rx, ahead, bodies }: StreamPast,
    limits: StreamLimits,
    sizeOf: (body: Body) => number,
  ): void {
    this.tx = tx;
    this.acknowledged = acknowledged;
    this.rx = rx;
    this.handled = rx;
    for (const seq of ahead) this.markHandled(seq);
    if (bodies.length === 0) return;
    this.#outbox = new Outbox(limits, tx - bodies.length + 1);
    for (const body of bodies) this.#outbox.restore(body, sizeOf(body));
  }

  /** Drops the oldest frames until what is kept is within the bounds. */
  shrink({ outboxMessages, outboxBytes }: StreamLimits): void {
    for (let outbox = this.#outbox; outbox !== undefined; outbox = this.#outbox) {
      if (outbox.length <= outboxMessages && outbox.bytes <= outboxBytes) return;
      this.acknowledge(outbox.firstSeq);
    }
  }

  /** Numbers and keeps a frame; false when the outbox is full. */
  append(body: Body, bytes: number, limits: StreamLimits): boolean {
    this.#outbox ??= new Outbox(limits, this.tx + 1);
    if (!this.#outbox.append(body, bytes)) return false;
    this.tx++;
    return true;
  }

  /** Drops what the client has acknowledged. */
  acknowledge(seq: number): void {
    if (seq <= this.acknowledged) return;
    this.acknowledged = seq;
    this.#outbox?.acknowledge(seq);
    if (this.#outbox?.length === 0) this.#outbox = undefined;
  }

  /** Whether less than a window is kept, so that what is added leaves soon. */
  hasRoom(limits: StreamLimits): boolean {
    const { messages, bytes } = this.outbox;
    return messages < Math.min(limits.windowMessages, limits.outboxMessages) && bytes < limits.windowBytes;
  }

  /** Whether so little waits to be written that what is added finds room, with {@link dropOldest}. */
  canDrop({ windowMessages, outboxMessages, windowBytes }: StreamLimits): boolean {
    return this.unsent < Math.min(windowMessages, outboxMessages) && this.unsentBytes < windowBytes;
  }

  /** Drops the oldest frame kept, when it was written; false when there is none. */
  dropOldest(): boolean {
    const outbox = this.#outbox;
    if (outbox === undefined || outbox.unsent === outbox.length) return false;
    this.acknowledge(outbox.firstSeq);
    return true;
  }

  /** Takes out all frames above a number: they will get new numbers. Those up to it are acknowledged. */
  withdraw(seq: number): Body[] {
    const bodies = this.#outbox?.above(seq) ?? [];
    // Not as if all were acknowledged: the client may come again before it has seen a new number.
    this.acknowledged = Math.max(this.acknowledged, seq);
    this.#outbox = undefined;
    return bodies;
  }

  /** A new socket has seen nothing of what was written. */
  rewind(): void {
    this.#outbox?.rewind();
  }

  /** Writes as many frames as the client's window and the socket's buffer allow, and as are safe. */
  pump(sink: FrameSink, limits: StreamLimits, safe?: SafePoint): void {
    const outbox = this.#outbox;
    if (outbox === undefined) return;
    for (
      let seq = outbox.nextToSend;
      seq !== undefined && sink.bufferedBytes < limits.socketBufferBytes;
      seq = outbox.nextToSend
    ) {
      if (safe !== undefined && seq > safe.safeTx) return;
      const body = outbox.send();
      if (body === undefined) return;
      this.#write(sink, body, seq, safe);
    }
  }

  /** Writes all that was not written and is safe, with numbers that nobody acknowledges. Bytes go out without: their number is a gap. */
  pumpAll(sink: FrameSink, safe?: SafePoint): void {
    const outbox = this.#outbox;
    if (outbox === undefined) return;
    for (let seq = outbox.lastSeq - outbox.unsent + 1; outbox.unsent > 0; seq++) {
      if (safe !== undefined && seq > safe.safeTx) return;
      const body = outbox.send();
      if (body === undefined) return;
      if (typeof body === "string") sink.sendText(sealBody(body, seq));
      else sink.sendShared(body, body.binary ? "" : sealBody("", seq));
    }
  }

  #write(sink: FrameSink, body: Body, seq: number, safe: SafePoint | undefined): void {
    if (typeof body !== "string" && body.binary) return sink.sendBinary(numberBinary(body.body, seq));
    // An acknowledgement that is owed anyway rides along.
    const ack = this.owes ? (safe?.safeHandled ?? this.handled) : undefined;
    // Kept for the next one, until it is clear that none comes soon.
    if (ack !== undefined) this.#debt?.clear();
    if (typeof body === "string") sink.sendText(sealNumbers(body, seq, ack));
    else sink.sendShared(body, sealBody("", seq, ack));
  }
}
