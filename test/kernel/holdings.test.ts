import { expect, test } from "vitest";
import { type AnyRef, Holding, Holdings } from "../../src/index.js";
import { createTestSystem } from "../../src/testing/index.js";
import { Doer } from "./doer.js";

class Kept extends Holding {
  readonly #ended: () => void;

  constructor(ended: () => void = () => undefined) {
    super();
    this.#ended = ended;
  }

  override ownerEnded(): void {
    this.#ended();
  }
}

async function stage() {
  const { system, reports, stop } = await createTestSystem();
  const actor = (): AnyRef => system.spawn(Doer, undefined);
  return { system, reports, stop, actor, one: new Holdings<Kept>(), other: new Holdings<Kept>() };
}

test("what a table keeps for an actor is found by the actor, and by nobody else", async () => {
  const { actor, one, other, stop } = await stage();
  const [a, b] = [actor(), actor()];
  const [ofA, ofB, elsewhere] = [new Kept(), new Kept(), new Kept()];
  one.add(a, ofA);
  one.add(b, ofB);
  other.add(a, elsewhere);
  expect([one.find(a), one.find(b), other.find(a), other.find(b)]).toEqual([ofA, ofB, elsewhere, undefined]);
  expect([[...one], one.size, other.size]).toEqual([[ofB, ofA], 2, 1]);
  expect([other.delete(a, ofA), one.delete(a, ofA), one.delete(a, ofA)]).toEqual([false, true, false]);
  expect([one.find(a), other.find(a), [...one]]).toEqual([undefined, elsewhere, [ofB]]);
  await stop();
});

test("all that is kept for an actor is given back before anybody hears of its end", async () => {
  const { system, actor, one, other, stop } = await stage();
  const a = actor();
  const told: unknown[] = [];
  system.onExit(a, () => told.push(["exit", one.find(a), other.find(a)]));
  one.add(a, new Kept(() => told.push(["one", one.find(a), system.isAlive(a)])));
  other.add(a, new Kept(() => told.push(["other", other.find(a), one.size])));
  system.exit(a, "kill");
  expect(told).toEqual([
    ["other", undefined, 1],
    ["one", undefined, false],
    ["exit", undefined, undefined],
  ]);
  expect([one.size, other.size]).toEqual([0, 0]);
  await stop();
});

test("one that throws is reported, and the others are given back all the same", async () => {
  const { system, reports, actor, one, other, stop } = await stage();
  const a = actor();
  let ended = 0;
  one.add(a, new Kept(() => ended++));
  const failing = new Kept(() => {
    throw new Error("no");
  });
  other.add(a, failing);
  system.exit(a, "kill");
  expect(ended).toBe(1);
  expect(reports.map(({ type }) => type)).toContain("end_failed");
  await stop();
});

test("what one gives back may be that of another table", async () => {
  const { system, actor, one, other, stop } = await stage();
  const a = actor();
  const first = new Kept(() => {
    throw new Error("it was let go of");
  });
  one.add(a, first);
  other.add(a, new Kept(() => void one.delete(a, first)));
  system.exit(a, "kill");
  expect([one.size, other.size]).toEqual([0, 0]);
  await stop();
});

test("nothing can be kept for an actor that has ended", async () => {
  const { system, actor, one, stop } = await stage();
  const a = actor();
  system.exit(a, "kill");
  expect(() => one.add(a, new Kept())).toThrow(/an actor that lives, got Doer .*, which has ended/);
  expect(one.find(a)).toBeUndefined();
  await stop();
});

test("why the actor ended is known to what is given back, also when messages wait for it", async () => {
  const { system, actor, one, stop } = await stage();
  const a = actor();
  const reasons: unknown[] = [];
  one.add(a, new Kept(() => reasons.push(system.exitReason(a))));
  a.send("never handled");
  system.exit(a, "kill");
  expect(reasons).toEqual(["killed"]);
  await stop();
});
