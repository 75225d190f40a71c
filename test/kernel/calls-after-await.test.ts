import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import { Actor, type ActorRef, CallError, NoContextError, sendRequest } from "../../src/index.js";
import { createTestSystem, forEachSeed } from "../../src/testing/index.js";

const forEver = Number.POSITIVE_INFINITY;

/** Waits in the way that it is told, then calls. */
class Walker extends Actor {
  ping(): string {
    return "pong";
  }

  async afterCall(first: ActorRef<Walker>, then: ActorRef<Walker>, ...rest: ActorRef<Walker>[]): Promise<string> {
    const answer = await first.call.ping();
    const [next, ...others] = rest;
    if (next === undefined) return `${answer} ${await then.callWithin(forEver).ping()}`;
    return then.callWithin(forEver).afterCall(first, next, ...others);
  }

  async afterDelay(ms: number, then: ActorRef<Walker>, back?: ActorRef<Walker>): Promise<string> {
    await new Promise((resolve) => this.system.clock.setTimer(ms, () => resolve(undefined)));
    if (back === undefined) return then.callWithin(1_000).ping();
    return then.callWithin(forEver).afterDelay(ms, back);
  }

  async deferAfterCall(first: ActorRef<Walker>): Promise<unknown> {
    await first.call.ping();
    return this.defer();
  }

  async notesAtTheEnd(first: ActorRef<Walker>, last: ActorRef<Walker>): Promise<string> {
    await first.call.ping();
    void last.call.afterCall(first, this.self<Walker>());
    return "done";
  }

  async requestsAndWaits(ms: number, other: ActorRef<Walker>): Promise<string> {
    sendRequest(this.system, other.callWithin(forEver).calls(this.self<Walker>()));
    await new Promise((resolve) => this.system.clock.setTimer(ms, () => resolve(undefined)));
    return "done";
  }

  async calls(other: ActorRef<Walker>): Promise<string> {
    return other.callWithin(forEver).ping();
  }
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  let error: unknown = await call.catch((thrown: unknown) => thrown);
  while (error instanceof CallError && error.code === "exit" && error.cause instanceof CallError) error = error.cause;
  return error;
}

test("a cycle that is closed after the reply to an awaited call is told at once", async () => {
  await forEachSeed(20, async (seed) => {
    const { system, clock, stop } = await createTestSystem({ seed });
    const [a, b, other] = [system.spawn(Walker), system.spawn(Walker), system.spawn(Walker)];
    const error = await failureOf(a.callWithin(forEver).afterCall(other, b, a, b));
    expect(error).toMatchObject({ code: "cycle" });
    expect(String(error)).toContain(`${b} waits for Walker ${a} waits for Walker ${b}`);
    expect(clock.now()).toBe(0);
    await stop();
  });
});

test("an actor that calls itself after the reply to an awaited call is told at once", async () => {
  const { system, clock, stop } = await createTestSystem();
  const [a, other] = [system.spawn(Walker), system.spawn(Walker)];
  expect(await failureOf(a.callWithin(forEver).afterCall(other, a))).toMatchObject({ code: "calling_self" });
  expect(clock.now()).toBe(0);
  await stop();
});

test("many handlers that go on in one turn are told apart", async () => {
  await forEachSeed(20, async (seed) => {
    const { system, stop } = await createTestSystem({ seed });
    const other = system.spawn(Walker);
    const walkers = Array.from({ length: 20 }, () => system.spawn(Walker));
    const last = system.spawn(Walker);
    // Nobody waits for anybody who waits: taken for each other, some of them would close a cycle.
    const answers = walkers.map((walker, index) => walker.call.afterCall(other, walkers[index + 1] ?? last));
    expect(await Promise.all(answers)).toEqual(walkers.map(() => "pong pong"));
    await stop();
  });
});

test("what a handler sends as its last act is no wait", async () => {
  await forEachSeed(20, async (seed) => {
    const { system, clock, stop } = await createTestSystem({ seed });
    const [a, b, other] = [system.spawn(Walker), system.spawn(Walker), system.spawn(Walker)];
    expect(await a.call.notesAtTheEnd(other, b)).toBe("done");
    await clock.settle();
    expect(system.isAlive(b)).toBe(true);
    await stop();
  });
});

test("a request is no wait: who is asked may call back meanwhile", async () => {
  const { system, clock, stop } = await createTestSystem();
  const [a, b] = [system.spawn(Walker), system.spawn(Walker)];
  const outcome = a.call.requestsAndWaits(100, b);
  await clock.advance(100);
  expect(await outcome).toBe("done");
  await clock.settle();
  expect([system.isAlive(a), system.isAlive(b)]).toEqual([true, true]);
  await stop();
});

test("after an await there is still no reply to defer", async () => {
  const { system, stop } = await createTestSystem();
  const [a, other] = [system.spawn(Walker), system.spawn(Walker)];
  const error = await a.call.deferAfterCall(other).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "exit", cause: { code: "no_context" } });
  expect((error as Error).cause).toBeInstanceOf(NoContextError);
  await stop();
});

test("without a caller context a cycle closed after another await ends by its time-out, with one it is told at once", async () => {
  const codeOf = async (options: { callerContext?: AsyncLocalStorage<unknown> }): Promise<unknown> => {
    const { system, clock, stop } = await createTestSystem(options);
    const [a, b] = [system.spawn(Walker), system.spawn(Walker)];
    const failure = failureOf(a.callWithin(forEver).afterDelay(10, b, a));
    await clock.advance(20);
    await clock.settle();
    const waited = clock.now();
    await clock.advance(1_000);
    const error = await failure;
    await stop();
    return [(error as CallError).code, waited];
  };
  expect(await codeOf({})).toEqual(["timeout", 20]);
  expect(await codeOf({ callerContext: new AsyncLocalStorage() })).toEqual(["cycle", 20]);
});

test("a caller context follows hooks, init and terminate, too", async () => {
  class Hooked extends Actor<{ peer: ActorRef<Hooked> | undefined }> {
    #peer: ActorRef<Hooked> | undefined;
    readonly failures: unknown[] = [];

    override async init({ peer }: { peer: ActorRef<Hooked> | undefined }): Promise<void> {
      this.#peer = peer;
      await this.#callSelf();
    }

    override async handleInfo(): Promise<void> {
      await this.#callSelf();
    }

    async seen(): Promise<readonly unknown[]> {
      await this.#callSelf();
      return this.failures;
    }

    async #callSelf(): Promise<void> {
      await new Promise((resolve) => this.system.clock.setTimer(1, () => resolve(undefined)));
      try {
        await (this.#peer ?? this.self<Hooked>()).call.seen();
      } catch (error) {
        this.failures.push(error instanceof CallError ? error.code : error);
      }
    }
  }
  const { system, clock, stop } = await createTestSystem({ callerContext: new AsyncLocalStorage() });
  const ref = system.spawn(Hooked, { peer: undefined });
  await clock.advance(1);
  ref.send("go");
  await clock.advance(1);
  const seen = ref.call.seen();
  await clock.advance(1);
  expect(await seen).toEqual(["calling_self", "calling_self", "calling_self"]);
  await stop();
});

test("a class that nobody calls is not followed after 10,000 awaited calls, until somebody calls it", async () => {
  class Restless extends Walker {
    async pings(to: ActorRef<Walker>, times: number): Promise<void> {
      for (let index = 0; index < times; index++) await to.call.ping();
    }
  }
  const { system, clock, stop } = await createTestSystem();
  const [restless, other, middle] = [system.spawn(Restless), system.spawn(Walker), system.spawn(Walker)];
  await restless.callWithin(forEver).pings(other, 10_001);
  const calm = system.spawn(Restless);
  const missed = failureOf(restless.callWithin(1_000).afterCall(other, middle, calm, restless));
  await clock.advance(1_000);
  expect(await missed).toMatchObject({ code: "timeout" });
  const [a, b] = [system.spawn(Restless), system.spawn(Restless)];
  expect(await failureOf(a.callWithin(forEver).afterCall(other, b, a, b))).toMatchObject({ code: "cycle" });
  await stop();
});

test("a handler that calls again and again keeps no call that was answered", async () => {
  class Busy extends Actor {
    async run(to: ActorRef<Walker>, times: number): Promise<void> {
      // Across turns of the loop, so that each call is looked at as a wait.
      for (let index = 0; index < times; index++) await to.call.afterDelay(1, to).catch(() => "calling_self");
    }
  }
  const { system, clock, stop } = await createTestSystem();
  const [busy, walker] = [system.spawn(Busy), system.spawn(Walker)];
  const running = busy.callWithin(forEver).run(walker, 50);
  for (let index = 0; index < 40; index++) await clock.advance(1);
  let known = 0;
  const cell = [...(system.kernel.origin.firstChild === null ? [] : [system.kernel.origin.firstChild])][0];
  for (let call = cell?.busy?.calls ?? null; call !== null; call = call.earlier) known++;
  expect(known).toBeLessThanOrEqual(2);
  await clock.advance(2_000);
  await running;
  await stop();
});
