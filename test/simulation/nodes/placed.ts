import { EntityError } from "../../../src/cluster/placement/entity-error.js";
import type { EntityArgs } from "../../../src/cluster/placement/entity-options.js";
import type { Entities } from "../../../src/cluster/placement/entities.js";
import { Actor } from "../../../src/index.js";
import type { NodeProcess } from "./node-process.js";
import type { Ownership } from "./ownership.js";
import type { Part, Surroundings } from "./part.js";

const TYPE = "teller";
const KEEPER = "keeper";
const IDS = 4;
const TICK_MS = 250;
const LOCATE_MS = 3_000;
const LONGEST_LOCATE_MS = 30_000;

interface At {
  readonly process: NodeProcess;
  readonly ownership: Ownership;
}

/** An entity: counts, and takes the count along when it moves. */
class Teller extends Actor<EntityArgs<At, number>> {
  #count = 0;
  #act: (what: string) => void = () => undefined;

  override init({ id, token, args: { process, ownership }, handedOver }: EntityArgs<At, number>): void {
    this.#count = handedOver ?? 0;
    this.#act = (what) => ownership.acts({ name: `entity/${TYPE}/${id}`, token, process, what });
    this.sendEvery(TICK_MS, "tick");
    this.#act("its start");
  }

  add(): number {
    this.#act("a message");
    return ++this.#count;
  }

  finish(): void {
    this.stop();
  }

  handOff(): number {
    return this.#count;
  }

  override handleInfo(): void {
    this.#act("a timer");
  }
}

/** The actor that the whole cluster runs once. */
class Keeper extends Actor<At> {
  #at: At | undefined;

  override init(at: At): void {
    this.#at = at;
    this.sendEvery(TICK_MS, "tick");
  }

  override handleInfo(): void {
    const at = this.#at;
    if (at === undefined) return;
    const token = at.process.cluster.names.held.get(KEEPER)?.token ?? 0;
    at.ownership.acts({ name: KEEPER, token, process: at.process, what: "a timer" });
  }
}

/** Entities and a singleton that every node declares. */
export class Placed implements Part {
  readonly #around: Surroundings;
  readonly #ownership: Ownership;
  readonly #tellers = new Map<NodeProcess, Entities<Teller>>();
  readonly #open = new Map<Promise<unknown>, NodeProcess>();

  constructor(around: Surroundings, ownership: Ownership) {
    this.#around = around;
    this.#ownership = ownership;
  }

  began(process: NodeProcess): void {
    const at = { process, ownership: this.#ownership };
    this.#tellers.set(
      process,
      process.cluster.entities(TYPE, { actorClass: Teller, args: at, maxMoves: 3, moveTimeoutMs: 2_000 }),
    );
    process.cluster.singleton(KEEPER, Keeper, at);
  }

  killed(process: NodeProcess): void {
    this.#tellers.delete(process);
    // What a killed process waits for never comes.
    for (const [asked, by] of this.#open) if (by === process) this.#open.delete(asked);
  }

  locate(process: NodeProcess, index: number): void {
    if (!process.isAwake) return;
    const asked = this.#visit(process, `t${index % IDS}`, LOCATE_MS);
    this.#open.set(asked, process);
    void asked.then(() => this.#open.delete(asked));
  }

  endEntity(process: NodeProcess, index: number): void {
    if (process.isAwake)
      this.#tellers
        .get(process)
        ?.whereis(`t${index % IDS}`)
        ?.cast.finish();
  }

  /** Every locate has ended, everybody finds each entity, and in the same place; and the singleton runs once. */
  async rest(): Promise<void> {
    const { clock, failed, processes } = this.#around;
    if (this.#open.size > 0) failed("every locate ends", `${this.#open.size} have not`);
    for (let index = 0; index < IDS; index++) {
      const places = new Set<string>();
      for (const process of processes()) {
        let place: string | undefined;
        void this.#visit(process, `t${index}`, LONGEST_LOCATE_MS).then((found) => (place = found));
        for (let waitedMs = 0; place === undefined && waitedMs <= LONGEST_LOCATE_MS; waitedMs += 50)
          await clock.advance(50);
        places.add(place ?? "nothing");
      }
      if (places.size !== 1 || places.has("nothing") || [...places].some((place) => !place.startsWith("<"))) {
        failed("everybody finds an entity", `t${index} is at ${[...places].join(", ")}`);
      }
    }
    const keepers = processes().filter(({ cluster }) => cluster.names.held.has(KEEPER));
    if (keepers.length !== 1) failed("a singleton runs once", `${keepers.length} nodes run it`);
  }

  end(): void {
    // They end with their nodes.
  }

  /** Where it was found, or why it was not. */
  async #visit(process: NodeProcess, id: string, timeoutMs: number): Promise<string> {
    try {
      const ref = await this.#tellers.get(process)?.locate(id, { timeoutMs });
      ref?.cast.add();
      return String(ref).replace("<0.", `<${process.name}.`);
    } catch (thrown) {
      if (thrown instanceof EntityError) return thrown.code;
      throw thrown;
    }
  }
}
