import { createServer, type Server, type Socket } from "node:net";
import type { Clock, ClockTimer } from "../../../kernel/clock.js";

/** Connections that the system keeps for a busy loop, if it allows as many. */
const BACKLOG = 4_096;
/** How many connections may wait for a core, and how long. */
const MOST_WAITING = 1_000;
const PATIENCE_MS = 5_000;

/** Who takes the connections of a {@link SharedListener}. */
export interface Taker {
  /** Gives it a connection, from which nothing has been read. */
  take(key: string, socket: Socket): void;
}

interface Waiting {
  readonly socket: Socket;
  readonly timer: ClockTimer;
}

/** One port of the machine, whose connections are dealt out to the cores that listen on it, in turn. */
export class SharedListener {
  readonly #key: string;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #takers: Taker[] = [];
  readonly #waiting = new Set<Waiting>();
  #turn = 0;

  constructor(key: string, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
    // Paused: what a client says first is for the core to read.
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Begins to listen, and gives the port. Rejects with the system's error. */
  async listen(port: number, host: string | undefined, onError: (error: Error) => void): Promise<number> {
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port, backlog: BACKLOG, exclusive: true, ...(host === undefined ? {} : { host }) }, () => {
        server.removeListener("error", reject);
        resolve();
      });
    });
    // Errors of single accepts, such as too many open files.
    server.on("error", onError);
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : port;
  }

  /** A core takes its turn from now on; those that wait are for it. */
  add(taker: Taker): void {
    if (!this.#takers.includes(taker)) this.#takers.push(taker);
    for (const waiting of [...this.#waiting]) {
      this.#forget(waiting);
      this.#deal(waiting.socket);
    }
  }

  /** A core takes no more. Says whether another one does. */
  remove(taker: Taker): boolean {
    const at = this.#takers.indexOf(taker);
    if (at !== -1) this.#takers.splice(at, 1);
    return this.#takers.length > 0;
  }

  close(): void {
    this.#server.close();
    for (const waiting of [...this.#waiting]) {
      this.#forget(waiting);
      waiting.socket.destroy();
    }
  }

  #accept(socket: Socket): void {
    if (this.#takers.length > 0) return this.#deal(socket);
    if (this.#waiting.size >= MOST_WAITING) {
      socket.resetAndDestroy();
      return;
    }
    const waiting: Waiting = {
      socket,
      timer: this.#clock.setTimer(PATIENCE_MS, () => {
        this.#forget(waiting);
        socket.destroy();
      }),
    };
    this.#waiting.add(waiting);
    // Nothing is read, so only a reset is heard of here.
    socket.once("error", () => socket.destroy());
    socket.once("close", () => this.#forget(waiting));
  }

  #deal(socket: Socket): void {
    const taker = this.#takers[this.#turn++ % this.#takers.length];
    if (taker === undefined) socket.destroy();
    else taker.take(this.#key, socket);
  }

  #forget(waiting: Waiting): void {
    if (!this.#waiting.delete(waiting)) return;
    this.#clock.clearTimer(waiting.timer);
    waiting.socket.removeAllListeners("close");
    waiting.socket.removeAllListeners("error");
  }
}
