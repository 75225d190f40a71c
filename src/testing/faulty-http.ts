import type { Clock } from "../kernel/clock.js";
import { eventStreamPlaces } from "../transport/event-stream-place.js";
import { type HttpPlace, type HttpPlaceOptions, NO_OTHERS } from "../transport/http-place.js";
import { LongPollPlace } from "../transport/long-poll-place.js";
import { BodyReader } from "../transport/request-body.js";
import type { TransportSocket } from "../transport/transport-socket.js";
import { DEFAULT_KEPT_HEADERS, plainAddress } from "../transport/upgrade-request.js";
import type { ExchangeServer, FaultyExchange } from "./faulty-exchange.js";
import type { LineEvent } from "./faulty-line.js";
import type { FaultyMount, FaultyServerOptions } from "./faulty-network.js";
import { FaultyRequest, FaultyResponse } from "./faulty-response.js";
import { ObservedSocket } from "./observed-socket.js";

/** What the HTTP side of a server asks of its network. */
export interface HttpHost {
  readonly clock: Clock;
  readonly address: string;
  readonly socketBufferBytes: number;
  readonly payloadLimitBytes: number;
  /** Whether the server takes no new clients any more. */
  closing(): boolean;
  /** A number for a conversation that begins. */
  count(): number;
  observe(conversation: { readonly id: number; readonly label: string; readonly url: string }, event: LineEvent): void;
  /** A conversation is over. */
  ended(): void;
}

/** The long polls and event streams of a server at a faulty network: the real places where they are answered, over a network of ours. */
export class FaultyHttp {
  readonly #host: HttpHost;
  readonly #places = new Map<string, HttpPlace>();
  readonly #conversations = new Map<TransportSocket, ObservedSocket>();
  /** Whose request is being answered. */
  #present: FaultyExchange | undefined;

  constructor(options: FaultyServerOptions, host: HttpHost) {
    this.#host = host;
    const bodies = new BodyReader();
    for (const mount of options.mounts) if (mount.protocol === "phoenix") this.#add(mount, options, bodies);
  }

  /** Conversations that are not over. */
  get size(): number {
    return this.#conversations.size;
  }

  /** Answers a request; `undefined` when there is nothing at its path. */
  serve(exchange: FaultyExchange): ExchangeServer | undefined {
    const place = this.#places.get(new URL(exchange.request.url).pathname);
    if (place === undefined) return undefined;
    const request = new FaultyRequest(exchange, this.#host.address);
    const response = new FaultyResponse(request, exchange, this.#host.socketBufferBytes);
    this.#present = exchange;
    place.answer(request, response);
    this.#present = undefined;
    return response;
  }

  /** The process is dead. */
  forsake(): void {
    for (const socket of this.#conversations.values()) socket.forsake();
    this.#conversations.clear();
  }

  #add(mount: FaultyMount, server: FaultyServerOptions, bodies: BodyReader): void {
    const { clock, payloadLimitBytes } = this.#host;
    const options: HttpPlaceOptions = {
      clock: server.clock ?? clock,
      windowMs: server.pollWindowMs ?? 10_000,
      closeTimeoutMs: 5_000,
      payloadLimitBytes: mount.payloadLimitBytes ?? server.payloadLimitBytes ?? payloadLimitBytes,
      bodies,
      rules: {
        allowsOrigin: () => true,
        keptHeaders: DEFAULT_KEPT_HEADERS,
        admit: (request) => server.admit?.(request) ?? { ok: true },
        addressOf: ({ socket }) => plainAddress(socket.remoteAddress),
        closing: () => this.#host.closing(),
      },
      others: NO_OTHERS,
      onError: (error) => server.onError?.(error),
      accept: (socket, request) => mount.accept(this.#begin(socket), request),
      onOver: (socket) => {
        this.#conversations.delete(socket);
        this.#host.ended();
      },
    };
    const below = mount.path === "/" ? "" : mount.path;
    const { transports = ["longpoll", "events"] } = mount;
    if (transports.includes("longpoll")) this.#places.set(`${below}/longpoll`, new LongPollPlace(options));
    if (!transports.includes("events")) return;
    const { events, send } = eventStreamPlaces(options);
    this.#places.set(`${below}/events`, events);
    this.#places.set(`${below}/send`, send);
  }

  #begin(socket: TransportSocket): ObservedSocket {
    const exchange = this.#present;
    const conversation = { id: this.#host.count(), label: exchange?.label ?? "", url: exchange?.request.url ?? "" };
    const observed = new ObservedSocket(socket, (event) => this.#host.observe(conversation, event));
    this.#conversations.set(socket, observed);
    return observed;
  }
}
