import type { ResumeFailure } from "../../src/protocol/handshake.js";
import type { SessionRef } from "./session-messages.js";

const MOST_REMEMBERED = 10_000;

/** How many sessions may wait for their clients, and with how much. */
export interface DetachedLimits {
  readonly detachedPerUser: number;
  readonly detachedSessions: number;
  readonly detachedBytes: number;
}

interface Detached {
  bytes: number;
  /** Counts the detaches of the endpoint: the lowest is the oldest. */
  readonly order: number;
}

/**
 * Finds sessions by their public id and by their user, and holds the budget of those whose client is away.
 *
 * Each session puts itself in and takes itself out, however it ends. When there are too many detached ones, of one user, in all, or with too
 * many bytes, the one that was detached first is evicted: it ends as if its time had come. Why sessions ended is remembered for the last
 * 10,000 of them.
 */
export class SessionDirectory {
  readonly #limits: DetachedLimits;
  readonly #living = new Map<string, SessionRef>();
  /** One ref for the many users with one session, else a set. */
  readonly #users = new Map<string, SessionRef | Set<SessionRef>>();
  /** In the order in which they were detached. */
  readonly #detached = new Map<SessionRef, Detached>();
  readonly #ended = new Map<string, ResumeFailure>();
  #all = 0;
  #detachedBytes = 0;
  #evicted = 0;
  #order = 0;

  constructor(limits: DetachedLimits) {
    this.#limits = limits;
  }

  /** Sessions that can be resumed. */
  get size(): number {
    return this.#living.size;
  }

  /** How many sessions there are, and what those without a socket keep. */
  get counts(): {
    readonly online: number;
    readonly detached: number;
    readonly evicted: number;
    readonly bytes: number;
  } {
    const detached = this.#detached.size;
    return { online: this.#all - detached, detached, evicted: this.#evicted, bytes: this.#detachedBytes };
  }

  /** `sid` is empty for a session that cannot be resumed. */
  add(sid: string, session: SessionRef, user: string | undefined): void {
    this.#all++;
    if (sid !== "") this.#living.set(sid, session);
    if (user === undefined) return;
    const known = this.#users.get(user);
    if (known === undefined) this.#users.set(user, session);
    else if (known instanceof Set) known.add(session);
    else this.#users.set(user, new Set([known, session]));
  }

  find(sid: string): SessionRef | undefined {
    return this.#living.get(sid);
  }

  /** The public ids of all that can be resumed. */
  sids(): Iterable<string> {
    return this.#living.keys();
  }

  /** All that can be resumed. */
  all(): readonly SessionRef[] {
    return [...this.#living.values()];
  }

  /** The sessions of a user. */
  ofUser(user: string): readonly SessionRef[] {
    const known = this.#users.get(user);
    if (known === undefined) return [];
    return known instanceof Set ? [...known] : [known];
  }

  remove(sid: string, session: SessionRef, user: string | undefined, why: ResumeFailure | undefined): void {
    this.#all--;
    this.attached(session);
    if (user !== undefined) this.#removeOfUser(session, user);
    if (sid === "") return;
    this.#living.delete(sid);
    if (why !== undefined) this.remember(sid, why);
  }

  /** Remembers why a session is not here. */
  remember(sid: string, why: ResumeFailure): void {
    this.#ended.set(sid, why);
    if (this.#ended.size > MOST_REMEMBERED) {
      for (const oldest of this.#ended.keys()) {
        this.#ended.delete(oldest);
        break;
      }
    }
  }

  /** Why a session that is not found cannot be resumed. */
  whyGone(sid: string): ResumeFailure {
    return this.#ended.get(sid) ?? "unknown";
  }

  /** A session's client has gone, and the session keeps so many bytes for it. May evict some. */
  detached(session: SessionRef, user: string | undefined, bytes: number): void {
    this.#detached.set(session, { bytes, order: this.#order++ });
    this.#detachedBytes += bytes;
    if (user !== undefined) this.#holdUser(user);
    this.#hold();
  }

  /** A detached session keeps more. May evict some. */
  charge(session: SessionRef, bytes: number): void {
    const known = this.#detached.get(session);
    if (known === undefined) return;
    known.bytes += bytes;
    this.#detachedBytes += bytes;
    this.#hold();
  }

  /** A session is not detached any more. */
  attached(session: SessionRef): void {
    const known = this.#detached.get(session);
    if (known === undefined) return;
    this.#detached.delete(session);
    this.#detachedBytes -= known.bytes;
  }

  #holdUser(user: string): void {
    const most = this.#limits.detachedPerUser;
    const ofUser = this.ofUser(user);
    if (ofUser.length <= most) return;
    const orderOf = (session: SessionRef): number => this.#detached.get(session)?.order ?? 0;
    const detached = ofUser.filter((session) => this.#detached.has(session));
    detached.sort((one, other) => orderOf(one) - orderOf(other));
    for (const session of detached.slice(0, Math.max(0, detached.length - most))) this.#evict(session);
  }

  #hold(): void {
    const { detachedSessions, detachedBytes } = this.#limits;
    for (const session of this.#detached.keys()) {
      if (this.#detached.size <= detachedSessions && this.#detachedBytes <= detachedBytes) return;
      this.#evict(session);
    }
  }

  #evict(session: SessionRef): void {
    this.attached(session);
    this.#evicted++;
    session.cast.evict();
  }

  #removeOfUser(session: SessionRef, user: string): void {
    const known = this.#users.get(user);
    if (known instanceof Set) {
      known.delete(session);
      if (known.size === 0) this.#users.delete(user);
    } else if (known === session) this.#users.delete(user);
  }
}
