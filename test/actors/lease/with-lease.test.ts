import { createTestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import type { Lease } from "../../../actors/lease/lease.js";
import { LeaseManager } from "../../../actors/lease/lease-manager.js";
import type { LeaseManagerOptions } from "../../../actors/lease/lease-options.js";
import { LeaseError, withLease } from "../../../actors/lease/with-lease.js";
import { Holder } from "./holder.js";

async function scene(options: Partial<LeaseManagerOptions<string>> = {}) {
  const test = await createTestSystem();
  const pool = await test.system.start(LeaseManager<string>, { resources: ["x"], ...options });
  return { ...test, pool };
}

describe("withLease", () => {
  test("runs the function with a lease, gives its result, and returns the lease", async () => {
    const { pool, stop } = await scene();
    let used: Lease<string> | undefined;
    const result = await withLease(pool, {}, async (lease) => {
      used = lease;
      await Promise.resolve();
      return lease.resource.length;
    });
    expect(result).toBe(1);
    expect(await pool.call.get({ timeoutMs: 0 })).toMatchObject({ ok: true });
    expect(used?.held).toBe(false);
    await stop();
  });

  test("returns the lease of a function that throws, and throws what it threw", async () => {
    const { pool, stop } = await scene();
    const failing = withLease(pool, {}, () => {
      throw new Error("no query");
    });
    await expect(failing).rejects.toThrow("no query");
    expect(await pool.call.get({ timeoutMs: 0 })).toMatchObject({ ok: true });
    await stop();
  });

  test("throws a lease error with the reason of the refusal, and does not run the function", async () => {
    const { pool, clock, stop } = await scene({ maxWaiting: 1 });
    await pool.call.get();
    const waiting = withLease(pool, { timeoutMs: 50 }, () => "ran").catch((error: unknown) => error);
    await clock.settle();
    const busy = await withLease(pool, {}, () => "ran").catch((error: unknown) => error);
    expect(busy).toBeInstanceOf(LeaseError);
    expect(busy).toMatchObject({
      code: "busy",
      retryAfterMs: 1_000,
      message: expect.stringContaining("try again in 1000 ms"),
    });
    await clock.advance(50);
    expect(await waiting).toMatchObject({ code: "timeout", retryAfterMs: undefined });
    await stop();
  });

  test("waits as long as the manager says, longer than a call would", async () => {
    const { pool, clock, stop } = await scene({ timeoutMs: 60_000 });
    const lease = await pool.call.get({ leaseMs: 20_000 });
    expect(lease.ok).toBe(true);
    const waiting = withLease(pool, {}, () => "ran");
    await clock.advance(20_000);
    expect(await waiting).toBe("ran");
    await stop();
  });

  test("the lease of an actor that is killed while its function runs is returned", async () => {
    const { system, pool, clock, stop } = await scene();
    const holder = await system.start(Holder, pool);
    const using = holder.call.use(() => new Promise<string>(() => undefined)).catch((error: unknown) => error);
    await clock.settle();
    expect(await pool.call.get({ timeoutMs: 0 })).toMatchObject({ reason: "busy" });
    system.exit(holder, "kill");
    await clock.settle();
    expect(await using).toMatchObject({ code: "exit" });
    expect(await pool.call.get({ timeoutMs: 0 })).toMatchObject({ ok: true });
    await stop();
  });
});
