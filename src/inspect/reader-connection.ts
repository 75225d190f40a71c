import type { Socket } from "node:net";
import type { Clock, ClockTimer } from "../kernel/clock.js";
import { LineSplitter } from "./protocol/lines.js";
import {
  encodeError,
  encodeResult,
  endsConnection,
  type DrainRequest,
  DRAIN_METHODS,
  MAX_REQUEST_BYTES,
  parseRequest,
  READING_METHODS,
  type ReplyError,
} from "./protocol/messages.js";
import type { Answer, SnapshotSource } from "./snapshot-source.js";

/** Answers what concerns one opened action; neither throws nor rejects. */
export interface DrainAction {
  answer(request: DrainRequest): Answer | Promise<Answer>;
}

/** What a reader's connection needs of the socket it came through. */
export interface ReaderOptions {
  readonly source: SnapshotSource;
  /** Present where the program has opened the action. */
  readonly drain: DrainAction | undefined;
  readonly clock: Clock;
  /** How long a reader may ask nothing, or not read what it asked for, before it is cut off. */
  readonly idleTimeoutMs: number;
  readonly onClose: (reader: ReaderConnection) => void;
}

const ALL_METHODS = [...READING_METHODS, ...DRAIN_METHODS];

/**
 * One reader of the inspector: takes its requests one after another.
 *
 * Nothing is read from the socket while an answer is under way or waits to be written, so a reader can neither pile up requests nor answers.
 */
export class ReaderConnection {
  readonly #socket: Socket;
  readonly #options: ReaderOptions;
  readonly #splitter = new LineSplitter(MAX_REQUEST_BYTES);
  readonly #lines: string[] = [];
  #waiting = false;
  #closed = false;
  #lastActive: number;
  #idleTimer: ClockTimer;
  #warmUpTimer: ClockTimer | undefined;

  constructor(socket: Socket, options: ReaderOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#lastActive = options.clock.now();
    this.#idleTimer = options.clock.setTimer(options.idleTimeoutMs, () => this.#checkIdle());
    options.source.enter();
    socket.unref();
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("drain", () => this.#resume());
    socket.on("close", () => this.#onClose());
    // A reader that goes away in the middle of an answer resets the connection: "close" follows and says all there is to say.
    socket.on("error", () => this.close());
  }

  /** Cuts the reader off. */
  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#closed) return;
    this.#lastActive = this.#options.clock.now();
    const isWithinLimit = this.#splitter.push(chunk, (line) => this.#lines.push(line));
    if (!isWithinLimit) {
      this.#end({ code: "too_long", message: `Expected a line of at most ${MAX_REQUEST_BYTES} bytes.` });
      return;
    }
    if (!this.#waiting) this.#next();
  }

  #resume(): void {
    this.#lastActive = this.#options.clock.now();
    this.#waiting = false;
    this.#next();
  }

  // Answers what has come, until an answer has to wait.
  #next(): void {
    while (!this.#waiting && !this.#closed) {
      const line = this.#lines.shift();
      if (line === undefined) {
        this.#socket.resume();
        return;
      }
      this.#answer(line);
    }
  }

  #answer(line: string): void {
    const { source, drain, clock } = this.#options;
    const parsed = parseRequest(line, drain === undefined ? READING_METHODS : ALL_METHODS);
    if (!parsed.ok) {
      if (endsConnection(parsed.error.code)) this.#end(parsed.error, parsed.id);
      else this.#write(encodeError(parsed.id, parsed.error));
      return;
    }
    const { request } = parsed;
    const warmUpMs = request.method === "tree" ? source.warmUpMs() : 0;
    if (warmUpMs > 0) {
      this.#lines.unshift(line);
      this.#wait();
      this.#warmUpTimer = clock.setTimer(warmUpMs, () => this.#resume());
      return;
    }
    const gathering = request.method === "tree" ? source.gathering(request.params.all) : undefined;
    if (gathering !== undefined) {
      this.#lines.unshift(line);
      this.#wait();
      void gathering.then(() => this.#resume());
      return;
    }
    const elsewhere = request.method === "info" ? source.elsewhere(request.params.actor) : undefined;
    if (elsewhere !== undefined) {
      this.#wait();
      void elsewhere.then((found) => this.#answerLate(request.id, found));
      return;
    }
    const isReading = request.method === "tree" || request.method === "info";
    const answer = isReading ? source.answer(request) : drain?.answer(request);
    if (answer === undefined) return;
    if (answer instanceof Promise) {
      this.#wait();
      void answer.then((found) => this.#answerLate(request.id, found));
    } else this.#write(encodeAnswer(request.id, answer));
  }

  #answerLate(id: number, answer: Answer): void {
    if (this.#closed) return;
    // Else its "drain" lets the next request in.
    if (this.#socket.write(encodeAnswer(id, answer))) this.#resume();
  }

  #write(reply: string): void {
    if (!this.#socket.write(reply)) this.#wait();
  }

  #wait(): void {
    this.#waiting = true;
    this.#socket.pause();
  }

  #end(error: ReplyError, id: number | null = null): void {
    this.#closed = true;
    this.#lines.length = 0;
    this.#socket.end(encodeError(id, error), () => this.close());
  }

  #checkIdle(): void {
    const { clock, idleTimeoutMs } = this.#options;
    const leftMs = this.#lastActive + idleTimeoutMs - clock.now();
    if (leftMs > 0) this.#idleTimer = clock.setTimer(leftMs, () => this.#checkIdle());
    else this.close();
  }

  #onClose(): void {
    const { clock, source, onClose } = this.#options;
    this.#closed = true;
    clock.clearTimer(this.#idleTimer);
    if (this.#warmUpTimer !== undefined) clock.clearTimer(this.#warmUpTimer);
    source.leave();
    onClose(this);
  }
}

function encodeAnswer(id: number, answer: Answer): string {
  return answer.ok ? encodeResult(id, answer.json) : encodeError(id, answer.error);
}
