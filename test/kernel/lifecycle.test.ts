import { expect, test } from "vitest";
import {
  Actor,
  CallError,
  createSystem,
  type ExitReason,
  formatReason,
  type InitReturn,
  isNormalExit,
  StartError,
} from "../../src/index.js";
import { Cell } from "../../src/kernel/cell.js";
import { createProbe, createTestSystem } from "../../src/testing/index.js";

class Scripted extends Actor<() => InitReturn> {
  override init(script: () => InitReturn): InitReturn {
    return script();
  }

  ping(): string {
    return "pong";
  }
}

test("start resolves with the ref when init is done, sync or async", async () => {
  const { system, stop } = await createTestSystem();
  const sync = await system.start(Scripted, () => undefined);
  const later = await system.start(Scripted, async () => undefined);
  expect(await sync.call.ping()).toBe("pong");
  expect(await later.call.ping()).toBe("pong");
  await stop();
});

test("case 182: a start that fails leaves nothing: the error says why, and the name is free", async () => {
  const { system, stop } = await createTestSystem();
  const scripts: [() => InitReturn, string][] = [
    [() => ({ ignore: true }), "ignore"],
    [() => ({ stop: "no" }), "init_failed"],
    [
      () => {
        throw new TypeError("boom");
      },
      "init_failed",
    ],
    [
      async () => {
        throw new TypeError("boom");
      },
      "init_failed",
    ],
    [() => JSON.parse("42"), "init_failed"],
    [() => ({ children: [] }), "init_failed"],
  ];
  for (const [script, code] of scripts) {
    await expect(system.start(Scripted, script, { name: "taken" })).rejects.toMatchObject({ name: "StartError", code });
    expect(system.whereis("taken")).toBeUndefined();
  }
  await stop();
});

test("a wrong return value of init is named, with all that are legal", async () => {
  const { system, stop } = await createTestSystem();
  await expect(system.start(Scripted, () => JSON.parse("42"))).rejects.toThrow(
    /Scripted.init returned 42. It may return nothing, { ignore: true }/,
  );
  await stop();
});

test("case 182: the name is held during init", async () => {
  const { system, clock, stop } = await createTestSystem();
  let finish: () => void = () => undefined;
  const starting = system.start(Scripted, () => new Promise<void>((resolve) => (finish = resolve)), { name: "one" });
  await clock.settle();
  const holder = system.whereis("one");
  await expect(system.start(Scripted, () => undefined, { name: "one" })).rejects.toMatchObject({
    code: "already_started",
    reason: { already_started: holder },
  });
  finish();
  expect(await starting).toBe(holder);
  await stop();
});

test("case 207: an init that takes too long is killed before start returns", async () => {
  const { system, clock, stop } = await createTestSystem();
  const starting = system
    .start(Scripted, () => new Promise<void>(() => undefined), { timeoutMs: 100, name: "slow" })
    .catch((error: unknown) => error);
  await clock.advance(100);
  const error = await starting;
  expect(error).toBeInstanceOf(StartError);
  expect(error).toMatchObject({ code: "timeout" });
  expect(system.whereis("slow")).toBeUndefined();
  await stop();
});

test("a start that waited for an async init leaves nobody waiting for the actor's end", async () => {
  const { system, stop } = await createTestSystem();
  const ref = await system.start(Scripted, async () => undefined);
  expect(ref).toBeInstanceOf(Cell);
  if (ref instanceof Cell) expect(ref.extras?.exitWaiters?.size ?? 0).toBe(0);
  await stop();
});

test("messages sent during an async init are handled after it, in order", async () => {
  const { system, stop } = await createTestSystem();
  const seen: unknown[] = [];
  class Late extends Actor<Promise<void>> {
    override async init(ready: Promise<void>): Promise<void> {
      await ready;
      seen.push("init");
    }

    override handleInfo(message: unknown): void {
      seen.push(message);
    }

    last(): number {
      return seen.length;
    }
  }
  const late = system.spawn(Late, Promise.resolve());
  late.send(1);
  late.send(2);
  expect(await late.call.last()).toBe(3);
  expect(seen).toEqual(["init", 1, 2]);
  await stop();
});

test("case 239: a continuation runs before any queued message, and chains", async () => {
  const { system, stop } = await createTestSystem();
  const seen: unknown[] = [];
  class Continuing extends Actor {
    override init(): InitReturn {
      this.self<Continuing>().send("queued before");
      return { continue: "first" };
    }

    override handleContinue(term: unknown): void {
      seen.push(term);
      if (term === "first") this.continueWith("second");
    }

    override handleInfo(message: unknown): void {
      seen.push(message);
      if (message === "queued before") this.continueWith("third");
    }

    done(): number {
      return seen.length;
    }
  }
  const ref = await system.start(Continuing);
  await ref.call.done();
  expect(seen).toEqual(["first", "second", "queued before", "third"]);
  await stop();
});

class Ending extends Actor<ExitReason[]> {
  #log: ExitReason[] = [];

  override init(log: ExitReason[]): void {
    this.#log = log;
  }

  override terminate(reason: ExitReason): void {
    this.#log.push(reason);
  }

  leave(reason: ExitReason): string {
    this.stop(reason);
    return "bye";
  }

  fail(): void {
    throw new RangeError("too far");
  }

  failWith(value: unknown): void {
    throw value;
  }
}

test("case 231: with a stop in a handler terminate runs first, then the caller gets its reply", async () => {
  const { system, stop } = await createTestSystem();
  const log: ExitReason[] = [];
  const ref = system.spawn(Ending, log);
  expect(await ref.call.leave({ shutdown: "done" })).toBe("bye");
  expect(log).toEqual([{ shutdown: "done" }]);
  expect(system.exitReason(ref)).toEqual({ shutdown: "done" });
  await stop();
});

test("case 231: the caller gets its reply when a slow terminate has ended, and no exit", async () => {
  const { system, clock, stop } = await createTestSystem();
  const log: unknown[] = [];
  class Slow extends Actor {
    leave(): string {
      this.stop("r");
      return "bye";
    }

    override async terminate(): Promise<void> {
      await new Promise<void>((resolve) => void clock.setTimer(100, resolve));
      log.push(["terminated", clock.now()]);
    }
  }
  const ref = system.spawn(Slow);
  const call = ref.call.leave().then((reply) => log.push([reply, clock.now()]));
  await clock.advance(99);
  expect(log).toEqual([]);
  await clock.advance(1);
  await call;
  expect(log).toEqual([
    ["terminated", 100],
    ["bye", 100],
  ]);
  expect(system.exitReason(ref)).toBe("r");
  await stop();
});

test("case 229: a crash tells the caller and all that wait the reason, at once, and runs terminate", async () => {
  const { system, reports, clock, stop } = await createTestSystem();
  const log: ExitReason[] = [];
  const ref = system.spawn(Ending, log);
  const calls = [ref.call.fail(), ref.call.leave("x")].map((call) =>
    Promise.resolve(call).catch((error: unknown) => error),
  );
  for (const call of calls) {
    const error = await call;
    expect(error).toBeInstanceOf(CallError);
    expect(error).toMatchObject({ code: "exit", cause: { name: "RangeError" } });
  }
  expect(clock.now()).toBe(0);
  expect(log).toMatchObject([{ error: { message: "too far" } }]);
  expect(reports.filter((report) => report.type === "crash")).toHaveLength(1);
  expect(reports[0]?.text).toMatch(/Ending <0\.\d+> crashed: RangeError: too far/);
  await stop();
});

test("case 204: what is thrown and no Error is told as nocatch", async () => {
  const { system, stop } = await createTestSystem();
  const ref = system.spawn(Ending, []);
  await expect(ref.call.failWith("ball")).rejects.toMatchObject({ code: "exit", reason: { nocatch: "ball" } });
  await stop();
});

test("case 227: a call to an actor that has ended fails with noproc, whatever its time-out", async () => {
  const { system, stop } = await createTestSystem();
  const ref = system.spawn(Ending, []);
  await system.stopActor(ref);
  await expect(ref.callWithin(Number.POSITIVE_INFINITY).leave("x")).rejects.toMatchObject({ code: "noproc" });
  await stop();
});

test("case 227: so does one right after its end by a signal, by ref and by name", async () => {
  const { system, clock, stop } = await createTestSystem();
  const refs = [system.spawn(Ending, [], { name: "n" }), system.spawn(Ending, [])];
  const codes: unknown[] = [];
  for (const ref of refs) {
    const byName = system.whereis<Ending>("n");
    system.exit(ref, "boom");
    for (const target of [ref, byName]) {
      const call = target?.callWithin(Number.POSITIVE_INFINITY).leave("x");
      await call?.catch((error: unknown) => codes.push(error instanceof CallError && [error.code, error.reason]));
    }
    expect(system.whereis("n")).toBeUndefined();
  }
  expect(codes).toEqual([
    ["noproc", "boom"],
    ["noproc", "boom"],
    ["noproc", "boom"],
  ]);
  expect(clock.now()).toBe(0);
  await stop();
});

test("case 201: an orderly end makes no crash report", async () => {
  const { system, clock, reports, stop } = await createTestSystem();
  const probe = createProbe(system);
  const reasons = ["shutdown", { shutdown: ["a", "b", "c"] }, "normal"];
  for (const reason of reasons) {
    const ref = system.spawn(Ending, []);
    probe.link(ref);
    await ref.call.leave(reason);
  }
  await clock.settle();
  expect(probe.received.map((each) => each.type === "exit" && each.exit.reason)).toEqual(reasons);
  expect(reports).toEqual([]);
  await stop();
});

test("an error in terminate replaces the reason", async () => {
  class Clumsy extends Actor {
    override terminate(): void {
      throw new Error("in terminate");
    }
  }
  const { system, stop } = await createTestSystem();
  const ref = await system.start(Clumsy);
  await expect(system.stopActor(ref)).rejects.toMatchObject({ code: "exit", cause: { message: "in terminate" } });
  await stop();
});

test("case 219: stopActor stops in order, then says noproc; a time-out fails the call while the stop goes on", async () => {
  class Reluctant extends Actor<Promise<void>> {
    #may: Promise<void> = Promise.resolve();

    override init(may: Promise<void>): void {
      this.#may = may;
    }

    override async terminate(): Promise<void> {
      await this.#may;
    }
  }
  const { system, clock, stop } = await createTestSystem();
  let may: () => void = () => undefined;
  const ref = await system.start(Reluctant, new Promise<void>((resolve) => (may = resolve)));
  const stopping = system.stopActor(ref, "normal", 100).catch((error: unknown) => error);
  await clock.advance(100);
  expect(await stopping).toMatchObject({ code: "timeout" });
  expect(ref instanceof Cell ? ref.extras?.exitWaiters?.size : undefined).toBe(0);
  may();
  expect(await system.exited(ref)).toBe("normal");
  await expect(system.stopActor(ref)).rejects.toMatchObject({ code: "noproc" });
  await stop();
});

test("case 466: a handler whose actor was killed goes on without effect, and its signal is aborted", async () => {
  const { system, clock, stop } = await createTestSystem();
  let go: () => void = () => undefined;
  const blocked = new Promise<void>((resolve) => (go = resolve));
  const refused: string[] = [];
  let aborted = false;
  class Zombie extends Actor {
    async work(): Promise<string> {
      this.signal.addEventListener("abort", () => (aborted = true));
      await blocked;
      for (const act of [
        () => this.sendAfter(1, "x"),
        () => this.register("zombie"),
        () => this.spawn(Scripted, () => undefined),
      ]) {
        try {
          act();
        } catch (error) {
          refused.push(error instanceof Error ? error.name : "?");
        }
      }
      return "late";
    }
  }
  const ref = system.spawn(Zombie);
  const call = ref.call.work().catch((error: unknown) => error);
  await clock.settle();
  system.exit(ref, "kill");
  expect(await call).toMatchObject({ code: "exit", reason: "killed" });
  expect(aborted).toBe(true);
  go();
  await clock.settle();
  expect(refused).toEqual(["NoContextError", "NoContextError", "NoContextError"]);
  expect(system.whereis("zombie")).toBeUndefined();
  await stop();
});

test("an actor cannot be constructed with new", () => {
  expect(() => new Ending()).toThrow(/Cannot construct Ending with new/);
});

test("a system whose root does not start leaves nothing running", async () => {
  class Broken extends Actor {
    override init(): void {
      throw new Error("no root");
    }
  }
  await expect(createSystem({ root: Broken })).rejects.toMatchObject({ code: "init_failed" });
});

test("when the root ends the system stops with its reason", async () => {
  class Root extends Actor {
    override init(): void {
      this.sendAfter(10, "end");
    }

    override handleInfo(): void {
      this.stop({ shutdown: "root is done" });
    }
  }
  const { system, clock } = await createTestSystem({ root: Root });
  await clock.advance(10);
  expect(await system.done).toEqual({ shutdown: "root is done" });
});

test("exactly normal, shutdown and shutdown with a detail count as normal", () => {
  expect(["normal", "shutdown", { shutdown: 1 }].every(isNormalExit)).toBe(true);
  expect(["killed", "noproc", "kill", { error: new Error("x") }, undefined, null, 0].some(isNormalExit)).toBe(false);
});

test("any reason can be shown on one line", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  expect(formatReason({ shutdown: "drain" })).toBe("shutdown(drain)");
  expect(formatReason({ error: new TypeError("bad") })).toBe("TypeError: bad");
  expect(formatReason({ nocatch: 7 })).toBe("nocatch(7)");
  expect(formatReason(cyclic)).toBe("[object Object]");
  expect(formatReason(10n)).toBe("[object BigInt]");
  expect(formatReason("x".repeat(1_000))).toHaveLength(301);
});
