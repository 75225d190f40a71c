import { describe } from "../protocol/describe.js";
import type { JsonObject } from "../protocol/handshake.js";
import { DEFAULT_LIMITS } from "../protocol/limits.js";
import { MAX_SEQ } from "../protocol/sequence.js";
import { type BackoffRules, DEFAULT_BACKOFF } from "./backoff.js";
import { type ClientClock, type ClientRandom, realClock, realRandom } from "./clock.js";
import { SocketError } from "./errors.js";
import { type ErrorReporter, reportUncaught } from "./listeners.js";
import type { OutboxBound } from "./outbox.js";
import { browserWake, type WakeSource } from "./wake.js";
import type { WebSocketClass } from "./wire.js";

/** The user's authentication, or a function that gets it: asked anew for each connection, so that it may have been renewed. */
export type TokenSource = string | (() => string | undefined | Promise<string | undefined>);

/** How a socket behaves; everything has a default. */
export interface SocketOptions {
  /** What the app tells the server when it connects. Travels in the first frame, never in the URL. */
  readonly params?: JsonObject | (() => JsonObject);
  /** The user's authentication. Travels in the first frame, never in the URL. */
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
  /** The WebSocket class. Default `globalThis.WebSocket`; on Node 20, which has none, the one of `ws`. */
  readonly webSocket?: WebSocketClass;
  /** Default: the machine's. */
  readonly clock?: ClientClock;
  /** Default: `Math.random`. */
  readonly random?: ClientRandom;
  /** Says when a retry is worth while. Default: the browser's `online` and a tab that becomes visible. */
  readonly wake?: WakeSource;
  /** Takes what the app's callbacks throw. Default: rethrown outside every call, where the platform reports it. */
  readonly reportError?: ErrorReporter;
}

/** The options with their defaults, under the same names. */
export interface SocketSettings {
  readonly params: JsonObject | (() => JsonObject) | undefined;
  readonly token: TokenSource | undefined;
  readonly ttlMs: number | undefined;
  readonly timeoutMs: number;
  readonly helloTimeoutMs: number;
  readonly watchdogGraceMs: number;
  readonly backoff: BackoffRules;
  readonly outbox: OutboxBound;
  readonly webSocket: WebSocketClass | undefined;
  readonly clock: ClientClock;
  readonly random: ClientRandom;
  readonly wake: WakeSource;
  readonly reportError: ErrorReporter;
}

/**
 * Checks options and fills in the defaults.
 *
 * @throws {SocketError} `bad_option` for a value that cannot be meant
 */
export function readOptions(options: SocketOptions): SocketSettings {
  const { backoff = {}, outbox = {} } = options;
  const settings: SocketSettings = {
    params: options.params,
    token: options.token,
    ttlMs: options.ttlMs === undefined ? undefined : Math.floor(Math.min(amount("ttlMs", options.ttlMs, 0), MAX_SEQ)),
    timeoutMs: amount("timeoutMs", options.timeoutMs, 10_000),
    helloTimeoutMs: amount("helloTimeoutMs", options.helloTimeoutMs, DEFAULT_LIMITS.helloTimeoutMs),
    watchdogGraceMs: amount("watchdogGraceMs", options.watchdogGraceMs, DEFAULT_LIMITS.watchdogGraceMs),
    backoff: {
      baseMs: amount("backoff.baseMs", backoff.baseMs, DEFAULT_BACKOFF.baseMs),
      capMs: amount("backoff.capMs", backoff.capMs, DEFAULT_BACKOFF.capMs),
      stableMs: amount("backoff.stableMs", backoff.stableMs, DEFAULT_BACKOFF.stableMs),
      maxAttempts: amount("backoff.maxAttempts", backoff.maxAttempts, DEFAULT_BACKOFF.maxAttempts),
    },
    outbox: {
      messages: amount("outbox.messages", outbox.messages, DEFAULT_LIMITS.outboxMessages),
      bytes: amount("outbox.bytes", outbox.bytes, DEFAULT_LIMITS.outboxBytes),
    },
    webSocket: options.webSocket,
    clock: options.clock ?? realClock,
    random: options.random ?? realRandom,
    wake: options.wake ?? browserWake,
    reportError: options.reportError ?? reportUncaught,
  };
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(settings, name)) {
      const known = Object.keys(settings).join(", ");
      throw new SocketError("bad_option", `Cannot use the option ${name}: expected one of ${known}`);
    }
  }
  return settings;
}

function amount(name: string, value: unknown, preset: number): number {
  if (value === undefined) return preset;
  if (typeof value === "number" && value >= 0) return value;
  throw new SocketError(
    "bad_option",
    `Cannot use the option ${name}: expected a number from 0, got ${describe(value)}`,
  );
}
