import type { PresenceChanges, ReplicaContext, ReplicaData, ReplicaId } from "./presence-data.js";

/** What one replica has told of itself, data or changes. */
export type SliceData<Value> = Extract<ReplicaData<Value>, { gone: false }>;

/**
 * What one replica holds, as far as it is known here: its entries, and which of its changes that is.
 *
 * Each change of the replica has a number, from 1 without a hole. An entry has the number of the change that put it there. Taking one out is a
 * change, too, so who knows the same changes has the same entries. Pure.
 */
export class ReplicaSlice<Value> {
  readonly entries = new Map<number, Value>();
  /** All changes up to this one are known. */
  clock = 0;
  /** Known changes above the clock, with a hole below them. */
  readonly cloud = new Set<number>();

  /** Whether a change is known. */
  knows(change: number): boolean {
    return change <= this.clock || this.cloud.has(change);
  }

  /** Whether exactly the changes of this context are known. */
  isAt({ clock, cloud }: ReplicaContext): boolean {
    return clock === this.clock && cloud.length === this.cloud.size && cloud.every((change) => this.cloud.has(change));
  }

  /** Takes in what another knows; tells what that added and took out. */
  merge(data: SliceData<Value>, told: Pick<PresenceChanges<Value>, "joins" | "leaves">): void {
    const theirs = new Map(data.entries);
    const gone = this.#takenOut(data, theirs);
    for (const [change, value] of theirs) {
      if (this.knows(change)) continue;
      this.entries.set(change, value);
      told.joins.push(value);
    }
    for (const change of gone) {
      const value = this.entries.get(change);
      if (value !== undefined) told.leaves.push(value);
      this.entries.delete(change);
    }
    this.#learn(data);
  }

  /** All that is known, as data. */
  data({ name, incarnation }: ReplicaId): SliceData<Value> {
    return { ...this.context({ name, incarnation }), gone: false, after: 0, entries: [...this.entries] };
  }

  /** Which changes are known, as data. */
  context({ name, incarnation }: ReplicaId): ReplicaContext {
    return { name, incarnation, clock: this.clock, cloud: [...this.cloud].sort((one, other) => one - other) };
  }

  /** The entries here of whose end the data speaks: it speaks of the change, and has no entry for it. */
  #takenOut({ after, clock, cloud }: SliceData<Value>, theirs: ReadonlyMap<number, Value>): number[] {
    const isMissing = (change: number): boolean => this.entries.has(change) && !theirs.has(change);
    // The latest changes of a large replica are few: then it costs what they are, not what the replica holds.
    if (clock - after + cloud.length < this.entries.size) {
      const spoken = [...cloud];
      for (let change = after + 1; change <= clock; change++) spoken.push(change);
      return spoken.filter(isMissing);
    }
    const inCloud = new Set(cloud);
    return [...this.entries.keys()].filter(
      (change) => ((change > after && change <= clock) || inCloud.has(change)) && isMissing(change),
    );
  }

  #learn({ after, clock, cloud }: SliceData<Value>): void {
    if (after <= this.clock) this.clock = Math.max(this.clock, clock);
    else for (let change = after + 1; change <= clock; change++) this.cloud.add(change);
    for (const change of cloud) this.cloud.add(change);
    while (this.cloud.delete(this.clock + 1)) this.clock++;
    for (const change of this.cloud) if (change <= this.clock) this.cloud.delete(change);
  }
}
