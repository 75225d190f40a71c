import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A bare connection to a socket, for what a well-behaved client never sends. */
export class RawReader {
  readonly #socket: Socket;
  readonly #chunks: string[] = [];
  /** Resolves when the connection is closed, with all that was received. */
  readonly closed: Promise<string>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => this.#chunks.push(chunk));
    // A connection that the server resets is closed too; what was received before counts.
    socket.on("error", () => socket.destroy());
    this.closed = new Promise((resolve) => socket.once("close", () => resolve(this.text)));
    onTestFinished(() => {
      socket.destroy();
    });
  }

  /** Connects and waits until the connection stands. */
  static async connect(path: string): Promise<RawReader> {
    const socket = connect({ path });
    await once(socket, "connect");
    return new RawReader(socket);
  }

  /** What was received so far. */
  get text(): string {
    return this.#chunks.join("");
  }

  /** Stops reading; what the server writes then waits. */
  pause(): void {
    this.#socket.pause();
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Sends a request without params and waits for one line of answer. */
  async ask(id: number, method: string): Promise<unknown> {
    const seen = this.text.length;
    this.send(`${JSON.stringify({ v: 1, id, method })}\n`);
    while (!this.text.slice(seen).includes("\n")) await once(this.#socket, "data");
    return JSON.parse(this.text.slice(seen));
  }
}
