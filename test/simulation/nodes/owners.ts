import { EngineError } from "../../../src/cluster/engine-error.js";
import type { ActorRef } from "../../../src/index.js";
import { Guard } from "./guard.js";
import type { NodeProcess } from "./node-process.js";
import type { Ownership } from "./ownership.js";
import type { Part, Surroundings } from "./part.js";

const NAMES = ["world-1", "world-2"] as const;
const REGISTER_MS = 3_000;

interface Candidate {
  readonly name: string;
  readonly process: NodeProcess;
  readonly ref: ActorRef<Guard>;
}

/** Actors of all nodes that want a few names. */
export class Owners implements Part {
  readonly ownership: Ownership;
  readonly #around: Surroundings;
  #candidates: Candidate[] = [];

  constructor(around: Surroundings, ownership: Ownership) {
    this.#around = around;
    this.ownership = ownership;
  }

  began(): void {
    // Nobody has a name before it wants one.
  }

  /** An actor of a process wants a name. */
  claim(process: NodeProcess, index: number): void {
    if (!process.isAwake || !process.holdsPlace) return;
    const name = NAMES[index % NAMES.length] ?? NAMES[0];
    const ref = process.system.spawn(Guard, { ownership: this.ownership, process, name });
    // What happens to the present holder happens to it as well.
    const holder = process.cluster.names.whereis(name);
    if (holder !== undefined) ref.cast.watch(holder);
    const candidate = { name, process, ref };
    this.#candidates.push(candidate);
    void this.#register(candidate);
  }

  /** Gives the holder of a name, as a process knows it, something to do. */
  work(process: NodeProcess, index: number): void {
    if (!process.isAwake) return;
    process.cluster.names.whereis<Guard>(NAMES[index % NAMES.length] ?? NAMES[0])?.cast.work();
  }

  endOne(pick: number): void {
    const living = this.#living();
    const one = living[pick % Math.max(1, living.length)];
    if (one?.process.isAwake === true) one.process.system.exit(one.ref, "kill");
  }

  pausing(process: NodeProcess): void {
    for (const { ref, process: at } of this.#living()) if (at === process) ref.cast.work();
  }

  look(): void {
    for (const name of NAMES) {
      const holders = this.#living().filter(
        (one) => one.name === name && one.process.cluster.names.holds(name, one.ref),
      );
      if (holders.length < 2) continue;
      const who = holders.map(({ process, ref }) => `${process.life} ${ref}`);
      this.#around.failed("one owner for each name", `${name} is held by ${who.join(" and ")}`);
    }
  }

  /** A free name can be had, and everybody finds the same holder. */
  async rest(): Promise<void> {
    const { clock, failed, processes } = this.#around;
    const [first] = processes();
    if (first === undefined) return;
    for (const name of NAMES.keys()) this.claim(first, name);
    await clock.advance(REGISTER_MS);
    for (const name of NAMES) {
      const seen = processes().map(({ cluster, life }) => `${life}: ${cluster.names.holderOf(name)?.token ?? "none"}`);
      const tokens = new Set(processes().map(({ cluster }) => cluster.names.holderOf(name)?.token));
      if (tokens.size !== 1 || tokens.has(undefined)) {
        failed("all know the owner of a name", `the tokens of ${name} are ${seen.join(", ")}`);
      }
    }
  }

  end(): void {
    for (const { process, ref } of this.#living()) process.system.exit(ref, "kill");
  }

  #living(): readonly Candidate[] {
    this.#candidates = this.#candidates.filter(({ process, ref }) => process.has(ref));
    return this.#candidates;
  }

  async #register({ name, process, ref }: Candidate): Promise<void> {
    try {
      const outcome = await process.cluster.names.register(name, ref);
      if (!outcome.ok) return;
      this.ownership.given(name, outcome.token, process);
      ref.cast.owns(outcome.token);
    } catch (thrown) {
      // The register cannot be reached, or the node has lost its place: it has no name then.
      if (!(thrown instanceof EngineError)) throw thrown;
    }
  }
}
