import { connect, type Socket } from "node:net";
import { InspectorError, systemErrorCode } from "./errors.js";
import { LineSplitter } from "./lines.js";
import { encodeRequest, type InspectorRequest, MAX_REPLY_BYTES, parseReply } from "./messages.js";

/** Options of {@link connectInspector}. */
export interface InspectorClientOptions {
  /** How long to wait for the connection and for each answer. Default 5,000 ms. */
  readonly timeoutMs?: number;
}

/** A request without its id, which the client gives. */
export type InspectorQuestion =
  | Omit<Extract<InspectorRequest, { method: "tree" }>, "id">
  | Omit<Extract<InspectorRequest, { method: "info" }>, "id">
  | Omit<Extract<InspectorRequest, { method: "drain.look" }>, "id">
  | Omit<Extract<InspectorRequest, { method: "drain.start" }>, "id">
  | Omit<Extract<InspectorRequest, { method: "drain.cancel" }>, "id">;

/**
 * Connects to the inspector socket at `path`.
 *
 * @throws {InspectorError} `no_server` if nobody listens there or the user may not connect, `no_answer` after the time-out
 */
export async function connectInspector(path: string, options: InspectorClientOptions = {}): Promise<InspectorClient> {
  const timeoutMs = options.timeoutMs ?? 5_000;
  const socket = connect({ path });
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      socket.removeAllListeners();
      socket.setTimeout(0);
    };
    socket.once("connect", () => {
      settle();
      resolve(new InspectorClient(socket, path, timeoutMs));
    });
    socket.once("error", (cause) => {
      settle();
      reject(connectError(path, cause));
    });
    socket.setTimeout(timeoutMs, () => {
      settle();
      socket.destroy();
      reject(new InspectorError("no_answer", `${path} did not take the connection within ${timeoutMs} ms.`));
    });
  });
}

interface Waiting {
  readonly id: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: InspectorError) => void;
}

/** One connection to an inspector socket, made with {@link connectInspector}. It asks one question at a time. */
export class InspectorClient {
  /** The path of the socket. */
  readonly path: string;
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #lines = new LineSplitter(MAX_REPLY_BYTES);
  #waiting: Waiting | undefined;
  #failure: InspectorError | undefined;
  #nextId = 1;

  /** @internal */
  constructor(socket: Socket, path: string, timeoutMs: number) {
    this.#socket = socket;
    this.path = path;
    this.#timeoutMs = timeoutMs;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (cause) => this.#fail(lost(path, cause)));
    socket.on("close", () => this.#fail(lost(path)));
    socket.on("timeout", () => this.#fail(noAnswer(path, timeoutMs)));
  }

  /**
   * Asks and waits for the result, which is not checked yet.
   *
   * @throws {InspectorError} `no_answer`, `connection_lost`, `protocol`, or `refused` with the server's reason
   */
  ask(question: InspectorQuestion): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#waiting !== undefined) {
      return Promise.reject(
        new InspectorError("protocol", "Expected one question at a time: wait for the answer to the one before."),
      );
    }
    const id = this.#nextId++;
    this.#socket.setTimeout(this.#timeoutMs);
    this.#socket.write(encodeRequest({ ...question, id }));
    return new Promise((resolve, reject) => {
      this.#waiting = { id, resolve, reject };
    });
  }

  /** Closes the connection. A question that is still open is rejected with `connection_lost`. */
  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (!this.#lines.push(chunk, (line) => this.#take(line))) {
      this.#fail(new InspectorError("protocol", `The answer of ${this.path} exceeds ${MAX_REPLY_BYTES} bytes.`));
    }
  }

  #take(line: string): void {
    const reply = parseReply(line);
    if (typeof reply === "string") {
      this.#fail(new InspectorError("protocol", `${this.path} does not speak this inspector's protocol: ${reply}.`));
      return;
    }
    const waiting = this.#waiting;
    if (!reply.ok) {
      const { code: refusal, message } = reply;
      const error = new InspectorError("refused", `The server refused (${refusal}): ${message}`, { refusal });
      if (waiting === undefined || waiting.id !== reply.id) this.#fail(error);
      else this.#settle(waiting).reject(error);
      return;
    }
    if (waiting === undefined || waiting.id !== reply.id) {
      this.#fail(new InspectorError("protocol", `${this.path} answered question ${reply.id}, which is not open.`));
      return;
    }
    this.#settle(waiting).resolve(reply.result);
  }

  #settle(waiting: Waiting): Waiting {
    this.#waiting = undefined;
    this.#socket.setTimeout(0);
    return waiting;
  }

  // The first failure is the cause; what follows from it, such as the close of the socket, is not told again.
  #fail(error: InspectorError): void {
    this.#failure ??= error;
    this.#socket.destroy();
    if (this.#waiting !== undefined) this.#settle(this.#waiting).reject(this.#failure);
  }
}

function connectError(path: string, cause: Error): InspectorError {
  switch (systemErrorCode(cause)) {
    case "ENOENT":
      return new InspectorError(
        "no_server",
        `Cannot connect to ${path}: there is no such socket. The server has ended or was never started.`,
        { cause },
      );
    case "ECONNREFUSED":
      return new InspectorError(
        "no_server",
        `Cannot connect to ${path}: nobody listens there. The server has ended without removing its socket; it is removed when the next one starts.`,
        { cause },
      );
    case "EACCES":
    case "EPERM":
      return new InspectorError(
        "no_server",
        `Cannot connect to ${path}: permission denied. The inspector answers only the user who runs the server.`,
        { cause },
      );
    default:
      return new InspectorError("no_server", `Cannot connect to ${path}: ${cause.message}.`, { cause });
  }
}

function lost(path: string, cause?: Error): InspectorError {
  return new InspectorError(
    "connection_lost",
    `${path} closed the connection before it had answered: the server is ending, or has too many readers.`,
    cause === undefined ? {} : { cause },
  );
}

function noAnswer(path: string, timeoutMs: number): InspectorError {
  return new InspectorError(
    "no_answer",
    `${path} took the connection and did not answer within ${timeoutMs} ms: the server's event loop is blocked, or its process is stopped.`,
  );
}
