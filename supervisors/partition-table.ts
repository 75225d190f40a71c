import type { Actor, ActorRef, ActorSystem, AnyRef } from "../src/index.js";
import { HoldfastError } from "../src/index.js";
import type { PartitionSupervisor } from "./partition-supervisor.js";
import { type PartitionKey, partitionOfKey } from "./partition-routing.js";

/** What can keep a key from having a partition; see {@link PartitionError}. */
export type PartitionErrorCode = "noproc" | "no_partitions";

/** Thrown when a key has no partition: `noproc`, its supervisor does not run; `no_partitions`, it was resized to none. */
export class PartitionError extends HoldfastError {
  override readonly name = "PartitionError";
  readonly code: PartitionErrorCode;

  constructor(code: PartitionErrorCode, supervisor: string) {
    super(
      code === "noproc"
        ? `Found no partition: there is no partition supervisor ${supervisor}, or it has ended`
        : `Found no partition: the partition supervisor ${supervisor} has zero partitions`,
    );
    this.code = code;
  }
}

/** The partitions of one supervisor as everybody may see them, without asking it. */
export class PartitionTable {
  /** How many are in use: the first ones. */
  count = 0;
  /** The last ref of each, also while it is being restarted. */
  readonly refs: AnyRef[] = [];
}

const tables = new WeakMap<AnyRef, PartitionTable>();

/** Makes the table of a supervisor. */
export function openTable(supervisor: AnyRef): PartitionTable {
  const table = new PartitionTable();
  tables.set(supervisor, table);
  return table;
}

/** Removes the table of a supervisor that has ended. */
export function closeTable(supervisor: AnyRef): void {
  tables.delete(supervisor);
}

/**
 * The partition that a key belongs to, at once and without a message: what `{:via, PartitionSupervisor, {name, key}}` is in Elixir.
 *
 * ```ts
 * partitionOf(caches, userId).cast.put(userId, profile);
 * ```
 *
 * Ask each time instead of keeping the ref: a restarted partition has a new one, and after a resize a key may belong to another. While a partition
 * is being restarted it is the old ref, whose calls reject with `noproc`.
 *
 * @throws {PartitionError} `noproc` or `no_partitions`
 */
export function partitionOf<A extends Actor<never>>(
  supervisor: ActorRef<PartitionSupervisor<A>>,
  key: PartitionKey,
): ActorRef<A>;
// Which class the partitions are of is written down in the type of the supervisor alone.
export function partitionOf(supervisor: AnyRef, key: PartitionKey): AnyRef {
  return lookUp(tables.get(supervisor), supervisor.toString(), key);
}

/** The same, for a supervisor known by its name. @throws {PartitionError} `noproc` or `no_partitions` */
export function partitionNamed<A = unknown>(system: ActorSystem, name: string, key: PartitionKey): ActorRef<A>;
// As for `partitionOf`; `A` is what the caller knows of the class.
export function partitionNamed(system: ActorSystem, name: string, key: PartitionKey): AnyRef {
  const supervisor = system.whereis(name);
  return lookUp(supervisor === undefined ? undefined : tables.get(supervisor), JSON.stringify(name), key);
}

/** How many partitions are in use. @throws {PartitionError} `noproc` */
export function partitionCount(supervisor: AnyRef): number {
  const table = tables.get(supervisor);
  if (table === undefined) throw new PartitionError("noproc", supervisor.toString());
  return table.count;
}

function lookUp(table: PartitionTable | undefined, supervisor: string, key: PartitionKey): AnyRef {
  if (table === undefined) throw new PartitionError("noproc", supervisor);
  const ref = table.count === 0 ? undefined : table.refs[partitionOfKey(key, table.count)];
  if (ref === undefined) throw new PartitionError("no_partitions", supervisor);
  return ref;
}
