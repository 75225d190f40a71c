import type { IncomingMessage, ServerResponse } from "node:http";
import type { ActorClass } from "../../src/index.js";
import { BadArgumentError, whatCame } from "../../src/index.js";
import { DEFAULT_LIMITS } from "../../src/protocol/limits.js";
import type { AdmissionOptions } from "../../src/transport/admission/admission-options.js";
import type { CompressionOptions } from "../../src/transport/compression.js";
import type { HttpServerOptions } from "../../src/transport/http-options.js";
import type { Listening } from "../../src/transport/http-server.js";
import type { Origins } from "../../src/transport/origin-policy.js";
import type { TransportKind } from "../../src/transport/transport-socket.js";
import type { ChannelClass } from "../channel/channel.js";
import type { Connection } from "../connection/connection.js";
import type { TopicsOptions } from "../topic/topics-options.js";
import { CheckedAuthenticate } from "./checked-params.js";
import { CLIENT_LIMITS } from "./client-limits.js";
import type { Authenticate } from "./context.js";
import { KEEPING_LIMITS } from "./keeping-limits.js";
import { isStoreOption, type StoreOption } from "./store-option.js";

const LIMITS = [
  "payloadBytes",
  "windowMessages",
  "windowBytes",
  "outboxMessages",
  "outboxBytes",
  "ackDelayMs",
  "helloTimeoutMs",
  "heartbeatMs",
  "sessionTtlMs",
  "anonymousTtlMs",
  "socketBufferBytes",
  "channelsPerSession",
  "topicLogMessages",
  "topicLogBytes",
  "topicLogMs",
  "logBytes",
  "broadcastTurn",
  "detachedPerUser",
  "detachedSessions",
  "detachedBytes",
  "topicBytes",
  "eventBytes",
  "stockIdleMs",
] as const;

/** The bounds and times of an endpoint's sockets and sessions that a server may choose; docs/reference/options.md has their defaults. */
export type SocketLimits = { readonly [Name in (typeof LIMITS)[number]]: number };

/** Where clients that speak Phoenix Channels connect, and what they find there. */
export interface SocketOptions {
  /** `"/socket"` by default: clients connect to `/socket/websocket`. */
  readonly path?: string;
  /** Which class serves which topic: exact names, or patterns that end in `*`. */
  readonly channels: Readonly<Record<string, ChannelClass>>;
  /** Says who a client is; all are anonymous by default. With {@link withParams} it gets params that a schema has checked. */
  readonly authenticate?: Authenticate | CheckedAuthenticate;
  readonly limits?: Partial<SocketLimits>;
  /**
   * Where sessions that can be resumed are kept, so that they outlive the server's process; in its memory by default. With a folder of stores, as
   * `embeddedStoreFolder(options)` resolves to, they outlive it on another node too.
   *
   * It must be open, and is not closed with the endpoint: close it when the system has stopped.
   */
  readonly store?: StoreOption;
  /** The ways to connect; all by default: `websocket`, `longpoll` and `events`. */
  readonly transports?: readonly TransportKind[];
  /** Whether and how messages over WebSocket are compressed, for clients that offer it; not by default. */
  readonly compression?: boolean | CompressionOptions;
  /** How long a long poll waits for something to say; 10,000 by default. A client that has not polled for one and a half of it is lost. */
  readonly pollWindowMs?: number;
}

/** Options of an endpoint. */
export interface EndpointOptions {
  /** The port to listen on; 4000 by default, 0 for any that is free. */
  readonly port?: number;
  /** The address to listen on; all of the machine's by default. */
  readonly host?: string;
  /** The names of the endpoint's parts begin with it; `"endpoint"` by default. */
  readonly name?: string;
  /** Which pages may connect; `"same-host"` by default. */
  readonly origins?: Origins;
  readonly socket?: SocketOptions;
  /**
   * What holds for its topics, and their name for `topicsOf`: `"topics"` by default, or `"<name>.topics"` where the endpoint has another name than
   * its default one. With a name alone, it joins in with a `Topics` of that name.
   */
  readonly topics?: TopicsOptions;
  /** Raw WebSockets: the class of the actor that serves each path. */
  readonly connections?: Readonly<Record<string, ActorClass<Connection>>>;
  /** Answers every HTTP request that is not the endpoint's own. */
  readonly routes?: (request: IncomingMessage, response: ServerResponse) => void;
  /** Most connections, and most sessions, at a time; 100,000 by default. Who comes then is told when to try again. */
  readonly maxConnections?: number;
  /** How many clients may come, how fast, and how much each may send; see the guide on admission. */
  readonly admission?: AdmissionOptions;
  /** How long a stop waits for clients to be told and for accepted work to be done; 5,000 by default. */
  readonly drainTimeoutMs?: number;
  /** Makes the server, in place of one for HTTP and WebSocket: a network that breaks on purpose, as that of `holdfast/testing`. */
  readonly createServer?: (options: HttpServerOptions) => ListeningServer;
}

/** What an endpoint expects of the server that it is given. */
export interface ListeningServer {
  listen(): Promise<Listening>;
}

const ENDPOINT_OPTIONS: ReadonlySet<string> = new Set<keyof EndpointOptions>([
  "port",
  "host",
  "name",
  "origins",
  "socket",
  "topics",
  "connections",
  "routes",
  "maxConnections",
  "admission",
  "drainTimeoutMs",
  "createServer",
]);
const SOCKET_OPTIONS: ReadonlySet<string> = new Set<keyof SocketOptions>([
  "path",
  "channels",
  "authenticate",
  "limits",
  "transports",
  "compression",
  "pollWindowMs",
  "store",
]);

/**
 * Checks what the transport, the route table and {@link resolveLimits} do not: names, and the options that stay here.
 *
 * @throws {BadArgumentError} for the first that cannot be used
 */
export function checkEndpointOptions(options: EndpointOptions): void {
  checkNames(options, ENDPOINT_OPTIONS, "an endpoint");
  const { name, socket, routes, maxConnections, drainTimeoutMs, createServer } = options;
  if (name !== undefined && (typeof name !== "string" || name === "")) throw unexpected("name", "text", name);
  if (routes !== undefined && typeof routes !== "function") throw unexpected("routes", "a function", routes);
  if (createServer !== undefined && typeof createServer !== "function") {
    throw unexpected("createServer", "a function", createServer);
  }
  checkNumber("maxConnections", maxConnections, 1);
  checkNumber("drainTimeoutMs", drainTimeoutMs, 0);
  if (socket === undefined) return;
  checkNames(socket, SOCKET_OPTIONS, "an endpoint's socket");
  const { channels, authenticate, store } = socket;
  if (store !== undefined && !isStoreOption(store)) {
    const expected = "an open store or folder, as embeddedStore(options) or embeddedStoreFolder(options) resolves to";
    throw unexpected("store", expected, store);
  }
  if (typeof channels !== "object" || channels === null) throw unexpected("channels", "an object", channels);
  if (
    authenticate !== undefined &&
    typeof authenticate !== "function" &&
    !(authenticate instanceof CheckedAuthenticate)
  ) {
    throw unexpected("authenticate", "a function, or what withParams(schema, function) gives", authenticate);
  }
}

function checkNames(options: object, known: ReadonlySet<string>, whose: string): void {
  const stranger = Object.keys(options).find((name) => !known.has(name));
  if (stranger === undefined) return;
  throw new BadArgumentError(
    `Unknown option ${whatCame(stranger)} of ${whose}; there are ${Array.from(known).join(", ")}`,
  );
}

function checkNumber(name: string, value: unknown, least: number): void {
  if (value === undefined || (typeof value === "number" && Number.isFinite(value) && value >= least)) return;
  throw unexpected(name, `a number from ${least}`, value);
}

function unexpected(name: string, expected: string, value: unknown): BadArgumentError {
  return new BadArgumentError(`Expected the option ${name} to be ${expected}, got ${whatCame(value)}`);
}

/** The limits with their defaults. @throws {BadArgumentError} for an unknown name or a number below 1 */
export function resolveLimits(limits: Partial<SocketLimits> = {}): SocketLimits {
  const known: readonly string[] = LIMITS;
  for (const [name, value] of Object.entries(limits)) {
    if (!known.includes(name)) {
      throw new BadArgumentError(`Unknown limit ${whatCame(name)}; there are ${LIMITS.join(", ")}`);
    }
    if (typeof value !== "number" || !Number.isFinite(value) || value < 1) {
      throw new BadArgumentError(`Expected the limit ${name} to be a number from 1, got ${whatCame(value)}`);
    }
  }
  const topicLogMs = limits.sessionTtlMs ?? KEEPING_LIMITS.topicLogMs;
  return { ...DEFAULT_LIMITS, ...KEEPING_LIMITS, ...CLIENT_LIMITS, topicLogMs, ...limits };
}
