import { CLOSE_HEARTBEAT } from "../protocol/close-codes.js";
import { type Alarm, type ClientClock, createAlarm, realClock } from "./clock.js";
import { eventStream } from "./event-stream.js";
import type { WebSocketClass, WebSocketLike } from "./web-socket-like.js";

/** Another way to the server where WebSockets are blocked: gets the WebSocket's URL and gives what behaves like one. */
export type FallbackTransport = (url: string) => WebSocketLike;

/** Which two ways there are to the server; everything has a default. */
export interface FallbackOptions {
  /** The other way. Default: `eventStream`. */
  readonly fallback?: FallbackTransport;
  /** The WebSocket class. Default `globalThis.WebSocket`; where there is none the other way is the only one. */
  readonly webSocket?: WebSocketClass | undefined;
  /** How long a WebSocket may take to open before the other way is used, in milliseconds. Default 3,000. */
  readonly afterMs?: number;
  /** Default: the machine's. */
  readonly clock?: ClientClock;
}

/**
 * Makes a class of WebSockets for networks that block those: given to a socket as `webSocket: withFallback()`.
 *
 * A WebSocket that does not open in time is given up for the other way at once; after one that fails at once the next connection begins
 * with the other way. The class stays with the way that works, and tries the other one when it does not.
 */
export function withFallback(options: FallbackOptions = {}): WebSocketClass {
  const ways = new Ways(options);
  return class extends EitherWay {
    constructor(url: string) {
      super(url, ways);
    }
  };
}

/** The two ways, and which of them the next connection begins with. */
class Ways {
  readonly afterMs: number;
  readonly clock: ClientClock;
  readonly #fallback: FallbackTransport;
  readonly #webSocket: WebSocketClass | undefined;
  usesFallback = false;

  constructor({
    fallback = eventStream,
    webSocket = globalThis.WebSocket,
    afterMs = 3_000,
    clock = realClock,
  }: FallbackOptions) {
    this.#fallback = fallback;
    this.#webSocket = webSocket;
    this.afterMs = afterMs;
    this.clock = clock;
  }

  get hasOther(): boolean {
    return this.#webSocket !== undefined && !this.usesFallback;
  }

  connect(url: string): WebSocketLike {
    const made = this.#webSocket === undefined || this.usesFallback ? this.#fallback(url) : new this.#webSocket(url);
    made.binaryType = "arraybuffer";
    return made;
  }

  /** One of them brought nothing from the server. */
  failed(): void {
    this.usesFallback = !this.usesFallback;
  }
}

/** One connection: a WebSocket, or what took its place. */
class EitherWay implements WebSocketLike {
  binaryType = "arraybuffer";
  onopen: ((event: object) => void) | null = null;
  onmessage: ((event: { readonly data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  onerror: ((event: object) => void) | null = null;
  readonly #ways: Ways;
  readonly #alarm: Alarm;
  #made: WebSocketLike;
  /** Whether it is known if this way works: something came from the server, or it ended. */
  #judged = false;

  constructor(url: string, ways: Ways) {
    this.#ways = ways;
    this.#alarm = createAlarm(ways.clock, () => {
      if (this.#made.readyState !== 0) return;
      const blocked = this.#made;
      ways.usesFallback = true;
      this.#made = this.#connect(url);
      blocked.close();
    });
    if (ways.hasOther) this.#alarm.set(ways.afterMs);
    this.#made = this.#connect(url);
  }

  get readyState(): number {
    return this.#made.readyState;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#made.send(data);
  }

  close(code?: number, reason?: string): void {
    // The client gives up what was silent with this code; with others it does as it was told.
    this.#judge(code !== CLOSE_HEARTBEAT);
    this.#alarm.clear();
    this.#made.close(code, reason);
  }

  #connect(url: string): WebSocketLike {
    let made: WebSocketLike;
    try {
      made = this.#ways.connect(url);
    } catch (error) {
      this.#alarm.clear();
      this.#judge(false);
      throw error;
    }
    made.onopen = (event: object) => {
      if (made !== this.#made) return;
      this.#alarm.clear();
      this.onopen?.(event);
    };
    made.onmessage = (event: { readonly data: string | ArrayBuffer }) => {
      if (made !== this.#made) return;
      this.#judge(true);
      this.onmessage?.(event);
    };
    made.onclose = (event: { readonly code: number; readonly reason: string }) => {
      if (made !== this.#made) return;
      this.#alarm.clear();
      // From 4000 on it was the server that refused.
      this.#judge(event.code >= 4_000);
      this.onclose?.(event);
    };
    // Always followed by a close. The handler has to be there: without one `ws` throws.
    made.onerror = () => undefined;
    return made;
  }

  /** Settles, once, whether this way works. */
  #judge(works: boolean): void {
    if (!this.#judged && !works) this.#ways.failed();
    this.#judged = true;
  }
}
