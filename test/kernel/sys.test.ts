import { expect, test } from "vitest";
import { Actor, type DebugEvent, readState, sys, SysError, writeState } from "../../src/index.js";
import { createTestSystem } from "../../src/testing/index.js";
import { act, Doer } from "./doer.js";

class Plain extends Actor {
  n = 0;
  name = "plain";

  add(k: number): number {
    this.n += k;
    return this.n;
  }

  block(): Promise<void> {
    return new Promise<void>(() => undefined);
  }

  override formatStatus(): unknown {
    return { n: this.n };
  }
}

class Secretive extends Actor {
  #n = 0;

  add(k: number): number {
    this.#n += k;
    return this.#n;
  }

  override [readState](): unknown {
    return this.#n;
  }

  override [writeState](state: unknown): void {
    if (typeof state !== "number") throw new TypeError("no number");
    this.#n = state;
  }

  override formatStatus(): unknown {
    throw new Error("no status");
  }
}

test("case 256: getState shows the fields, after what the same sender sent before, also of a suspended actor", async () => {
  const { system, stop } = await createTestSystem();
  const plain = system.spawn(Plain);
  plain.cast.add(3);
  expect(await sys.getState(plain)).toEqual({ n: 3, name: "plain" });
  await sys.suspend(plain);
  plain.cast.add(1);
  expect(await sys.getState(plain)).toEqual({ n: 3, name: "plain" });
  await sys.resume(plain);
  expect(await sys.getState(plain)).toEqual({ n: 4, name: "plain" });
  await stop();
});

test("case 256: replaceState resolves with the new state, which is in effect", async () => {
  const { system, stop } = await createTestSystem();
  const [plain, secretive] = [system.spawn(Plain), system.spawn(Secretive)];
  expect(await sys.replaceState(plain, (state) => ({ ...(state as object), n: 10 }))).toEqual({ n: 10, name: "plain" });
  expect(await plain.call.add(1)).toBe(11);
  expect(await sys.replaceState(secretive, (state) => Number(state) + 5)).toBe(5);
  expect(await secretive.call.add(1)).toBe(6);
  await stop();
});

test("case 256: a replacement that throws, in the function or in the actor, changes nothing", async () => {
  const { system, stop } = await createTestSystem();
  const [plain, secretive] = [system.spawn(Plain), system.spawn(Secretive)];
  await plain.call.add(1);
  const fail = (): never => {
    throw new RangeError("no");
  };
  const failure = await sys.replaceState(plain, fail).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SysError);
  expect(failure).toMatchObject({ code: "callback_failed", cause: { message: "no" } });
  await expect(sys.replaceState(secretive, () => "text")).rejects.toMatchObject({ code: "callback_failed" });
  await expect(sys.replaceState(plain, () => 7)).rejects.toMatchObject({ code: "callback_failed" });
  expect(await sys.getState(plain)).toEqual({ n: 1, name: "plain" });
  expect(await sys.getState(secretive)).toBe(0);
  await stop();
});

test("case 257: getStatus tells who the actor is, and its state as formatStatus shows it", async () => {
  const { system, stop } = await createTestSystem();
  const [named, unnamed] = [system.spawn(Plain, undefined, { name: "plain" }), system.spawn(Plain)];
  await sys.suspend(unnamed);
  await sys.log(named, true);
  await named.call.add(2);
  expect(await sys.getStatus(named)).toMatchObject({
    ref: named,
    behaviour: "Plain",
    name: "plain",
    status: "running",
    state: { n: 2 },
    log: [
      { type: "in", message: "add" },
      { type: "out", payload: 2 },
    ],
  });
  expect(await sys.getStatus(unnamed)).toMatchObject({ name: undefined, suspendedBy: [], state: { n: 0 }, log: [] });
  await stop();
});

test("case 259: a formatStatus that throws is shown as a text, in a status and in a crash report", async () => {
  const { system, reports, stop } = await createTestSystem();
  const secretive = system.spawn(Secretive);
  expect(await sys.getStatus(secretive)).toMatchObject({ state: "Secretive.formatStatus crashed" });
  await expect(system.stopActor(secretive, "bad")).resolves.toBeUndefined();
  expect(reports.find((report) => report.type === "crash")?.details).toMatchObject({
    state: "Secretive.formatStatus crashed",
    reason: "bad",
  });
  await stop();
});

test("case 261: a class without codeChange refuses one, and goes on as it was", async () => {
  const { system, stop } = await createTestSystem();
  const plain = system.spawn(Plain);
  await expect(sys.changeCode(plain, 1)).rejects.toMatchObject({ code: "not_suspended" });
  await sys.suspend(plain);
  await expect(sys.changeCode(plain, 1)).rejects.toMatchObject({ code: "undefined_hook" });
  await sys.resume(plain);
  expect(await plain.call.add(1)).toBe(1);
  await stop();
});

test("changeCode runs the hook with the old version, and its failure is told", async () => {
  class Changing extends Actor {
    total = 1;

    override async codeChange(oldVersion: unknown, extra: unknown): Promise<void> {
      await Promise.resolve();
      if (oldVersion === "never") throw new Error("cannot");
      this.total = Number(oldVersion) * Number(extra);
    }
  }
  const { system, stop } = await createTestSystem();
  const changing = system.spawn(Changing);
  await sys.suspend(changing);
  await sys.changeCode(changing, 3, { extra: 14 });
  expect(await sys.getState(changing)).toEqual({ total: 42 });
  await expect(sys.changeCode(changing, "never")).rejects.toMatchObject({
    code: "callback_failed",
    cause: { message: "cannot" },
  });
  await sys.resume(changing);
  await stop();
});

test("case 299: statistics count from when they are turned on until they are turned off", async () => {
  const { system, clock, stop } = await createTestSystem();
  const plain = system.spawn(Plain);
  await plain.call.add(1);
  await sys.statistics(plain, true);
  await clock.advance(10);
  await plain.call.add(1);
  expect(await sys.statistics(plain, "get")).toEqual({
    startTime: 0,
    currentTime: 10,
    messagesIn: 1,
    messagesOut: 1,
    reductions: 1,
  });
  await sys.statistics(plain, false);
  expect(await sys.statistics(plain, "get")).toBeUndefined();
  await stop();
});

test("case 301: a trace reports what comes and what is answered, up to its limit, until it is off", async () => {
  const { system, reports, stop } = await createTestSystem();
  const [plain, caller] = [system.spawn(Plain), system.spawn(Doer)];
  const lines = (): readonly string[] => reports.filter(({ type }) => type === "trace").map(({ text }) => text);
  await sys.trace(plain, true);
  await act(caller, () => plain.call.add(2));
  await sys.trace(plain, false);
  await plain.call.add(1);
  expect(lines()).toEqual([
    `*DBG* Plain ${plain} got add 2 from ${caller}`,
    `*DBG* Plain ${plain} answered add 2 to ${caller}`,
  ]);
  await sys.trace(plain, true, { limit: 3 });
  for (let n = 0; n < 5; n++) await plain.call.add(1);
  expect(lines()).toHaveLength(5);
  await stop();
});

test("case 302: a debug function is installed once under its id, and goes when removed or done", async () => {
  const { system, reports, stop } = await createTestSystem();
  const plain = system.spawn(Plain);
  let calls = 0;
  const count = ({ type }: DebugEvent): void => {
    if (type === "in") calls++;
  };
  const counted = async (): Promise<number> => {
    calls = 0;
    await plain.call.add(1);
    return calls;
  };
  await sys.install(plain, count);
  await sys.install(plain, count);
  expect(await counted()).toBe(1);
  await sys.noDebug(plain);
  expect(await counted()).toBe(0);
  await sys.install(plain, count, { id: "id1" });
  await sys.install(plain, count, { id: "id1" });
  await sys.install(plain, count, { id: "id2" });
  expect(await counted()).toBe(2);
  await sys.remove(plain, "id1");
  expect(await counted()).toBe(1);
  await sys.noDebug(plain);
  await sys.install(plain, (event) => {
    count(event);
    return "done";
  });
  expect(await counted()).toBe(1);
  expect(await counted()).toBe(0);
  await sys.install(plain, () => {
    throw new Error("clumsy");
  });
  expect(await plain.call.add(0)).toBeGreaterThan(0);
  expect(reports.filter(({ type }) => type === "debug_failed")).toHaveLength(1);
  await stop();
});

test("a log keeps the newest events only", async () => {
  const { system, stop } = await createTestSystem();
  const plain = system.spawn(Plain);
  await sys.log(plain, true, { size: 3 });
  for (let n = 0; n < 4; n++) plain.cast.add(n);
  expect(await sys.log(plain, "get")).toMatchObject([{ payload: 1 }, { payload: 2 }, { payload: 3 }]);
  await sys.log(plain, false);
  expect(await sys.log(plain, "get")).toEqual([]);
  await stop();
});

test("case 304: what an actor is too busy to answer times out, has no effect later, and leaves it unharmed", async () => {
  const { system, clock, stop } = await createTestSystem();
  let open = (): void => undefined;
  const doer = system.spawn(Doer);
  const busy = act(doer, () => new Promise<void>((resolve) => (open = resolve)));
  const options = { timeoutMs: 200 };
  const outcomes = [
    sys.getState(doer, options),
    sys.getStatus(doer, options),
    sys.suspend(doer, options),
    sys.replaceState(doer, () => ({ seen: ["late"] }), options),
  ].map((each) => each.catch((error: unknown) => error));
  await clock.advance(200);
  for (const outcome of outcomes) expect(await outcome).toMatchObject({ code: "timeout" });
  expect(system.mailboxLength(doer)).toBe(0);
  open();
  await busy;
  expect(await act(doer, (me) => me.seen)).toEqual([]);
  expect(system.info(doer)?.status).toBe("waiting");
  await stop();
});

test("an actor that has ended, ends meanwhile or asks itself is told at once", async () => {
  const { system, clock, stop } = await createTestSystem();
  const [dead, ending, self] = [system.spawn(Plain), system.spawn(Plain), system.spawn(Doer)];
  await system.stopActor(dead);
  await expect(sys.getState(dead)).rejects.toMatchObject({ code: "noproc" });
  ending.cast.block();
  await clock.settle();
  const asked = sys.getState(ending).catch((error: unknown) => error);
  system.exit(ending, "boom");
  expect(await asked).toMatchObject({ code: "exit", reason: "boom" });
  await expect(act(self, () => sys.getState(self))).rejects.toMatchObject({ cause: { code: "calling_self" } });
  expect(() => sys.trace(self, true, { limit: 0 })).toThrow(
    /Expected the trace limit to be a whole number from 1, got 0/,
  );
  await stop();
});
