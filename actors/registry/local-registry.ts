import { type ActorRef, type ActorSystem, type AnyRef, BadArgumentError, whatCame } from "../../src/index.js";
import { dispatchInParts } from "./dispatch.js";
import { type CounterKey, idOf, isKey, type Key } from "./key.js";
import type { Kind } from "./kind.js";
import { Locks } from "./locks.js";
import type { Bindings, Pattern } from "./pattern.js";
import { PublishedEvents } from "./published-events.js";
import { compileQuery, type QueryOf } from "./query.js";
import { idFor, type RegistryCore } from "./registry-core.js";
import { findRegistry } from "./registry-directory.js";
import { type NewEntry, registerAll } from "./register-all.js";
import { RegistryError } from "./registry-error.js";
import type { WatchRef } from "./registry-messages.js";
import {
  type EnsureResult,
  type Entry,
  type EntryOptions,
  entryOf,
  type RegisterResult,
  type UpdateResult,
} from "./results.js";
import type { Row } from "./row.js";
import { countMatches, type Page, type PageOptions, selectPage } from "./selection.js";
import { getOrStart, type Located, registerOrLocate } from "./starting.js";
import { typed, ViaName } from "./via-name.js";
import type { WaitOptions } from "./waiting.js";
import { awaitKey, monitorName, type MonitorType, nbWait, subscribeToName } from "./watching.js";
import { WorkerPools } from "./worker-pools.js";

/** Which entries are wanted; see {@link LocalRegistry.select}. */
export type Query<Value = unknown, Selected = Entry> = QueryOf<AnyRef, Value, Selected>;

const DEFAULT_LIMIT = 1_000;
const MOST_ROWS = 1_000_000;

/**
 * A registry of this process: who has which name, property, counter or resource. Found with {@link registryOf}.
 *
 * Every method that returns no promise has done its work when it returns. Who owns an entry is always said: an actor gives `this.self()`, and
 * may register for others as well. What an actor owns is gone when its end is told, and an actor that has ended never stands in the way.
 *
 * @throws {RegistryError} `unknown_registry` from every method, while no registry of this name runs
 */
export class LocalRegistry {
  readonly name: string;
  readonly system: ActorSystem;
  /** Publish and subscribe. */
  readonly events: PublishedEvents;
  /** Locks, and functions that run one at a time. */
  readonly locks: Locks;
  /** Pools of named workers. */
  readonly pools: WorkerPools;
  #core: RegistryCore | undefined;

  /** @internal */
  constructor(system: ActorSystem, name: string) {
    this.system = system;
    this.name = name;
    const coreOf = (): RegistryCore => this.#open();
    this.events = new PublishedEvents(coreOf);
    this.locks = new Locks(coreOf);
    this.pools = new WorkerPools(coreOf);
  }

  /** Registers an entry. Refused when another has the name, or the owner has such an entry already; duplicates are never refused. */
  register(kind: Kind, key: CounterKey, owner: AnyRef, value?: unknown, options?: EntryOptions): RegisterResult {
    return this.#open().register(kind, key, owner, value, options);
  }

  /** Registers an entry, or replaces value, attributes and `onZero` of the one that the owner has. */
  ensure(kind: Kind, key: CounterKey, owner: AnyRef, value?: unknown, options?: EntryOptions): EnsureResult {
    const core = this.#open();
    const row = core.table.store(kind).find(idFor(kind, key), owner);
    if (row === undefined || !this.system.isAlive(owner)) {
      const result = core.register(kind, key, owner, value, options);
      return result.ok ? { ok: true, outcome: "new" } : result;
    }
    setValue(core, row, value);
    row.options = options;
    return { ok: true, outcome: "updated" };
  }

  /** Registers several entries of one kind for one owner, or none of them: the first refusal is the answer. */
  registerAll(kind: Kind, entries: readonly NewEntry[], owner: AnyRef): RegisterResult {
    return registerAll(this.#open(), kind, entries, owner);
  }

  /** Takes an owner's entries under a key out; returns how many there were. */
  unregister(kind: Kind, key: CounterKey, owner: AnyRef): number {
    const core = this.#open();
    const rows = core.table.store(kind).ofOwner(idFor(kind, key), owner);
    for (const row of rows) core.remove(row);
    return rows.length;
  }

  /** Takes an owner's entries under several keys out; returns how many there were. */
  unregisterAll(kind: Kind, keys: readonly CounterKey[], owner: AnyRef): number {
    return keys.reduce((sum: number, key) => sum + this.unregister(kind, key, owner), 0);
  }

  /** Takes those of an owner's entries under a key out whose values fit a pattern; returns how many there were. */
  unregisterMatch(kind: Kind, key: Key, owner: AnyRef, value: Pattern, where?: (bound: Bindings) => boolean): number {
    const core = this.#open();
    const { match } = compileQuery<AnyRef, unknown, Entry>({ value, ...guardOf(where) }, entryOf);
    const rows = core.table
      .store(kind)
      .ofOwner(idFor(kind, key), owner)
      .filter((row) => match(row) !== undefined);
    for (const row of rows) core.remove(row);
    return rows.length;
  }

  /** Who holds a name now. `A` is what the caller knows of its class. */
  whereis<A = unknown>(key: Key): ActorRef<A> | undefined {
    return typed<A>(this.#open().holderOfName(idOf(key))?.owner);
  }

  /** The entry of a name. */
  find(key: Key): Entry | undefined {
    const row = this.#open().holderOfName(idOf(key));
    return row === undefined ? undefined : entryOf(row);
  }

  /** All entries of a kind under a key. */
  lookup(kind: Kind, key: CounterKey): Entry[] {
    return this.#open().table.store(kind).under(idFor(kind, key)).map(entryOf);
  }

  /** The value of an entry; of a kind with one owner for each key the owner may be left out. `undefined` when there is none. */
  value(kind: Kind, key: CounterKey, owner?: AnyRef): unknown {
    return this.#row(kind, key, owner)?.value;
  }

  /** The attributes of an entry. */
  attributes(kind: Kind, key: CounterKey, owner?: AnyRef): Readonly<Record<string, unknown>> | undefined {
    return this.#row(kind, key, owner)?.options?.attributes;
  }

  /** The keys of all entries of a kind that an actor owns, the oldest first, one for each entry. */
  keys(owner: AnyRef, kind: Kind): CounterKey[] {
    return this.entriesOf(owner)
      .filter((entry) => entry.kind === kind)
      .map(({ key }) => key);
  }

  /** All that an actor owns, the oldest first. */
  entriesOf(owner: AnyRef): Entry[] {
    return Array.from(this.#open().table.holder(owner)?.rows() ?? [], entryOf);
  }

  /** How many entries there are, of one kind or of all. */
  size(kind?: Kind): number {
    const { table } = this.#open();
    return kind === undefined ? table.size : table.store(kind).rows.size;
  }

  /** Replaces the value of an entry; false when the owner does not have it. Of what is counted the value cannot be set. */
  setValue(kind: Kind, key: CounterKey, owner: AnyRef, value: unknown): boolean {
    const core = this.#open();
    const row = core.table.store(kind).find(idFor(kind, key), owner);
    if (row === undefined) return false;
    setValue(core, row, value);
    return true;
  }

  /** Replaces the value of a name by a function of the old one. Only for its owner: for others nothing is called. */
  updateValue(key: Key, owner: AnyRef, change: (value: unknown) => unknown): UpdateResult {
    const row = this.#open().table.store("name").find(idOf(key), owner);
    if (row === undefined) return { ok: false, reason: "not_owner" };
    const previous = row.value;
    row.value = change(previous);
    return { ok: true, value: row.value, previous };
  }

  /** Adds to a counter, and to the sums that it is part of; returns its new value. @throws {RegistryError} `not_registered` */
  updateCounter(key: Key, owner: AnyRef, by = 1): number {
    const core = this.#open();
    const row = core.table.store("counter").find(idOf(key), owner);
    if (row === undefined) throw notRegistered("counter", key, owner);
    if (!Number.isSafeInteger(by))
      throw new BadArgumentError(`Expected a whole number to add to a counter, got ${whatCame(by)}`);
    return core.table.count(row, by);
  }

  /**
   * Gives a name, with its value, to another actor, or to whoever holds another name; returns who has it now.
   *
   * When that actor has ended, or nobody holds that name, the name is unregistered and the answer is `undefined`.
   *
   * @throws {RegistryError} `not_registered` when `from` does not hold the name
   */
  giveAway(key: Key, from: AnyRef, to: AnyRef | Key): AnyRef | undefined {
    const core = this.#open();
    const row = core.table.store("name").find(idOf(key), from);
    if (row === undefined) throw notRegistered("name", key, from);
    const heir = isKey(to) ? core.holderOfName(idOf(to))?.owner : to;
    if (heir === undefined || !this.system.isAlive(heir)) {
      core.remove(row);
      return undefined;
    }
    if (heir !== from) core.move(row, heir, "migrated");
    return heir;
  }

  /**
   * The entries that fit a query, or one of several, each once, in pages of at most `limit`.
   *
   * They come by kind, and within a kind in the order of registration; an entry that is there all the time comes once, whatever comes and goes
   * between two pages. A query that names one key costs what is under it; any other goes through all entries of its kinds.
   *
   * @throws {BadArgumentError} for a query of another shape
   */
  select<Value = unknown, Selected = Entry>(
    query: Query<Value, Selected> | readonly Query<Value, Selected>[],
    options: PageOptions = {},
  ): Page<Selected | Entry> {
    const { limit = DEFAULT_LIMIT, after } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST_ROWS) {
      throw new BadArgumentError(`Expected limit to be a whole number from 1 to ${MOST_ROWS}, got ${whatCame(limit)}`);
    }
    const queries = listOf(query).map((each) => compileQuery<AnyRef, Value, Selected | Entry>(each, entryOf));
    return selectPage(this.#open().table, queries, { limit, after });
  }

  /** How many entries fit a query, or one of several. */
  count<Value = unknown>(query: Query<Value, unknown> | readonly Query<Value, unknown>[]): number {
    return countMatches(
      this.#open().table,
      listOf(query).map((each) => compileQuery<AnyRef, Value, unknown>(each, entryOf)),
    );
  }

  /** The entries under a key whose values fit a pattern, and a condition on what its variables stand for. */
  match(kind: Kind, key: Key, value: Pattern, where?: (bound: Bindings) => boolean): Entry[] {
    const { match } = compileQuery<AnyRef, unknown, Entry>({ value, ...guardOf(where) }, entryOf);
    const rows = this.#open().table.store(kind).under(idFor(kind, key));
    return rows.filter((row) => match(row) !== undefined).map(entryOf);
  }

  /** How many entries {@link LocalRegistry.match} would return. */
  countMatch(kind: Kind, key: Key, value: Pattern, where?: (bound: Bindings) => boolean): number {
    return this.match(kind, key, value, where).length;
  }

  /** Sends a message to the owner of every entry under a key, once for each entry; returns how many. */
  send(kind: Kind, key: CounterKey, message: unknown): number {
    const rows = this.#open().table.store(kind).under(idFor(kind, key));
    for (const row of rows) row.owner.send(message);
    return rows.length;
  }

  /**
   * Calls a function with all entries under a key, at once, in the caller's stack; not when there are none.
   *
   * With `parallel` it is called once for each part of the entries, each in an actor of its own, and the promise resolves when all are done. There
   * are as many parts as the registry has partitions; the entries of one owner are in one part.
   */
  dispatch(kind: Kind, key: Key, use: (entries: readonly Entry[]) => void): void;
  dispatch(
    kind: Kind,
    key: Key,
    use: (entries: readonly Entry[]) => void | Promise<void>,
    options: { readonly parallel: true },
  ): Promise<void>;
  dispatch(
    kind: Kind,
    key: Key,
    use: (entries: readonly Entry[]) => void | Promise<void>,
    options?: { readonly parallel: true },
  ): void | Promise<void> {
    const entries = this.lookup(kind, key);
    const { partitions } = this.#open().options;
    if (options?.parallel === true) return dispatchInParts(this.system, entries, partitions, use);
    if (entries.length > 0) void use(entries);
  }

  /**
   * Resolves with the entry when something is registered under a key; at once when it is already. Waits 5,000 ms by default.
   *
   * @throws {RegistryError} `timeout`, `busy`
   */
  async await(kind: Kind, key: CounterKey, options: WaitOptions = {}): Promise<Entry> {
    return awaitKey(this.#open(), kind, key, options);
  }

  /** Sends an actor a {@link RegisteredMessage} when something is registered under a key, once; at once when it is already. */
  nbWait(kind: Kind, key: CounterKey, waiter: AnyRef): WatchRef {
    return nbWait(this.#open(), kind, key, waiter);
  }

  /**
   * Has an actor told of what becomes of a name.
   *
   * With `info` (the default) it gets `migrated` and `failover` with the new owner, and `unreg` when nobody holds the name any more, which ends the
   * monitor. With `follow` it goes on and also gets `registered`. With `standby` the actor itself takes the name over, with its value, when the owner
   * dies: the first standby gets it, and `failover` is told to all. When nobody holds the name, `unreg` comes at once, or a standby has it at once.
   */
  monitor(key: Key, watcher: AnyRef, type: MonitorType = "info"): WatchRef {
    return monitorName(this.#open(), key, watcher, type);
  }

  /** Has an actor told who holds a name: at once as it is now, then at each change, until it is cancelled. */
  subscribe(key: Key, watcher: AnyRef): WatchRef {
    return subscribeToName(this.#open(), key, watcher);
  }

  /** Ends what `nbWait`, `monitor` or `subscribe` began; false when it had ended. Messages sent before still arrive. */
  cancel(watch: WatchRef): boolean {
    return this.#open().unwatch(watch);
  }

  /**
   * The actor that holds a name, or one that is spawned now: it holds the name before its `init` runs. One is spawned, however many ask.
   *
   * ```ts
   * const { ref, started } = registry.registerOrLocate(["cart", 7], () => system.spawn(Cart));
   * ```
   */
  registerOrLocate<A>(key: Key, spawn: () => ActorRef<A>, value?: unknown): Located<A> {
    const { ref, started } = registerOrLocate(this.#open(), key, spawn, value);
    return { ref: typed<A>(ref), started };
  }

  /**
   * The actor that holds a name, or one that is started for it, by a supervisor for instance. One is started, however many ask at the same time.
   *
   * The new actor is registered when it has been started, unless it registers itself in its `init`; what a failing start throws, all who asked get.
   *
   * @throws {RegistryError} `not_alive`, `surplus`: ask again
   */
  async getOrStart<A>(
    key: Key,
    start: () => ActorRef<A> | Promise<ActorRef<A>>,
    value?: unknown,
  ): Promise<ActorRef<A>> {
    return typed<A>(await getOrStart(this.#open(), key, start, value));
  }

  /** A name as an address, good across restarts of who holds it. The value is for who is started with it. */
  via<A = unknown>(key: Key, value?: unknown): ViaName<A> {
    idOf(key);
    return new ViaName<A>(() => this.#open(), key, value);
  }

  /** Data about the registry itself, kept until it is stopped in order. */
  meta(key: Key): unknown {
    return this.#open().meta.get(idOf(key));
  }

  putMeta(key: Key, value: unknown): void {
    this.#open().meta.set(idOf(key), value);
  }

  deleteMeta(key: Key): boolean {
    return this.#open().meta.delete(idOf(key));
  }

  #open(): RegistryCore {
    if (this.#core === undefined || !this.#core.open) this.#core = findRegistry(this.system, this.name);
    return this.#core;
  }

  #row(kind: Kind, key: CounterKey, owner: AnyRef | undefined): Row<AnyRef> | undefined {
    const store = this.#open().table.store(kind);
    const id = idFor(kind, key);
    return owner === undefined ? store.findOnly(id) : store.find(id, owner);
  }
}

/** The registry of a name in a system. It need not run yet: only its use fails with `unknown_registry` then. */
export function registryOf(system: ActorSystem, name: string): LocalRegistry {
  return new LocalRegistry(system, name);
}

function guardOf(where: ((bound: Bindings) => boolean) | undefined): {
  where?: (entry: Entry, bound: Bindings) => boolean;
} {
  return where === undefined ? {} : { where: (_entry, bound) => where(bound) };
}

function listOf<Value, Selected>(
  one: Query<Value, Selected> | readonly Query<Value, Selected>[],
): readonly Query<Value, Selected>[] {
  return isList(one) ? one : [one];
}

function isList<Each>(one: Each | readonly Each[]): one is readonly Each[] {
  return Array.isArray(one);
}

function setValue(core: RegistryCore, row: Row<AnyRef>, value: unknown): void {
  if (row.kind === "aggregated_counter" || row.kind === "resource_counter") {
    if (value === undefined) return;
    throw new BadArgumentError(`Expected no value for a ${row.kind}: it is counted. Got ${whatCame(value)}`);
  }
  if (row.kind !== "counter") {
    row.value = value;
    return;
  }
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    throw new BadArgumentError(`Expected the value of a counter to be a whole number, got ${whatCame(value)}`);
  }
  core.table.count(row, value - Number(row.value));
}

function notRegistered(kind: Kind, key: Key, owner: AnyRef): RegistryError {
  return new RegistryError("not_registered", `${owner.toString()} has no ${kind} ${whatCame(key)}`);
}
