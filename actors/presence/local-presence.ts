import type { ActorSystem, AnyRef } from "../../src/index.js";
import type { SessionState } from "../channel/channel-messages.js";
import type { ClientPush, MetaChange, PresenceCore } from "./presence-core.js";
import { findPresence } from "./presence-directory.js";
import { DEFAULT_PRESENCE } from "./presence-options.js";
import { showRecords } from "./presence-payload.js";
import type { PresenceEntry, Presences } from "./presence-record.js";
import type { TrackResult } from "./presence-results.js";

/**
 * A presence of this node: who is here. Found with {@link presenceOf}.
 *
 * Every method has done its work when it returns; clients are told a moment later. An actor is tracked until it is untracked or has ended.
 *
 * @throws {PresenceError} `unknown_presence` from every method, while no presence of this name runs
 */
export class LocalPresence {
  readonly system: ActorSystem;
  readonly name: string;
  #core: PresenceCore | undefined;

  /** @internal */
  constructor(system: ActorSystem, name: string) {
    this.system = system;
    this.name = name;
  }

  /**
   * Tracks an actor on a topic, under a key: a user's id, say. Several actors under one key are several devices. The meta is whatever clients
   * shall know of this one, as JSON.
   *
   * @throws {BadArgumentError} for a topic or key that is empty or too long, or a meta without JSON form
   */
  track(topic: string, key: string, owner: AnyRef, meta: object = {}): TrackResult {
    return this.#open().track(topic, key, owner, meta);
  }

  /** Changes an actor's meta: to a new one, or by a function of the present one. */
  update(topic: string, key: string, owner: AnyRef, change: MetaChange): TrackResult {
    return this.#open().update(topic, key, owner, change);
  }

  /** Ends what an actor is tracked under: one key of a topic, all of a topic, or all; returns how many that were. */
  untrack(owner: AnyRef, topic?: string, key?: string): number {
    return this.#open().untrack(owner, topic, key);
  }

  /** Says whether the client of an actor is there: `online`, or `detached` and perhaps back soon. Shown in its metas as `phx_state`. */
  setSession(owner: AnyRef, state: SessionState): void {
    this.#open().setSession(owner, state);
  }

  /** Who is present on a topic, without what `fetch` adds. */
  list(topic: string): Presences {
    return showRecords(this.#open().read(topic));
  }

  /** What is present under one key of a topic, without what `fetch` adds; `undefined` for nothing. */
  get(topic: string, key: string): PresenceEntry | undefined {
    const records = this.#open().read(topic, key);
    return records.length === 0 ? undefined : { metas: records.map(({ meta }) => meta) };
  }

  /** How many keys are present on a topic. */
  count(topic: string): number {
    return this.#open().table.find(topic)?.keys.size ?? 0;
  }

  /**
   * Sends a client who is present on a topic, as `presence_state`, with what `fetch` adds; from then on the diffs that are broadcast keep it
   * up to date. `owner` is the client's channel, and `push` its way to send.
   *
   * The client must have joined the topic by then, or it may miss a diff: {@link PresenceChannel} sees to that.
   */
  pushState(topic: string, owner: AnyRef, push: ClientPush): void {
    this.#open().request({ topic, owner, push });
  }

  #open(): PresenceCore {
    if (this.#core?.open !== true) this.#core = findPresence(this.system, this.name);
    return this.#core;
  }
}

/** The presence of a name in a system. It need not run yet: only its use fails with `unknown_presence` then. */
export function presenceOf(system: ActorSystem, name: string = DEFAULT_PRESENCE): LocalPresence {
  return new LocalPresence(system, name);
}
