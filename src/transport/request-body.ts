import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpRefusal } from "./handshake.js";

/** A body, why it was not taken, or `undefined` when the client has gone away in the middle of it. */
export type ReadBody = { readonly ok: true; readonly body: Buffer } | HttpRefusal | undefined;

/** The bytes of all bodies under way at a time; bodies that do not fit are refused. */
const BODY_BUDGET_BYTES = 64 * 1024 * 1024;

const CLOSE = { Connection: "close" };
const NO_BYTES = 0;

/**
 * Reads the bodies of requests, each up to a limit and all of them within a budget.
 *
 * How long a client may take is the HTTP server's `requestTimeoutMs`. What a body announces costs nothing until it arrives.
 */
export class BodyReader {
  readonly #budgetBytes: number;
  #heldBytes = 0;

  constructor(budgetBytes = BODY_BUDGET_BYTES) {
    this.#budgetBytes = budgetBytes;
  }

  /** The bytes of the bodies that are being read now. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Reads a body and calls `done` once. A client that waits for `100 Continue` gets it only if its body may come. */
  read(request: IncomingMessage, response: ServerResponse, limitBytes: number, done: (read: ReadBody) => void): void {
    const announced = Number(request.headers["content-length"] ?? NO_BYTES);
    const encoding = request.headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") {
      done(refuse(415, `a body in the encoding ${encoding} is not read: send it as it is`));
    } else if (announced > limitBytes) done(tooLarge(limitBytes));
    else if (this.#heldBytes + announced > this.#budgetBytes) done(busy());
    else {
      if (request.headers.expect?.toLowerCase() === "100-continue") response.writeContinue();
      this.#collect(request, limitBytes, done);
    }
  }

  #collect(request: IncomingMessage, limitBytes: number, done: (read: ReadBody) => void): void {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (read: ReadBody): void => {
      request.removeListener("data", onData);
      request.removeListener("end", onEnd);
      request.removeListener("close", onClose);
      this.#heldBytes -= bytes;
      // What is left of it flows away unseen; the answer closes the connection.
      request.resume();
      done(read);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      this.#heldBytes += chunk.length;
      chunks.push(chunk);
      if (bytes > limitBytes) finish(tooLarge(limitBytes));
      else if (this.#heldBytes > this.#budgetBytes) finish(busy());
    };
    const onEnd = (): void => finish({ ok: true, body: Buffer.concat(chunks, bytes) });
    const onClose = (): void => finish(undefined);
    request.on("data", onData);
    request.on("end", onEnd);
    request.on("close", onClose);
  }
}

function tooLarge(limitBytes: number): HttpRefusal {
  return { ...refuse(413, `the body is above the limit of ${limitBytes} bytes`), headers: CLOSE };
}

function busy(): HttpRefusal {
  return { ...refuse(503, "too many bodies are under way"), headers: { ...CLOSE, "Retry-After": "1" } };
}

function refuse(status: number, message: string): HttpRefusal {
  return { ok: false, status, message };
}
