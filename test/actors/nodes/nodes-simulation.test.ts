import { expect, it } from "vitest";
import { type ActorRef, type AnyRef, type Random, seededRandom } from "../../../src/index.js";
import { forEachSeed } from "../../../src/testing/index.js";
import { type Client, type Listener, NodesStage } from "./stage.js";

const TOPICS = ["room:1", "news", "chat:1"];
const STEPS = 60;

/** One run: nodes with a listener and a client each, that publish numbered messages, come and go, and are cut off. */
class Run {
  readonly stage: NodesStage;
  readonly #random: Random;
  readonly #names: readonly string[];
  readonly listeners = new Map<string, ActorRef<Listener>>();
  readonly heard = new Map<string, string[]>();
  readonly clients = new Map<string, Client>();
  /** How many messages each publisher has published on each topic. */
  readonly published = new Map<string, number>();
  /** Who is present, by key. */
  readonly here = new Map<string, { readonly node: string; readonly ref: AnyRef }>();
  /** The nodes that were killed, and whether the others were told. */
  readonly down = new Map<string, boolean>();
  #lives = 0;

  private constructor(stage: NodesStage, random: Random, names: readonly string[]) {
    this.stage = stage;
    this.#random = random;
    this.#names = names;
  }

  static async create(seed: number): Promise<Run> {
    const names = ["a", "b", "c"];
    const options = { topics: { "chat:*": { log: {} } } };
    const run = new Run(await NodesStage.create(names, options, seed), seededRandom(seed), names);
    run.stage.cluster.network.setFaults({ delayMs: [0, 20] });
    for (const name of names) await run.settleIn(name);
    await run.stage.settle(500);
    return run;
  }

  /** The nodes that run, and have not been cut off for so long that their place was given away. */
  get nodes(): string[] {
    return this.#names.filter((name) => !this.down.has(name) && this.stage.cluster.node(name).cluster.holdsPlace);
  }

  async settleIn(node: string): Promise<void> {
    this.listeners.set(node, await this.stage.listener(node, ...TOPICS));
    this.clients.set(node, await this.stage.client(node));
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random.next() * items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }

  chance(of: number): boolean {
    return this.#random.next() < of;
  }

  /** One thing that applications do. */
  async act(): Promise<void> {
    const node = this.pick(this.nodes);
    if (this.chance(0.2)) await this.comeOrGo(node);
    const topic = this.pick(TOPICS);
    const publisher = `${node}${this.#lives}`;
    const number = (this.published.get(`${publisher} ${topic}`) ?? 0) + 1;
    this.published.set(`${publisher} ${topic}`, number);
    const text = `${publisher} ${number}`;
    this.stage.topics(node).publish(topic, "said", { text }, { retain: topic === "news" });
    await this.stage.settle(this.pick([0, 0, 5, 30]));
  }

  async comeOrGo(node: string): Promise<void> {
    const [key, known] = this.chance(0.5) ? (this.here.entries().next().value ?? []) : [];
    if (key !== undefined && known !== undefined && !this.down.has(known.node)) {
      this.stage.system(known.node).exit(known.ref, "kill");
      this.here.delete(key);
      return;
    }
    const ref = await this.stage.listener(node);
    const name = `${node} ${this.here.size} ${this.#random.next()}`;
    this.stage.presence(node).track("room:1", name, ref);
    this.here.set(name, { node, ref });
  }

  async kill(node: string, known: boolean): Promise<void> {
    // What those there have heard, while they can say so.
    await this.collect();
    // Its machine does not answer any more: what it would do there is not what is looked at here.
    this.clients.get(node)?.socket.disconnect();
    await this.stage.settle(100);
    this.down.set(node, known);
    await this.stage.cluster.kill(node, { known });
    for (const [key, { node: of }] of this.here) if (of === node) this.here.delete(key);
    this.listeners.delete(node);
    this.clients.delete(node);
  }

  async restart(node: string): Promise<void> {
    this.#lives++;
    this.down.delete(node);
    this.heard.delete(node);
    // A start waits for the register, and time stands still meanwhile.
    const { network } = this.stage.cluster;
    network.setFaults({});
    await this.stage.start(node);
    network.setFaults({ delayMs: [0, 20] });
    await this.settleIn(node);
  }

  async collect(): Promise<void> {
    for (const [node, ref] of this.listeners) {
      const heard = (await this.stage.heard(ref)).filter((text) => !text.endsWith("(retained)"));
      this.heard.set(node, [...(this.heard.get(node) ?? []), ...heard]);
    }
  }

  /** No message twice, and those of one publisher on one topic in order. */
  checkOrder(): void {
    for (const [node, heard] of this.heard) this.#checkRising(`the listener on ${node}`, heard);
    for (const [node, { said }] of this.clients) {
      this.#checkRising(
        `the client on ${node}`,
        said.map((text) => `room:1 ${text}`),
      );
    }
  }

  /** Where a message of a publisher is missing its client was told of a gap: after the one before, and before the next one. */
  checkGaps(): void {
    const publishers = [...this.published].filter(([line]) => line.endsWith(" room:1"));
    for (const node of this.nodes) {
      const { events = [] } = this.clients.get(node) ?? {};
      for (const [line, count] of publishers) {
        const [publisher = ""] = line.split(" ");
        // Where a node has lost its place nobody hears it any more.
        if (!this.nodes.includes(publisher.charAt(0))) continue;
        let [latest, isTold] = [0, false];
        for (const event of [...events, `${publisher} ${count + 1}`]) {
          if (event === "gap") isTold = true;
          if (!event.startsWith(`${publisher} `)) continue;
          const number = Number(event.split(" ")[1]);
          if (number > latest + 1)
            expect(isTold, `the client on ${node} misses ${latest + 1} of ${publisher}`).toBe(true);
          [latest, isTold] = [number, false];
        }
      }
    }
  }

  #checkRising(who: string, heard: readonly string[]): void {
    const latest = new Map<string, number>();
    for (const text of heard) {
      const [topic, publisher, number] = text.split(" ");
      const line = `${topic} ${publisher}`;
      expect(Number(number), `${who}: ${text} after ${latest.get(line)}`).toBeGreaterThan(latest.get(line) ?? 0);
      latest.set(line, Number(number));
    }
  }

  /** Whoever lives has the same view of who is here, and of what is retained; and all hear what is published now. */
  async checkCalm(): Promise<void> {
    const { stage } = this;
    const here = [...this.here].filter(([, { node }]) => this.nodes.includes(node)).map(([key]) => key);
    for (const node of this.nodes) expect(stage.keys(node), `who is here, on ${node}`).toEqual(here.sort());
    const retained = new Set(this.nodes.map((node) => JSON.stringify(stage.topics(node).retained("news")?.payload)));
    expect(retained.size).toBe(1);
    await this.collect();
    for (const node of this.nodes) {
      expect(stage.topics(node).publish("chat:1", "said", { text: `${node}x 1` })).toMatchObject({
        nodes: this.nodes.length - 1,
      });
    }
    await stage.settle(500);
    for (const [node, ref] of this.listeners) {
      if (this.nodes.includes(node)) expect(await stage.heard(ref)).toHaveLength(this.nodes.length);
    }
  }

  count(topic: string): number {
    let count = 0;
    for (const [line, number] of this.published) if (line.endsWith(` ${topic}`)) count += number;
    return count;
  }
}

it("while nothing is lost everybody gets everything, once and in order", async () => {
  await forEachSeed(8, async (seed) => {
    const run = await Run.create(seed);
    for (let step = 0; step < STEPS; step++) await run.act();
    await run.stage.settle(2_000);
    await run.collect();
    run.checkOrder();
    for (const heard of run.heard.values()) expect(heard).toHaveLength(STEPS);
    for (const { said, gaps } of run.clients.values()) {
      expect(gaps).toEqual([]);
      expect(said).toHaveLength(run.count("room:1"));
    }
    await run.checkCalm();
    await run.stage.stop();
  });
});

it("where frames are lost and nodes are cut off nothing comes twice or in a wrong order, and clients know of what is lost", async () => {
  await forEachSeed(8, async (seed) => {
    const run = await Run.create(seed);
    const { network } = run.stage.cluster;
    for (let step = 0; step < STEPS; step++) {
      if (run.chance(0.1)) network.setFaults({ delayMs: [0, 20], dropRate: run.pick([0, 0.2, 1]) });
      if (run.chance(0.05)) network.partition(["a", "c"], ["b"]);
      if (run.chance(0.2)) network.heal();
      await run.act();
      // Longer than it takes to be suspected, and not so long that a place is lost.
      if (run.chance(0.05)) await run.stage.settle(1_500);
      if (step % 10 === 9) {
        network.heal();
        network.setFaults({ delayMs: [0, 20] });
        await run.stage.settle(4_000);
      }
    }
    await run.stage.settle(5_000);
    await run.collect();
    run.checkOrder();
    run.checkGaps();
    await run.checkCalm();
    await run.stage.stop();
  });
});

it("no node that was killed leaves a ghost, whoever comes back", async () => {
  await forEachSeed(8, async (seed) => {
    const run = await Run.create(seed);
    for (let step = 0; step < STEPS; step++) {
      if (run.down.size === 0 && run.chance(0.1)) await run.kill(run.pick(["b", "c"]), run.chance(0.5));
      for (const [node, known] of [...run.down]) {
        if (!run.chance(0.2)) continue;
        // It has its place back when nobody holds the earlier life for possible any more.
        await run.stage.settle(known ? run.pick([0, 8_000]) : 8_000);
        await run.restart(node);
      }
      await run.act();
    }
    await run.stage.settle(15_000);
    await run.collect();
    run.checkOrder();
    await run.checkCalm();
    await run.stage.stop();
  });
});
