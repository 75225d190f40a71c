import type { JsonObject } from "../protocol/handshake.js";
import { type ClientClock, type ClientRandom, realClock, realRandom } from "./clock.js";
import { SocketError } from "./errors.js";
import { type ErrorReporter, reportUncaught } from "./listeners.js";
import { browserWake, isPageHidden, type WakeSource } from "./wake.js";
import type { WebSocketClass } from "./web-socket-like.js";

/** The user's authentication, or a function that gets it: asked anew for each connection, and when the server says that it expires. */
export type TokenSource = string | (() => string | undefined | Promise<string | undefined>);

/** How a client comes back after a lost connection. */
export interface BackoffRules {
  /** The upper end of the first delay, in milliseconds. Default 500. */
  readonly baseMs: number;
  /** The highest upper end of a delay, in milliseconds. Default 20,000. */
  readonly capMs: number;
  /** How long a connection must have been open for the next delays to start from `baseMs` again. Default 10,000. */
  readonly stableMs: number;
  /** How many reconnects in a row are tried before the client gives up. Default `Infinity`. */
  readonly maxAttempts: number;
}

/** How much may wait for the server. */
export interface OutboxBound {
  /** The most messages, in flight or waiting. Default 1,000. */
  readonly messages: number;
  /** The most bytes of them. Default 1 MiB. */
  readonly bytes: number;
}

/** How a socket behaves; everything has a default. */
export interface SocketOptions {
  /** What the app tells the server when it connects. Travels in the first frame, never in the URL. */
  readonly params?: JsonObject | (() => JsonObject);
  /** The user's authentication. Travels in the first frame, never in the URL. A function can renew it on the open connection. */
  readonly token?: TokenSource;
  /** How long the session shall outlive its connection, in milliseconds. Default and maximum: the server's. */
  readonly ttlMs?: number;
  /** How long pushes, joins and leaves wait for their reply while connected. Default 10,000. */
  readonly timeoutMs?: number;
  /** How long a connection may take until the server has answered `hello`. Default 10,000. */
  readonly helloTimeoutMs?: number;
  /** How long the server may be silent beyond its heartbeat. Default 10,000. */
  readonly watchdogGraceMs?: number;
  /** How the client comes back after a lost connection. */
  readonly backoff?: Partial<BackoffRules>;
  /** How much may wait for the server. Default 1,000 messages and 1 MiB. */
  readonly outbox?: Partial<OutboxBound>;
  /** The WebSocket class. Default `globalThis.WebSocket`; on Node 20, which has none, the one of `ws`. See `withFallback` as well. */
  readonly webSocket?: WebSocketClass;
  /** Default: the machine's. */
  readonly clock?: ClientClock;
  /** Default: `Math.random`. */
  readonly random?: ClientRandom;
  /** Says when a retry is worth while. Default: the browser's `online` and a tab that becomes visible. */
  readonly wake?: WakeSource;
  /** Whether nobody sees the page, so that retries can wait. Default: the browser's. `() => false` retries all the time. */
  readonly hidden?: () => boolean;
  /** Takes what the app's callbacks throw. Default: rethrown outside every call, where the platform reports it. */
  readonly reportError?: ErrorReporter;
}

/** The options with their defaults, under the same names. */
export type SocketSettings = Required<Omit<SocketOptions, Undefaulted | "backoff" | "outbox">> & {
  readonly [Name in Undefaulted]: SocketOptions[Name] | undefined;
} & { readonly backoff: BackoffRules; readonly outbox: OutboxBound };

type Undefaulted = "params" | "token" | "webSocket";

/**
 * Checks options and fills in the defaults.
 *
 * @throws {SocketError} `bad_option` for a value that cannot be meant
 */
export function readOptions(options: SocketOptions): SocketSettings {
  const settings = fill(
    {
      params: undefined,
      token: undefined,
      ttlMs: Infinity,
      timeoutMs: 10_000,
      helloTimeoutMs: 10_000,
      watchdogGraceMs: 10_000,
      backoff: {},
      outbox: {},
      webSocket: globalThis.WebSocket,
      clock: realClock,
      random: realRandom,
      wake: browserWake,
      hidden: isPageHidden,
      reportError: reportUncaught,
    },
    options,
  );
  const { backoff, outbox } = settings;
  return {
    ...settings,
    backoff: fill({ baseMs: 500, capMs: 20_000, stableMs: 10_000, maxAttempts: Number.POSITIVE_INFINITY }, backoff),
    outbox: fill({ messages: 1_000, bytes: 1_048_576 }, outbox),
  };
}

/** Puts what is given in place of the defaults: no other names, and a number from 0 where one belongs. */
function fill<D extends object, G extends object>(defaults: D, given: G): D & G {
  for (const [name, value] of Object.entries(given)) {
    const isNumber = typeof Reflect.get(defaults, name) === "number";
    if (!(name in defaults) || (isNumber && !(typeof value === "number" && value >= 0))) {
      throw new SocketError("bad_option", `${name} ${value}`);
    }
  }
  return { ...defaults, ...given };
}
