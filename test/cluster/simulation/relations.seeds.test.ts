import { expect, it } from "vitest";
import { forEachSeed } from "../../../src/testing/for-each-seed.js";
import { createTestCluster } from "../../../src/testing/test-cluster.js";
import { Dice } from "./dice.js";
import { Faults, nodeNames } from "./faults.js";
import { type Guest, hasLink, inviteTo, lives, seenFrom } from "./party.js";

const SEEDS = 60;
const STEPS = 70;
const GUESTS = 3;

/** Parties on three nodes link, monitor, call and end each other while wires and nodes fail; then all of it must add up. */
async function run(seed: number): Promise<void> {
  const dice = new Dice(seed);
  const cluster = await createTestCluster({ nodes: nodeNames, seed });
  const faults = new Faults(cluster, dice);
  const all: Guest[] = [];
  const open = new Map<Promise<unknown>, Guest>();
  let numbers = 0;
  const invite = (name: string): void => {
    for (let guest = 0; guest < GUESTS; guest++) all.push(inviteTo(cluster.node(name)));
  };
  for (const name of nodeNames) invite(name);
  await cluster.clock.settle();

  const living = (): Guest[] => all.filter((guest) => lives(cluster, guest));
  const act = (): void => {
    const guests = living().filter(({ node }) => faults.awake.includes(node.name));
    if (guests.length < 2) return;
    const [one, other] = [dice.oneOf(guests), dice.oneOf(living())];
    if (one === other) return;
    const there = seenFrom(one.node, other);
    switch (dice.below(9)) {
      case 0:
      case 1:
        return one.ref.cast.bind(there);
      case 2:
        return one.ref.cast.unbind(there);
      case 3:
      case 4:
        return one.ref.cast.watch(there, other.name);
      case 5:
        return one.ref.cast.unwatchOne();
      case 6: {
        const reply = there.callWithin(Number.POSITIVE_INFINITY).echo({ from: one.ref });
        open.set(reply, one);
        const close = (): void => void open.delete(reply);
        return void reply.then(close, close);
      }
      case 7:
        return there.cast.numbered(one.name, ++numbers);
      default:
        if (dice.below(4) === 0) one.node.system.exit(one.ref, "kill");
    }
  };

  for (let step = 0; step < STEPS; step++) {
    for (let count = dice.below(4); count > 0; count--) act();
    if (dice.below(3) === 0) await faults.strike(invite);
    else await faults.pass();
  }
  await faults.end(invite);

  // In a process that is gone nobody waits.
  const waiting = [...open.values()].filter(({ node }) => cluster.node(node.name) === node);
  expect(
    waiting.map(({ name }) => name),
    "calls that neither were answered nor failed",
  ).toEqual([]);
  for (const { record } of all) {
    for (const came of record.came.values()) expect(came).toEqual([...came].sort((one, other) => one - other));
  }
  const guests = living();
  for (const one of guests) {
    for (const other of guests) {
      if (one !== other) expect(hasLink(one, other), `${one.name} - ${other.name}`).toBe(hasLink(other, one));
    }
  }
  // What is watched by one that still waits must be alive, and its end be told, once.
  for (const { ref, node } of guests.filter(() => dice.below(2) === 0)) node.system.exit(ref, "kill");
  await cluster.clock.advance(1_000);
  const names = new Set(living().map(({ name }) => name));
  for (const guest of living()) {
    for (const { target, downs, takenOff } of guest.record.monitors.values()) {
      const expected = takenOff || names.has(target) ? [0, takenOff ? 0 : 1] : [1];
      expect(expected, `DOWN of ${target} at ${guest.name}`).toContain(downs);
    }
  }
  for (const { ref, node } of living()) node.system.exit(ref, "kill");
  await cluster.clock.advance(1_000);
  for (const name of nodeNames) {
    const { system, cluster: node } = cluster.node(name);
    expect({ links: system.kernel.links, monitors: system.kernel.monitors, exported: node.exported.size }).toEqual({
      links: 0,
      monitors: 0,
      exported: 0,
    });
  }
  await cluster.stop();
}

it("links, monitors, calls and messages between nodes add up, whatever fails", { timeout: 120_000 }, async () => {
  await forEachSeed(SEEDS, run);
});
