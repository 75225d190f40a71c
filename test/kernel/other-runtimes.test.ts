import { expect, test } from "vitest";
import { Actor, type ActorRef, type MailboxOptions, StartError } from "../../src/index.js";
import { createTestSystem, forEachSeed } from "../../src/testing/index.js";
import { act, Doer } from "./doer.js";

test("case 451: what waits when an actor crashes is lost, and the caller among it is told the reason at once", async () => {
  const { system, clock, stop } = await createTestSystem();
  const a = system.spawn(Doer);
  a.cast.do(() => {
    throw new Error("boom");
  });
  for (let n = 0; n < 10; n++) a.cast.note(n);
  const pending = a.call.note("pending");
  await expect(pending).rejects.toMatchObject({ code: "exit", cause: { message: "boom" } });
  expect(clock.now()).toBe(0);
  expect(system.deadLetters.byReason.noproc).toBe(10);
  await stop();
});

test("case 452: an actor with a mailbox of one may send to itself in init", async () => {
  const seen: unknown[] = [];
  class Tiny extends Actor {
    static override readonly mailbox: MailboxOptions = { limit: 1 };

    override init(): void {
      this.self<Tiny>().send("kept");
      this.self<Tiny>().send("refused");
    }

    override handleInfo(message: unknown): void {
      seen.push(message);
    }
  }
  const { system, clock, stop } = await createTestSystem();
  await system.start(Tiny);
  system.spawn(Tiny);
  await clock.settle();
  expect(seen).toEqual(["kept", "kept"]);
  expect(system.deadLetters.byReason.mailbox_full).toBe(2);
  await stop();
});

test("case 456: the error of a call that timed out names target, message, handler, time and queue", async () => {
  const { system, clock, stop } = await createTestSystem();
  const a = system.spawn(Doer, undefined, { name: "a" });
  a.cast.do(() => new Promise<void>(() => undefined));
  await clock.advance(25_000);
  const call = a.call.note("x").catch((error: unknown) => String(error));
  a.cast.note("behind");
  await clock.advance(5_000);
  expect(await call).toMatch(
    /note on a Doer <0\.\d+> got no reply within 5000 ms: it is busy with do since 30000 ms, 2 messages wait/,
  );
  system.exit(a, "kill");
  await stop();
});

test("case 459: a name that nobody holds is told by whereis; a ref of before gives dead letters and noproc", async () => {
  const { system, stop } = await createTestSystem();
  const a = system.spawn(Doer, undefined, { name: "a" });
  await system.stopActor(a);
  expect(system.whereis<Doer>("a")).toBeUndefined();
  a.cast.note("dropped");
  expect(system.deadLetters.total).toBe(1);
  await expect(a.call.note("x")).rejects.toMatchObject({ code: "noproc" });
  await stop();
});

test("case 461: of a hundred starts of one name at the same time one wins, and the others learn its ref", async () => {
  await forEachSeed(5, async (seed) => {
    const { system, clock, stop } = await createTestSystem({ seed });
    let alive = 0;
    let most = 0;
    class Keyed extends Actor {
      override async init(): Promise<void> {
        alive++;
        most = Math.max(most, alive);
        await Promise.resolve();
      }

      override terminate(): void {
        alive--;
      }

      ping(): string {
        return "pong";
      }
    }
    const getOrStart = async (): Promise<ActorRef<Keyed>> => {
      try {
        return await system.start(Keyed, undefined, { name: "key" });
      } catch (error) {
        const holder = system.whereis<Keyed>("key");
        if (error instanceof StartError && error.code === "already_started" && holder !== undefined) return holder;
        throw error;
      }
    };
    // Again, while what was started ends: who finds neither a start nor a holder is told so, and may ask again.
    const outcomes = Array.from({ length: 100 }, async (_, index): Promise<ActorRef<Keyed> | undefined> => {
      try {
        const ref = await getOrStart();
        if (index % 10 === 0) await system.stopActor(ref);
        return ref;
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(already_started|noproc|exit)$/) });
        return undefined;
      }
    });
    await Promise.all(outcomes);
    const last = await getOrStart();
    expect(await last.call.ping()).toBe("pong");
    await system.stopActor(last);
    expect([alive, most]).toEqual([0, 1]);
    for (let round = 0; round < 3; round++) {
      const refs = await Promise.all(Array.from({ length: 100 }, getOrStart));
      expect(new Set(refs).size).toBe(1);
      const [ref] = refs;
      if (ref === undefined) throw new Error("no ref");
      expect(await ref.call.ping()).toBe("pong");
      await system.stopActor(ref);
      await clock.settle();
    }
    expect(most).toBe(1);
    await stop();
  });
});

test("case 466: a killed actor's handler can neither send as itself, nor reply, nor join, alias or suspend", async () => {
  const { system, clock, stop } = await createTestSystem();
  let go = (): void => undefined;
  const blocked = new Promise<void>((resolve) => (go = resolve));
  const [a, b] = [system.spawn(Doer), system.spawn(Doer)];
  const refused: boolean[] = [];
  const zombie = act(a, async (me) => {
    const alias = me.alias();
    await blocked;
    const attempts: (() => void)[] = [
      () => me.link(b),
      () => me.monitor(b),
      () => me.unalias(alias),
      () => me.alias(),
      () => me.suspend(b),
      () => me.exit(b, "boom"),
      () => me.stop(),
      () => me.idleTimeout(1),
      () => me.sendAt(1, "x", { to: b }),
      () => me.joinGroup("g"),
    ];
    for (const attempt of attempts) {
      try {
        attempt();
        refused.push(false);
      } catch {
        refused.push(true);
      }
    }
    return "late";
  }).catch((error: unknown) => error);
  await clock.settle();
  system.exit(a, "kill");
  expect(await zombie).toMatchObject({ reason: "killed" });
  go();
  await clock.settle();
  expect(refused).toEqual(Array.from({ length: 10 }, () => true));
  expect(system.info(b)).toMatchObject({ status: "waiting", links: [], monitoredBy: [] });
  await stop();
});
