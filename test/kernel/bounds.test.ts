import { expect, test } from "vitest";
import { Actor, type MailboxOptions } from "../../src/index.js";
import { createTestSystem } from "../../src/testing/index.js";

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
