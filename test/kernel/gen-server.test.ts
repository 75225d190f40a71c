import { expect, test } from "vitest";
import { Actor, createSystem, type InitReturn, sys } from "../../src/index.js";
import { createProbe, createTestSystem } from "../../src/testing/index.js";
import { act, Doer, seenBy } from "./doer.js";

test("case 224: a message in time ends an idle time-out, one too late comes behind it", async () => {
  const { system, clock, stop } = await createTestSystem();
  const a = system.spawn(Doer);
  await act(a, (me) => me.idleTimeout(1_000));
  await clock.advance(500);
  a.cast.note("in time");
  await clock.advance(5_000);
  expect(await seenBy(a)).toEqual(["in time"]);
  await act(a, (me) => me.idleTimeout(1_000));
  await clock.advance(1_500);
  a.cast.note("too late");
  expect(await seenBy(a)).toEqual(["in time", "timeout", "too late"]);
  expect(system.kernel.timers.size).toBe(0);
  await stop();
});

test("case 224: signals end an idle time-out too; system requests and another request do not leave two", async () => {
  const { system, clock, stop } = await createTestSystem();
  const [a, b] = [system.spawn(Doer), system.spawn(Doer)];
  await act(a, (me) => [me.monitor(b), me.idleTimeout(100, "one"), me.idleTimeout(200, "two")]);
  await clock.advance(150);
  await sys.getState(a);
  await clock.advance(50);
  expect(await act(a, (me) => [...me.seen])).toEqual(["two"]);
  await act(a, (me) => me.idleTimeout(100, "three"));
  await clock.advance(50);
  system.exit(b, "boom");
  await clock.advance(500);
  expect(await act(a, (me) => [...me.seen])).toEqual(["two", { down: b, reason: "boom" }]);
  await stop();
});

test("an idle time-out begins when an async handler is done", async () => {
  const { system, clock, stop } = await createTestSystem();
  const a = system.spawn(Doer);
  let open = (): void => undefined;
  const busy = act(a, (me) => {
    me.idleTimeout(100);
    return new Promise<void>((resolve) => (open = resolve));
  });
  await clock.advance(1_000);
  open();
  await busy;
  await clock.advance(99);
  expect(system.kernel.timers.size).toBe(1);
  await clock.advance(1);
  expect(await seenBy(a)).toEqual(["timeout"]);
  await stop();
});

test("case 241: a time-out of zero comes before what the handler sent itself, also from init and from a continuation", async () => {
  const { system, clock, stop } = await createTestSystem();
  const a = system.spawn(Doer);
  await act(a, (me) => {
    a.send("after");
    me.idleTimeout(0, "msg");
  });
  await act(a, (me) => {
    a.send("after");
    me.hibernate();
    me.idleTimeout(0, "msg");
  });
  expect(await seenBy(a)).toEqual(["msg", "after", "msg", "after"]);
  const seen: unknown[] = [];
  class Zero extends Actor<boolean> {
    override init(viaContinue: boolean): InitReturn {
      this.self<Zero>().send("after");
      if (viaContinue) return { continue: "term" };
      this.idleTimeout(0, "msg");
      return undefined;
    }

    override handleContinue(): void {
      this.idleTimeout(0, "msg");
    }

    override handleInfo(message: unknown): void {
      seen.push(message);
    }
  }
  await system.start(Zero, false);
  system.spawn(Zero, true);
  await clock.settle();
  expect(seen).toEqual(["msg", "after", "msg", "after"]);
  await stop();
});

test("case 242: an infinite time-out never comes and takes back the one before", async () => {
  const { system, clock, stop } = await createTestSystem();
  const a = system.spawn(Doer);
  await act(a, (me) => [me.idleTimeout(10), me.idleTimeout(Number.POSITIVE_INFINITY)]);
  await clock.advance(1_000_000);
  await act(a, (me) => [me.idleTimeout(10), me.idleTimeout(Number.POSITIVE_INFINITY), me.hibernate()]);
  expect(system.info(a)?.hibernated).toBe(true);
  await clock.advance(1_000_000);
  expect(await seenBy(a)).toEqual([]);
  await act(a, (me) => expect(() => me.idleTimeout(-1)).toThrow(/Expected a finite number of milliseconds from 0/));
  await stop();
});

test("case 209, 244: a hibernating actor is woken by each kind of message, and not by suspend and resume", async () => {
  const { system, clock, stop } = await createTestSystem();
  const [a, b] = [system.spawn(Doer), system.spawn(Doer)];
  const asleep = (): boolean | undefined => system.info(a)?.hibernated;
  const sleep = (): Promise<void> => act(a, (me) => me.hibernate());
  await sleep();
  expect(asleep()).toBe(true);
  await sys.suspend(a);
  await sys.resume(a);
  expect(asleep()).toBe(true);
  class Sleeper extends Actor {
    override init(): InitReturn {
      this.hibernate();
    }

    override handleInfo(): void {
      this.hibernate();
    }

    override handleContinue(): void {
      this.hibernate();
    }

    nap(how: "now" | "later" | "continue"): Promise<void> | void {
      if (how === "now") return this.hibernate();
      if (how === "continue") return this.continueWith("nap");
      return Promise.resolve().then(() => this.hibernate());
    }
  }
  const sleeper = await system.start(Sleeper);
  const asleepAfter = async (wake: () => unknown): Promise<boolean | undefined> => {
    await wake();
    await clock.settle();
    return system.info(sleeper)?.hibernated;
  };
  expect(await asleepAfter(() => undefined)).toBe(true);
  const naps = [
    () => sleeper.call.nap("now"),
    () => sleeper.call.nap("later"),
    () => sleeper.call.nap("continue"),
    () => sleeper.cast.nap("now"),
    () => sleeper.send("info"),
  ];
  for (const nap of naps) expect(await asleepAfter(nap)).toBe(true);
  const wakers: (() => void)[] = [
    () => a.send("info"),
    () => a.cast.note("cast"),
    () => void a.call.note("call"),
    () => void act(a, (me) => me.monitor("nobody")),
  ];
  for (const wake of wakers) {
    await sleep();
    wake();
    await clock.settle();
    expect(asleep()).toBe(false);
  }
  await act(a, (me) => [me.monitor(b), me.hibernate()]);
  system.exit(b, "boom");
  await clock.settle();
  expect(asleep()).toBe(false);
  await stop();
});

test("case 232: casts are handled, stop the actor, and never fail", async () => {
  const { system, clock, stop } = await createTestSystem();
  const a = system.spawn(Doer);
  a.cast.note(1);
  a.cast.do(async (me) => {
    await Promise.resolve();
    me.seen.push(2);
  });
  a.cast.note(3);
  expect(await seenBy(a)).toEqual([1, 2, 3]);
  a.cast.do((me) => me.stop("stopped"));
  await clock.settle();
  expect(system.exitReason(a)).toBe("stopped");
  expect(a.cast.note(4)).toBeUndefined();
  expect(system.whereis<Doer>("nobody")?.cast.note(5)).toBeUndefined();
  await stop();
});

test("case 234: casting to many returns at once; those that live handle it, the others are dead letters", async () => {
  const { system, clock, stop } = await createTestSystem();
  const names = ["a", "b", "c", "gone"];
  const refs = names.map((name) => system.spawn(Doer, undefined, { name }));
  const suspended = refs[1];
  for (const ref of refs) await act(ref, (me) => me.joinGroup("all"));
  const members = system.members<Doer>("all");
  await system.stopActor(refs[3] ?? refs[0] ?? members[0] ?? expect.fail("no ref"));
  if (suspended !== undefined) await sys.suspend(suspended);
  const sent = [...members, ...["a", "nobody"].map((name) => system.whereis<Doer>(name))];
  expect(sent.map((ref) => ref?.cast.note("hello"))).toEqual(sent.map(() => undefined));
  await clock.settle();
  if (suspended !== undefined) await sys.resume(suspended);
  expect(await Promise.all(refs.slice(0, 3).map(seenBy))).toEqual([["hello", "hello"], ["hello"], ["hello"]]);
  expect(system.deadLetters.byReason.noproc).toBe(1);
  await stop();
});

test("case 236: what a class does not define cannot be sent; a continuation without handler ends the actor", async () => {
  class Bare extends Actor {
    go(): void {
      this.continueWith("on");
    }
  }
  const { system, clock, stop } = await createTestSystem();
  const bare = system.spawn(Bare);
  expect(Object.hasOwn(bare.call, "undefined")).toBe(false);
  expect("nosuch" in bare.cast).toBe(false);
  // Without types, as a program in JavaScript would write it.
  const untyped: { nosuch(): void } = Object.assign(Object.create(bare.call), {});
  expect(() => untyped.nosuch()).toThrow(new TypeError("untyped.nosuch is not a function"));
  expect(system.isAlive(bare)).toBe(true);
  const call = bare.call.go();
  await clock.settle();
  await call;
  expect(system.exitReason(bare)).toMatchObject({
    error: { code: "bad_return_value", message: /to continue with "on", but its class has no handleContinue/ },
  });
  await stop();
});

test("case 239: a stop in a continuation ends the actor normally; continuations of call, cast and info come first", async () => {
  const { system, clock, stop } = await createTestSystem();
  const probe = createProbe(system);
  const a = system.spawn(Doer);
  probe.monitor(a);
  void act(a, (me) => me.continueWith(1));
  a.cast.note("queued");
  a.cast.do((me) => me.continueWith(2));
  a.cast.note("queued too");
  const deferred = act(a, (me) => {
    me.continueWith(3);
    return me.later();
  });
  void deferred.catch(() => undefined);
  a.send("queued after");
  expect(await seenBy(a)).toEqual([
    { continue: 1 },
    "queued",
    { continue: 2 },
    "queued too",
    { continue: 3 },
    "queued after",
  ]);
  class Stopping extends Actor {
    override init(): InitReturn {
      return { continue: "stop" };
    }

    override handleContinue(): void {
      this.stop();
    }
  }
  const stopping = system.spawn(Stopping);
  probe.monitor(stopping);
  await clock.settle();
  expect(probe.received).toMatchObject([{ down: { ref: stopping, reason: "normal" } }]);
  await stop();
});

test("case 187: calls by an actor with a long mailbox take no longer than by one without", async () => {
  const { system, clock, stop } = await createTestSystem();
  const [callee, empty, full] = [system.spawn(Doer), system.spawn(Doer), system.spawn(Doer)];
  const calls = async (): Promise<number> => {
    const before = performance.now();
    for (let n = 0; n < 1_000; n++) await callee.call.note(n);
    return performance.now() - before;
  };
  await act(empty, calls);
  const short = await act(empty, calls);
  const long = act(full, calls);
  for (let n = 0; n < 200_000; n++) full.send(n);
  await clock.settle();
  expect(await long).toBeLessThan(10 * short + 50);
  await stop();
});

test("case 186: an actor that floods itself lets others have their turn within a bounded number of its messages", async () => {
  const system = await createSystem({ reporter: () => undefined });
  let handled = 0;
  class Flooding extends Actor {
    work(): void {
      handled++;
      this.self<Flooding>().cast.work();
    }
  }
  const [flooding, other] = [system.spawn(Flooding), system.spawn(Doer)];
  flooding.cast.work();
  for (let round = 0; round < 3; round++) {
    const before = handled;
    expect((await act(other, () => handled)) - before).toBeLessThan(1_000);
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
  expect(system.isAlive(flooding)).toBe(true);
  system.exit(flooding, "kill");
  await system.stop();
});

test("a flood on a clock that stands still does not keep I/O waiting for ever", async () => {
  const { system, stop } = await createTestSystem();
  let on = true;
  class Flooding extends Actor {
    work(): void {
      if (on) this.self<Flooding>().cast.work();
    }
  }
  system.spawn(Flooding).cast.work();
  await new Promise((resolve) => setImmediate(resolve));
  on = false;
  await stop();
});
