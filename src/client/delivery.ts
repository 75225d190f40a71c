import { encodeBodyAround, SEAL_BYTES } from "../protocol/frame.js";
import type { AnnouncedLimits } from "../protocol/limits.js";
import { ChannelEvent } from "../protocol/names.js";
import { utf8Length } from "../protocol/text-bytes.js";
import type { ClientClock } from "./clock.js";
import { PushError, type PushErrorCode, type PushOutcome } from "./errors.js";
import type { ErrorReporter } from "./listeners.js";
import { Outbox, type OutboxBound, type Sent } from "./outbox.js";
import { failure, type Push, type PushTarget } from "./push.js";

/** What a {@link Delivery} is made with. */
export interface DeliveryOptions {
  readonly clock: ClientClock;
  readonly bound: OutboxBound;
  /** What applies until a server has announced its own. */
  readonly limits: AnnouncedLimits;
  /** Takes errors that callbacks of the app threw. */
  readonly report: ErrorReporter;
  /** Hears of each push that failed for want of room or of its session, whether or not somebody looks at that push. */
  readonly failed: (error: PushError) => void;
}

/** Writes one numbered frame to the connection. */
export type FrameWriter = (sent: Sent<Push>) => void;

/**
 * Brings pushes to the server once and their replies back, across any number of connections.
 *
 * A push waits until its channel is joined and the window has room, is written under its number, is written again after each
 * resume until the server has taken it, and ends with its reply. Its time runs only while a connection is attached.
 */
export class Delivery {
  readonly outbox: Outbox<Push>;
  readonly #options: DeliveryOptions;
  readonly #pending = new Map<string, Push>();
  #limits: AnnouncedLimits;
  #write: FrameWriter | undefined;
  #lastRef = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.outbox = new Outbox(options.bound);
  }

  /** Gives the next ref: a decimal string, never used twice by this socket. */
  makeRef(): string {
    this.#lastRef += 1;
    return String(this.#lastRef);
  }

  /** Takes a push over. One that is too large or finds no room fails at once; a channel's join and leave always find room. */
  send(push: Push): void {
    push.ref = this.makeRef();
    push.bytes = frameBytes(push);
    const tooLarge = this.#tooLarge(push);
    if (tooLarge !== undefined) {
      this.#fail(push, "too_large", tooLarge);
    } else if (!push.control && !this.outbox.fits(push.bytes)) {
      const { messages, bytes } = this.#options.bound;
      const came = `${this.outbox.messages} messages and ${this.outbox.bytes} bytes already`;
      this.#fail(push, "outbox_full", `expected at most ${messages} messages and ${bytes} bytes to wait, got ${came}`);
    } else {
      this.#pending.set(push.ref, push);
      this.outbox.add(push);
      if (this.#write !== undefined) this.#startTimer(push);
      this.flush();
    }
  }

  /** Forgets a push without ending it: its channel will send another in its place. */
  forget(push: Push): void {
    this.#drop(push);
    this.outbox.remove(push);
  }

  /** Writes what waits, as far as channels are joined and the window has room. */
  flush(): void {
    const { windowMessages, windowBytes } = this.#limits;
    const write = this.#write;
    if (write === undefined) return;
    this.outbox.drain({ messages: windowMessages, bytes: windowBytes }, isReady, encode, write);
  }

  /** Uses a new connection: writes again what the server has not taken, then what waits. */
  attach(write: FrameWriter, limits: AnnouncedLimits): void {
    this.#limits = limits;
    this.#write = write;
    for (const sent of Array.from(this.outbox.sent)) write(sent);
    for (const push of Array.from(this.#pending.values())) {
      const tooLarge = push.written ? undefined : this.#tooLarge(push);
      if (tooLarge === undefined) this.#startTimer(push);
      else this.#fail(push, "too_large", tooLarge);
    }
    this.flush();
  }

  /** Writes nothing until the next connection; the time of all pushes stands still. */
  detach(): void {
    this.#write = undefined;
    for (const push of this.#pending.values()) this.#stopTimer(push);
  }

  /** Drops what the server has taken; `false` if it says to have taken what was never written. */
  acknowledge(seq: number): boolean {
    if (!this.outbox.acknowledge(seq)) return false;
    this.flush();
    return true;
  }

  /** Ends the push that a reply belongs to. A reply that nobody waits for any more changes nothing. */
  replied(topic: string, ref: string, status: string, response: unknown): void {
    const push = this.#pending.get(ref);
    if (push === undefined || push.target.topic !== topic) return;
    this.#drop(push);
    push.settle({ status, response }, this.#options.report);
  }

  /**
   * Starts a new session. Pushes that were never written wait for it; of those written, the idempotent ones wait as well, in
   * front, and the others fail with `session_lost`. What was to be left is left; joins are forgotten, each channel sends its own.
   */
  restart(): void {
    const all = Array.from(this.#pending.values());
    const waiting = this.outbox.waiting.filter((push) => !push.control);
    const again = all.filter((push) => push.written && push.idempotent);
    for (const push of again) push.written = false;
    this.outbox.restart([...again, ...waiting]);
    for (const push of all) {
      if (push.control) this.#drop(push);
      if (push.event === ChannelEvent.leave) push.settle({ status: "ok", response: {} }, this.#options.report);
      else if (push.written && !push.control)
        this.#fail(push, "session_lost", "expected the session to be resumed, got a new one");
    }
  }

  /** Ends everything: nothing more will be sent. */
  failAll(code: PushErrorCode, why: string): void {
    const all = Array.from(this.#pending.values());
    this.outbox.restart([]);
    for (const push of all) this.#fail(push, code, why);
  }

  /** Ends the pushes of one channel; with `writtenOnly` those stay that the server never saw. Its join and leave are not meant. */
  failOf(target: PushTarget, code: PushErrorCode, why: string, writtenOnly = false): void {
    for (const push of Array.from(this.#pending.values())) {
      if (push.target !== target || push.control || (writtenOnly && !push.written)) continue;
      this.outbox.remove(push);
      this.#fail(push, code, why);
    }
  }

  /** Ends a push on this side. */
  refuse(push: Push, code: PushErrorCode, why: string): void {
    this.#fail(push, code, why);
  }

  #fail(push: Push, code: PushErrorCode, why: string): void {
    this.forget(push);
    const outcome: PushOutcome = push.written ? "unknown" : "not_sent";
    const what = `${JSON.stringify(push.event)} on ${JSON.stringify(push.target.topic)}`;
    const error = new PushError(code, outcome, `Push ${what} failed: ${why}`);
    push.settle(failure(error), this.#options.report);
    // These come from no act of the app on this very push, so they must not pass unseen when nobody looks at it.
    if (code === "outbox_full" || code === "too_large" || code === "session_lost") this.#options.failed(error);
  }

  #drop(push: Push): void {
    this.#stopTimer(push);
    this.#pending.delete(push.ref);
  }

  #tooLarge(push: Push): string | undefined {
    const most = Math.min(this.#limits.payloadBytes, this.#limits.windowBytes);
    return push.bytes <= most ? undefined : `expected a frame of at most ${most} bytes, got ${push.bytes}`;
  }

  #startTimer(push: Push): void {
    this.#stopTimer(push);
    push.timer = this.#options.clock.setTimer(push.timeoutMs, () => {
      push.timer = undefined;
      this.#fail(push, "timeout", `expected a reply within ${push.timeoutMs} ms, got none`);
    });
  }

  #stopTimer(push: Push): void {
    if (push.timer !== undefined) this.#options.clock.clearTimer(push.timer);
    push.timer = undefined;
  }
}

function isReady(push: Push): boolean {
  return push.control || push.target.open;
}

function encode(push: Push): string {
  push.written = true;
  return encodeBodyAround(push.target.joinRef, push.ref, push.target.topic, push.event, push.payloadText);
}

// The join_ref is known only when the frame is written: two quotes and 16 digits are the most it can take.
const JOIN_REF_ROOM = 18;

function frameBytes({ target, ref, event, payloadText }: Push): number {
  return utf8Length(encodeBodyAround(null, ref, target.topic, event, payloadText)) + JOIN_REF_ROOM + SEAL_BYTES;
}
