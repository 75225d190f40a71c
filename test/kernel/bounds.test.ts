import { expect, test } from "vitest";
import { Actor, type ActorRef, type Down, type Exit, type MailboxOptions, sys } from "../../src/index.js";
import { createProbe, createTestSystem } from "../../src/testing/index.js";
import { act, Doer } from "./doer.js";

function bounded(mailbox: MailboxOptions) {
  return class Bounded extends Actor<Promise<void>> {
    static override readonly mailbox = mailbox;
    #open: Promise<void> = Promise.resolve();
    readonly #seen: number[] = [];

    override init(open: Promise<void>): void {
      this.#open = open;
    }

    async block(): Promise<void> {
      await this.#open;
    }

    note(n: number): void {
      this.#seen.push(n);
    }

    seen(): number[] {
      return this.#seen;
    }
  };
}

test("case 447: a full mailbox refuses the newest: casts become dead letters, calls are told", async () => {
  const { system, reports, clock, stop } = await createTestSystem();
  let open: () => void = () => undefined;
  const ref = system.spawn(bounded({ limit: 3 }), new Promise<void>((resolve) => (open = resolve)));
  ref.cast.block();
  await clock.settle();
  for (let n = 0; n < 5; n++) ref.cast.note(n);
  await expect(ref.call.seen()).rejects.toMatchObject({ code: "mailbox_full" });
  open();
  await clock.settle();
  expect(await ref.call.seen()).toEqual([0, 1, 2]);
  expect(system.deadLetters.total).toBe(2);
  expect(system.deadLetters.byReason.mailbox_full).toBe(2);
  expect(reports.map((report) => report.type)).toContain("dead_letter");
  await stop();
});

test("case 447: or drops the oldest, and tells a caller whose call was dropped", async () => {
  const { system, clock, stop } = await createTestSystem();
  let open: () => void = () => undefined;
  const ref = system.spawn(
    bounded({ limit: 3, overflow: "drop_oldest" }),
    new Promise<void>((resolve) => (open = resolve)),
  );
  ref.cast.block();
  await clock.settle();
  const dropped = ref.call.seen().catch((error: unknown) => error);
  for (let n = 0; n < 5; n++) ref.cast.note(n);
  expect(await dropped).toMatchObject({ code: "mailbox_full" });
  open();
  await clock.settle();
  expect(await ref.call.seen()).toEqual([2, 3, 4]);
  await stop();
});

test("case 447: signals and stops are never dropped, and a sender's handler meets no error", async () => {
  const { system, clock, stop } = await createTestSystem();
  const probe = createProbe(system);
  let open: () => void = () => undefined;
  class Full extends Actor<Promise<void>> {
    static override readonly mailbox: MailboxOptions = { limit: 1 };
    readonly seen: unknown[] = [];

    override init(): void {
      this.trapExit();
    }

    block(until: Promise<void>): Promise<void> {
      return until;
    }

    watch(other: ActorRef<Doer>): void {
      this.monitor(other);
      this.link(other);
    }

    override handleInfo(message: unknown): void {
      this.seen.push(message);
    }

    override handleDown({ reason }: Down): void {
      this.seen.push({ down: reason });
    }

    override handleExit({ reason }: Exit): void {
      this.seen.push({ exit: reason });
    }
  }
  const [full, other, sender] = [system.spawn(Full, Promise.resolve()), system.spawn(Doer), system.spawn(Doer)];
  await full.call.watch(other);
  full.cast.block(new Promise<void>((resolve) => (open = resolve)));
  await clock.settle();
  const after = await act(sender, async () => {
    for (const n of [1, 2, 3]) full.send(n);
    return "went on";
  });
  expect(after).toBe("went on");
  system.exit(other, "boom");
  await clock.settle();
  open();
  await clock.settle();
  expect(await sys.getState(full)).toEqual({ seen: expect.arrayContaining([{ down: "boom" }, { exit: "boom" }, 1]) });
  expect(system.deadLetters.byReason.mailbox_full).toBe(2);
  probe.monitor(full);
  full.cast.block(new Promise<void>(() => undefined));
  full.send("fills it");
  system.exit(full, "kill");
  expect(await probe.next()).toMatchObject({ type: "down", down: { reason: "killed" } });
  await stop();
});

test("a mailbox option that makes no sense is refused with what was expected", async () => {
  const { system, stop } = await createTestSystem();
  expect(() => system.spawn(bounded({ limit: 0 }), Promise.resolve())).toThrow(
    /Expected the mailbox limit of Bounded to be a whole number from 1/,
  );
  expect(() => system.spawn(bounded({ overflow: JSON.parse('"explode"') }), Promise.resolve())).toThrow(
    /"drop_newest" or "drop_oldest"; got "explode"/,
  );
  await stop();
});

test("case 457: messages to an actor that has ended are counted dead letters, reported at most once a second", async () => {
  const { system, reports, stop } = await createTestSystem();
  const ref = system.spawn(bounded({}), Promise.resolve());
  await system.stopActor(ref);
  for (let n = 0; n < 10_000; n++) ref.cast.note(n);
  ref.send("x");
  expect(system.deadLetters.total).toBe(10_001);
  expect(reports.filter((report) => report.type === "dead_letter")).toHaveLength(1);
  expect(system.deadLetters.recent).toHaveLength(1);
  expect(system.deadLetters.recent[0]).toMatchObject({ message: "note", reason: "noproc" });
  expect(system.deadLetters.byTarget).toEqual([
    { target: `Bounded ${ref}`, byReason: { noproc: 10_001, mailbox_full: 0, bad_argument: 0 } },
  ]);
  await stop();
});

test("case 457: dead letters are counted by receiver, for the hundred that had one last", async () => {
  const { system, stop } = await createTestSystem();
  const refs = Array.from({ length: 101 }, () => system.spawn(bounded({}), Promise.resolve()));
  for (const ref of refs) await system.stopActor(ref);
  const [first, second] = refs;
  for (const ref of refs.slice(0, 100)) ref.send("x");
  first?.send("again");
  refs[100]?.send("x");
  const { byTarget } = system.deadLetters;
  expect(byTarget).toHaveLength(100);
  expect(byTarget.find(({ target }) => target === `Bounded ${second}`)).toBeUndefined();
  expect(byTarget.slice(-2)).toEqual([
    { target: `Bounded ${first}`, byReason: { noproc: 2, mailbox_full: 0, bad_argument: 0 } },
    { target: `Bounded ${refs[100]}`, byReason: { noproc: 1, mailbox_full: 0, bad_argument: 0 } },
  ]);
  await stop();
});

test("a message that comes too late for an actor that ended in order alarms nobody; one for a crashed actor does", async () => {
  const { system, reports, clock, stop } = await createTestSystem();
  const [orderly, killed] = [
    system.spawn(bounded({}), Promise.resolve()),
    system.spawn(bounded({}), Promise.resolve()),
  ];
  await system.stopActor(orderly, "shutdown");
  orderly.cast.note(1);
  await clock.advance(1_000);
  system.exit(killed, "kill");
  killed.cast.note(1);
  expect(reports.filter((report) => report.type === "dead_letter").map((report) => report.level)).toEqual([
    "info",
    "warning",
  ]);
  await stop();
});

test("what waits in the mailbox of an actor that ends is counted too", async () => {
  const { system, clock, stop } = await createTestSystem();
  const ref = system.spawn(bounded({}), new Promise<void>(() => undefined));
  ref.cast.block();
  await clock.settle();
  for (let n = 0; n < 100; n++) ref.cast.note(n);
  system.exit(ref, "kill");
  expect(system.deadLetters.total).toBe(100);
  await stop();
});

test("a mailbox of any length keeps its order, through growth and reuse", async () => {
  const { system, clock, stop } = await createTestSystem();
  let open: () => void = () => undefined;
  const ref = system.spawn(bounded({}), new Promise<void>((resolve) => (open = resolve)));
  ref.cast.block();
  await clock.settle();
  for (let n = 0; n < 20_000; n++) ref.cast.note(n);
  open();
  await clock.settle();
  for (let n = 20_000; n < 40_000; n++) ref.cast.note(n);
  expect(await ref.call.seen()).toEqual(Array.from({ length: 40_000 }, (_, n) => n));
  await stop();
});

test("a mailbox of one, or one that drops the oldest, keeps to its limit also while its actor starts", async () => {
  const { system, clock, stop } = await createTestSystem();
  for (const [limit, overflow, expected] of [
    [1, "drop_newest", [0]],
    [1, "drop_oldest", [4]],
    [2, "drop_oldest", [3, 4]],
  ] as const) {
    const starting = system.spawn(bounded({ limit, overflow }), Promise.resolve());
    for (let n = 0; n < 5; n++) starting.cast.note(n);
    await clock.settle();
    expect(await starting.call.seen()).toEqual(expected);
    let open: () => void = () => undefined;
    const blocked = system.spawn(bounded({ limit, overflow }), new Promise<void>((resolve) => (open = resolve)));
    blocked.cast.block();
    await clock.settle();
    for (let n = 0; n < 5; n++) blocked.cast.note(n);
    open();
    await clock.settle();
    expect(await blocked.call.seen()).toEqual(expected);
  }
  await stop();
});
