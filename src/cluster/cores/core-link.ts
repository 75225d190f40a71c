import { Socket } from "node:net";
import type { CorePlace } from "./core-place.js";
import { type CoreMessage, hostMessage, wrap } from "./core-message.js";

/** What the host wants of a core. */
export interface CoreOrders {
  begin(place: CorePlace): void;
  stop(): void;
  /** The host is gone; the process ends. */
  lost(): void;
}

interface Listen {
  readonly key: string;
  resolve(port: number): void;
  reject(error: Error): void;
}

/** What a core asks its host to listen on. */
export interface SharedPlace {
  /** Cores that ask with the same key share one port. */
  readonly key: string;
  readonly port: number;
  readonly host: string | undefined;
}

/** A core's side of the channel to its host. */
class CoreLink {
  readonly #takers = new Map<string, (socket: Socket) => void>();
  readonly #listens = new Map<number, Listen>();
  #last = 0;

  /** Hears the host from now on. Without a host nothing is left to do: the process ends at once. */
  open(orders: CoreOrders): void {
    process.on("disconnect", () => {
      orders.lost();
      // The host was killed: nobody hears this core any more, and it must not live on alone.
      process.exit(1);
    });
    process.on("message", (value: unknown, handle: unknown) => {
      const message = hostMessage(value);
      switch (message?.kind) {
        case "begin":
          return orders.begin(message.place);
        case "stop":
          return orders.stop();
        case "socket":
          return this.#take(message.key, handle);
        case "listening":
          return this.#settle(message.number)?.resolve(message.port);
        case "not_listening":
          return this.#settle(message.number)?.reject(Object.assign(new Error(message.text), { code: message.code }));
        default:
      }
    });
  }

  /** Says something to the host; resolves when it is on its way. */
  say(message: CoreMessage): Promise<void> {
    return new Promise((resolve) => {
      if (process.send === undefined || !process.connected) resolve();
      else process.send(wrap(message), undefined, undefined, () => resolve());
    });
  }

  /** Has the host listen, and takes what it passes on. @throws what `net.Server.listen` emits as its error, with the system's code */
  listen(place: SharedPlace, take: (socket: Socket) => void): Promise<number> {
    const { key } = place;
    const number = ++this.#last;
    this.#takers.set(key, take);
    return new Promise((resolve, reject) => {
      this.#listens.set(number, {
        key,
        resolve,
        reject: (error) => {
          this.#takers.delete(key);
          reject(error);
        },
      });
      void this.say({ kind: "listen", number, ...place });
    });
  }

  /** Wants no more connections. */
  unlisten(key: string): void {
    if (this.#takers.delete(key)) void this.say({ kind: "unlisten", key });
  }

  /** Lets the process end when the application has nothing left to do. */
  release(): void {
    process.channel?.unref();
  }

  #take(key: string, handle: unknown): void {
    // The client may have gone meanwhile, and the port may have been given up.
    if (!(handle instanceof Socket)) return;
    const take = this.#takers.get(key);
    if (take === undefined) handle.destroy();
    else take(handle);
  }

  #settle(number: number): Listen | undefined {
    const listen = this.#listens.get(number);
    this.#listens.delete(number);
    return listen;
  }
}

/** The link of this process, if it is a core's. */
export const coreLink = new CoreLink();
