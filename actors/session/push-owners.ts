import type { Clock } from "../../src/index.js";
import { DelayQueue } from "./delay-queue.js";
import { type KeptSecrets, Secrets } from "./secrets.js";

/** What a client says of the session that it had. */
export interface FormerSession {
  readonly sid: string;
  readonly secret: string;
}

interface Legacy {
  readonly origin: string;
  readonly secrets: KeptSecrets;
}

/** How many sessions that are lost may leave their window to others. */
const MOST_LEGACIES = 10_000;

/**
 * Who the owner of an idempotent push is, in whose name it is known again: a user; of an anonymous client its session, and the sessions that
 * follow it.
 *
 * Nobody vouches for an anonymous client. So a session gets the window of an earlier one only for that one's secret, which the client sends in its
 * `hello`: whoever guesses ids learns nothing of others.
 */
export class PushOwners {
  readonly #windowMs: number;
  readonly #clock: Clock;
  /** Of living sessions that follow another one: the first of them all. */
  readonly #origins = new Map<string, string>();
  readonly #legacies = new Map<string, Legacy>();
  #due: DelayQueue<string> | undefined;

  constructor(clock: Clock, windowMs: number) {
    this.#clock = clock;
    this.#windowMs = windowMs;
  }

  /** The owner of what a session pushes; `undefined` for a client that cannot come back, and is nobody. */
  ownerOf(user: string | undefined, sid: string): string | undefined {
    if (user !== undefined) return `=${user}`;
    return sid === "" ? undefined : `~${this.originOf(sid)}`;
  }

  /** The first of the sessions that this one follows; itself if there is none. */
  originOf(sid: string): string {
    return this.#origins.get(sid) ?? sid;
  }

  /** A session was brought back that follows others. */
  adopt(sid: string, origin: string): void {
    if (origin !== sid) this.#origins.set(sid, origin);
  }

  /** A session is lost for its client: the next one may follow it, if that has the secret. */
  bequeath(sid: string, secrets: KeptSecrets): void {
    this.#legacies.delete(sid);
    this.#legacies.set(sid, { origin: this.originOf(sid), secrets });
    this.#due ??= new DelayQueue(this.#clock, this.#windowMs, (due) => void this.#legacies.delete(due));
    this.#due.add(sid);
    if (this.#legacies.size <= MOST_LEGACIES) return;
    for (const oldest of this.#legacies.keys()) {
      this.#legacies.delete(oldest);
      return;
    }
  }

  /** A new session takes the place of one that its client had. */
  inherit(sid: string, { sid: former, secret }: FormerSession): void {
    const legacy = this.#legacies.get(former);
    if (legacy === undefined) return;
    const verdict = new Secrets(legacy.secrets).check(secret);
    if (verdict === "current" || verdict === "previous") this.adopt(sid, legacy.origin);
  }

  /** A session has ended. */
  ended(sid: string): void {
    this.#origins.delete(sid);
  }

  /** Forgets everything. */
  stop(): void {
    this.#due?.stop();
    this.#origins.clear();
    this.#legacies.clear();
  }
}
