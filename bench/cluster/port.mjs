/**
 * What it costs a local message that its system is a node of a cluster.
 *
 * Three systems in one process: without a cluster, alone in one of its own, and a node of the memory engine that has met another. They take turns of
 * a few milliseconds of CPU time each, and every turn is compared with that next to it, so that a machine that gets slower or busier does so for all.
 *
 * @import { Durations } from "../micro/meter.mjs"
 * @import { ActorRef, ActorSystem } from "../../src/index.js"
 */
import { loadCluster, loadKernel, loadTesting } from "../harness/packages.mjs";
import { median } from "../harness/statistics.mjs";
import { BATCH } from "../micro/meter.mjs";

/** Batches of casts and sends in a turn, and calls. */
const BATCHES = 100;
const CALLS = 20_000;

/** @param {Durations} durations */
export async function holdfast(durations) {
  const kernel = await loadKernel();
  const { clusterOf } = await loadCluster();
  const { MemoryNetwork } = await loadTesting();
  const { createSystem } = kernel;

  const none = await createSystem();
  const solo = await createSystem();
  clusterOf(solo);
  const network = new MemoryNetwork({ clock: none.clock, random: none.random });
  const node = await createSystem({ cluster: { engine: network.engine("a"), name: "a" } });
  const other = await createSystem({ cluster: { engine: network.engine("b"), name: "b" } });

  const systems = { none, solo, node };
  const senders = await Promise.all(Object.values(systems).map((system) => start(system, kernel)));
  /** @type {Record<string, number>} */ const values = {};
  for (const kind of /** @type {const} */ (["cast", "send", "call"])) {
    const rounds = await compare(
      senders.map((sender) => () => sender.callWithin(60_000)[kind]()),
      durations,
    );
    const per = kind === "call" ? CALLS : BATCHES * BATCH;
    Object.keys(systems).forEach((name, i) => {
      const ratios = rounds.map((round) => (round[0] ?? 0) / (round[i] ?? 0));
      values[`${kind}-${name}`] = (per * 1e6) / median(rounds.map((round) => round[i] ?? 0));
      values[`${kind}-${name}-ratio`] = median(ratios);
      values[`${kind}-${name}-apart`] = quartiles(ratios);
    });
  }
  for (const system of [none, solo, node, other]) await system.stop();
  return values;
}

/**
 * @param {ActorSystem} system
 * @param {typeof import("../../src/index.js")} kernel
 */
async function start(system, { Actor }) {
  class Adder extends Actor {
    sum = 0;
    /** @param {number} k */
    add(k) {
      this.sum += k;
      return this.sum;
    }
    /** @override @param {unknown} k */
    handleInfo(k) {
      this.sum += Number(k);
    }
  }

  /** @extends {Actor<ActorRef<Adder>>} */
  class Sender extends Actor {
    /** @override @param {ActorRef<Adder>} adder */
    init(adder) {
      this.adder = adder;
    }
    async cast() {
      const { cast, call } = this.#adder();
      for (let batch = 0; batch < BATCHES; batch++) {
        for (let i = 1; i < BATCH; i++) cast.add(1);
        await call.add(1);
      }
    }
    async send() {
      const adder = this.#adder();
      for (let batch = 0; batch < BATCHES; batch++) {
        for (let i = 1; i < BATCH; i++) adder.send(1);
        await adder.call.add(1);
      }
    }
    async call() {
      const { call } = this.#adder();
      for (let i = 0; i < CALLS; i++) await call.add(1);
    }
    #adder() {
      if (this.adder === undefined) throw new Error("Expected to have been started with an adder");
      return this.adder;
    }
  }
  return system.start(Sender, await system.start(Adder));
}

/**
 * Lets several do the same in turn, again and again, each time with another one first.
 *
 * @param {readonly (() => Promise<void>)[]} programs
 * @param {Durations} durations
 * @returns {Promise<number[][]>} of each round the CPU time of each, in microseconds
 */
async function compare(programs, { warmMs, runMs }) {
  const startedAtMs = performance.now();
  /** @type {number[][]} */ const rounds = [];
  for (let first = 0; ; first++) {
    const isWarm = performance.now() >= startedAtMs + warmMs;
    /** @type {number[]} */ const round = new Array(programs.length).fill(0);
    for (let i = 0; i < programs.length; i++) {
      const at = (first + i) % programs.length;
      const before = process.cpuUsage();
      await programs[at]?.();
      const { user, system } = process.cpuUsage(before);
      round[at] = user + system;
    }
    if (isWarm) rounds.push(round);
    if (rounds.length > 0 && performance.now() >= startedAtMs + warmMs + runMs) return rounds;
  }
}

/**
 * @param {number[]} values
 * @returns {number} how far the middle half of them lies apart
 */
function quartiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return at(0.75) - at(0.25);
}
