import { type ActorSystem, type AnyRef, BadArgumentError, Holdings, whatCame } from "../../src/index.js";
import type { Holder, HolderListener } from "./holder.js";
import { type CounterKey, counterIdOf, idOf, isKey, type KeyId } from "./key.js";
import { type Kind, KINDS } from "./kind.js";
import { LockTable } from "./lock-table.js";
import { KeyTable, type ZeroedCounter } from "./key-table.js";
import type { RegistryMessage, WatchRef } from "./registry-messages.js";
import type { CheckedRegistryOptions } from "./registry-options.js";
import type { EntryOptions, RegisterResult } from "./results.js";
import type { Pool } from "./worker-pools.js";
import type { Row } from "./row.js";
import { unknownRegistry } from "./waiting.js";
import { Watch, WatchTable, type WatchType } from "./watch-table.js";

/** Is told of what becomes of a key: an actor by a message, the program by a promise. */
export type Teller = (message: RegistryMessage) => void;

/** A wait, a monitor or a subscription. */
export type KeyWatch = Watch<AnyRef, Teller>;

const REGISTERED: RegisterResult = { ok: true };

/**
 * A registry's state and rules: the key table, those who watch keys, and what follows from the end of an owner.
 *
 * It belongs to the system, not to the actor that runs it, so that it survives that actor. Everything happens at once, in the caller's stack; what
 * others are told goes through their mailboxes.
 */
export class RegistryCore implements HolderListener<AnyRef> {
  readonly system: ActorSystem;
  readonly table: KeyTable<AnyRef>;
  readonly watches = new WatchTable<AnyRef, Teller>();
  readonly locks = new LockTable<AnyRef>();
  readonly pools = new Map<string, Pool>();
  /** Starts under way, one for each key. */
  readonly starting = new Map<KeyId, Promise<AnyRef>>();
  readonly meta = new Map<KeyId, unknown>();
  options: CheckedRegistryOptions;
  /** The actor that runs it; `undefined` while it is being restarted. */
  keeper: AnyRef | undefined;
  /** Promises that wait for something. */
  waiting = 0;
  /** False when the registry was stopped in order: then it is empty, and stays so. */
  open = true;
  /** Called when it is closed, by what hangs on it. */
  readonly closing = new Set<() => void>();

  constructor(system: ActorSystem, options: CheckedRegistryOptions) {
    this.system = system;
    this.options = options;
    const holders = new Holdings<Holder<AnyRef>>();
    this.table = new KeyTable({ partitions: options.partitions, holders, listener: this });
  }

  get name(): string {
    return this.options.name;
  }

  /** Registers, if nothing stands in the way. An owner that has ended never does. */
  register(kind: Kind, key: CounterKey, owner: AnyRef, value: unknown, options?: EntryOptions): RegisterResult {
    // A start may have been under way when it was stopped: nothing would ever take out what is put in now.
    if (!this.open) throw unknownRegistry(this.name);
    const id = idFor(kind, key);
    checkEntry(kind, value, options);
    if (!this.system.isAlive(owner)) return { ok: false, reason: "noproc", key, owner };
    const obstacle = this.obstacle(kind, id, owner);
    if (obstacle !== undefined) return { ok: false, reason: "already_registered", key, owner: obstacle.owner };
    this.#announce(this.table.insert(kind, key, id, owner, value, options));
    return REGISTERED;
  }

  /** What stands in the way of a registration. Code that runs in the middle of an owner's end may come before its entries are out: then they go now. */
  obstacle(kind: Kind, id: KeyId, owner: AnyRef): Row<AnyRef> | undefined {
    const row = this.table.store(kind).obstacle(id, owner);
    if (row === undefined || this.system.isAlive(row.owner)) return row;
    this.table.end(row.owner);
    // A standby may have taken it over just now.
    return this.table.store(kind).obstacle(id, owner);
  }

  /** The entry of a name whose owner lives. */
  holderOfName(id: KeyId): Row<AnyRef> | undefined {
    const row = this.table.store("name").findOnly(id);
    return row !== undefined && this.system.isAlive(row.owner) ? row : undefined;
  }

  /** Takes an entry out and tells those who want to know. */
  remove(row: Row<AnyRef>): void {
    this.#tellZeroed(this.table.remove(row));
    this.#tellListeners("unregister", row);
    if (row.kind === "name") this.#tellFree(row);
  }

  /** Gives an entry to another owner and tells those who want to know. */
  move(row: Row<AnyRef>, owner: AnyRef, event: "migrated" | "failover"): void {
    const moved = this.table.move(row, owner);
    this.#tellListeners("unregister", row);
    this.#tellListeners("register", moved);
    for (const watch of this.watches.of("name", moved.id)) {
      if (watch.type === "wait") continue;
      const { name: registry } = this;
      if (watch.type === "status")
        watch.teller({ registry, event: "status", ref: watch, key: moved.key, owner, migrated: true });
      else watch.teller({ registry, event, ref: watch, key: moved.key, owner });
      // One that has taken over need not watch itself.
      if (watch.type === "standby" && event === "failover" && watch.holder?.owner === owner) this.unwatch(watch);
    }
  }

  /** Takes out all that an owner had that has ended. */
  holderEnded(holder: Holder<AnyRef>): void {
    for (const attachment of holder.takeAttachments()) attachment.ownerEnded();
    for (let row = holder.first; row !== null; row = holder.first) {
      const heir = row.kind === "name" ? this.#standbyOf(row) : undefined;
      if (heir === undefined) this.remove(row);
      else this.move(row, heir, "failover");
    }
  }

  /** Begins to watch a key. */
  watch(
    type: WatchType,
    of: { readonly kind: Kind; readonly key: CounterKey; readonly id: KeyId },
    watcher: AnyRef | undefined,
    teller: Teller,
  ): KeyWatch {
    const holder = watcher === undefined ? undefined : this.table.holderOf(watcher);
    const watch = new Watch(this.watches, { type, ...of }, holder, teller);
    this.watches.add(watch);
    return watch;
  }

  /** Ends a watch; false when it had ended. */
  unwatch(watch: WatchRef): boolean {
    if (!isKeyWatch(watch)) {
      throw new BadArgumentError(
        `Expected what a wait, a monitor or a subscription of a registry returned, got ${whatCame(watch)}`,
      );
    }
    const ended = this.watches.remove(watch);
    if (watch.holder !== undefined) this.table.dropIdle(watch.holder);
    return ended;
  }

  /** Empties it for good, without telling anybody but those who wait. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    for (const close of [...this.closing]) close();
    this.closing.clear();
    for (const watch of [...this.watches.all()]) this.watches.remove(watch);
    for (const kind of KINDS) {
      this.table.store(kind).rows.scan(0, (row) => {
        this.table.remove(row);
        return false;
      });
    }
    for (const holder of [...this.table.holders()]) {
      holder.takeAttachments();
      this.table.dropIdle(holder);
    }
    this.pools.clear();
    this.meta.clear();
  }

  #announce(row: Row<AnyRef>): void {
    this.#tellListeners("register", row);
    const { kind, key, owner, value } = row;
    const { name: registry } = this;
    for (const watch of this.watches.of(kind, row.id)) {
      if (watch.type === "wait") this.unwatch(watch);
      if (watch.type === "wait" || watch.type === "follow") {
        watch.teller({ registry, event: "registered", ref: watch, kind, key, owner, value });
      } else if (watch.type === "status") {
        watch.teller({ registry, event: "status", ref: watch, key, owner, migrated: false });
      }
    }
  }

  #tellFree({ id, key }: Row<AnyRef>): void {
    const { name: registry } = this;
    for (const watch of this.watches.of("name", id)) {
      if (watch.type === "wait") continue;
      if (watch.type === "status") {
        watch.teller({ registry, event: "status", ref: watch, key, owner: undefined, migrated: false });
        continue;
      }
      watch.teller({ registry, event: "unreg", ref: watch, key });
      if (watch.type !== "follow") this.unwatch(watch);
    }
  }

  #standbyOf({ id }: Row<AnyRef>): AnyRef | undefined {
    for (const { type, holder } of this.watches.of("name", id)) {
      if (type === "standby" && holder !== undefined && this.system.isAlive(holder.owner)) return holder.owner;
    }
    return undefined;
  }

  #tellZeroed(zeroed: readonly ZeroedCounter<AnyRef>[]): void {
    for (const { counter, lastOwner } of zeroed) {
      const to = counter.options?.onZero;
      if (to === undefined) continue;
      const ref = isKey(to) ? this.holderOfName(idOf(to))?.owner : to;
      ref?.send({
        registry: this.name,
        event: "resource_on_zero",
        key: counter.key,
        owner: lastOwner,
      } satisfies RegistryMessage);
    }
  }

  #tellListeners(event: "register" | "unregister", { kind, key, owner, value }: Row<AnyRef>): void {
    for (const listener of this.options.listeners) {
      const message: RegistryMessage = { registry: this.name, event, kind, key, owner };
      this.system.whereis(listener)?.send(event === "register" ? { ...message, value } : message);
    }
  }
}

function isKeyWatch(watch: WatchRef): watch is KeyWatch {
  return watch instanceof Watch;
}

/** The id of a key of some kind. */
export function idFor(kind: Kind, key: CounterKey): KeyId {
  if (!KINDS.includes(kind)) throw new BadArgumentError(`Expected one of ${KINDS.join(", ")}; got ${whatCame(kind)}`);
  if (kind === "resource_counter") return counterIdOf(key);
  if (isKey(key)) return idOf(key);
  throw new BadArgumentError(
    `Expected the key of a ${kind}: a string, number, bigint or boolean, or a list of these; got ${whatCame(key)}. Only the key of a resource counter may end in a wildcard`,
  );
}

function checkEntry(kind: Kind, value: unknown, options: EntryOptions | undefined): void {
  if (kind === "counter" && !Number.isSafeInteger(value)) {
    throw new BadArgumentError(`Expected the value of a counter to be a whole number, got ${whatCame(value)}`);
  }
  if ((kind === "aggregated_counter" || kind === "resource_counter") && value !== undefined) {
    throw new BadArgumentError(`Expected no value for a ${kind}: it is counted. Got ${whatCame(value)}`);
  }
  if (options?.onZero !== undefined && kind !== "resource_counter") {
    throw new BadArgumentError(`Expected onZero for a resource_counter only, got it for a ${kind}`);
  }
}
