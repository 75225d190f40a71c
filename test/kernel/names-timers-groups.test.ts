import { expect, test } from "vitest";
import { Actor, createSystem, type TimerRef } from "../../src/index.js";
import { createTestSystem } from "../../src/testing/index.js";

class Timed extends Actor {
  readonly #seen: unknown[] = [];

  after(delayMs: number, message: unknown): TimerRef {
    return this.sendAfter(delayMs, message);
  }

  every(periodMs: number, message: unknown): TimerRef {
    return this.sendEvery(periodMs, message);
  }

  cancel(timer: TimerRef): number | false {
    return this.cancelTimer(timer);
  }

  override handleInfo(message: unknown): void {
    this.#seen.push(message);
    if (message === "chain") this.sendAfter(5, "chained");
  }

  seen(): unknown[] {
    return this.#seen;
  }

  take(name: string): void {
    this.register(name);
  }

  enter(group: string): void {
    this.joinGroup(group);
  }

  exitGroup(group: string): boolean {
    return this.leaveGroup(group);
  }
}

test("case 179: timers fire in order, those set by handlers inside the window too", async () => {
  const { system, clock, stop } = await createTestSystem();
  const ref = system.spawn(Timed);
  await ref.call.after(30, 30);
  await ref.call.after(10, "chain");
  await ref.call.after(20, 20);
  await clock.advance(25);
  expect(await ref.call.seen()).toEqual(["chain", "chained", 20]);
  await clock.advance(5);
  expect(await ref.call.seen()).toEqual(["chain", "chained", 20, 30]);
  await stop();
});

test("case 177: zero delays arrive once each, in order, never inside the call", async () => {
  const { system, clock, stop } = await createTestSystem();
  const ref = system.spawn(Timed);
  for (const n of [1, 2, 3]) await ref.call.after(0, n);
  expect(await ref.call.seen()).toEqual([]);
  await clock.advance(0);
  expect(await ref.call.seen()).toEqual([1, 2, 3]);
  await stop();
});

test("case 167: a cancelled timer says what it had left, and never fires", async () => {
  const { system, clock, stop } = await createTestSystem();
  const ref = system.spawn(Timed);
  const timer = await ref.call.after(1_000, "never");
  await clock.advance(300);
  expect(await ref.call.cancel(timer)).toBe(700);
  expect(await ref.call.cancel(timer)).toBe(false);
  await clock.advance(10_000);
  expect(await ref.call.seen()).toEqual([]);
  await stop();
});

test("a periodic timer keeps its rhythm until it is cancelled", async () => {
  const { system, clock, stop } = await createTestSystem();
  const ref = system.spawn(Timed);
  const timer = await ref.call.every(10, "tick");
  await clock.advance(35);
  expect(await ref.call.seen()).toHaveLength(3);
  await ref.call.cancel(timer);
  await clock.advance(100);
  expect(await ref.call.seen()).toHaveLength(3);
  await stop();
});

test("case 172: the timers of an actor end with it", async () => {
  const { system, clock, stop } = await createTestSystem();
  const ref = system.spawn(Timed);
  await ref.call.after(1_000, "x");
  await ref.call.every(1_000, "x");
  await system.stopActor(ref);
  expect(clock.armed).toBe(0);
  await stop();
});

test("case 171: a delay above 2^31-1 ms does not fire early", async () => {
  const system = await createSystem();
  const ref = system.spawn(Timed);
  await ref.call.after(2 ** 31 + 1_000, "early");
  await ref.call.after(2 ** 40, "early");
  // Node fires an overflown timer after one millisecond: a later timer of five is the proof.
  await ref.call.after(5, "due");
  await new Promise<void>((resolve) => {
    const look = async (): Promise<void> => {
      if ((await ref.call.seen()).length > 0) resolve();
      else setImmediate(look);
    };
    void look();
  });
  expect(await ref.call.seen()).toEqual(["due"]);
  await system.stop();
});

test("a delay that is no number of milliseconds is refused", async () => {
  const { system, stop } = await createTestSystem();
  for (const delay of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    await expect(system.spawn(Timed).call.after(delay, "x")).rejects.toMatchObject({ cause: { code: "bad_argument" } });
  }
  await stop();
});

test("case 181: a name is unique, found by whereis, and free when its holder ends", async () => {
  const { system, stop } = await createTestSystem();
  const one = system.spawn(Timed, undefined, { name: "n" });
  expect(system.whereis("n")).toBe(one);
  expect(() => system.spawn(Timed, undefined, { name: "n" })).toThrow(/the name is held by n Timed <0\.\d+>/);
  await expect(system.spawn(Timed).call.take("n")).rejects.toMatchObject({ cause: { code: "bad_argument" } });
  await system.stopActor(one);
  expect(system.whereis("n")).toBeUndefined();
  const two = system.spawn(Timed);
  await two.call.take("n");
  expect(system.whereis("n")).toBe(two);
  await stop();
});

test("case 316: an actor joins a group as often as it leaves it", async () => {
  const { system, stop } = await createTestSystem();
  const ref = system.spawn(Timed);
  expect(await ref.call.exitGroup("g")).toBe(false);
  await ref.call.enter("g");
  await ref.call.enter("g");
  expect(system.members("g")).toEqual([ref, ref]);
  expect(await ref.call.exitGroup("g")).toBe(true);
  expect(system.members("g")).toEqual([ref]);
  await ref.call.exitGroup("g");
  expect(system.members("g")).toEqual([]);
  await stop();
});

test("case 317: the end of an actor removes all its memberships", async () => {
  const { system, stop } = await createTestSystem();
  const [one, other] = [system.spawn(Timed), system.spawn(Timed)];
  await one.call.enter("g");
  await one.call.enter("g");
  await one.call.enter("h");
  await other.call.enter("g");
  await system.stopActor(one);
  expect(system.members("g")).toEqual([other]);
  expect(system.members("h")).toEqual([]);
  await stop();
});
