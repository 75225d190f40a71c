import type { TimerRef } from "../../src/index.js";
import { CloseCode } from "../../src/protocol/close-codes.js";
import type { SessionHost } from "./session-host.js";

/** What a session sends itself when its client has been gone for some seconds, and when its time is over. */
export type AbsenceMessage = "session is away" | "session expired";

/** How long a client may be gone before channels are told. */
const AWAY_AFTER_MS = 5_000;

/** Tells whether a message to a session comes from its {@link Absence}. */
export function isAbsenceMessage(message: unknown): message is AbsenceMessage {
  return message === "session is away" || message === "session expired";
}

/**
 * The time in which a session has no client; a new one for each such time.
 *
 * After 5 s the session's channels are told, at the end of its time it expires: one timer after the other.
 */
export class Absence {
  readonly #host: SessionHost;
  readonly #ttlMs: number;
  readonly #sinceMs: number;
  #timer: TimerRef;
  #told = false;

  /** The client has gone; the session lives for so long without it. */
  constructor(host: SessionHost, ttlMs: number) {
    this.#host = host;
    this.#ttlMs = ttlMs;
    this.#sinceMs = host.clock.now();
    this.#timer =
      ttlMs > AWAY_AFTER_MS ? host.after(AWAY_AFTER_MS, "session is away") : host.after(ttlMs, "session expired");
  }

  /** The client is back. */
  end(): void {
    this.#host.cancel(this.#timer);
    if (this.#told) this.#host.tellChannels("online");
  }

  /** A timer has fired; one of an earlier absence may have been on its way. */
  heard(message: AbsenceMessage): void {
    const awayMs = this.#host.clock.now() - this.#sinceMs;
    if (awayMs >= this.#ttlMs) this.#host.end(CloseCode.expired, "expired", "expired");
    else if (message === "session is away" && awayMs >= AWAY_AFTER_MS && !this.#told) {
      this.#told = true;
      this.#timer = this.#host.after(this.#ttlMs - awayMs, "session expired");
      this.#host.tellChannels("detached");
    }
  }
}
