import { expect, test } from "vitest";
import {
  Actor,
  type ActorRef,
  type Down,
  type Exit,
  type ExitReason,
  type InitReturn,
  type StartOptions,
  type StartResult,
} from "../../src/index.js";
import { createProbe, createTestSystem } from "../../src/testing/index.js";
import { act, Doer } from "./doer.js";

class Scripted extends Actor<() => InitReturn> {
  override init(script: () => InitReturn): InitReturn {
    return script();
  }

  ping(): string {
    return "pong";
  }

  leave(reason: ExitReason): void {
    this.stop(reason);
  }

  fail(value: unknown): void {
    throw value;
  }
}

class Starter extends Actor {
  readonly #seen: unknown[] = [];

  override init(): void {
    this.trapExit();
  }

  async begin(script: () => InitReturn, options: StartOptions): Promise<StartResult<Scripted>> {
    return this.start(Scripted, script, options);
  }

  override handleDown({ ref, reason, monitor }: Down): void {
    this.#seen.push({ down: ref, reason, monitor });
  }

  override handleExit({ ref, reason }: Exit): void {
    this.#seen.push({ exit: ref, reason });
  }

  seen(): readonly unknown[] {
    return this.#seen;
  }
}

const started = (result: StartResult<Scripted>) => {
  if (!result.ok) throw new Error("not started");
  return result;
};

test("case 206, 211, 214: a start with monitor gives the monitor too, and the end is told by it and by the link", async () => {
  const { system, clock, stop } = await createTestSystem();
  const starter = system.spawn(Starter);
  const linked = started(await starter.call.begin(() => undefined, { monitor: true, name: "n", label: "l" }));
  expect(system.info(linked.ref)).toMatchObject({ name: "n", label: "l", monitoredBy: [starter], links: [starter] });
  await linked.ref.call.leave("stopped");
  await clock.settle();
  const { ref, monitor } = linked;
  expect(await starter.call.seen()).toEqual(
    expect.arrayContaining([
      { exit: ref, reason: "stopped" },
      { down: ref, reason: "stopped", monitor },
    ]),
  );
  const unlinked = started(await starter.call.begin(() => undefined, { monitor: true, link: false }));
  await unlinked.ref.call.leave("again");
  await clock.settle();
  expect((await starter.call.seen()).slice(2)).toEqual([
    { down: unlinked.ref, reason: "again", monitor: unlinked.monitor },
  ]);
  await stop();
});

test("case 206: an actor that stops in its init ends with its own reason for the monitor", async () => {
  const { system, clock, stop } = await createTestSystem();
  const starter = system.spawn(Starter);
  class Brief extends Actor {
    override init(): void {
      this.stop("brief");
    }
  }
  class Once extends Actor {
    reason: unknown;

    async begin(): Promise<boolean> {
      return (await this.start(Brief, undefined, { monitor: true, link: false })).ok;
    }

    override handleDown({ reason }: Down): void {
      this.reason = reason;
    }

    told(): unknown {
      return this.reason;
    }
  }
  const once = system.spawn(Once);
  expect(await once.call.begin()).toBe(true);
  await clock.settle();
  expect(await once.call.told()).toBe("brief");
  expect(await starter.call.seen()).toEqual([]);
  await stop();
});

test("case 207: a start that takes too long is killed before it returns; no exit and no down is told", async () => {
  const { system, clock, stop } = await createTestSystem();
  const starter = system.spawn(Starter);
  let child: ActorRef<Scripted> | undefined;
  const script = (): Promise<void> => {
    child = system.whereis<Scripted>("slow");
    return new Promise<void>(() => undefined);
  };
  const starting = starter.call.begin(script, { timeoutMs: 100, name: "slow", monitor: true });
  await clock.advance(100);
  expect(await starting).toEqual({ ok: false, ignore: false, reason: "timeout" });
  expect(child !== undefined && system.exitReason(child)).toBe("killed");
  await clock.settle();
  expect(await starter.call.seen()).toEqual([]);
  await stop();
});

test("case 217: a hundred named starts that ignore or stop leave the name free each time", async () => {
  const { system, stop } = await createTestSystem();
  const starter = system.spawn(Starter);
  for (let n = 0; n < 100; n++) {
    const result = await starter.call.begin(() => (n % 2 === 0 ? { ignore: true } : { stop: "no" }), { name: "n" });
    expect(result).toEqual(n % 2 === 0 ? { ok: false, ignore: true } : { ok: false, ignore: false, reason: "no" });
    expect(system.whereis("n")).toBeUndefined();
  }
  expect(await starter.call.seen()).toEqual([]);
  await stop();
});

test("case 202: a crash report tells what crashed, why, among whom and what it was doing", async () => {
  const { system, clock, reports, stop } = await createTestSystem();
  const [neighbour, trapping] = [system.spawn(Doer), system.spawn(Doer, { trap: true })];
  const crashing = system.spawn(Doer, undefined, { name: "n", label: "l" });
  await act(crashing, (me) => [me.link(neighbour), me.link(trapping)]);
  crashing.cast.do(() => {
    throw new RangeError("boom");
  });
  crashing.cast.note("waits");
  await clock.settle();
  const report = reports.find(({ type }) => type === "crash");
  expect(report?.level).toBe("error");
  expect(report?.details).toMatchObject({
    ref: `${crashing}`,
    behaviour: "Doer",
    name: "n",
    label: "l",
    errorInfo: {
      class: "error",
      reason: { error: { message: "boom" } },
      stack: expect.stringContaining("RangeError: boom"),
    },
    ancestors: [],
    trapExit: false,
    status: "exiting",
    mailboxLength: 1,
    links: [`${neighbour}`, `${trapping}`],
    neighbours: [{ ref: `${neighbour}`, behaviour: "Doer", mailboxLength: 0 }],
  });
  await stop();
});

test("case 202, 204: exit, throw and error are told apart, with the reason of each", async () => {
  const { system, reports, clock, stop } = await createTestSystem();
  const spawn = (): ActorRef<Scripted> => system.spawn(Scripted, () => undefined);
  const [leaving, throwing, failing] = [spawn(), spawn(), spawn()];
  const error = new TypeError("e");
  leaving.cast.leave("bye");
  throwing.cast.fail("ball");
  failing.cast.fail(error);
  await clock.settle();
  expect([leaving, throwing, failing].map((ref) => system.exitReason(ref))).toEqual([
    "bye",
    { nocatch: "ball" },
    { error },
  ]);
  expect(reports.map(({ details }) => details["errorInfo"])).toMatchObject([
    { class: "exit", reason: "bye", stack: undefined },
    { class: "throw", reason: { nocatch: "ball" } },
    { class: "error", reason: { error: { name: "TypeError" } } },
  ]);
  await stop();
});

test("case 202: ancestors are told, the nearest first", async () => {
  const { system, reports, stop } = await createTestSystem();
  class Grand extends Actor {
    override init(): void {
      this.trapExit();
    }

    override handleExit(): void {}

    async begin(): Promise<StartResult<Starter>> {
      return this.start(Starter, undefined);
    }
  }
  const grand = system.spawn(Grand, undefined, { name: "grand" });
  const middle = await grand.call.begin();
  if (!middle.ok) throw new Error("not started");
  const child = started(await middle.ref.call.begin(() => undefined, {}));
  await child.ref.call.fail(new Error("x")).catch(() => "crashed");
  expect(reports.find(({ type }) => type === "crash")?.details["ancestors"]).toEqual([
    `Starter ${middle.ref}`,
    `grand Grand ${grand}`,
  ]);
  await stop();
});

test("case 212: start, call, stop, call again", async () => {
  const { system, clock, stop } = await createTestSystem();
  const ref = await system.start(Scripted, () => undefined);
  expect(await ref.call.ping()).toBe("pong");
  await system.stopActor(ref);
  await expect(ref.call.ping()).rejects.toMatchObject({ code: "noproc" });
  expect(await system.start(Scripted, () => undefined, { timeoutMs: 1_000 })).toBeDefined();
  const slow = system.start(Scripted, () => new Promise<void>(() => undefined), { timeoutMs: 100 });
  const outcome = slow.catch((error: unknown) => error);
  await clock.advance(100);
  expect(await outcome).toMatchObject({ code: "timeout" });
  await stop();
});

test("case 219: a time-out for a stop that makes no sense is refused, and the actor lives", async () => {
  const { system, stop } = await createTestSystem();
  const ref = await system.start(Scripted, () => undefined, { name: "n" });
  await expect(system.stopActor(ref, "r", JSON.parse('"soon"'))).rejects.toMatchObject({ code: "bad_argument" });
  expect(system.isAlive(ref)).toBe(true);
  await system.stopActor(ref, "other_reason", Number.POSITIVE_INFINITY);
  expect(system.exitReason(ref)).toBe("other_reason");
  await stop();
});

test("case 221: an actor without terminate stops with the reason it was given", async () => {
  const { system, clock, stop } = await createTestSystem();
  const probe = createProbe(system);
  const [one, other] = [system.spawn(Scripted, () => undefined), system.spawn(Scripted, () => undefined)];
  for (const ref of [one, other]) probe.monitor(ref);
  await system.stopActor(one);
  await system.stopActor(other, { error: "test" });
  await clock.settle();
  expect(probe.received).toMatchObject([{ down: { reason: "normal" } }, { down: { reason: { error: "test" } } }]);
  await stop();
});

test("case 222: a terminate that calls what does not exist ends the actor with that error", async () => {
  class Broken extends Actor {
    override terminate(): void {
      const missing = JSON.parse("null") as { method(): void };
      missing.method();
    }
  }
  const { system, stop } = await createTestSystem();
  const ref = await system.start(Broken);
  await expect(system.stopActor(ref)).rejects.toMatchObject({ code: "exit", cause: { name: "TypeError" } });
  await stop();
});
