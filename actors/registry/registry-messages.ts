import type { AnyRef } from "../../src/index.js";
import type { CounterKey, Key } from "./key.js";
import type { Kind } from "./kind.js";

/** Identifies a wait, a monitor or a subscription of a registry: in the messages that come of it, and to cancel it. */
export interface WatchRef {
  readonly kind: Kind;
  readonly key: CounterKey;
}

interface FromRegistry {
  /** The registry's name. */
  readonly registry: string;
}

/** What is waited for is registered: to whom waits with `nbWait`, and to monitors that follow a name. */
export interface RegisteredMessage extends FromRegistry {
  readonly event: "registered";
  readonly ref: WatchRef;
  readonly kind: Kind;
  readonly key: CounterKey;
  readonly owner: AnyRef;
  readonly value: unknown;
}

/** To monitors: nobody holds the name now. */
export interface UnregMessage extends FromRegistry {
  readonly event: "unreg";
  readonly ref: WatchRef;
  readonly key: CounterKey;
}

/** To monitors: the name was given to another actor, or a standby took it over from one that has ended. */
export interface MovedMessage extends FromRegistry {
  readonly event: "migrated" | "failover";
  readonly ref: WatchRef;
  readonly key: CounterKey;
  readonly owner: AnyRef;
}

/** To subscribers: who holds the name, first as it is at the subscription, then at each change. */
export interface StatusMessage extends FromRegistry {
  readonly event: "status";
  readonly ref: WatchRef;
  readonly key: CounterKey;
  readonly owner: AnyRef | undefined;
  /** Whether the owner got the name from another actor. */
  readonly migrated: boolean;
}

/** To the one named by `onZero`: the last resource is gone that a resource counter counted. */
export interface OnZeroMessage extends FromRegistry {
  readonly event: "resource_on_zero";
  /** The key of the counter. */
  readonly key: CounterKey;
  /** Whose resource was the last. */
  readonly owner: AnyRef;
}

/** To the listeners of a registry. */
export interface ListenerMessage extends FromRegistry {
  readonly event: "register" | "unregister";
  readonly kind: Kind;
  readonly key: CounterKey;
  readonly owner: AnyRef;
  /** With `register`. */
  readonly value?: unknown;
}

/** To the subscribers of an event. */
export interface PublishedMessage extends FromRegistry {
  readonly event: "published";
  readonly topic: Key;
  readonly message: unknown;
}

/**
 * All that a registry sends to `handleInfo`; `event` tells them apart.
 *
 * ```ts
 * if (isRegistryMessage(message) && message.event === "status") this.#owner = message.owner;
 * ```
 */
export type RegistryMessage =
  | RegisteredMessage
  | UnregMessage
  | MovedMessage
  | StatusMessage
  | OnZeroMessage
  | ListenerMessage
  | PublishedMessage;

const EVENTS: ReadonlySet<unknown> = new Set<RegistryMessage["event"]>([
  "registered",
  "unreg",
  "migrated",
  "failover",
  "status",
  "resource_on_zero",
  "register",
  "unregister",
  "published",
]);

/** Tells whether what came to `handleInfo` is of a registry: by its shape, so take care not to send anything of that shape yourself. */
export function isRegistryMessage(message: unknown): message is RegistryMessage {
  return (
    typeof message === "object" &&
    message !== null &&
    "registry" in message &&
    typeof message.registry === "string" &&
    "event" in message &&
    EVENTS.has(message.event)
  );
}
