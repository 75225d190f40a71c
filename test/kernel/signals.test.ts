import { expect, test } from "vitest";
import {
  Actor,
  type ActorRef,
  type AnyRef,
  type Down,
  type Exit,
  type ExitReason,
  type MonitorRef,
} from "../../src/index.js";
import { createTestSystem } from "../../src/testing/index.js";

class Watcher extends Actor<{ trap: boolean }> {
  readonly #seen: unknown[] = [];

  override init({ trap }: { trap: boolean }): void {
    this.trapExit(trap);
  }

  linkTo(other: AnyRef): void {
    this.link(other);
  }

  unlinkFrom(other: AnyRef): void {
    this.unlink(other);
  }

  watch(other: AnyRef | string): MonitorRef {
    return this.monitor(other);
  }

  unwatch(monitor: MonitorRef, flush: boolean): boolean {
    return this.demonitor(monitor, { flush });
  }

  kill(other: AnyRef, reason: ExitReason): void {
    this.exit(other, reason);
  }

  child(trap: boolean): ActorRef<Watcher> {
    return this.spawn(Watcher, { trap }, { link: true });
  }

  note(value: unknown): void {
    this.#seen.push(value);
  }

  override handleExit({ ref, reason }: Exit): void {
    this.#seen.push({ exit: ref.id, reason });
  }

  override handleDown({ ref, name, reason }: Down): void {
    this.#seen.push({ down: ref?.id ?? name, reason });
  }

  override terminate(reason: ExitReason): void {
    this.#seen.push({ terminate: reason });
  }

  seen(): unknown[] {
    return this.#seen;
  }

  leave(reason: ExitReason): void {
    this.stop(reason);
  }
}

const start = async () => {
  const test = await createTestSystem();
  const spawn = (trap = false): ActorRef<Watcher> => test.system.spawn(Watcher, { trap });
  return { ...test, spawn };
};

test("case 126: a trapping actor gets the exit of its link as a message, with the same reason", async () => {
  const { spawn, stop } = await start();
  const [one, other] = [spawn(true), spawn()];
  await one.call.linkTo(other);
  const reason = { why: ["big", "structured"] };
  other.cast.leave(reason);
  await other.call.seen().catch(() => undefined);
  expect(await one.call.seen()).toEqual([{ exit: other.id, reason }]);
  await stop();
});

test("case 141: a normal exit through a link leaves an actor that does not trap alone", async () => {
  const { spawn, system, stop } = await start();
  const [one, other] = [spawn(), spawn()];
  await one.call.linkTo(other);
  await other.call.leave("normal");
  expect(system.isAlive(one)).toBe(true);
  await stop();
});

test("case 142: a chain of links dies together, and every monitor is told once", async () => {
  const { spawn, clock, stop } = await start();
  const [a, b, c, watcher] = [spawn(), spawn(), spawn(), spawn(true)];
  await a.call.linkTo(b);
  await b.call.linkTo(c);
  for (const ref of [a, b, c]) await watcher.call.watch(ref);
  c.cast.leave("boom");
  await clock.settle();
  const seen = await watcher.call.seen();
  expect(seen).toHaveLength(3);
  expect(seen).toEqual(expect.arrayContaining([a, b, c].map((ref) => ({ down: ref.id, reason: "boom" }))));
  await stop();
});

test("case 142: a chain of 20,000 links needs no stack", async () => {
  const { spawn, system, clock, stop } = await start();
  const chain = Array.from({ length: 20_000 }, () => spawn());
  for (let index = 1; index < chain.length; index++) {
    const previous = chain[index - 1];
    if (previous !== undefined) chain[index]?.cast.linkTo(previous);
  }
  await clock.settle();
  const last = chain.at(-1);
  if (last !== undefined) system.exit(last, "boom");
  await clock.settle();
  expect(chain.some((ref) => system.isAlive(ref))).toBe(false);
  await stop();
});

test("case 137: kill cannot be trapped, runs no terminate, and is told as killed", async () => {
  const { spawn, system, clock, stop } = await start();
  const words: unknown[] = [];
  class Hardened extends Watcher {
    override terminate(reason: ExitReason): void {
      words.push(reason);
    }
  }
  const [one, linked, watcher] = [system.spawn(Hardened, { trap: true }), spawn(true), spawn()];
  await linked.call.linkTo(one);
  await watcher.call.watch(one);
  system.exit(one, "kill");
  await clock.settle();
  expect(system.exitReason(one)).toBe("killed");
  expect(words).toEqual([]);
  expect(await linked.call.seen()).toEqual([{ exit: one.id, reason: "killed" }]);
  expect(await watcher.call.seen()).toEqual([{ down: one.id, reason: "killed" }]);
  await stop();
});

test("case 136: kill as an exit reason through a link can be trapped, and ends one that does not with kill", async () => {
  const { spawn, system, clock, stop } = await start();
  const [dying, trapping, plain] = [spawn(), spawn(true), spawn()];
  await trapping.call.linkTo(dying);
  await plain.call.linkTo(dying);
  dying.cast.leave("kill");
  await clock.settle();
  expect(await trapping.call.seen()).toEqual([{ exit: dying.id, reason: "kill" }]);
  expect(system.exitReason(plain)).toBe("kill");
  await stop();
});

test("case 129: an exit signal normal is a message to one that traps, and nothing to one that does not", async () => {
  const { spawn, system, clock, stop } = await start();
  const [sender, trapping, plain] = [spawn(), spawn(true), spawn()];
  await trapping.call.seen();
  await sender.call.kill(trapping, "normal");
  await sender.call.kill(plain, "normal");
  await clock.settle();
  expect(await trapping.call.seen()).toEqual([{ exit: sender.id, reason: "normal" }]);
  expect(system.isAlive(plain)).toBe(true);
  await stop();
});

test("case 139: a link to an actor that has ended is told as noproc", async () => {
  const { spawn, system, clock, stop } = await start();
  const [dead, trapping, plain] = [spawn(), spawn(true), spawn()];
  await system.stopActor(dead);
  await trapping.call.linkTo(dead);
  plain.cast.linkTo(dead);
  await clock.settle();
  expect(await trapping.call.seen()).toEqual([{ exit: dead.id, reason: "noproc" }]);
  expect(system.exitReason(plain)).toBe("noproc");
  await stop();
});

test("after unlink no exit arrives, not even one that already waited", async () => {
  const { spawn, clock, stop } = await start();
  const [one, other] = [spawn(true), spawn()];
  await one.call.linkTo(other);
  one.cast.unlinkFrom(other);
  other.cast.leave("boom");
  await clock.settle();
  expect(await one.call.seen()).toEqual([]);
  await stop();
});

test("case 237: the parent's exit runs terminate in a child that traps, and ends one that does not without it", async () => {
  const { spawn, system, clock, stop } = await start();
  const parent = spawn();
  const [trapping, plain] = [await parent.call.child(true), await parent.call.child(false)];
  await trapping.call.seen();
  parent.cast.leave("boom");
  await clock.settle();
  expect(system.exitReason(trapping)).toBe("boom");
  expect(system.exitReason(plain)).toBe("boom");
  await stop();
});

test("case 146: a monitor on an actor that has ended, or on a free name, fires at once with noproc", async () => {
  const { spawn, system, clock, stop } = await start();
  const [dead, watcher] = [spawn(), spawn()];
  await system.stopActor(dead);
  await watcher.call.watch(dead);
  await watcher.call.watch("nobody");
  await clock.settle();
  expect(await watcher.call.seen()).toEqual([
    { down: dead.id, reason: "noproc" },
    { down: "nobody", reason: "noproc" },
  ]);
  await stop();
});

test("case 151, 152: after demonitor nothing arrives, and it says whether the monitor was active", async () => {
  const { spawn, system, clock, stop } = await start();
  const [one, watcher] = [spawn(), spawn()];
  const monitor = await watcher.call.watch(one);
  expect(await watcher.call.unwatch(monitor, false)).toBe(true);
  expect(await watcher.call.unwatch(monitor, true)).toBe(false);
  system.exit(one, "kill");
  await clock.settle();
  expect(await watcher.call.seen()).toEqual([]);
  await stop();
});

test("several monitors on one actor each fire once", async () => {
  const { spawn, clock, stop } = await start();
  const [one, watcher] = [spawn(), spawn()];
  await watcher.call.watch(one);
  await watcher.call.watch(one);
  one.cast.leave("boom");
  await clock.settle();
  expect(await watcher.call.seen()).toEqual([
    { down: one.id, reason: "boom" },
    { down: one.id, reason: "boom" },
  ]);
  await stop();
});

class Chatter extends Actor {
  say(to: ActorRef<Watcher>, count: number): void {
    for (let index = 0; index < count; index++) to.cast.note(index);
    this.stop("done");
  }
}

test("case 156: a down comes after all that its actor had sent before, and before what others sent", async () => {
  const { spawn, system, clock, stop } = await start();
  const watcher = spawn();
  const chatter = system.spawn(Chatter);
  await watcher.call.watch(chatter);
  chatter.cast.say(watcher, 1_000);
  await clock.settle();
  const seen = await watcher.call.seen();
  expect(seen).toEqual([...Array.from({ length: 1_000 }, (_, index) => index), { down: chatter.id, reason: "done" }]);
  await stop();
});

class Busybody extends Actor {
  flood(to: ActorRef<Watcher>): void {
    for (let index = 0; index < 1_000; index++) to.cast.note("flood");
  }
}

test("a signal does not queue behind the messages of others", async () => {
  const { spawn, system, clock, stop } = await start();
  const [watcher, dying] = [spawn(), spawn()];
  await watcher.call.watch(dying);
  // Both in one turn of the program: the watcher has a thousand messages of a third actor waiting when the other one dies.
  system.spawn(Busybody).cast.flood(watcher);
  dying.cast.leave("boom");
  await clock.settle();
  const seen = await watcher.call.seen();
  expect(seen).toHaveLength(1_001);
  expect(seen.indexOf(seen.find((entry) => typeof entry === "object"))).toBeLessThan(200);
  await stop();
});

test("case 144: the name is free when an exit or a down is told", async () => {
  const { system, clock, stop } = await start();
  const free: boolean[] = [];
  class Observer extends Actor<AnyRef> {
    override init(other: AnyRef): void {
      this.trapExit();
      this.link(other);
      this.monitor(other);
    }

    override handleExit(): void {
      free.push(this.system.whereis("n") === undefined);
    }

    override handleDown(): void {
      free.push(this.system.whereis("n") === undefined);
    }
  }
  const named = system.spawn(Watcher, { trap: false }, { name: "n" });
  await system.start(Observer, named);
  named.cast.leave("boom");
  await clock.settle();
  expect(free).toEqual([true, true]);
  await stop();
});
