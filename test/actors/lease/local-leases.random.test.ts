import fc from "fast-check";
import { createTestSystem } from "holdfast/testing";
import { expect, test } from "vitest";
import type { Lease } from "../../../actors/lease/lease.js";
import { LeaseManager } from "../../../actors/lease/lease-manager.js";
import { leasesOf } from "../../../actors/lease/local-leases.js";
import { Holder } from "./holder.js";

type Step =
  | {
      readonly do: "get";
      readonly who: number;
      readonly leaseMs: number;
      readonly timeoutMs: number;
      readonly priority: number;
      /** When the request is given up; beyond all time for never. */
      readonly abortMs: number;
      readonly here: boolean;
    }
  | { readonly do: "return"; readonly which: number; readonly here: boolean }
  | { readonly do: "destroy" | "renew"; readonly which: number }
  | { readonly do: "kill"; readonly who: number }
  | { readonly do: "advance"; readonly ms: number };

const HOLDERS = 4;
const who = fc.nat(HOLDERS - 1);
const which = fc.nat(20);
const duration = fc.integer({ min: 1, max: 50 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("get"),
      who,
      leaseMs: duration,
      timeoutMs: fc.oneof(duration, fc.constant(0)),
      priority: fc.integer({ min: -1, max: 1 }),
      abortMs: fc.oneof(duration, fc.constant(1_000_000)),
      here: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("return"), which, here: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("destroy", "renew"), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("kill"), who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("advance"), ms: duration }) },
);

/** Which of the steps that can be taken either way are taken at the desk. */
type Way = "by message" | "at the desk" | "mixed";

/** All that those who ask and the inspector see, in order. */
async function run(resources: number, steps: readonly Step[], way: Way): Promise<unknown[]> {
  const { system, clock, stop } = await createTestSystem();
  const pool = await system.start(LeaseManager<string>, {
    resources: Array.from({ length: resources }, (_, index) => `resource ${index}`),
    maxWaiting: 3,
  });
  const leases = leasesOf(system, pool);
  const isHere = (here: boolean) => (way === "mixed" ? here : way === "at the desk");
  const start = () => system.start(Holder, pool);
  const holders = await Promise.all(Array.from({ length: HOLDERS }, start));
  const seen: unknown[] = [];
  const issued: Lease<string>[] = [];
  for (const [number, next] of steps.entries()) {
    const lease = "which" in next ? issued[next.which % Math.max(1, issued.length)] : undefined;
    if (next.do === "get") {
      const { leaseMs, timeoutMs, priority, abortMs, here } = next;
      const abort = new AbortController();
      clock.setTimer(abortMs, () => abort.abort());
      const options = { leaseMs, timeoutMs, priority, signal: abort.signal };
      const holder = holders[next.who]?.callWithin(Number.POSITIVE_INFINITY);
      // Not awaited by the holder, which may have several requests out.
      const asked = isHere(here) ? holder?.askHere(options) : holder?.ask(options);
      void asked
        ?.then(({ answer }) => answer)
        .then(
          (result) => {
            if (result.ok) issued.push(result.lease);
            seen.push([number, result.ok ? [result.lease.resource, result.lease.token] : result]);
          },
          (error: unknown) => seen.push([number, error]),
        );
    } else if (next.do === "advance") {
      await clock.advance(next.ms);
    } else if (next.do === "kill") {
      const victim = holders[next.who];
      if (victim !== undefined) system.exit(victim, "kill");
      holders[next.who] = await start();
    } else if (lease !== undefined && next.do === "return") {
      if (isHere(next.here)) leases.return(lease);
      else pool.cast.return(lease);
    } else if (lease !== undefined && next.do !== "return") {
      seen.push([number, await pool.call[next.do](lease)]);
    }
    await clock.settle();
    seen.push(
      await pool.call.stats(),
      issued.map(({ held, signal }) => [held, signal.aborted]),
    );
  }
  await clock.advance(200);
  seen.push(await pool.call.stats());
  await stop();
  return seen;
}

test("whoever asks at the desk sees what those see who ask by message, and both see it when they are mixed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 40 }), async (resources, steps) => {
      const byMessage = await run(resources, steps, "by message");
      expect(await run(resources, steps, "at the desk")).toEqual(byMessage);
      expect(await run(resources, steps, "mixed")).toEqual(byMessage);
    }),
    { numRuns: 60 },
  );
});
