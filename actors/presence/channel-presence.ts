import type { ActorSystem, AnyRef } from "../../src/index.js";
import type { SessionState } from "../channel/channel-messages.js";
import { type LocalPresence, presenceOf } from "./local-presence.js";
import type { ClientPush, MetaChange } from "./presence-core.js";
import type { PresenceEntry, Presences } from "./presence-record.js";
import type { TrackResult } from "./presence-results.js";

/**
 * A presence seen from one channel: its topic, and itself as the one who is tracked.
 *
 * @throws {PresenceError} `unknown_presence` from every method, while the presence does not run
 */
export class ChannelPresence {
  readonly #presence: LocalPresence;
  readonly #topic: string;
  readonly #owner: AnyRef;

  /** @internal */
  constructor(system: ActorSystem, name: string, topic: string, owner: AnyRef) {
    this.#presence = presenceOf(system, name);
    this.#topic = topic;
    this.#owner = owner;
  }

  /** Makes this channel's client present under a key, with a meta for all to see. See {@link LocalPresence.track}. */
  track(key: string, meta: object = {}): TrackResult {
    return this.#presence.track(this.#topic, key, this.#owner, meta);
  }

  /** Changes the meta under a key: to a new one, or by a function of the present one. */
  update(key: string, change: MetaChange): TrackResult {
    return this.#presence.update(this.#topic, key, this.#owner, change);
  }

  /** Ends the presence under a key, or under all; returns how many that were. */
  untrack(key?: string): number {
    return this.#presence.untrack(this.#owner, this.#topic, key);
  }

  /** Who is present on the topic, without what `fetch` adds. */
  list(): Presences {
    return this.#presence.list(this.#topic);
  }

  /** What is present under one key; `undefined` for nothing. */
  get(key: string): PresenceEntry | undefined {
    return this.#presence.get(this.#topic, key);
  }

  /** @internal */
  setSession(state: SessionState): void {
    this.#presence.setSession(this.#owner, state);
  }

  /** @internal */
  pushState(push: ClientPush): void {
    this.#presence.pushState(this.#topic, this.#owner, push);
  }
}
