import { type ActorSystem, type AnyRef, BadArgumentError, whatCame } from "../../src/index.js";
import { type CounterKey, idOf, type Key } from "./key.js";
import type { Kind } from "./kind.js";
import { idFor, type RegistryCore, type Teller } from "./registry-core.js";
import { RegistryError } from "./registry-error.js";
import type { RegistryMessage, WatchRef } from "./registry-messages.js";
import { type Entry, entryOf } from "./results.js";
import type { Row } from "./row.js";
import { waitFor, type WaitOptions } from "./waiting.js";

/** How a monitor of a name behaves; see `LocalRegistry.monitor`. */
export type MonitorType = "info" | "follow" | "standby";

/** Resolves with the entry when something is registered under a key. */
export function awaitKey(core: RegistryCore, kind: Kind, key: CounterKey, options: WaitOptions): Promise<Entry> {
  const id = idFor(kind, key);
  const there = firstAlive(core.system, core.table.store(kind).under(id));
  if (there !== undefined) return Promise.resolve(entryOf(there));
  return waitFor<Entry>(core, options, `the ${kind} ${whatCame(key)}`, (settle) => {
    const watch = core.watch("wait", { kind, key, id }, undefined, (message) => {
      if (message.event === "registered") settle.resolve(entryOf(message));
    });
    return () => void core.unwatch(watch);
  });
}

/** Sends an actor a message when something is registered under a key. */
export function nbWait(core: RegistryCore, kind: Kind, key: CounterKey, waiter: AnyRef): WatchRef {
  const id = idFor(kind, key);
  checkAlive(core, waiter);
  const watch = core.watch("wait", { kind, key, id }, waiter, tell(waiter));
  const there = firstAlive(core.system, core.table.store(kind).under(id));
  if (there !== undefined) {
    core.unwatch(watch);
    send(waiter, { registry: core.name, event: "registered", ref: watch, ...entryOf(there) });
  }
  return watch;
}

/** Has an actor told of what becomes of a name. */
export function monitorName(core: RegistryCore, key: Key, watcher: AnyRef, type: MonitorType): WatchRef {
  const id = idOf(key);
  checkAlive(core, watcher);
  const watch = core.watch(checkMonitorType(type), { kind: "name", key, id }, watcher, tell(watcher));
  if (core.obstacle("name", id, watcher) !== undefined) return watch;
  const { name: registry } = core;
  if (type !== "follow") core.unwatch(watch);
  if (type === "standby") {
    core.register("name", key, watcher, undefined);
    send(watcher, { registry, event: "failover", ref: watch, key, owner: watcher });
  } else send(watcher, { registry, event: "unreg", ref: watch, key });
  return watch;
}

/** Has an actor told who holds a name, now and at each change. */
export function subscribeToName(core: RegistryCore, key: Key, watcher: AnyRef): WatchRef {
  const id = idOf(key);
  checkAlive(core, watcher);
  const watch = core.watch("status", { kind: "name", key, id }, watcher, tell(watcher));
  const owner = core.holderOfName(id)?.owner;
  send(watcher, { registry: core.name, event: "status", ref: watch, key, owner, migrated: false });
  return watch;
}

function tell(watcher: AnyRef): Teller {
  return (message) => watcher.send(message);
}

/** Sends one of the messages that are known. */
function send(to: AnyRef, message: RegistryMessage): void {
  to.send(message);
}

function firstAlive(system: ActorSystem, rows: readonly Row<AnyRef>[]): Row<AnyRef> | undefined {
  return rows.find((row) => system.isAlive(row.owner));
}

function checkAlive({ system }: RegistryCore, watcher: AnyRef): void {
  if (system.isAlive(watcher)) return;
  throw new RegistryError("not_alive", `${watcher.toString()} has ended: it cannot be told of anything`);
}

function checkMonitorType(type: MonitorType): MonitorType {
  if (type === "info" || type === "follow" || type === "standby") return type;
  throw new BadArgumentError(
    `Expected the type of a monitor to be "info", "follow" or "standby", got ${whatCame(type)}`,
  );
}
