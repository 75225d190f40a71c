import type { ServerResponse } from "node:http";
import { decodeCloseReason } from "../protocol/close-codes.js";
import type { PostedFrame } from "./frame-lines.js";
import { type Closing, HttpSocket, type HttpSocketHost, type PostOutcome } from "./http-socket.js";
import type { TransportKind } from "./transport-socket.js";

/** How a stream is written: as server-sent events, or one message a line for programs that read lines. */
export type StreamForm = "sse" | "lines";

/** What becomes of a numbered POST; `gap`: one before it has not come. */
export type NumberedOutcome = PostOutcome | "gap";

const NEWLINE = /\r\n|\r|\n/;
/** What may wait for a client that does not read. The owner stops long before; this bound is for one that does not. */
const QUEUE_LIMIT_BYTES = 8 * 1024 * 1024;

/**
 * A conversation by an answer that does not end, and POSTs for the other direction.
 *
 * The client numbers its POSTs from 1 and sends one at a time; a number that was taken is answered like the first time and has no effect.
 */
export class EventStreamSocket extends HttpSocket {
  readonly #response: ServerResponse;
  readonly #form: StreamForm;
  #queue = "";
  #lastPost = 0;

  /** Sends the head of the answer and, in an event stream, the event whose id is the token. */
  constructor(host: HttpSocketHost, remoteAddress: string, response: ServerResponse, form: StreamForm) {
    super(host, remoteAddress);
    this.#response = response;
    this.#form = form;
    // What fails is the connection, and its close follows.
    response.on("error", () => response.destroy());
    response.writeHead(200, {
      "Content-Type": form === "sse" ? "text/event-stream; charset=utf-8" : "application/x-ndjson; charset=utf-8",
      "Cache-Control": "no-store, no-transform",
      "X-Accel-Buffering": "no",
      "X-Stream-Token": this.placedToken,
    });
    response.write(form === "sse" ? `id: ${this.placedToken}\nevent: stream\ndata: {}\n\n` : "\n");
  }

  /** The answer has ended, or cannot go on. */
  ended(): void {
    this.finish(this.closing?.code ?? 1006, this.closing?.reason ?? "");
  }

  get kind(): TransportKind {
    return "events";
  }

  get bufferedBytes(): number {
    return this.#response.writableLength + this.#queue.length;
  }

  /**
   * Writes a comment, which also keeps proxies from taking the stream for dead.
   *
   * A client that only listens gives no sign of life but this: that the connection has taken what was written.
   */
  ping(): void {
    if (!this.open || this.#response.destroyed) return;
    this.flush();
    this.#response.write(this.#form === "sse" ? ":\n\n" : "\n", (error) => {
      if (!error) this.heard = true;
    });
  }

  /** Takes the messages of the POST with this number. */
  takeNumbered(
    number: number,
    frames: readonly PostedFrame[],
    done: ((outcome: NumberedOutcome) => void) | undefined,
  ): void {
    if (!this.open) return done?.("gone");
    if (number > this.#lastPost + 1) return done?.("gap");
    // The first answer was lost or is late: the messages are here, and wait for their turn at most.
    if (number <= this.#lastPost) return this.await(done);
    if (this.busy) return done?.("busy");
    this.#lastPost = number;
    this.take(frames, done);
  }

  protected writeOut(): void {
    const queue = this.#queue;
    if (queue === "") return;
    this.#queue = "";
    if (!this.#response.destroyed) this.#response.write(queue, () => this.wentOut());
  }

  protected enqueue(line: string): void {
    this.#queue += this.#format(line);
    if (this.bufferedBytes > QUEUE_LIMIT_BYTES) this.terminate();
  }

  protected sayGoodbye({ code, reason }: Closing): void {
    const words = JSON.stringify({ code, reason });
    const { retryAfterMs } = decodeCloseReason(reason);
    // A browser's EventSource comes back by itself: `retry` tells it when.
    const retry = retryAfterMs === undefined ? "" : `retry: ${Math.ceil(retryAfterMs)}\n`;
    this.#queue += this.#form === "sse" ? `${retry}event: close\ndata: ${words}\n\n` : `${words}\n`;
    this.flush();
    this.#response.end();
  }

  protected cut(): void {
    this.#queue = "";
    this.#response.destroy();
  }

  #format(line: string): string {
    if (this.#form === "lines") return `${line}\n`;
    // A frame is JSON on one line. Any other text keeps its lines, as the format has it.
    return NEWLINE.test(line) ? `data: ${line.split(NEWLINE).join("\ndata: ")}\n\n` : `data: ${line}\n\n`;
  }
}
