import type { ActorRef } from "holdfast";
import { createTestSystem } from "holdfast/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Lease } from "../../../actors/lease/lease.js";
import { LeaseManager } from "../../../actors/lease/lease-manager.js";
import { leasesOf } from "../../../actors/lease/local-leases.js";
import { Cell } from "../../../src/kernel/cell.js";
import { Holder } from "./holder.js";

type Step =
  | {
      readonly do: "get";
      readonly who: number;
      readonly leaseMs: number;
      readonly timeoutMs: number;
      readonly callMs: number;
      readonly here: boolean;
    }
  | { readonly do: "return" | "renew"; readonly which: number; readonly here: boolean }
  | { readonly do: "kill"; readonly who: number }
  | { readonly do: "advance"; readonly ms: number };

const HOLDERS = 5;
const who = fc.nat(HOLDERS - 1);
const duration = fc.integer({ min: 1, max: 50 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("get"),
      who,
      leaseMs: duration,
      timeoutMs: duration,
      callMs: fc.oneof(duration, fc.constant(Number.POSITIVE_INFINITY)),
      here: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("return"), which: fc.nat(20), here: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("renew"), which: fc.nat(20), here: fc.constant(false) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("kill"), who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("advance"), ms: duration }) },
);

/** What must hold at any moment. */
function check(issued: readonly Lease<string>[], pool: ActorRef<LeaseManager<string>>, size: number): void {
  const held = issued.filter((lease) => lease.held);
  expect(new Set(held.map((lease) => lease.resource)).size).toBe(held.length);
  const status = pool instanceof Cell ? pool.actor?.formatStatus() : undefined;
  expect(status).toMatchObject({ size });
  if (typeof status !== "object" || status === null) return;
  const { held: heldCount, free, waiting } = Object.fromEntries(Object.entries(status));
  expect(Number(heldCount) + Number(free)).toBe(size);
  if (Number(free) > 0) expect(waiting).toBe(0);
}

test("no resource has two holders, and none is lost, whatever holders and callers do", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 60 }), async (size, steps) => {
      const { system, clock, stop } = await createTestSystem();
      const resources = Array.from({ length: size }, (_, index) => `resource ${index}`);
      const pool = await system.start(LeaseManager<string>, { resources, maxWaiting: 4 });
      const start = () => system.start(Holder, pool);
      const holders = await Promise.all(Array.from({ length: HOLDERS }, start));
      const issued: Lease<string>[] = [];
      const pending: Promise<void>[] = [];
      for (const next of steps) {
        if (next.do === "get") {
          const { leaseMs, timeoutMs, callMs } = next;
          const holder = holders[next.who]?.callWithin(Number.POSITIVE_INFINITY);
          const asked = next.here
            ? holder?.getHere({ leaseMs, timeoutMs })
            : holder?.get({ leaseMs, timeoutMs }, callMs);
          const noted = asked?.then(
            (result) => {
              if (result.ok) issued.push(result.lease);
            },
            // The holder was killed, or its own call timed out: both are what this test is about.
            () => undefined,
          );
          if (noted !== undefined) pending.push(noted);
        } else if (next.do === "advance") {
          await clock.advance(next.ms);
        } else if (next.do === "kill") {
          const victim = holders[next.who];
          if (victim !== undefined) system.exit(victim, "kill");
          holders[next.who] = await start();
        } else {
          const lease = issued[next.which % Math.max(1, issued.length)];
          if (lease !== undefined && next.here) leasesOf(system, pool).return(lease);
          else if (lease !== undefined) await pool.call[next.do](lease);
        }
        await clock.settle();
        check(issued, pool, size);
      }
      // When all time is over every resource is free again.
      await clock.advance(1_000);
      await Promise.all(pending);
      expect(pool instanceof Cell ? pool.actor?.formatStatus() : undefined).toMatchObject({
        free: size,
        held: 0,
        waiting: 0,
      });
      await stop();
    }),
    { numRuns: 60 },
  );
});
