import { encodeBody, sealBody } from "../../src/protocol/frame.js";
import { ControlEvent, PHOENIX_TOPIC } from "../../src/protocol/names.js";
import { AckDebt, HandledTracker, receive, type Verdict } from "../../src/protocol/sequence.js";
import type { TransportSocket } from "../../src/transport/transport-socket.js";
import { type Body, Outbox, type OutboxLimits } from "./outbox.js";

/** The part of a socket that a stream writes to. */
export type FrameSink = Pick<TransportSocket, "sendText" | "sendShared" | "bufferedBytes">;

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

  /** Client frames taken and not handled. */
  get unhandled(): number {
    return this.rx - this.handled;
  }

  /** Whether an acknowledgement is owed. */
  get owes(): boolean {
    return this.#debt?.owed === true;
  }

  /** Looks at a client frame's number, and takes it when it is the next one. */
  take(seq: number): Verdict {
    const verdict = receive(this.rx, seq);
    if (verdict === "accept") this.rx = seq;
    return verdict;
  }

  /** Marks a client frame as handled; true when an acknowledgement is due at once. */
  markHandled(seq: number, bytes: number, nowMs: number): boolean {
    if (this.#tracker === undefined && seq === this.handled + 1) this.handled = seq;
    else {
      this.#tracker ??= new HandledTracker(this.handled);
      this.#tracker.mark(seq);
      this.handled = this.#tracker.handled;
      if (this.#tracker.ahead === 0) this.#tracker = undefined;
    }
    return this.owe(bytes, nowMs);
  }

  /** Notes that the client waits for an acknowledgement; true when it is due at once. */
  owe(bytes: number, nowMs: number): boolean {
    this.#debt ??= new AckDebt();
    return this.#debt.add(bytes, nowMs);
  }

  /** Writes an acknowledgement of its own. */
  writeAcknowledgement(sink: FrameSink): void {
    this.#debt = undefined;
    sink.sendText(sealBody(encodeBody(null, null, PHOENIX_TOPIC, ControlEvent.ack, { ack: this.handled })));
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

  /** A new socket has seen nothing of what was written. */
  rewind(): void {
    this.#outbox?.rewind();
  }

  /** Writes as many frames as the client's window and the socket's buffer allow. */
  pump(sink: FrameSink, limits: StreamLimits): void {
    const outbox = this.#outbox;
    if (outbox === undefined) return;
    for (
      let seq = outbox.nextToSend;
      seq !== undefined && sink.bufferedBytes < limits.socketBufferBytes;
      seq = outbox.nextToSend
    ) {
      const body = outbox.send();
      if (body === undefined) return;
      this.#write(sink, body, seq);
    }
  }

  #write(sink: FrameSink, body: Body, seq: number): void {
    // An acknowledgement that is owed anyway rides along.
    const ack = this.owes ? this.handled : undefined;
    if (ack !== undefined) this.#debt = undefined;
    if (typeof body === "string") sink.sendText(sealBody(body, seq, ack));
    else sink.sendShared(body, sealBody("", seq, ack));
  }
}
