import type { PresenceChanges, PresenceData, ReplicaContext, ReplicaData, ReplicaId } from "./presence-data.js";
import { ReplicaSlice } from "./replica-slice.js";

/** What is known of another replica. */
interface Replica<Value> {
  readonly incarnation: number;
  /** Only what is there of replicas that are up is visible. */
  up: boolean;
  /** `undefined` once it is gone for good. */
  slice: ReplicaSlice<Value> | undefined;
}

/** Who a state belongs to. */
export interface PresenceStateOptions extends ReplicaId {
  /** Whether changes are kept for {@link PresenceState.takeDelta}; false by default: then nobody needs to take them. */
  readonly deltas?: boolean;
}

/**
 * Who is where, agreed on by several replicas without asking each other: a set whose entries are put in and taken out by the replica they belong
 * to, and seen by all.
 *
 * Whoever merges the same data, in whatever order and however often, has the same state. Each replica alone changes its own entries, so there is
 * no conflict to decide. What a replica holds is visible while it is known to be up, and no longer; of one that is gone nothing is kept but that,
 * so that no late news of it brings a ghost back. A replica that others hold for gone although it lives goes on under a new incarnation.
 *
 * Pure: no clock, no actors, no randomness. Values are compared by identity here; they must be plain data where they are to be sent.
 */
export class PresenceState<Value extends object> {
  readonly #name: string;
  #incarnation: number;
  #own = new ReplicaSlice<Value>();
  readonly #changeOf = new Map<Value, number>();
  readonly #others = new Map<string, Replica<Value>>();
  readonly #deltas: boolean;
  /** Own changes up to this one have been taken. */
  #taken = 0;
  /** Own entries put in since then. */
  #fresh = new Map<number, Value>();
  /** Those put in before, and taken out since then. */
  #removed: number[] = [];

  constructor({ name, incarnation, deltas = false }: PresenceStateOptions) {
    this.#name = name;
    this.#incarnation = incarnation;
    this.#deltas = deltas;
  }

  /** The replica that this state belongs to. */
  get self(): ReplicaId {
    return { name: this.#name, incarnation: this.#incarnation };
  }

  /** How many entries of its own there are. */
  get size(): number {
    return this.#own.entries.size;
  }

  /** Puts an entry of its own in. */
  join(value: Value): void {
    const change = ++this.#own.clock;
    this.#own.entries.set(change, value);
    this.#changeOf.set(value, change);
    if (this.#deltas) this.#fresh.set(change, value);
  }

  /** Takes an entry of its own out; false when it was not there. */
  leave(value: Value): boolean {
    const change = this.#changeOf.get(value);
    if (change === undefined) return false;
    this.#changeOf.delete(value);
    this.#own.entries.delete(change);
    this.#own.clock++;
    if (this.#deltas && !this.#fresh.delete(change)) this.#removed.push(change);
    return true;
  }

  /** All that is visible: its own entries, and those of replicas that are up. */
  *visible(): Generator<Value, void, undefined> {
    yield* this.#own.entries.values();
    for (const { up, slice } of this.#others.values()) if (up && slice !== undefined) yield* slice.entries.values();
  }

  /** Own changes since the last call, for all others; `undefined` when there are none. */
  takeDelta(): PresenceData<Value> | undefined {
    const { clock } = this.#own;
    if (!this.#deltas || clock === this.#taken) return undefined;
    const entries = [...this.#fresh];
    const delta = { ...this.self, gone: false, after: this.#taken, clock, cloud: this.#removed, entries } as const;
    this.#taken = clock;
    this.#fresh = new Map();
    this.#removed = [];
    return [delta];
  }

  /** All own entries in parts of so many at most, each to be merged after the one before; at least one. */
  ownParts(size: number): ReplicaData<Value>[] {
    const { clock } = this.#own;
    const all = [...this.#own.entries];
    const parts: ReplicaData<Value>[] = [];
    for (let at = 0, after = 0; at === 0 || at < all.length; at += size) {
      const entries = all.slice(at, at + size);
      const until = at + size < all.length ? (entries.at(-1)?.[0] ?? clock) : clock;
      parts.push({ ...this.self, gone: false, after, clock: until, cloud: [], entries });
      after = until;
    }
    return parts;
  }

  /** Which changes are known of which replica: what one sends to ask another for what it lacks. */
  contexts(): ReplicaContext[] {
    const contexts = [this.#own.context(this.self)];
    for (const [name, { incarnation, slice }] of this.#others) {
      if (slice !== undefined) contexts.push(slice.context({ name, incarnation }));
    }
    return contexts;
  }

  /** All that is known, but for replicas of which the asking one knows as much: `known` are its contexts. */
  extract(known: readonly ReplicaContext[] = []): PresenceData<Value> {
    const theirs = new Map(known.map((context) => [context.name, context]));
    const isKnown = (slice: ReplicaSlice<Value>, { name, incarnation }: ReplicaId): boolean => {
      const context = theirs.get(name);
      return context?.incarnation === incarnation && slice.isAt(context);
    };
    const data: ReplicaData<Value>[] = isKnown(this.#own, this.self) ? [] : [this.#own.data(this.self)];
    for (const [name, { incarnation, slice }] of this.#others) {
      const id = { name, incarnation };
      if (slice === undefined) data.push({ ...id, gone: true });
      else if (!isKnown(slice, id)) data.push(slice.data(id));
    }
    return data;
  }

  /** Replicas of which some changes are missing: who knows them should be asked for what it has. */
  lagging(): ReplicaId[] {
    return [...this.#others]
      .filter(([, { slice }]) => slice !== undefined && slice.cloud.size > 0)
      .map(([name, { incarnation }]) => ({ name, incarnation }));
  }

  /** Whether some changes of a replica are missing. */
  isLagging(name: string): boolean {
    return (this.#others.get(name)?.slice?.cloud.size ?? 0) > 0;
  }

  /** Takes in what another state told, whole or its latest changes. */
  merge(data: PresenceData<Value>): PresenceChanges<Value> {
    const changes = noChanges<Value>();
    for (const told of data) {
      if (told.name === this.#name) {
        // Of an earlier life of this node, or of this one: nobody knows it better.
        const isOlder = told.incarnation < this.#incarnation || (told.incarnation === this.#incarnation && !told.gone);
        if (!isOlder) changes.outcast = true;
        continue;
      }
      const replica = this.#replica(told, changes);
      if (replica === undefined) continue;
      if (told.gone) this.#bury(replica, changes);
      else replica.slice?.merge(told, replica.up ? changes : noChanges<Value>());
    }
    return changes;
  }

  /** A replica is there: what it holds becomes visible. `outcast` in the answer: it was gone for good, and must take a new incarnation. */
  replicaUp(id: ReplicaId): PresenceChanges<Value> {
    const changes = noChanges<Value>();
    if (id.name === this.#name) return changes;
    const replica = this.#replica(id, changes);
    if (replica === undefined) changes.outcast = true;
    else if (!replica.up) {
      replica.up = true;
      changes.joins.push(...(replica.slice?.entries.values() ?? []));
    }
    return changes;
  }

  /** A replica does not answer at the moment: what it holds is kept, and not visible. */
  replicaDown({ name, incarnation }: ReplicaId): PresenceChanges<Value> {
    const changes = noChanges<Value>();
    const replica = this.#others.get(name);
    if (replica?.incarnation === incarnation) hide(replica, changes);
    return changes;
  }

  /** A replica will never be back: what it held is forgotten, whoever may still tell of it. */
  replicaGone(id: ReplicaId): PresenceChanges<Value> {
    const changes = noChanges<Value>();
    if (id.name === this.#name) return changes;
    const replica = this.#replica(id, changes);
    if (replica !== undefined) this.#bury(replica, changes);
    return changes;
  }

  /** Forgets a replica, also that it was there: for one of which nobody will tell any more. */
  forget(name: string): PresenceChanges<Value> {
    const changes = noChanges<Value>();
    const replica = this.#others.get(name);
    if (replica !== undefined) this.#bury(replica, changes);
    this.#others.delete(name);
    return changes;
  }

  /** Goes on as a new replica, because others hold this one for gone; all own entries are put in anew. The incarnation must be a higher one. */
  renew(incarnation: number): void {
    const values = [...this.#own.entries.values()];
    this.#incarnation = incarnation;
    this.#own = new ReplicaSlice();
    this.#changeOf.clear();
    this.#fresh.clear();
    this.#removed = [];
    this.#taken = 0;
    for (const value of values) this.join(value);
  }

  /** What is known of a replica, made if it is new; `undefined` when this life of it is over. An earlier life is over as soon as a later is known. */
  #replica({ name, incarnation }: ReplicaId, changes: PresenceChanges<Value>): Replica<Value> | undefined {
    const known = this.#others.get(name);
    if (known !== undefined && known.incarnation > incarnation) return undefined;
    if (known?.incarnation === incarnation) return known.slice === undefined ? undefined : known;
    if (known !== undefined) this.#bury(known, changes);
    const made: Replica<Value> = { incarnation, up: false, slice: new ReplicaSlice() };
    this.#others.set(name, made);
    return made;
  }

  #bury(replica: Replica<Value>, changes: PresenceChanges<Value>): void {
    hide(replica, changes);
    replica.slice = undefined;
  }
}

function noChanges<Value>(): PresenceChanges<Value> {
  return { joins: [], leaves: [], outcast: false };
}

function hide<Value>(replica: Replica<Value>, changes: PresenceChanges<Value>): void {
  if (!replica.up) return;
  replica.up = false;
  changes.leaves.push(...(replica.slice?.entries.values() ?? []));
}
