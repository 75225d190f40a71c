import fc from "fast-check";
import { expect, test } from "vitest";
import type { ActorRef, MonitorRef } from "../../src/index.js";
import { createTestSystem } from "../../src/testing/index.js";
import { act, Doer } from "./doer.js";
import { RelationsModel } from "./relations-model.js";

const ACTORS = 6;

const actor = fc.nat(ACTORS - 1);
const reason = fc.constantFrom("normal", "boom", "kill", "shutdown");
const step = fc.oneof(
  fc.record({ type: fc.constantFrom("link", "unlink", "monitor"), one: actor, other: actor }),
  fc.record({ type: fc.constant("demonitor"), index: fc.nat(10) }),
  fc.record({ type: fc.constant("exit"), one: actor, other: actor, reason }),
  fc.record({ type: fc.constant("stop"), one: actor, reason }),
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const told = (seen: readonly unknown[], refs: readonly ActorRef<Doer>[]): readonly string[] =>
  seen.map((each) => {
    const { down, exit, reason } = each as { down?: ActorRef<Doer>; exit?: ActorRef<Doer>; reason: unknown };
    const ref = down ?? exit;
    return `${down === undefined ? "exit" : "down"} ${refs.findIndex((known) => known === ref)} ${String(reason)}`;
  });

test("links, monitors and exit signals do what a naive model of their rules does, under every order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.array(fc.boolean(), { minLength: ACTORS, maxLength: ACTORS }),
      fc.array(step, { maxLength: 30 }),
      async (seed, traps, steps) => {
        const { system, clock, stop } = await createTestSystem({ seed });
        const model = new RelationsModel();
        const memory: (readonly unknown[])[] = [];
        const monitors: MonitorRef[] = [];
        const refs = traps.map((trap) => {
          model.spawn(trap);
          return system.spawn(Doer, { trap });
        });
        const refAt = (index: number): ActorRef<Doer> => refs[index] ?? expect.fail(`no actor ${index}`);
        for (const [index, ref] of refs.entries()) {
          await act(ref, (me) => {
            memory[index] = me.seen;
          });
        }

        const run = async (each: Step): Promise<void> => {
          if (each.type === "demonitor" && "index" in each) {
            const [monitor, known] = [monitors[each.index], model.monitors[each.index]];
            if (monitor === undefined || known === undefined || !system.isAlive(refAt(known.watcher))) return;
            const expected = model.demonitor(each.index);
            expect(await act(refAt(known.watcher), (me) => me.demonitor(monitor))).toBe(expected);
            return;
          }
          if (!("one" in each) || !system.isAlive(refAt(each.one))) return;
          const { one } = each;
          const self = refAt(one);
          if (each.type === "stop" && "reason" in each) {
            model.stop(one, each.reason);
            self.cast.do((me) => me.stop(each.reason));
          } else if (each.type === "exit" && "reason" in each && "other" in each) {
            model.exit(one, each.other, each.reason);
            self.cast.do((me) => me.exit(refAt(each.other), each.reason));
          } else if ("other" in each) {
            const other = refAt(each.other);
            if (each.type === "link") {
              model.link(one, each.other);
              self.cast.do((me) => me.link(other));
            } else if (each.type === "unlink") {
              model.unlink(one, each.other);
              self.cast.do((me) => me.unlink(other));
            } else {
              model.monitor(one, each.other);
              monitors.push(await act(self, (me) => me.monitor(other)));
            }
          }
        };

        for (const each of steps) {
          await run(each);
          await clock.settle();
        }
        for (const [index, known] of model.actors.entries()) {
          const ref = refAt(index);
          expect({ index, alive: system.isAlive(ref), reason: system.exitReason(ref) }).toEqual({
            index,
            alive: known.alive,
            reason: known.reason,
          });
          if (!known.alive) continue;
          expect([...told(memory[index] ?? [], refs)].sort()).toEqual([...known.told].sort());
          const info = system.info(ref);
          expect(new Set(info?.links)).toEqual(new Set([...known.links].map(refAt)));
        }
        expect(system.kernel.monitors).toBe(model.monitors.filter(({ active }) => active).length);
        await stop();
      },
    ),
    { numRuns: 150 },
  );
});

test("a mailbox is a list per sender: nothing is lost, doubled or out of order, under every order and limit", async () => {
  const SENDERS = 4;
  const burst = fc.record({ from: fc.nat(SENDERS - 1), count: fc.integer({ min: 1, max: 90 }), later: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.option(fc.integer({ min: 1, max: 1_000_000 }), { nil: undefined }),
      fc.array(burst, { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat(11), { maxLength: 4 }),
      async (seed, bursts, suspensions) => {
        const { system, clock, stop } = await createTestSystem(seed === undefined ? {} : { seed });
        const receiver = system.spawn(Doer);
        const senders = Array.from({ length: SENDERS }, () => system.spawn(Doer));
        const expected: number[][] = senders.map(() => []);
        const [keeper] = senders;
        for (const [index, { from, count, later }] of bursts.entries()) {
          const sender = senders[from];
          if (sender === undefined || keeper === undefined) throw new Error("no sender");
          const numbers = Array.from({ length: count }, () => (expected[from]?.push(expected[from].length) ?? 0) - 1);
          if (suspensions.includes(index)) keeper.cast.do((me) => me.suspend(receiver));
          sender.cast.do(async () => {
            if (later) await Promise.resolve();
            for (const n of numbers) {
              if (n % 3 === 0) receiver.send([from, n]);
              else if (n % 3 === 1) receiver.cast.note([from, n]);
              else void receiver.call.note([from, n]);
            }
          });
          if (suspensions.includes(index)) keeper.cast.do((me) => me.resume(receiver));
        }
        await clock.settle();
        const seen = (await act(receiver, (me) => [...me.seen])) as (readonly [number, number])[];
        for (const [from, numbers] of expected.entries()) {
          expect(seen.filter(([sender]) => sender === from).map(([, n]) => n)).toEqual(numbers);
        }
        await stop();
      },
    ),
    { numRuns: 60 },
  );
});
