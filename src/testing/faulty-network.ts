import type { Clock } from "../kernel/clock.js";
import { type Random, seededRandom } from "../kernel/random.js";
import type { TransportKind, TransportSocket } from "../transport/transport-socket.js";
import type { UpgradeRequest } from "../transport/upgrade-request.js";
import { type ExchangeHost, type ExchangeServer, FaultyExchange } from "./faulty-exchange.js";
import { faultyFetch } from "./faulty-fetch.js";
import { FaultyHttp } from "./faulty-http.js";
import {
  type CutOptions,
  type End,
  FaultyLine,
  type LineEvent,
  type LineHost,
  type ObservedLine,
} from "./faulty-line.js";
import { FaultySocket } from "./faulty-socket.js";
import { FaultyWebSocket } from "./faulty-web-socket.js";

/** The chance of each message, from 0 to 1, to be the one that harms its connection; 0 by default. */
export interface FaultChances {
  /** The connection breaks, and what is on the way is lost. */
  readonly cut?: number;
  /** The connection breaks once what is on the way has arrived: the client sends again what the server has. */
  readonly cutAfterDelivery?: number;
  /** The connection breaks for the client; what it had sent arrives late, perhaps after its next connection. */
  readonly cutLate?: number;
  /** The connection breaks for one end only. */
  readonly halfOpen?: number;
  /** All that is sent vanishes, and no end learns of it. */
  readonly blackHole?: number;
  /** Nothing arrives for up to `stallMs`. */
  readonly stall?: number;
}

/** Options of {@link createFaultyNetwork}. */
export interface FaultyNetworkOptions {
  /** What delays are measured with: the clock of the system and of the clients. */
  readonly clock: Clock;
  /** What chance is drawn from; seeded with 1 by default. */
  readonly random?: Random;
  /** How long a message takes, or the least and the most; 1 by default. Messages of one direction never overtake each other. */
  readonly latencyMs?: number | readonly [least: number, most: number];
  /** Faults that happen by themselves. */
  readonly chances?: FaultChances;
  /** The longest that a stall by chance takes; 2,000 by default. */
  readonly stallMs?: number;
  /** How much the server's side of a connection takes before `bufferedBytes` shows that it waits; 65,536 by default. */
  readonly socketBufferBytes?: number;
  /** Whether an end sends this message twice, as one does that has not heard of its arrival; never by default. */
  readonly repeat?: (data: string | Uint8Array, line: ObservedLine) => boolean;
  /**
   * Whether the answer to this request breaks off in its middle: the server has taken the request, and the client cannot know that. Never by
   * default.
   */
  readonly cutAnswer?: (exchange: FaultyExchange) => boolean;
  /** Told all that happens, for logs and for checks of your own. */
  readonly observe?: (line: ObservedLine, event: LineEvent) => void;
}

/** A place where clients connect, as an endpoint describes it. */
export interface FaultyMount {
  readonly path: string;
  /** Clients of `phoenix` connect to `path/websocket`, all others to `path`. */
  readonly protocol: string;
  readonly payloadLimitBytes?: number;
  /** The ways to connect; all by default. */
  readonly transports?: readonly TransportKind[];
  accept(socket: TransportSocket, request: UpgradeRequest): void;
}

/** What an endpoint gives to the function that makes its server, as far as this network uses it. */
export interface FaultyServerOptions {
  readonly mounts: readonly FaultyMount[];
  readonly payloadLimitBytes?: number;
  readonly clock?: Clock;
  readonly pollWindowMs?: number;
  readonly onError?: (error: unknown) => void;
  readonly admit?: (
    request: UpgradeRequest,
  ) =>
    | { readonly ok: true }
    | { readonly ok: false; readonly retryAfterMs: number }
    | { readonly ok: false; readonly closeCode: number; readonly reason: string };
}

/** A server at this network: what an endpoint expects of its own. */
export interface FaultyServer {
  listen(): Promise<FaultyListening>;
}

/** A server that listens. */
export interface FaultyListening {
  readonly port: number;
  /** Takes no new clients; resolves when the last of the connected ones has ended. */
  close(): Promise<void>;
}

const PAYLOAD_LIMIT_BYTES = 65_536;
const CONNECT_TIMEOUT_MS = 20_000;
const STALL_MS = 2_000;
const PORT = 4000;
const ADDRESS = "127.0.0.1";

/** Makes a network between clients and one endpoint at a time, in this process, without TCP; see {@link FaultyNetwork}. */
export function createFaultyNetwork(options: FaultyNetworkOptions): FaultyNetwork {
  return new FaultyNetwork(options);
}

/**
 * A network that breaks when a test says so, or by chance from a seed.
 *
 * The endpoint takes {@link createServer}, clients take {@link WebSocket} and {@link url}; nothing else changes, and all runs on one
 * clock. An endpoint that is started anew takes the place of the one before.
 *
 * ```ts
 * const network = createFaultyNetwork({ clock });
 * await system.start(Endpoint, { createServer: network.createServer, socket: { channels } });
 * const socket = new Socket(`${network.url}/socket`, { webSocket: network.WebSocket, clock });
 * …
 * network.cut();
 * ```
 *
 * @see docs/guides/testing.md
 */
export class FaultyNetwork implements LineHost, ExchangeHost {
  readonly clock: Clock;
  readonly url = `ws://${ADDRESS}:${PORT}`;
  /** The WebSocket class of this network. */
  readonly WebSocket: new (
    url: string,
  ) => FaultyWebSocket;
  readonly #options: FaultyNetworkOptions;
  readonly #random: Random;
  readonly #lines = new Set<FaultyLine>();
  readonly #exchanges = new Set<FaultyExchange>();
  /** Where new connections go. */
  #server: Serving | undefined;
  /** That one, and those that are still closing. */
  readonly #servers = new Set<Serving>();
  #made = 0;
  #refuses = false;
  #swallows = false;
  #calm = false;

  /** @internal Made with {@link createFaultyNetwork}. */
  constructor(options: FaultyNetworkOptions) {
    this.#options = options;
    this.#random = options.random ?? seededRandom(1);
    this.clock = options.clock;
    this.WebSocket = this.webSocket("");
  }

  /** Makes the server of an endpoint: its option `createServer`. */
  readonly createServer = (options: FaultyServerOptions): FaultyServer => ({
    listen: async () => {
      this.#server = new Serving(options, this);
      this.#servers.add(this.#server);
      return this.#server;
    },
  });

  /** A WebSocket class whose connections carry a label, to tell clients apart. */
  webSocket(label: string): new (url: string) => FaultyWebSocket {
    const dial = (end: FaultyWebSocket, url: string): FaultyLine => this.#dial(end, url, label);
    return class extends FaultyWebSocket {
      constructor(url: string) {
        super(url, dial);
      }
    };
  }

  /** A `fetch` whose requests go by this network, with a label: `eventStream(url, { fetch: network.fetch("tab 1"), clock })`. */
  fetch(label = ""): typeof fetch {
    return faultyFetch((request, client) => {
      const exchange = new FaultyExchange(this.count(), label, request, client, this);
      this.#exchanges.add(exchange);
      if (this.#refuses) this.clock.setTimer(this.latencyMs(), () => exchange.refuse());
      else if (this.#swallows) this.clock.setTimer(CONNECT_TIMEOUT_MS, () => exchange.refuse());
      else exchange.send();
      return exchange;
    });
  }

  /** The HTTP requests that are not over, oldest first; of that label only, if one is given. */
  exchanges(label?: string): FaultyExchange[] {
    return [...this.#exchanges].filter((exchange) => label === undefined || exchange.label === label);
  }

  /** The connections that at least one end knows of, oldest first; of that label only, if one is given. */
  lines(label?: string): FaultyLine[] {
    return [...this.#lines].filter((line) => label === undefined || line.label === label);
  }

  /** The newest connection that is open at both ends. */
  current(label?: string): FaultyLine | undefined {
    return this.lines(label).findLast((line) => line.open);
  }

  // Faults of all connections at once.

  /** Breaks all connections. */
  cut(options?: CutOptions): void {
    for (const each of this.#all()) each.cut(options);
  }

  /** Breaks all connections for one end; the other, `alive`, does not learn of it. */
  halfOpen(alive: End): void {
    for (const each of this.#all()) each.halfOpen(alive);
  }

  /** Breaks all connections and refuses new ones until {@link heal}. */
  unplug(): void {
    this.#refuses = true;
    this.cut();
  }

  /** All that is sent vanishes, and attempts to connect get no answer, until {@link heal}; the present connections stay dead after it. */
  blackHole(): void {
    this.#swallows = true;
    for (const each of this.#all()) each.blackHole();
  }

  /** Nothing arrives until {@link heal}. */
  stall(): void {
    for (const each of this.#all()) each.stall();
  }

  /** The server's process dies, without a word to any of its actors; clients learn that their connections broke. */
  killServer(): void {
    for (const server of this.#servers) server.http.forsake();
    this.#server = undefined;
    this.#servers.clear();
    for (const each of this.#all()) each.killServer();
  }

  /** Ends {@link unplug}, {@link blackHole} and every stall. */
  heal(): void {
    this.#refuses = false;
    this.#swallows = false;
    for (const each of this.#all()) each.flow();
  }

  /** No faults by chance from now on. */
  calm(): void {
    this.#calm = true;
  }

  // What its connections ask of it.

  /** @internal */
  latencyMs(): number {
    const { latencyMs = 1 } = this.#options;
    if (typeof latencyMs === "number") return latencyMs;
    const [least, most] = latencyMs;
    return Math.round(least + (most - least) * this.#random.next());
  }

  /** @internal */
  sent(line: FaultyLine): void {
    const { chances } = this.#options;
    if (chances === undefined || this.#calm) return;
    let drawn = this.#random.next();
    const happens = (chance = 0): boolean => {
      drawn -= chance;
      return drawn < 0;
    };
    if (happens(chances.cut)) line.cut();
    else if (happens(chances.cutAfterDelivery)) line.cut({ inFlight: "delivered" });
    else if (happens(chances.cutLate)) line.cut({ inFlight: "late", lateMs: this.#draw(this.#longestStallMs) });
    else if (happens(chances.halfOpen)) line.halfOpen(this.#draw(2) < 1 ? "client" : "server");
    else if (happens(chances.blackHole)) line.blackHole();
    else if (happens(chances.stall)) {
      line.stall();
      this.clock.setTimer(this.#draw(this.#longestStallMs), () => line.flow());
    }
  }

  /** @internal */
  repeats(data: string | Uint8Array, line: ObservedLine): boolean {
    return this.#options.repeat?.(data, line) === true;
  }

  /** @internal */
  heard(line: FaultyLine): void {
    for (const earlier of this.lines(line.label)) if (earlier.id < line.id) earlier.arriveOvertaken();
  }

  /** @internal */
  observe(line: ObservedLine, event: LineEvent): void {
    this.#options.observe?.(line, event);
  }

  /** @internal */
  serverEnded(): void {
    for (const server of this.#servers) if (server.checkEmpty()) this.#servers.delete(server);
  }

  /** @internal */
  gone(line: FaultyLine | FaultyExchange): void {
    if (line instanceof FaultyLine) this.#lines.delete(line);
    else this.#exchanges.delete(line);
  }

  /** @internal */
  serve(exchange: FaultyExchange): ExchangeServer | undefined {
    return this.#refuses ? undefined : this.#server?.http.serve(exchange);
  }

  /** @internal */
  cutsAnswer(exchange: FaultyExchange): boolean {
    return !this.#calm && this.#options.cutAnswer?.(exchange) === true;
  }

  /** @internal */
  count(): number {
    this.#made += 1;
    return this.#made;
  }

  /** @internal */
  get socketBufferBytes(): number {
    return this.#options.socketBufferBytes ?? 65_536;
  }

  #all(): (FaultyLine | FaultyExchange)[] {
    return [...this.#lines, ...this.#exchanges];
  }

  #dial(end: FaultyWebSocket, url: string, label: string): FaultyLine {
    const line = new FaultyLine(this.count(), label, url, end, this);
    this.#lines.add(line);
    // A request and its answer.
    const roundTripMs = this.latencyMs() + this.latencyMs();
    if (this.#swallows) this.clock.setTimer(CONNECT_TIMEOUT_MS, () => line.refused());
    else this.clock.setTimer(roundTripMs, () => this.#connect(line));
    return line;
  }

  #connect(line: FaultyLine): void {
    const server = this.#server;
    const request = requestOf(line.url);
    const mount = server?.mountAt(request.path);
    if (!this.#lines.has(line)) return;
    if (this.#refuses || server === undefined || mount === undefined) return line.refused();
    const admission = server.options.admit?.(request) ?? { ok: true };
    if (!admission.ok && "retryAfterMs" in admission) return line.refused();
    const socket = new FaultySocket(line, ADDRESS, this.socketBufferBytes);
    line.connect(socket, mount.payloadLimitBytes ?? server.options.payloadLimitBytes ?? PAYLOAD_LIMIT_BYTES);
    server.lines.add(line);
    line.opened();
    if (admission.ok) mount.accept(socket, request);
    else socket.close(admission.closeCode, admission.reason);
  }

  #draw(below: number): number {
    return this.#random.next() * below;
  }

  get #longestStallMs(): number {
    return this.#options.stallMs ?? STALL_MS;
  }
}

class Serving implements FaultyListening {
  readonly port = PORT;
  readonly options: FaultyServerOptions;
  readonly lines = new Set<FaultyLine>();
  readonly http: FaultyHttp;
  #closed: (() => void) | undefined;

  constructor(options: FaultyServerOptions, network: FaultyNetwork) {
    this.options = options;
    this.http = new FaultyHttp(options, {
      clock: network.clock,
      address: ADDRESS,
      socketBufferBytes: network.socketBufferBytes,
      payloadLimitBytes: PAYLOAD_LIMIT_BYTES,
      closing: () => this.#closed !== undefined,
      count: () => network.count(),
      observe: (conversation, event) => network.observe(conversation, event),
      ended: () => network.serverEnded(),
    });
  }

  mountAt(path: string): FaultyMount | undefined {
    if (this.#closed !== undefined) return undefined;
    return this.options.mounts.find((mount) => pathOf(mount) === path);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#closed = resolve;
      this.checkEmpty();
    });
  }

  /** Whether it is closed and has nobody left. */
  checkEmpty(): boolean {
    for (const line of this.lines) if (line.serverOver) this.lines.delete(line);
    if (this.#closed === undefined || this.lines.size > 0 || this.http.size > 0) return false;
    this.#closed();
    return true;
  }
}

function pathOf({ protocol, path }: FaultyMount): string {
  if (protocol !== "phoenix") return path;
  return `${path === "/" ? "" : path}/websocket`;
}

function requestOf(url: string): UpgradeRequest {
  const { pathname, searchParams, host } = new URL(url);
  // Own properties of any name, as the transport's parser makes them.
  const params = Object.fromEntries(searchParams);
  return {
    path: pathname,
    params,
    authToken: undefined,
    origin: undefined,
    remoteAddress: ADDRESS,
    headers: { host },
  };
}
