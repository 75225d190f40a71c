import type { Clock } from "../../src/index.js";
import { eventStream } from "../../src/client/fallback.js";
import type { WebSocketClass, WebSocketLike } from "../../src/client/index.js";
import type { FaultyNetwork } from "../../src/testing/index.js";
import { PollSocket } from "./poll-socket.js";

/** A way to the server. */
export type Way = "websocket" | "events" | "longpoll";

/** What a client connects with. */
export interface WaysOptions {
  /** The network that the next connection takes. */
  readonly network: () => FaultyNetwork;
  readonly label: string;
  readonly clock: Clock;
  /** Whether it speaks the protocol of sessions; else it is a stock client. */
  readonly resumes: boolean;
  /** Told each message that arrives. */
  readonly arrived: (data: string | Uint8Array) => void;
}

/** The ways of one client to the server: the next connection takes the present one. */
export class Ways {
  #way: Way = "websocket";
  /** The class of its sockets. */
  readonly webSocket: WebSocketClass;
  readonly #options: WaysOptions;

  constructor(options: WaysOptions) {
    this.#options = options;
    const connect = (url: string): WebSocketLike => this.#connect(url);
    this.webSocket = class extends AnySocket {
      constructor(url: string) {
        super(connect(url), options.arrived);
      }
    };
  }

  /** Which way the next connection takes. Phoenix's client knows no event streams: it polls. */
  take(way: Way): void {
    this.#way = way === "events" && !this.#options.resumes ? "longpoll" : way;
  }

  #connect(url: string): WebSocketLike {
    const { label, clock, resumes } = this.#options;
    const network = this.#options.network();
    const fetch = network.fetch(label);
    if (this.#way === "events") return eventStream(url, { fetch, clock, postTimeoutMs: 4_000 });
    if (this.#way === "longpoll") return new PollSocket(url, { fetch, clock, resumes, retries: resumes ? 2 : 0 });
    return new (network.webSocket(label))(url);
  }
}

class AnySocket implements WebSocketLike {
  onopen: ((event: object) => void) | null = null;
  onmessage: ((event: { readonly data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  onerror: ((event: object) => void) | null = null;
  readonly #inner: WebSocketLike;

  constructor(inner: WebSocketLike, arrived: (data: string | Uint8Array) => void) {
    this.#inner = inner;
    inner.onopen = (event: object) => this.onopen?.(event);
    inner.onmessage = (event: { readonly data: string | ArrayBuffer }) => {
      const { data } = event;
      arrived(typeof data === "string" ? data : new Uint8Array(data));
      this.onmessage?.(event);
    };
    inner.onclose = (event: { readonly code: number; readonly reason: string }) => this.onclose?.(event);
    inner.onerror = () => undefined;
  }

  get binaryType(): string {
    return this.#inner.binaryType;
  }

  set binaryType(type: string) {
    this.#inner.binaryType = type;
  }

  get readyState(): number {
    return this.#inner.readyState;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#inner.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#inner.close(code, reason);
  }
}
