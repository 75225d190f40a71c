import { Holder, type HolderListener } from "./holder.js";
import type { CounterKey, KeyId } from "./key.js";
import { type Kind, KINDS } from "./kind.js";
import { KindStore } from "./kind-store.js";
import type { OwnerIndex } from "./owner-index.js";
import { ResourceCounts } from "./resource-counts.js";
import { type EntryOptions, Row } from "./row.js";

/** What a table is made of. */
export interface KeyTableOptions<Owner> {
  readonly partitions: number;
  /** Where it finds what an owner has. */
  readonly holders: OwnerIndex<Owner, Holder<Owner>>;
  /** Told when an owner has ended, to take out what it had. */
  readonly listener: HolderListener<Owner>;
}

/** A resource counter that has come down to 0. */
export interface ZeroedCounter<Owner> {
  readonly counter: Row<Owner>;
  /** Whose resource was the last one. */
  readonly lastOwner: Owner;
}

/**
 * Who has registered what: all kinds, by key, by owner and in order, with the sums and counts that follow from them.
 *
 * It knows no actors and no time: an owner is anything that the index it is given can find. Putting an entry in and taking it out cost constant
 * time, whatever its key and its owner have besides.
 */
export class KeyTable<Owner> {
  readonly #stores: Readonly<Record<Kind, KindStore<Owner>>>;
  readonly #holders: OwnerIndex<Owner, Holder<Owner>>;
  readonly #listener: HolderListener<Owner>;
  readonly #resources = new ResourceCounts();

  constructor({ partitions, holders, listener }: KeyTableOptions<Owner>) {
    const store = (kind: Kind): KindStore<Owner> => new KindStore(kind, partitions);
    this.#stores = {
      name: store("name"),
      property: store("property"),
      duplicate: store("duplicate"),
      counter: store("counter"),
      aggregated_counter: store("aggregated_counter"),
      resource: store("resource"),
      resource_counter: store("resource_counter"),
    };
    this.#holders = holders;
    this.#listener = listener;
  }

  /** The rows of one kind, to be read. */
  store(kind: Kind): KindStore<Owner> {
    return this.#stores[kind];
  }

  /** How many entries there are of all kinds. */
  get size(): number {
    return KINDS.reduce((sum, kind) => sum + this.#stores[kind].rows.size, 0);
  }

  /** How many owners have something. */
  get owners(): number {
    return this.#holders.size;
  }

  /** All that an owner has; `undefined` when that is nothing. */
  holder(owner: Owner): Holder<Owner> | undefined {
    return this.#holders.find(owner);
  }

  /** All owners that have something. */
  holders(): Iterable<Holder<Owner>> {
    return this.#holders;
  }

  /** The list of all that an owner has, made now if it had nothing. Whoever adds nothing to it calls {@link KeyTable.dropIdle}. */
  holderOf(owner: Owner): Holder<Owner> {
    const known = this.#holders.find(owner);
    if (known !== undefined) return known;
    const holder = new Holder(owner, this.#listener);
    this.#holders.add(owner, holder);
    return holder;
  }

  /** Lets go of an owner that has nothing. */
  dropIdle(holder: Holder<Owner>): void {
    if (holder.idle && !holder.hasEnded) this.#holders.delete(holder.owner, holder);
  }

  /** Puts an entry in. Nothing may stand in its way, see {@link KindStore.obstacle}; the value of a count is found out here. */
  insert(
    kind: Kind,
    key: CounterKey,
    id: KeyId,
    owner: Owner,
    value: unknown,
    options?: EntryOptions<Owner>,
  ): Row<Owner> {
    const holder = this.holderOf(owner);
    const row = new Row(kind, key, id, holder, kind === "aggregated_counter" ? undefined : value);
    if (options !== undefined) row.options = options;
    this.#stores[kind].add(row);
    holder.add(row);
    if (kind === "counter") this.#addToSum(id, row.value);
    else if (kind === "aggregated_counter") row.value = this.sumOf(id);
    else if (kind === "resource")
      for (const counter of this.#countersOf(key, id, 1)) counter.value = this.#resources.count(counter.id);
    else if (kind === "resource_counter") row.value = this.#resources.count(id);
    return row;
  }

  /** Takes an entry out. Returns the resource counters that have come down to 0 by that. */
  remove(row: Row<Owner>): readonly ZeroedCounter<Owner>[] {
    const zeroed = this.#takeOut(row);
    this.dropIdle(row.holder);
    return zeroed;
  }

  /** Gives an entry to another owner; it is a new entry, with the value and the options of the old one. For kinds with one owner per key. */
  move(row: Row<Owner>, owner: Owner): Row<Owner> {
    this.#takeOut(row);
    const moved = this.insert(row.kind, row.key, row.id, owner, row.value, row.options);
    this.dropIdle(row.holder);
    return moved;
  }

  /** Adds to a counter and to the sums that it is part of; returns its new value. */
  count(row: Row<Owner>, by: number): number {
    const value = numberOf(row.value) + by;
    row.value = value;
    this.#addToSum(row.id, by);
    return value;
  }

  /** The sum of all counters under a key. */
  sumOf(id: KeyId): number {
    const aggregate = this.#stores.aggregated_counter.findOnly(id);
    // One that is being put in just now has no value yet.
    if (typeof aggregate?.value === "number") return aggregate.value;
    return this.#stores.counter.under(id).reduce((sum, counter) => sum + numberOf(counter.value), 0);
  }

  /** Ends what an owner has, when it is known to have ended before its table was told. */
  end(owner: Owner): void {
    const holder = this.#holders.find(owner);
    if (holder !== undefined && this.#holders.delete(owner, holder)) holder.ownerEnded();
  }

  #takeOut(row: Row<Owner>): readonly ZeroedCounter<Owner>[] {
    const { kind, id, holder } = row;
    this.#stores[kind].remove(row);
    holder.remove(row);
    if (kind === "counter") this.#addToSum(id, -numberOf(row.value));
    if (kind !== "resource") return NOTHING_ZEROED;
    const zeroed: ZeroedCounter<Owner>[] = [];
    for (const counter of this.#countersOf(row.key, id, -1)) {
      counter.value = this.#resources.count(counter.id);
      if (counter.value === 0) zeroed.push({ counter, lastOwner: row.owner });
    }
    return zeroed;
  }

  #addToSum(id: KeyId, by: unknown): void {
    const aggregate = this.#stores.aggregated_counter.findOnly(id);
    if (aggregate !== undefined) aggregate.value = numberOf(aggregate.value) + numberOf(by);
  }

  /** Counts a resource that comes or goes, and returns the counters that are registered for it. */
  #countersOf(key: CounterKey, id: KeyId, by: 1 | -1): Row<Owner>[] {
    return this.#resources.add(key, id, by).flatMap((counted) => {
      const counter = this.#stores.resource_counter.findOnly(counted);
      return counter === undefined ? [] : [counter];
    });
  }
}

const NOTHING_ZEROED: readonly never[] = [];

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
