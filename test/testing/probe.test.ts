import { expect, test } from "vitest";
import { Actor, type ActorRef } from "../../src/index.js";
import { createProbe, createTestSystem } from "../../src/testing/index.js";

interface Ledger {
  add(amount: number): number;
}

class Shop extends Actor<ActorRef<Ledger>> {
  #ledger: ActorRef<Ledger> | undefined;

  override init(ledger: ActorRef<Ledger>): void {
    this.#ledger = ledger;
  }

  async sell(amount: number): Promise<number | undefined> {
    return this.#ledger?.call.add(amount);
  }
}

test("a probe stands for an actor, answers, and records what it got", async () => {
  const { system, stop } = await createTestSystem();
  const probe = createProbe(system, { add: (amount: number) => amount * 2 });
  const shop = system.spawn(Shop, probe.ref);
  expect(await shop.call.sell(21)).toBe(42);
  expect(probe.received).toEqual([{ type: "message", name: "add", args: [21] }]);
  await stop();
});

test("nth and next wait for what comes", async () => {
  const { system, stop } = await createTestSystem();
  const probe = createProbe(system);
  const third = probe.nth(3);
  for (const message of ["a", "b", "c", "d"]) probe.ref.send(message);
  expect(await third).toEqual({ type: "info", message: "c" });
  expect(await probe.nth(1)).toEqual({ type: "info", message: "a" });
  expect(await probe.next()).toEqual({ type: "info", message: "d" });
  await stop();
});

test("a wait that is in vain says what came instead", async () => {
  const { system, clock, stop } = await createTestSystem();
  const probe = createProbe(system);
  probe.ref.send("only");
  const late = probe.nth(2, 100).catch((error: unknown) => error);
  await clock.advance(100);
  expect(String(await late)).toMatch(/at least 2 messages, but 100 ms are over. It got 1: info/);
  const never = probe.nth(9).catch((error: unknown) => error);
  system.exit(probe.ref, "kill");
  expect(String(await never)).toMatch(/but it ended with killed/);
  await stop();
});

test("ends of what it monitors and is linked with are recorded, and it outlives them", async () => {
  const { system, stop } = await createTestSystem();
  const probe = createProbe(system, {}, { name: "probe" });
  const other = system.spawn(Shop, probe.ref as unknown as ActorRef<Ledger>);
  probe.link(other);
  probe.monitor(other, { tag: "shop" });
  system.exit(other, "boom");
  await probe.nth(2);
  expect(probe.received).toEqual([
    { type: "exit", exit: { ref: other, reason: "boom" } },
    { type: "down", down: expect.objectContaining({ ref: other, tag: "shop", reason: "boom" }) },
  ]);
  expect(() => createProbe(system, {}, { name: "probe" })).toThrow(/the name is taken/);
  await stop();
});
