import { describe, expect, it } from "vitest";
import type { EntityArgs } from "../../../src/cluster/placement/entity-options.js";
import { EntityError } from "../../../src/cluster/placement/entity-error.js";
import type { Entities } from "../../../src/cluster/placement/entities.js";
import { Actor, type AnyRef, type Random, seededRandom } from "../../../src/index.js";
import { forEachSeed } from "../../../src/testing/index.js";
import { type PlacedNode, placeOf, PlacedCluster } from "./placed-cluster.js";

/** One life as it was begun, and how to tell whether it may act at this moment. */
interface Life {
  readonly id: string;
  readonly token: number;
  readonly mayAct: () => boolean;
}

interface TellerArgs {
  readonly begin: (life: Life) => void;
  readonly node: () => PlacedNode;
}

/** Counts what it is told, and takes the count along. */
class Teller extends Actor<EntityArgs<TellerArgs, number>> {
  #count = 0;
  override init({ id, token, args, handedOver }: EntityArgs<TellerArgs, number>): void {
    this.#count = handedOver ?? 0;
    const { system, cluster } = args.node();
    const self: AnyRef = this.self();
    args.begin({ id, token, mayAct: () => system.isAlive(self) && cluster.holdsPlace });
  }
  add(): number {
    return ++this.#count;
  }
  end(): void {
    this.stop();
  }
  handOff(): number {
    return this.#count;
  }
}

/** All lives of all entities, and what must be true of them at every moment. */
class Book {
  readonly #lives = new Map<string, Life[]>();
  readonly #gone = new Set<Life>();
  readonly #wrong: string[] = [];

  /** Takes note of a life that begins; what is wrong is told by the next look, not to the life itself. */
  begin(life: Life): void {
    const lives = this.#lives.get(life.id) ?? [];
    const highest = Math.max(0, ...lives.map(({ token }) => token));
    if (life.token <= highest) this.#wrong.push(`${life.id} began with the token ${life.token}, after ${highest}`);
    this.#lives.set(life.id, [...lives, life]);
    this.#look();
  }

  /** The process of these is gone: they can do nothing any more. */
  killed(lives: (life: Life) => boolean): void {
    for (const life of [...this.#lives.values()].flat()) if (lives(life)) this.#gone.add(life);
  }

  check(): void {
    this.#look();
    expect(this.#wrong).toEqual([]);
  }

  #look(): void {
    for (const [id, lives] of this.#lives) {
      const acting = lives.filter((life) => !this.#gone.has(life) && life.mayAct());
      if (acting.length > 1)
        this.#wrong.push(`${id} has lives that may act at once: ${acting.map(({ token }) => token).join(", ")}`);
    }
  }
}

const names = ["a", "b", "c", "d"];
const ids = Array.from({ length: 12 }, (_, index) => `t${index}`);

class Run {
  readonly book = new Book();
  readonly #random: Random;
  readonly #cluster: PlacedCluster;
  readonly #tellers = new Map<string, Entities<Teller>>();
  readonly #nodeOf = new Map<Life, string>();
  /** The locates that have not ended, and the node that waits for each. */
  readonly #pending = new Map<Promise<unknown>, string>();
  readonly #paused = new Set<string>();
  readonly #draining = new Set<string>();
  readonly outcomes = new Map<string, number>();

  private constructor(cluster: PlacedCluster, seed: number) {
    this.#cluster = cluster;
    this.#random = seededRandom(seed * 7 + 1);
  }

  static async create(seed: number): Promise<Run> {
    const run = new Run(await PlacedCluster.create([], {}, seed), seed);
    for (const name of names) await run.#start(name);
    return run;
  }

  async step(): Promise<void> {
    await this.#endFenced();
    const running = this.#running();
    const awake = running.filter((each) => !this.#paused.has(each));
    if (awake.length === 0) return this.#startOne();
    const name = this.#pick(awake);
    const { network } = this.#cluster.cluster;
    const chance = this.#random.next();
    if (chance < 0.55) this.#locate(name, this.#pick(ids));
    else if (chance < 0.6) this.#tellers.get(name)?.whereis(this.#pick(ids))?.cast.end();
    else if (chance < 0.64 && running.length > 2) await this.#kill(name, this.#random.next() < 0.5);
    else if (chance < 0.68 && this.#paused.size === 0) {
      network.pause(name);
      this.#paused.add(name);
    } else if (chance < 0.74) this.#resume();
    else if (chance < 0.77)
      network.partition(
        running.filter((each) => each !== name),
        [name],
      );
    else if (chance < 0.82) network.heal();
    else if (chance < 0.84 && this.#draining.size === 0) this.#drain(name);
    else if (chance < 0.9) await this.#startOne();
    else if (chance < 0.95) network.setFaults({ delayMs: [0, this.#random.next() * 40] });
    await this.#advance(this.#random.next() < 0.15 ? 2_500 : this.#random.next() * 300);
  }

  /** Ends all faults, and lets everything come to rest. */
  async heal(): Promise<void> {
    const { network } = this.#cluster.cluster;
    network.setFaults({});
    network.heal();
    this.#resume();
    await this.#advance(6_000);
    await this.#endFenced();
    for (const name of this.#draining) await this.#kill(name, true);
    while (this.#running().length < names.length) await this.#startOne();
    await this.#advance(8_000);
    expect(this.#pending.size, "locates that did not end").toBe(0);
  }

  async checkPlaces(): Promise<void> {
    for (const id of ids) {
      for (const name of names) {
        const ref = await this.#cluster.done(this.#tellersOf(name).locate(id), 20_000);
        expect(placeOf(ref, name), `${id} from ${name}`).toBe(this.#homeOf(id));
        await this.#cluster.done(ref.call.add());
      }
    }
    const here = names.map((name) => this.#tellersOf(name).here);
    expect(here.reduce((sum, count) => sum + count, 0)).toBe(ids.length);
    this.book.check();
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }

  #running(): string[] {
    return this.#cluster.nodes.map(({ name }) => name);
  }

  #homeOf(id: string): string {
    return this.#cluster.homeOf(`entity/teller/${id}`, names);
  }

  #tellersOf(name: string): Entities<Teller> {
    const found = this.#tellers.get(name);
    if (found === undefined) throw new RangeError(`no tellers on ${name}`);
    return found;
  }

  async #start(name: string): Promise<void> {
    const node = await this.#cluster.done(this.#cluster.start(name), 20_000);
    const begin = (life: Life): void => {
      this.#nodeOf.set(life, node.cluster.self.incarnation);
      this.book.begin(life);
    };
    const options = { actorClass: Teller, args: { begin, node: () => node }, maxMoves: 3, moveTimeoutMs: 2_000 };
    this.#tellers.set(name, node.placement.entities("teller", options));
    await this.#advance(10);
  }

  async #startOne(): Promise<void> {
    const running = this.#running();
    const missing = names.filter((name) => !running.includes(name));
    if (missing.length === 0) return;
    // One that cannot reach the register does not start.
    this.#cluster.cluster.network.heal();
    await this.#start(this.#pick(missing));
  }

  async #kill(name: string, known: boolean): Promise<void> {
    const { incarnation } = this.#cluster.node(name).cluster.self;
    this.#tellers.delete(name);
    this.#paused.delete(name);
    this.#draining.delete(name);
    this.book.killed((life) => this.#nodeOf.get(life) === incarnation);
    // What a killed process waits for never comes.
    for (const [asked, by] of this.#pending) if (by === name) this.#pending.delete(asked);
    await this.#cluster.kill(name, { known });
  }

  /** A process that finds its place lost ends, as a rule, and its supervisor sees that. */
  async #endFenced(): Promise<void> {
    for (const { name, reports } of this.#cluster.nodes) {
      if (reports.some(({ type }) => type === "node_fenced")) await this.#kill(name, true);
    }
  }

  #resume(): void {
    for (const name of this.#paused) this.#cluster.cluster.network.resume(name);
    this.#paused.clear();
  }

  #drain(name: string): void {
    this.#draining.add(name);
    const { cluster, placement } = this.#cluster.node(name);
    void cluster.membership.drain().then(
      () => placement.drain(3_000),
      () => undefined,
    );
  }

  #locate(name: string, id: string): void {
    const asked = this.#tellersOf(name)
      .locate(id, { timeoutMs: 3_000 })
      .then(
        (ref) => {
          ref.cast.add();
          return "found";
        },
        (thrown: unknown) => {
          if (thrown instanceof EntityError) return thrown.code;
          throw thrown;
        },
      )
      .then((outcome) => {
        this.#pending.delete(asked);
        this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
      });
    this.#pending.set(asked, name);
  }

  async #advance(durationMs: number): Promise<void> {
    const { clock } = this.#cluster.cluster;
    const end = clock.now() + durationMs;
    while (clock.now() < end) {
      await clock.advance(Math.min(end - clock.now(), 40));
      this.book.check();
    }
  }

  #pick(of: readonly string[]): string {
    return of[Math.floor(this.#random.next() * of.length)] ?? "a";
  }
}

describe("placement under faults", () => {
  const outcomes = new Map<string, number>();

  it("never has two lives of one entity that may act, ends every locate, and comes home after all", {
    timeout: 100_000,
  }, async () => {
    await forEachSeed(15, async (seed) => {
      const run = await Run.create(seed);
      for (let step = 0; step < 80; step++) await run.step();
      await run.heal();
      await run.checkPlaces();
      await run.stop();
      for (const [outcome, count] of run.outcomes) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
    });
    expect(outcomes.get("found") ?? 0).toBeGreaterThan(300);
  });
});
