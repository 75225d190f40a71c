import type { ClockTimer } from "../kernel/clock.js";
import { isTerminal } from "../protocol/close-codes.js";
import { type Closing, HttpSocket, type HttpSocketHost } from "./http-socket.js";
import type { TransportKind } from "./transport-socket.js";

/** What a poll is answered with, as Phoenix's clients know it; `code` and `reason` are those of a close. */
export interface PollAnswer {
  readonly status: number;
  readonly token: string | null;
  readonly messages: readonly string[];
  readonly code?: number;
  readonly reason?: string;
}

/** A request of the client's that is open until there is something to say. */
export interface Poll {
  answer(answer: PollAnswer): void;
  /** Cuts it off without an answer. */
  cut(): void;
}

const OPENED = 410;
const GONE = 410;
const FORBIDDEN = 403;
const FAILED = 500;
const MESSAGES = 200;
const NOTHING_NEW = 204;

/** Windows without a poll after which the client is taken for lost. */
const PATIENCE = 1.5;
const BATCH_BYTES = 256 * 1024;
/** What may wait for the next poll. The owner stops long before; this bound is for one that does not. */
const QUEUE_LIMIT_BYTES = 8 * 1024 * 1024;

/**
 * A conversation by Phoenix's long poll.
 *
 * Each batch has a position, which the token of its answer carries: the next poll comes with that token and so acknowledges the batch. Until
 * then the batch is kept, and a poll with the position before gets it once more, so an answer that was lost on the way is not lost.
 */
export class LongPollSocket extends HttpSocket {
  #queue: string[] = [];
  #queueBytes = 0;
  #batch: readonly string[] | undefined = undefined;
  #batchBytes = 0;
  #position = 0;
  /** The request that connects: answered when the owner begins to read. */
  #opening: Poll | undefined;
  #poll: Poll | undefined = undefined;
  #timer: ClockTimer | undefined = undefined;

  constructor(host: HttpSocketHost, remoteAddress: string, opening: Poll) {
    super(host, remoteAddress);
    this.#opening = opening;
    this.#beIdle();
    this.flushSoon();
  }

  get kind(): TransportKind {
    return "longpoll";
  }

  /** What no poll has acknowledged, in UTF-16 units. */
  get bufferedBytes(): number {
    return this.#queueBytes + this.#batchBytes;
  }

  // A poll is a sign of life, and comes by itself.
  ping(): void {}

  /**
   * Takes a poll. It is answered with what waits, or when something comes, or with 204 when the window is over or a newer poll comes.
   *
   * `position` is that of the last batch the client has had.
   */
  poll(position: number, poll: Poll): void {
    this.heard = true;
    const repeated = position === this.#position - 1 && this.#batch !== undefined;
    if (position !== this.#position && !repeated) {
      // A request that was under way for long: its batch has been acknowledged since. Nobody waits for this answer.
      poll.answer({ status: GONE, token: null, messages: [] });
      return;
    }
    this.#answerEmpty();
    this.#poll = poll;
    if (repeated) return this.#answerBatch();
    this.#batch = undefined;
    this.#batchBytes = 0;
    this.wentOut();
    this.#armTimer(this.host.windowMs, () => this.#answerEmpty());
    this.flush();
  }

  /** The client has given up a poll: the connection under it broke, or it was aborted. */
  abandon(poll: Poll): void {
    if (poll === this.#opening) this.terminate();
    if (poll !== this.#poll) return;
    this.#poll = undefined;
    this.#beIdle();
  }

  protected writeOut(): void {
    if (this.#opening !== undefined) {
      if (!this.reading || !this.open) return;
      const opening = this.#opening;
      this.#opening = undefined;
      opening.answer({ status: OPENED, token: this.#token(), messages: [] });
      this.#beIdle();
    }
    if (this.#poll === undefined) return;
    if (this.#queue.length > 0) {
      this.#makeBatch();
      this.#answerBatch();
    } else if (this.closing !== undefined) this.#answerGone(this.#poll, this.closing, GONE);
  }

  protected enqueue(line: string): void {
    this.#queue.push(line);
    this.#queueBytes += line.length;
    if (this.#queueBytes > QUEUE_LIMIT_BYTES) this.terminate();
  }

  protected sayGoodbye(closing: Closing): void {
    const opening = this.#opening;
    this.#opening = undefined;
    // Without the owner's consent there is no conversation: a 410 would open it.
    if (opening === undefined) this.flushSoon();
    else this.#answerGone(opening, closing, FAILED);
  }

  protected cut(): void {
    this.#stopTimer();
    this.#queue = [];
    this.#queueBytes = 0;
    this.#batch = undefined;
    this.#batchBytes = 0;
    const polls = [this.#opening, this.#poll];
    this.#opening = undefined;
    this.#poll = undefined;
    for (const poll of polls) poll?.cut();
  }

  protected override finish(code: number, reason: string): void {
    this.cut();
    super.finish(code, reason);
  }

  #makeBatch(): void {
    let count = 0;
    let bytes = 0;
    while (count < this.#queue.length && (count === 0 || bytes < BATCH_BYTES)) {
      bytes += this.#queue[count]?.length ?? 0;
      count += 1;
    }
    this.#batch = count === this.#queue.length ? this.#queue : this.#queue.slice(0, count);
    this.#queue = count === this.#queue.length ? [] : this.#queue.slice(count);
    this.#queueBytes -= bytes;
    this.#batchBytes = bytes;
    this.#position += 1;
  }

  #answerBatch(): void {
    const poll = this.#poll;
    this.#poll = undefined;
    this.#beIdle();
    // The close travels along, in case the server is gone when the next poll comes.
    const last = this.#queue.length === 0 ? this.closing : undefined;
    poll?.answer({ status: MESSAGES, token: this.#token(), messages: this.#batch ?? [], ...last });
  }

  #answerEmpty(): void {
    const poll = this.#poll;
    if (poll === undefined) return;
    this.#poll = undefined;
    this.#beIdle();
    poll.answer({ status: NOTHING_NEW, token: this.#token(), messages: [] });
  }

  #answerGone(poll: Poll, closing: Closing, status: number): void {
    this.#poll = undefined;
    const { code, reason } = closing;
    poll.answer({ status: isTerminal(code) ? FORBIDDEN : status, token: null, messages: [], code, reason });
    setImmediate(() => this.finish(code, reason));
  }

  #token(): string {
    return `${this.placedToken}.${this.#position}`;
  }

  #beIdle(): void {
    if (this.open) this.#armTimer(PATIENCE * this.host.windowMs, () => this.terminate());
    else this.#stopTimer();
  }

  #armTimer(delayMs: number, fire: () => void): void {
    this.#stopTimer();
    this.#timer = this.host.clock.setTimer(delayMs, fire);
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.host.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
