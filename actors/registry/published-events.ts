import type { AnyRef } from "../../src/index.js";
import { idOf, type Key, type KeyPart } from "./key.js";
import { type Matcher, matcherOf, type Pattern } from "./pattern.js";
import type { RegistryCore } from "./registry-core.js";
import { RegistryError } from "./registry-error.js";
import type { PublishedMessage } from "./registry-messages.js";
import type { Row } from "./row.js";

const SUBSCRIBED = "$event";
const SINGLE = "$single";

/** Of which messages a subscriber wants to be told; of all by default. */
export interface EventSubscribeOptions {
  /** Of those that fit this pattern. */
  readonly like?: Pattern;
  /** Of those for which this returns true. It runs in the publisher's stack. */
  readonly where?: (message: unknown) => boolean;
}

/** What a subscription keeps. */
interface Condition {
  readonly like: Matcher | undefined;
  readonly where: ((message: unknown) => boolean) | undefined;
}

/**
 * The events of a registry: publish and subscribe between actors of one system.
 *
 * A subscriber gets `{ registry, event: "published", topic, message }` in `handleInfo`. A subscription is a property of its actor and ends with it.
 * A *single* subscription is good for one message and is off then until it is switched on again.
 */
export class PublishedEvents {
  readonly #coreOf: () => RegistryCore;

  /** @internal */
  constructor(coreOf: () => RegistryCore) {
    this.#coreOf = coreOf;
  }

  /** Has an actor told of an event, or only of messages that meet conditions. False when it is subscribed already, or has ended. */
  subscribe(event: Key, subscriber: AnyRef, { like, where }: EventSubscribeOptions = {}): boolean {
    const condition: Condition = { like: like === undefined ? undefined : matcherOf(like), where };
    return this.#coreOf().register("property", keyOf(SUBSCRIBED, event), subscriber, condition).ok;
  }

  /** Ends a subscription; false when there was none. */
  unsubscribe(event: Key, subscriber: AnyRef): boolean {
    return remove(this.#coreOf(), "property", keyOf(SUBSCRIBED, event), subscriber);
  }

  /** Sends a message to all subscribers of an event whose condition it meets; returns how many. */
  publish(event: Key, message: unknown): number {
    const core = this.#coreOf();
    const told = messageOf(core, event, message);
    let sent = 0;
    for (const { owner, value } of core.table.store("property").under(idOf(keyOf(SUBSCRIBED, event)))) {
      if (!isCondition(value) || !meets(message, value)) continue;
      owner.send(told);
      sent++;
    }
    return sent;
  }

  /** The subscribers of an event. */
  subscribers(event: Key): AnyRef[] {
    return this.#coreOf()
      .table.store("property")
      .under(idOf(keyOf(SUBSCRIBED, event)))
      .map(({ owner }) => owner);
  }

  /** Makes a single subscription, switched on; false when there is one, or the actor has ended. */
  createSingle(event: Key, subscriber: AnyRef): boolean {
    return this.#coreOf().register("counter", keyOf(SINGLE, event), subscriber, 1).ok;
  }

  /** Ends a single subscription; false when there was none. */
  deleteSingle(event: Key, subscriber: AnyRef): boolean {
    return remove(this.#coreOf(), "counter", keyOf(SINGLE, event), subscriber);
  }

  /** Switches a single subscription on; returns 1 when it was on before, else 0. @throws {RegistryError} `not_registered` */
  enableSingle(event: Key, subscriber: AnyRef): 0 | 1 {
    return this.#switch(event, subscriber, 1);
  }

  /** Switches a single subscription off; returns 1 when it was on before, else 0. @throws {RegistryError} `not_registered` */
  disableSingle(event: Key, subscriber: AnyRef): 0 | 1 {
    return this.#switch(event, subscriber, 0);
  }

  /** Sends a message to all single subscriptions that are on, and switches them off; returns whom it was sent to. */
  tellSingles(event: Key, message: unknown): AnyRef[] {
    const core = this.#coreOf();
    const told = messageOf(core, event, message);
    const on = core.table
      .store("counter")
      .under(idOf(keyOf(SINGLE, event)))
      .filter(({ value }) => value === 1);
    for (const row of on) {
      core.table.count(row, -1);
      row.owner.send(told);
    }
    return on.map(({ owner }) => owner);
  }

  /** Who has a single subscription, and whether it is on. */
  singles(event: Key): { readonly ref: AnyRef; readonly on: boolean }[] {
    return this.#coreOf()
      .table.store("counter")
      .under(idOf(keyOf(SINGLE, event)))
      .map(({ owner, value }) => ({ ref: owner, on: value === 1 }));
  }

  #switch(event: Key, subscriber: AnyRef, to: 0 | 1): 0 | 1 {
    const core = this.#coreOf();
    const row = core.table.store("counter").find(idOf(keyOf(SINGLE, event)), subscriber);
    if (row === undefined) {
      throw new RegistryError(
        "not_registered",
        `${subscriber.toString()} has no single subscription to ${JSON.stringify(event)}`,
      );
    }
    const before = row.value === 1 ? 1 : 0;
    core.table.count(row, to - before);
    return before;
  }
}

function remove(core: RegistryCore, kind: "property" | "counter", key: Key, owner: AnyRef): boolean {
  const row: Row<AnyRef> | undefined = core.table.store(kind).find(idOf(key), owner);
  if (row === undefined) return false;
  core.remove(row);
  return true;
}

function keyOf(prefix: string, event: Key): readonly KeyPart[] {
  // A list of one must not be taken for the part itself.
  return typeof event === "object" ? [prefix, "list", ...event] : [prefix, event];
}

function messageOf(core: RegistryCore, topic: Key, message: unknown): PublishedMessage {
  return { registry: core.name, event: "published", topic, message };
}

function meets(message: unknown, { like, where }: Condition): boolean {
  return (like === undefined || like(message, {})) && (where === undefined || where(message));
}

function isCondition(value: unknown): value is Condition {
  return typeof value === "object" && value !== null && "like" in value;
}
