import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { OpenIncoming, SharedIncoming } from "./http-options.js";
import type { ProcessPaths } from "./other-processes.js";

/** Connections that the system keeps for a busy loop, if it allows as many: one that finds no place tries again after a second. */
const BACKLOG = 4_096;

/** Where the connections of an HTTP server come from: a port of its own, or one that it shares with other processes. */
export interface Doors {
  /** Opens them, and gives the port. Rejects with the error of the system. */
  open(port: number, host: string | undefined): Promise<number>;
  /** The other processes that share the port; `undefined` when there are none, or it is not open. */
  readonly others: ProcessPaths | undefined;
  /** Whether a connection is of another process of this machine, which no client can be. */
  isPrivate(socket: Socket): boolean;
  /** Whether clients may come. */
  readonly isOpen: boolean;
  /** Lets nobody in any more; `closed` is called when the last connection has ended. */
  close(closed: () => void): void;
}

/** The doors of a server that listens itself. */
export class OwnDoors implements Doors {
  readonly others = undefined;
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  isPrivate(): boolean {
    return false;
  }

  get isOpen(): boolean {
    return this.#server.listening;
  }

  open(port: number, host: string | undefined): Promise<number> {
    return listenOn(this.#server, { port, host, backlog: BACKLOG });
  }

  close(closed: () => void): void {
    this.#server.close(closed);
  }
}

/** The doors of a server that is given its connections. It listens on a path as well, where only other processes of its own machine come. */
export class SharedDoors implements Doors {
  readonly #server: Server;
  readonly #incoming: SharedIncoming;
  readonly #given = new Set<Socket>();
  readonly #onClose: (this: Socket) => void;
  /** Those that came by the path. */
  readonly #private = new WeakSet<Socket>();
  #isTaking = false;
  #opened: OpenIncoming | undefined;
  #whenEmpty: (() => void) | undefined;

  constructor(server: Server, incoming: SharedIncoming) {
    this.#server = server;
    this.#incoming = incoming;
    server.on("connection", (socket) => {
      if (!this.#isTaking) this.#private.add(socket);
    });
    const left = (socket: Socket): void => this.#left(socket);
    // One for all sockets: a closure for each would weigh more than the entry.
    this.#onClose = function onClose(this: Socket): void {
      left(this);
    };
  }

  get isOpen(): boolean {
    return this.#opened !== undefined;
  }

  get others(): ProcessPaths | undefined {
    return this.#opened;
  }

  isPrivate(socket: Socket): boolean {
    return this.#private.has(socket);
  }

  async open(port: number, host: string | undefined): Promise<number> {
    // Before there can be connections: with it Node begins to watch over how long requests take.
    const early: Socket[] = [];
    let isListening = false;
    const opened = await this.#incoming.open({ port, host }, (socket) => {
      if (isListening) this.#take(socket);
      else early.push(socket);
    });
    try {
      await listenOn(this.#server, { path: opened.path });
    } catch (error) {
      opened.close();
      for (const socket of early) socket.destroy();
      throw error;
    }
    this.#opened = opened;
    isListening = true;
    for (const socket of early) this.#take(socket);
    return opened.port;
  }

  close(closed: () => void): void {
    const opened = this.#opened;
    this.#opened = undefined;
    opened?.close();
    this.#server.close(() => {
      if (this.#given.size === 0) closed();
      else this.#whenEmpty = closed;
    });
  }

  #take(socket: Socket): void {
    this.#given.add(socket);
    socket.on("close", this.#onClose);
    this.#isTaking = true;
    this.#server.emit("connection", socket);
    this.#isTaking = false;
  }

  #left(socket: Socket): void {
    this.#given.delete(socket);
    if (this.#given.size === 0) this.#whenEmpty?.();
  }
}

interface Address {
  readonly port?: number;
  readonly host?: string | undefined;
  readonly path?: string;
  readonly backlog?: number;
}

function listenOn(server: Server, address: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, () => {
      server.removeListener("error", reject);
      const taken = server.address();
      resolve(typeof taken === "object" && taken !== null ? taken.port : (address.port ?? 0));
    });
  });
}
