import { expect, it } from "vitest";
import { ClusterGroups } from "../../../src/cluster/groups/cluster-groups.js";
import { forEachSeed } from "../../../src/testing/for-each-seed.js";
import { createTestCluster, type TestNode } from "../../../src/testing/test-cluster.js";
import { Actor, type ActorRef } from "../../../src/index.js";
import { Dice } from "./dice.js";
import { Faults, nodeNames } from "./faults.js";

const SEEDS = 50;
const STEPS = 60;
const GROUPS = ["chat", "news"] as const;

class Member extends Actor {
  #heard = 0;
  heard(): number {
    return this.#heard;
  }
  override handleInfo(): void {
    this.#heard++;
  }
}

/** An address that is the same whoever shows it. */
function addressAt(node: TestNode, ref: ActorRef<unknown>): string {
  const text = String(ref);
  return text.startsWith("<0.") ? text.replace("<0.", `<${node.name}.`) : text;
}

/** Actors of three nodes join and leave groups while nodes and wires fail; when all is well again every copy must be what its owner says. */
async function run(seed: number): Promise<void> {
  const dice = new Dice(seed);
  const cluster = await createTestCluster({ nodes: nodeNames, seed });
  const faults = new Faults(cluster, dice);
  const groups = new Map<string, ClusterGroups>();
  const members = new Map<string, ActorRef<Member>[]>();
  const heard = new Map<string, number>();
  const groupsOf = (name: string): ClusterGroups => {
    const found = groups.get(name);
    if (found === undefined) throw new RangeError(`no groups on ${name}`);
    return found;
  };
  const join = (name: string): void => {
    const node = cluster.node(name);
    groups.set(name, new ClusterGroups(node.cluster));
    members.set(
      name,
      [1, 2, 3].map(() => node.system.spawn(Member)),
    );
    // What a watcher is told must add up to what there is.
    for (const group of GROUPS) {
      heard.set(`${name} ${group}`, 0);
      groupsOf(name).watch(group, ({ change }) => {
        heard.set(`${name} ${group}`, (heard.get(`${name} ${group}`) ?? 0) + (change === "joined" ? 1 : -1));
      });
    }
  };
  for (const name of nodeNames) join(name);
  await cluster.clock.settle();

  for (let step = 0; step < STEPS; step++) {
    for (let count = dice.below(4); count > 0 && faults.awake.length > 0; count--) {
      const name = dice.oneOf(faults.awake);
      const { system } = cluster.node(name);
      const alive = (members.get(name) ?? []).filter((ref) => system.isAlive(ref));
      if (alive.length === 0) continue;
      const ref = dice.oneOf(alive);
      const group = dice.oneOf(GROUPS);
      if (dice.below(2) === 0) groupsOf(name).join(group, ref);
      else if (dice.below(5) > 0) groupsOf(name).leave(group, ref);
      else system.exit(ref, "kill");
    }
    if (dice.below(3) === 0) await faults.strike(join);
    else await faults.pass();
  }
  await faults.end(join);

  for (const group of GROUPS) {
    const owned = nodeNames.flatMap((name) =>
      groupsOf(name)
        .localMembers(group)
        .map((ref) => addressAt(cluster.node(name), ref)),
    );
    for (const name of nodeNames) {
      const seen = groupsOf(name)
        .members(group)
        .map((ref) => addressAt(cluster.node(name), ref));
      expect(seen.sort(), `${group} as ${name} sees it`).toEqual(owned.sort());
      expect(heard.get(`${name} ${group}`), `changes of ${group} as ${name} was told`).toBe(new Set(seen).size);
    }
    // Each member gets what is sent to the group, once.
    const before = await ask();
    groupsOf("a").send(group, "hello");
    await cluster.clock.advance(1_000);
    const after = await ask();
    for (const [address, count] of after) {
      expect(count - (before.get(address) ?? 0), address).toBe(owned.includes(address) ? 1 : 0);
    }
  }
  for (const name of nodeNames) for (const ref of members.get(name) ?? []) cluster.node(name).system.exit(ref, "kill");
  await cluster.clock.advance(1_000);
  for (const name of nodeNames) expect(groupsOf(name).names()).toEqual([]);
  await cluster.stop();

  /** How much each living member has heard. */
  async function ask(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const name of nodeNames) {
      const node = cluster.node(name);
      for (const ref of members.get(name) ?? []) {
        if (!node.system.isAlive(ref)) continue;
        const asked = ref.call.heard();
        await cluster.clock.settle();
        counts.set(addressAt(node, ref), await asked);
      }
    }
    return counts;
  }
}

it("after all faults every copy of a group is what its owners say, without ghosts", { timeout: 120_000 }, async () => {
  await forEachSeed(SEEDS, run);
});
