import type { Clock } from "../../../kernel/clock.js";
import { SharedListener, type Taker } from "./shared-listener.js";

interface Shared {
  readonly listener: SharedListener;
  readonly port: Promise<number>;
}

/** The ports that the host listens on for its cores, by the keys under which they ask. */
export class SharedListeners {
  readonly #clock: Clock;
  readonly #onError: (error: Error) => void;
  readonly #shared = new Map<string, Shared>();

  constructor(clock: Clock, onError: (error: Error) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Has a core take part; the first one decides what is listened on. Rejects with the system's error. */
  async join(
    taker: Taker,
    key: string,
    place: { readonly port: number; readonly host: string | undefined },
  ): Promise<number> {
    const shared = this.#shared.get(key) ?? this.#open(key, place.port, place.host);
    const port = await shared.port;
    shared.listener.add(taker);
    return port;
  }

  /** A core takes no more connections by itself; when it was the last, the port is given back. */
  leave(taker: Taker, key: string): void {
    const shared = this.#shared.get(key);
    if (shared === undefined || shared.listener.remove(taker)) return;
    this.#shared.delete(key);
    shared.listener.close();
  }

  /** A core has ended. Its ports stay: it will be back, and who comes meanwhile waits a little. */
  lost(taker: Taker): void {
    for (const { listener } of this.#shared.values()) listener.remove(taker);
  }

  close(): void {
    for (const { listener } of this.#shared.values()) listener.close();
    this.#shared.clear();
  }

  #open(key: string, port: number, host: string | undefined): Shared {
    const listener = new SharedListener(key, this.#clock);
    const shared: Shared = { listener, port: listener.listen(port, host, this.#onError) };
    this.#shared.set(key, shared);
    shared.port.catch(() => {
      // Whoever asked is told by the same promise; the next one tries anew.
      if (this.#shared.get(key) === shared) this.#shared.delete(key);
    });
    return shared;
  }
}
