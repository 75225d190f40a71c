import type { ActorSystem, AnyRef } from "../src/index.js";

/** What may belong to a system and is run by an actor, its keeper. */
export interface Kept {
  readonly system: ActorSystem;
  /** The actor that runs it; `undefined` while that is being restarted. */
  readonly keeper: AnyRef | undefined;
}

/**
 * Tables that belong to systems, by name: those of all registries, for instance.
 *
 * A table is there while the actor that runs it is being restarted, so what is in it outlives a crash of that actor; it goes with its system.
 */
export class SystemTables<Table extends object> {
  readonly #bySystem = new WeakMap<ActorSystem, Map<string, Table>>();

  /** The table of a name; `undefined` for none. */
  find(system: ActorSystem, name: string): Table | undefined {
    return this.#bySystem.get(system)?.get(name);
  }

  add(system: ActorSystem, name: string, table: Table): void {
    const tables = this.#bySystem.get(system);
    if (tables === undefined) this.#bySystem.set(system, new Map([[name, table]]));
    else tables.set(name, table);
  }

  /** The table that an actor is to run: the one that a crashed actor left behind, which `take` may change, or a new one. */
  adopt(system: ActorSystem, name: string, make: () => Table, take: (left: Table) => void): Table {
    const left = this.find(system, name);
    if (left !== undefined) {
      take(left);
      return left;
    }
    const table = make();
    this.add(system, name, table);
    return table;
  }

  /** Forgets a table, unless another one has its name by now. */
  forget(system: ActorSystem, name: string, table: Table): void {
    const tables = this.#bySystem.get(system);
    if (tables?.get(name) === table) tables.delete(name);
  }
}

/** Whether the actor that runs a table lives. */
export function isRun({ system, keeper }: Kept): boolean {
  return keeper !== undefined && system.isAlive(keeper);
}
