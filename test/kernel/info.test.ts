import { expect, test } from "vitest";
import { Actor, type AnyRef, sys } from "../../src/index.js";
import { createProbe, createTestSystem } from "../../src/testing/index.js";
import { act, Doer } from "./doer.js";

test("case 192: info tells what an actor is, holds and waits for", async () => {
  const { system, clock, stop } = await createTestSystem();
  const [b, c] = [system.spawn(Doer), system.spawn(Doer, { trap: true })];
  const a = system.spawn(Doer, { trap: true }, { name: "n", label: "label" });
  await act(a, (me) => [me.link(b), me.link(c), me.monitor(b), me.monitor("nobody"), me.joinGroup("g")]);
  await act(c, (me) => me.monitor(a));
  await clock.settle();
  const owed = a.callWithin(Number.POSITIVE_INFINITY).later();
  await act(a, (me) => [me.sendAfter(1_000, "x"), me.suspend(me.address())]);
  for (const n of [1, 2]) a.send(n);
  a.cast.note(3);
  expect(system.info(a)).toEqual({
    ref: a,
    behaviour: "Doer",
    name: "n",
    label: "label",
    parent: undefined,
    status: "suspended",
    hibernated: false,
    currentHandler: undefined,
    mailboxLength: 3,
    mailboxLimit: 1_048_576,
    signals: 0,
    messages: undefined,
    handled: 3,
    trapExit: true,
    links: [b, c],
    monitors: [b],
    monitoredBy: [c],
    groups: ["g"],
    timers: 1,
    deferred: 1,
    suspendedBy: [a],
  });
  expect(system.info(a, { messages: 2 })?.messages).toEqual([
    { message: "handleInfo", payload: 1 },
    { message: "handleInfo", payload: 2 },
  ]);
  expect(system.info(a, { messages: 9 })?.messages).toHaveLength(3);
  system.exit(a, "kill");
  await expect(owed).rejects.toMatchObject({ code: "exit" });
  expect(system.info(a)).toBeUndefined();
  await stop();
});

test("case 194: status is what the actor does at this moment", async () => {
  class Slow extends Actor<Promise<void>> {
    #open: Promise<void> = Promise.resolve();

    override async init(open: Promise<void>): Promise<void> {
      this.trapExit();
      this.#open = open;
      await open;
    }

    work(open: Promise<void>): Promise<void> {
      return open;
    }

    state(): unknown {
      return this.system.info(this.self())?.status;
    }

    override terminate(): Promise<void> {
      return this.#open;
    }

    sleep(): void {
      this.hibernate();
    }
  }
  const { system, clock, stop } = await createTestSystem();
  const gate = (): { open: () => void; wait: Promise<void> } => {
    let open = (): void => undefined;
    return { wait: new Promise<void>((resolve) => (open = resolve)), open: () => open() };
  };
  const [starting, working] = [gate(), gate()];
  const ref = system.spawn(Slow, starting.wait);
  const status = (): string | undefined => system.info(ref)?.status;
  await clock.settle();
  expect(status()).toBe("starting");
  starting.open();
  await clock.settle();
  expect(status()).toBe("waiting");
  expect(await ref.call.state()).toBe("running");
  const work = ref.call.work(working.wait);
  expect(status()).toBe("runnable");
  await clock.settle();
  expect(system.info(ref)).toMatchObject({ status: "running", currentHandler: { message: "work", since: 0 } });
  working.open();
  await work;
  await ref.call.sleep();
  expect(system.info(ref)).toMatchObject({ status: "waiting", hibernated: true });
  await sys.suspend(ref);
  expect(status()).toBe("suspended");
  await sys.resume(ref);
  expect(system.info(ref)).toMatchObject({ status: "waiting", hibernated: true });
  await ref.call.state();
  expect(system.info(ref)).toMatchObject({ status: "waiting", hibernated: false });
  const other = gate();
  class Leaving extends Actor {
    override terminate(): Promise<void> {
      return other.wait;
    }
  }
  const leaving = system.spawn(Leaving);
  await clock.settle();
  const stopped = system.stopActor(leaving);
  await clock.settle();
  expect(system.info(leaving)?.status).toBe("exiting");
  other.open();
  await stopped;
  await stop();
});

test("case 196: an actor sees the messages that wait for it, and then gets as many", async () => {
  const { system, stop } = await createTestSystem();
  const a = system.spawn(Doer);
  const length = await act(a, (me) => {
    for (let n = 0; n < 100; n++) a.send(n);
    return system.info(me.address())?.mailboxLength;
  });
  expect(length).toBe(100);
  expect(await act(a, (me) => me.seen.length)).toBe(100);
  await stop();
});

test("case 197: parent is who started the actor", async () => {
  class Parent extends Actor {
    async child(): Promise<AnyRef | undefined> {
      const started = await this.start(Doer, undefined);
      return started.ok ? started.ref : undefined;
    }
  }
  const { system, stop } = await createTestSystem();
  const parent = system.spawn(Parent);
  const child = await parent.call.child();
  if (child === undefined) throw new Error("no child");
  expect(system.info(child)).toMatchObject({ parent, links: [parent] });
  expect(system.info(parent)).toMatchObject({ parent: undefined, links: [child] });
  await stop();
});

test("case 199: what was suspended twice goes on after the second resume", async () => {
  const { system, clock, stop } = await createTestSystem();
  const probe = createProbe(system);
  const [a, b] = [system.spawn(Doer), system.spawn(Doer)];
  await act(a, (me) => [me.suspend(probe.ref), me.suspend(probe.ref)]);
  expect(await act(a, (me) => me.resume(probe.ref))).toBe(true);
  probe.ref.send("waits");
  await clock.settle();
  expect(probe.received).toEqual([]);
  expect(await act(b, (me) => me.resume(probe.ref))).toBe(false);
  expect(await act(a, (me) => me.resume(probe.ref))).toBe(true);
  expect(await probe.next()).toEqual({ type: "info", message: "waits" });
  expect(await act(a, (me) => me.resume(probe.ref))).toBe(false);
  await stop();
});

test("case 199: the suspensions of an actor end with it, and those of others stay", async () => {
  const { system, clock, stop } = await createTestSystem();
  const probe = createProbe(system);
  const [a, b] = [system.spawn(Doer), system.spawn(Doer)];
  await act(a, (me) => me.suspend(probe.ref));
  await act(b, (me) => [me.suspend(probe.ref), me.suspend(probe.ref)]);
  probe.ref.send("waits");
  system.exit(b, "kill");
  await clock.settle();
  expect(probe.received).toEqual([]);
  expect(system.info(probe.ref)?.suspendedBy).toEqual([a]);
  system.exit(a, "kill");
  expect(await probe.next()).toEqual({ type: "info", message: "waits" });
  await stop();
});

test("a suspended actor is told of ends when it goes on, and can be stopped meanwhile", async () => {
  const { system, clock, stop } = await createTestSystem();
  const [probe, other] = [createProbe(system), createProbe(system)];
  const [a, b] = [system.spawn(Doer), system.spawn(Doer)];
  probe.monitor(b);
  await act(a, (me) => [me.suspend(probe.ref), me.suspend(other.ref)]);
  system.exit(b, "boom");
  other.ref.send("never handled");
  await system.stopActor(other.ref);
  await clock.settle();
  expect(probe.received).toEqual([]);
  await act(a, (me) => me.resume(probe.ref));
  expect(await probe.next()).toMatchObject({ type: "down" });
  await stop();
});
