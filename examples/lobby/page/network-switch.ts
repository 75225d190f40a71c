/** How long the network is off, as the page shows it. */
export type OffListener = (leftMs: number) => void;

const TICK_MS = 200;

/**
 * A switch in front of the network: while it is off no WebSocket can be made, as without a network.
 *
 * It stands where a cable would be pulled: the client knows nothing of it, tries again by its own rules, and fails until it is on.
 */
export class NetworkSwitch {
  #onAt = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** The class of WebSockets to give to the client. */
  readonly webSocket: new (
    url: string,
  ) => WebSocket;

  constructor() {
    const leftMs = (): number => this.leftMs;
    this.webSocket = class extends WebSocket {
      constructor(url: string) {
        if (leftMs() > 0) throw new TypeError("the network is off");
        super(url);
      }
    };
  }

  /** The milliseconds until it is on; 0 when it is. */
  get leftMs(): number {
    return Math.max(0, this.#onAt - performance.now());
  }

  /** Turns the network off for a time. `changed` is called several times a second, the last time with 0. */
  cut(forMs: number, changed: OffListener): void {
    this.#onAt = performance.now() + forMs;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      const { leftMs } = this;
      if (leftMs === 0) clearInterval(this.#timer);
      changed(leftMs);
    }, TICK_MS);
    changed(forMs);
  }
}
