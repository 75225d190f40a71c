import { NAME_PREFIX } from "../../../src/cluster/names/name-record.js";
import type { MemoryNetwork } from "../../../src/testing/index.js";
import type { NodeProcess } from "./node-process.js";
import type { Surroundings } from "./part.js";

/** Something that is done by whoever has a name in the whole cluster. */
export interface Deed {
  readonly name: string;
  readonly token: number;
  readonly process: NodeProcess;
  /** What it is done on. */
  readonly what: string;
}

/**
 * One owner for each name: what is done as its owner is done by the one whom the register names at that moment, and tokens never fall.
 *
 * It is told of deeds by the actors that do them, in the moment in which they do.
 */
export class Ownership {
  readonly #network: MemoryNetwork;
  readonly #failed: Surroundings["failed"];
  readonly #latest = new Map<string, number>();
  /** How many deeds there were. */
  deeds = 0;

  constructor({ cluster, failed }: Pick<Surroundings, "cluster" | "failed">) {
    this.#network = cluster.network;
    this.#failed = failed;
  }

  /** A name was given, with a token. */
  given(name: string, token: number, process: NodeProcess): void {
    const latest = this.#latest.get(name) ?? 0;
    if (token < latest) this.#failed("tokens never fall", `${process.life} got ${name} with ${token} after ${latest}`);
    this.#latest.set(name, Math.max(latest, token));
  }

  /** Somebody acts as the owner of a name. */
  acts({ name, token, process, what }: Deed): void {
    this.deeds++;
    const who = `an owner of ${name} on ${process.life} acts on ${what} with the token ${token}`;
    if (!process.isAwake) this.#failed("a stopped process does nothing", who);
    if (!process.holdsPlace) this.#failed("who has lost its place does nothing", who);
    const holder = this.#network.entry(NAME_PREFIX + name);
    if (holder?.revision !== token) {
      this.#failed("one owner for each name", `${who}, and the register knows ${holder?.revision ?? "none"}`);
    }
    this.given(name, token, process);
  }
}
