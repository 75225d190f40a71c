import { expect, test } from "vitest";
import { Actor, type ActorRef, isNormalExit } from "../../src/index.js";
import { createProbe, createTestSystem } from "../../src/testing/index.js";
import { act, Doer, seenBy } from "./doer.js";

test("case 127: an exit signal ends its target with the reason, and the trapping link is told", async () => {
  const { system, clock, stop } = await createTestSystem();
  const [one, other] = [system.spawn(Doer, { trap: true }), system.spawn(Doer)];
  await act(one, (me) => me.link(other));
  await act(one, (me) => me.exit(other, "reason"));
  await clock.settle();
  expect(system.exitReason(other)).toBe("reason");
  expect(await seenBy(one)).toEqual([{ exit: other, reason: "reason" }]);
  await stop();
});

test("case 131: an actor that sends normal to itself ends", async () => {
  const { system, stop } = await createTestSystem();
  const one = system.spawn(Doer);
  await expect(act(one, (me) => me.exit(me.address(), "normal"))).rejects.toMatchObject({ code: "exit" });
  expect(system.exitReason(one)).toBe("normal");
  await stop();
});

test("case 132: an exit signal to oneself is no exception: it cannot be caught", async () => {
  const { system, stop } = await createTestSystem();
  const one = system.spawn(Doer);
  let caught = false;
  const outcome = act(one, (me) => {
    try {
      me.exit(me.address(), "die");
    } catch {
      caught = true;
    }
  });
  await expect(outcome).rejects.toMatchObject({ code: "exit", reason: "die" });
  expect(caught).toBe(false);
  expect(system.exitReason(one)).toBe("die");
  await stop();
});

test.each([1, 2, 9, 10])(
  "case 134: a kill at the end of a chain of %i arrives at its other end as killed",
  async (n) => {
    const { system, clock, stop } = await createTestSystem();
    const probe = createProbe(system);
    const chain = Array.from({ length: n }, () => system.spawn(Doer));
    for (const [index, ref] of chain.entries()) {
      const next = chain[index + 1];
      if (next !== undefined) await act(ref, (me) => me.link(next));
    }
    const [first, last] = [chain[0], chain.at(-1)];
    if (first === undefined || last === undefined) throw new Error("no chain");
    await clock.settle();
    probe.link(first);
    system.exit(last, "kill");
    await clock.settle();
    expect(probe.received).toEqual([{ type: "exit", exit: { ref: first, reason: "killed" } }]);
    await stop();
  },
);

test("case 237: a trapping child whose parent ends runs terminate, not handleExit; any other link's exit is a message", async () => {
  const { system, clock, stop } = await createTestSystem();
  const log: unknown[] = [];
  class Child extends Actor<boolean> {
    override init(trap: boolean): void {
      this.trapExit(trap);
    }

    override handleExit({ reason }: { reason: unknown }): void {
      log.push({ exit: reason });
    }

    override terminate(reason: unknown): void {
      log.push({ terminate: reason });
    }
  }
  class Parent extends Actor {
    child(trap: boolean): ActorRef<Child> {
      return this.spawn(Child, trap, { link: true });
    }

    leave(): void {
      this.stop("r");
    }
  }
  const parent = system.spawn(Parent);
  const [trapping, plain] = [await parent.call.child(true), await parent.call.child(false)];
  const stranger = system.spawn(Doer);
  await act(stranger, (me) => me.link(trapping));
  await clock.settle();
  await act(stranger, (me) => me.stop("stranger"));
  await clock.settle();
  parent.cast.leave();
  await clock.settle();
  expect(log).toEqual([{ exit: "stranger" }, { terminate: "r" }]);
  expect([system.exitReason(trapping), system.exitReason(plain)]).toEqual(["r", "r"]);
  expect(isNormalExit("r")).toBe(false);
  await stop();
});
