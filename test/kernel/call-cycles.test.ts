import { expect, test } from "vitest";
import { Actor, type ActorRef, CallError, type Deferred } from "../../src/index.js";
import { createTestSystem, forEachSeed } from "../../src/testing/index.js";

/** Calls along a list of actors, each from the handler of the one before. */
class Caller extends Actor {
  #owed: Deferred<string> | undefined;

  async along(refs: readonly ActorRef<Caller>[]): Promise<string> {
    const [next, ...rest] = refs;
    return next === undefined ? "end" : next.callWithin(Number.POSITIVE_INFINITY).along(rest);
  }

  /** Calls, and goes on without waiting. */
  forget(to: ActorRef<Caller>): void {
    void to.call.along([]).catch(() => "not of interest");
  }

  defers(back: ActorRef<Caller>): Deferred<string> {
    this.#owed = this.defer<string>();
    void back.call.along([]).then(
      (text) => this.#owed?.reply(`deferred ${text}`),
      () => this.#owed?.fail("no answer"),
    );
    return this.#owed;
  }

  async callsDeferring(to: ActorRef<Caller>, self: ActorRef<Caller>): Promise<string> {
    return to.callWithin(100).defers(self);
  }
}

const failureOf = async (call: Promise<unknown>): Promise<unknown> => {
  let error: unknown = await call.catch((thrown: unknown) => thrown);
  // Each caller in the chain crashes with the error of its own call; the first is at the bottom.
  while (error instanceof CallError && error.code === "exit" && error.cause instanceof CallError) error = error.cause;
  return error;
};

test("case 462: two actors that call each other are told at once, with the cycle", async () => {
  const { system, clock, stop } = await createTestSystem();
  const [a, b] = [system.spawn(Caller, undefined, { name: "a" }), system.spawn(Caller, undefined, { name: "b" })];
  const error = await failureOf(a.callWithin(Number.POSITIVE_INFINITY).along([b, a]));
  expect(error).toMatchObject({ code: "cycle", target: `a Caller ${a}`, method: "along" });
  expect(String(error)).toContain(`b Caller ${b} waits for a Caller ${a} waits for b Caller ${b}`);
  expect(clock.now()).toBe(0);
  await stop();
});

test("a cycle through any number of actors is found, under every order", async () => {
  await forEachSeed(20, async (seed) => {
    const { system, clock, stop } = await createTestSystem({ seed });
    const ring = Array.from({ length: 6 }, () => system.spawn(Caller));
    const [first, ...others] = ring;
    if (first === undefined) throw new Error("no ring");
    expect(await failureOf(first.callWithin(Number.POSITIVE_INFINITY).along([...others, first]))).toMatchObject({
      code: "cycle",
    });
    expect(clock.now()).toBe(0);
    await stop();
  });
});

test("two actors that call each other at the same time are a cycle, too", async () => {
  await forEachSeed(20, async (seed) => {
    const { system, clock, stop } = await createTestSystem({ seed });
    const [a, b] = [system.spawn(Caller), system.spawn(Caller)];
    const outcomes = [a.callWithin(1e9).along([b]), b.callWithin(1e9).along([a])].map(async (call) => {
      const error = await failureOf(call);
      return error instanceof CallError ? error.code : error;
    });
    await clock.settle();
    // Under an order in which the one is done before the other begins, there is none.
    for (const outcome of await Promise.all(outcomes)) expect(["cycle", "noproc", "exit", "end"]).toContain(outcome);
    await stop();
  });
});

test("what is no cycle is left alone: a chain, a diamond, a call that nobody waits for, a deferred reply", async () => {
  const { system, stop } = await createTestSystem();
  const [a, b, c] = [system.spawn(Caller), system.spawn(Caller), system.spawn(Caller)];
  expect(await Promise.all([a.call.along([b, c]), b.call.along([c]), a.call.along([c])])).toEqual([
    "end",
    "end",
    "end",
  ]);
  await a.call.forget(b);
  await b.call.forget(a);
  expect(await a.call.along([b])).toBe("end");
  await stop();
});

test("a callee that defers its reply may call back: only the caller's own handler is in the way", async () => {
  const { system, clock, stop } = await createTestSystem();
  const [a, b] = [system.spawn(Caller), system.spawn(Caller)];
  const outcome = a.call.callsDeferring(b, a).catch((error: unknown) => error);
  await clock.advance(100);
  // It would wait for ever, but nothing is known of it: the one that waits is no handler. So it ends by its time-out.
  expect(await outcome).toMatchObject({ code: "exit", cause: { code: "timeout" } });
  await stop();
});

test("case 462: a child whose init calls the actor that starts it is told at once", async () => {
  class Child extends Actor<ActorRef<Parent>> {
    override async init(parent: ActorRef<Parent>): Promise<void> {
      await parent.callWithin(Number.POSITIVE_INFINITY).children();
    }
  }
  class Parent extends Actor {
    async begin(): Promise<unknown> {
      const started = await this.start(Child, this.self<Parent>());
      return started.ok || started.ignore ? started : started.reason;
    }

    children(): number {
      return 1;
    }
  }
  const { system, clock, stop } = await createTestSystem();
  const parent = system.spawn(Parent, undefined, { name: "parent" });
  const reason = await parent.call.begin();
  expect(reason).toMatchObject({ error: { code: "cycle" } });
  expect(String((reason as { error: Error }).error)).toMatch(
    /Child <0\.\d+> waits for parent Parent <0\.\d+> waits for Child/,
  );
  expect(clock.now()).toBe(0);
  expect(await parent.call.children()).toBe(1);
  await stop();
});

test("a child whose init only sends to the actor that starts it, or calls it without waiting, starts", async () => {
  class Child extends Actor<ActorRef<Parent>> {
    override init(parent: ActorRef<Parent>): void {
      parent.cast.note("cast");
      void parent.call.note("call");
    }
  }
  class Parent extends Actor {
    readonly seen: string[] = [];

    async begin(): Promise<boolean> {
      return (await this.start(Child, this.self<Parent>())).ok;
    }

    note(text: string): void {
      this.seen.push(text);
    }

    notes(): readonly string[] {
      return this.seen;
    }
  }
  const { system, stop } = await createTestSystem();
  const parent = system.spawn(Parent);
  expect(await parent.call.begin()).toBe(true);
  expect(await parent.call.notes()).toEqual(["cast", "call"]);
  await stop();
});
