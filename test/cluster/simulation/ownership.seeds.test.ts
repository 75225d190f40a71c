import { expect, it } from "vitest";
import { GlobalNames } from "../../../src/cluster/names/global-names.js";
import { forEachSeed } from "../../../src/testing/for-each-seed.js";
import { createTestCluster } from "../../../src/testing/test-cluster.js";
import { Dice } from "./dice.js";
import { Faults, nodeNames } from "./faults.js";
import { type Candidate, holdersOf, Ledger, Owner } from "./owner.js";

const SEEDS = 50;
const STEPS = 80;
const NAMES = ["world-1", "world-2"] as const;

/** Actors of three nodes want two names while processes are stopped beyond their lease, cut off, killed and started again. */
async function run(seed: number): Promise<void> {
  const dice = new Dice(seed);
  const cluster = await createTestCluster({ nodes: nodeNames, seed });
  const ledger = new Ledger();
  const names = new Map<string, GlobalNames>();
  const candidates: Candidate[] = [];
  const helpers: Pick<Candidate, "node" | "ref">[] = [];
  const join = (name: string): void => void names.set(name, new GlobalNames(cluster.node(name).cluster));
  for (const name of nodeNames) join(name);
  await cluster.clock.settle();

  /** What was in a process when it was stopped: it must not be done when that wakes too late. */
  const leaveWork = (at: string): void => {
    const { system } = cluster.node(at);
    for (const { ref, node } of candidates) if (node.system === system && dice.below(2) === 0) ref.cast.work();
    const helper = helpers.find(({ ref, node }) => node.system === system && system.isAlive(ref));
    if (helper !== undefined) system.exit(helper.ref, "kill");
  };
  const faults = new Faults(cluster, dice, leaveWork);
  const want = async (candidate: Candidate): Promise<void> => {
    try {
      const outcome = await candidate.names.register(candidate.name, candidate.ref);
      if (!outcome.ok) return;
      ledger.given(candidate.name, outcome.token);
      candidate.ref.cast.owns(outcome.token);
    } catch {
      // The register cannot be reached, or the node has lost its place: it has no name then.
    }
  };
  const act = (): void => {
    const at = dice.oneOf(nodeNames);
    const node = cluster.node(at);
    const own = candidates.filter((one) => one.node === node && node.system.isAlive(one.ref));
    const found = names.get(at);
    if (found === undefined) return;
    if (!faults.awake.includes(at) || !node.cluster.holdsPlace) {
      return leaveWork(at);
    }
    switch (dice.below(6)) {
      case 0:
      case 1: {
        const name = dice.oneOf(NAMES);
        const candidate = { name, node, names: found, ref: node.system.spawn(Owner, { ledger, name }) };
        candidates.push(candidate);
        return void want(candidate);
      }
      case 2: {
        const holder = found.whereis<Owner>(dice.oneOf(NAMES));
        const ref = node.system.spawn(Owner, { ledger, name: "nothing" });
        helpers.push({ node, ref });
        for (const one of own) {
          one.ref.cast.watch(ref);
          if (holder !== undefined) one.ref.cast.watch(holder);
        }
        return;
      }
      case 3:
        return found.whereis<Owner>(dice.oneOf(NAMES))?.cast.work();
      case 4:
        for (const { ref } of own) ref.cast.work();
        return;
      default:
        if (own.length > 0 && dice.below(3) === 0) node.system.exit(dice.oneOf(own).ref, "kill");
    }
  };
  const look = (): void => {
    expect(ledger.faults).toEqual([]);
    for (const name of NAMES) {
      const holders = holdersOf(cluster, candidates, name).map(({ node, ref }) => `${node.name} ${String(ref)}`);
      expect(holders.length, `holders of ${name}: ${holders.join(", ")}`).toBeLessThan(2);
    }
  };

  for (let step = 0; step < STEPS; step++) {
    for (let count = dice.below(3); count > 0; count--) act();
    if (dice.below(3) === 0) await faults.strike(join);
    else await faults.pass();
    look();
  }
  await faults.end(join);
  look();
  // With everything well again, a free name can be had, and everybody finds the same holder.
  for (const name of NAMES) {
    const node = cluster.node("a");
    const last: Candidate = {
      name,
      node,
      names: names.get("a") ?? new GlobalNames(node.cluster),
      ref: node.system.spawn(Owner, { ledger, name }),
    };
    candidates.push(last);
    const wanted = want(last);
    await cluster.clock.advance(2_000);
    await wanted;
    look();
    const tokens = nodeNames.map((at) => names.get(at)?.holderOf(name)?.token);
    expect(new Set(tokens).size, `holders of ${name} as the nodes see them: ${tokens.join(", ")}`).toBe(1);
    expect(tokens[0]).toBeGreaterThan(0);
    expect(holdersOf(cluster, candidates, name)).toHaveLength(1);
  }
  for (const name of nodeNames) {
    const { system } = cluster.node(name);
    for (const { ref, node } of [...candidates, ...helpers])
      if (node.system === system && system.isAlive(ref)) system.exit(ref, "kill");
  }
  await cluster.clock.advance(1_000);
  await cluster.stop();
}

it("a name has one owner, its tokens never fall, and an owner that woke too late does nothing", {
  timeout: 120_000,
}, async () => {
  await forEachSeed(SEEDS, run);
});
