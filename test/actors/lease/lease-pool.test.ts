import { describe, expect, test } from "vitest";
import { Cell } from "../../../src/kernel/cell.js";
import { leaseOf, scene } from "./pool-scene.js";

describe("making resources", () => {
  test("none is made before somebody asks, then one for each who waits, up to the maximum", async () => {
    const { workshop, pool, get, clock, stop } = await scene({ max: 2 });
    expect(workshop.attempts).toBe(0);
    const [one, two, three] = [get(), get(), get()];
    const first = leaseOf(await one);
    expect([first.resource.id, leaseOf(await two).resource.id]).toEqual([1, 2]);
    await clock.settle();
    expect([workshop.attempts, (await pool.call.stats()).waiting]).toEqual([2, 1]);
    await pool.call.return(first);
    expect(leaseOf(await three).resource).toBe(first.resource);
    await stop();
  });

  test("as many as must be kept are made before anyone asks, and made anew when they break", async () => {
    const { workshop, pool, clock, stop } = await scene({ min: 2, max: 4 });
    expect(await pool.call.stats()).toMatchObject({ size: 2, free: 2 });
    workshop.parts[0]?.breakDown();
    await clock.settle();
    expect(workshop.open.map(({ id }) => id)).toEqual([2, 3]);
    await stop();
  });

  test("a slow one keeps nobody else waiting", async () => {
    const { workshop, pool, get, clock, stop } = await scene({ max: 2 });
    const lease = leaseOf(await get());
    workshop.createMs = 1_000;
    const slow = get();
    await clock.settle();
    expect(await pool.call.return(lease)).toEqual({ ok: true });
    expect(leaseOf(await slow).resource).toBe(lease.resource);
    await clock.advance(1_000);
    expect(await pool.call.stats()).toMatchObject({ size: 2, free: 1 });
    await stop();
  });

  test("one that hangs is given up in time, another is tried, and what it still brings is closed", async () => {
    const { workshop, get, clock, stop } = await scene({ createTimeoutMs: 500 }, (made) => {
      made.createMs = 700;
    });
    const waiting = get();
    await clock.advance(400);
    workshop.createMs = 0;
    await clock.advance(200);
    expect(leaseOf(await waiting).resource.id).toBe(1);
    await clock.advance(200);
    expect(workshop.parts.map(({ closed }) => closed)).toEqual([0, 1]);
    await stop();
  });

  test("a request that does not wait starts one, and finds it the next time", async () => {
    const { get, clock, stop } = await scene();
    expect(await get({ timeoutMs: 0 })).toMatchObject({ ok: false, reason: "busy" });
    await clock.settle();
    expect(await get({ timeoutMs: 0 })).toMatchObject({ ok: true });
    await stop();
  });

  test("a task that is killed is as good as one that failed", async () => {
    const { system, workshop, pool, get, clock, stop } = await scene({ max: 1 }, (made) => {
      made.createMs = Number.POSITIVE_INFINITY;
    });
    const waiting = get();
    await clock.settle();
    const task = pool instanceof Cell ? pool.firstChild : undefined;
    workshop.createMs = 0;
    if (task !== undefined && task !== null) system.exit(task, "kill");
    await clock.advance(100);
    expect(await waiting).toMatchObject({ ok: true });
    expect(await pool.call.stats()).toMatchObject({ pool: { totals: { createFailed: 1, created: 1 } } });
    await stop();
  });
});

describe("the circuit", () => {
  const circuit = { failures: 3, firstPauseMs: 100, longestPauseMs: 10_000 };

  test("opens when making keeps failing: who waits is told at once, and when to come back, and so is who comes", async () => {
    const { workshop, pool, get, clock, reports, stop } = await scene({ circuit }, (made) => {
      made.failing = true;
    });
    const waiting = get({ timeoutMs: 60_000 });
    await clock.advance(400);
    const refusal = await waiting;
    expect(refusal).toEqual({ ok: false, reason: "unavailable", retryAfterMs: expect.any(Number) });
    expect(workshop.attempts).toBe(3);
    const next = await get();
    expect(next).toMatchObject({ ok: false, reason: "unavailable" });
    expect(await pool.call.stats()).toMatchObject({
      pool: { circuit: "open", failures: 3 },
      totals: { unavailable: 2 },
    });
    expect(reports.map(({ text }) => text).at(-1)).toMatch(
      /attempt 3 to make a resource failed: the circuit is open; the next in \d+ ms: out of stock/,
    );
    await stop();
  });

  test("is half open after its pause: one attempt, on which all who wait depend", async () => {
    const { workshop, pool, get, clock, stop } = await scene({ circuit }, (made) => {
      made.failing = true;
    });
    const first = get({ timeoutMs: 60_000 });
    await clock.advance(400);
    await first;
    const told = await get();
    const pauseMs = told.ok || told.reason !== "unavailable" ? 0 : told.retryAfterMs;
    await clock.advance(pauseMs);
    workshop.createMs = 10;
    const both = [get(), get()];
    await clock.settle();
    expect([workshop.attempts, (await pool.call.stats()).pool?.circuit]).toEqual([4, "half_open"]);
    await clock.advance(10);
    expect((await Promise.all(both)).map((answer) => !answer.ok && answer.reason)).toEqual([
      "unavailable",
      "unavailable",
    ]);
    workshop.failing = false;
    workshop.createMs = 0;
    await clock.advance(10_000);
    expect(await get()).toMatchObject({ ok: true });
    expect(await pool.call.stats()).toMatchObject({ pool: { circuit: "closed", failures: 0 } });
    await stop();
  });

  test("tries by itself where resources must be kept", async () => {
    const { workshop, clock, stop } = await scene({ circuit, min: 1 }, (made) => {
      made.failing = true;
    });
    await clock.advance(5_000);
    workshop.failing = false;
    await clock.advance(10_000);
    expect(workshop.open).toHaveLength(1);
    await stop();
  });

  test("does not keep those from waiting for whom a resource may come back", async () => {
    const { workshop, pool, get, clock, stop } = await scene({ circuit });
    const lease = leaseOf(await get());
    workshop.failing = true;
    const waiting = get({ timeoutMs: 60_000 });
    await clock.advance(5_000);
    expect(await pool.call.stats()).toMatchObject({ waiting: 1, pool: { failures: expect.any(Number) } });
    await pool.call.return(lease);
    expect(await waiting).toMatchObject({ ok: true });
    await stop();
  });
});

describe("checking", () => {
  test("one that was idle for a while is checked before it is lent; a bad one is closed and another made", async () => {
    const { workshop, pool, get, clock, stop } = await scene({ checkAfterMs: 1_000 });
    await pool.call.return(leaseOf(await get()));
    await clock.advance(999);
    await pool.call.return(leaseOf(await get()));
    expect(workshop.checks).toBe(0);
    await clock.advance(1_000);
    await pool.call.return(leaseOf(await get()));
    expect([workshop.checks, workshop.attempts]).toEqual([1, 1]);
    await clock.advance(1_000);
    for (const part of workshop.parts) part.good = false;
    expect(leaseOf(await get()).resource.id).toBe(2);
    expect(workshop.parts[0]?.closed).toBe(1);
    await stop();
  });

  test("one whose check hangs is closed in time", async () => {
    const { workshop, pool, get, clock, stop } = await scene({ checkAfterMs: 0, checkTimeoutMs: 100, max: 1 });
    await pool.call.return(leaseOf(await get()));
    workshop.checkMs = Number.POSITIVE_INFINITY;
    const waiting = get();
    await clock.advance(100);
    expect(leaseOf(await waiting).resource.id).toBe(2);
    await stop();
  });

  test("free ones are checked now and then", async () => {
    const { workshop, clock, stop } = await scene({ min: 2, checkEveryMs: 1_000 });
    await clock.advance(3_000);
    expect(workshop.checks).toBe(6);
    for (const part of workshop.parts) part.good = false;
    await clock.advance(1_000);
    expect(workshop.open.map(({ id }) => id)).toEqual([3, 4]);
    await stop();
  });

  test("one that comes back in the middle of something is closed", async () => {
    const { workshop, pool, get, clock, stop } = await scene();
    const lease = leaseOf(await get());
    lease.resource.clean = false;
    await pool.call.return(lease);
    await clock.settle();
    expect(workshop.open).toEqual([]);
    await stop();
  });

  test("one that breaks while it is checked is closed once", async () => {
    const { workshop, pool, get, clock, stop } = await scene({ checkAfterMs: 0 });
    await pool.call.return(leaseOf(await get()));
    workshop.checkMs = 100;
    const waiting = get();
    await clock.advance(50);
    workshop.parts[0]?.breakDown();
    await clock.advance(100);
    expect(leaseOf(await waiting).resource.id).toBe(2);
    expect(workshop.parts[0]?.closed).toBe(1);
    await stop();
  });
});

describe("growing old", () => {
  test("those that nobody wants are closed as far as the minimum stays", async () => {
    const { workshop, pool, get, clock, stop } = await scene({
      min: 1,
      idleMs: 1_000,
      checkEveryMs: Number.POSITIVE_INFINITY,
    });
    const leases = (await Promise.all([get(), get(), get()])).map(leaseOf);
    for (const lease of leases) await pool.call.return(lease);
    await clock.advance(999);
    expect(workshop.open).toHaveLength(3);
    await clock.advance(1);
    expect(workshop.open).toHaveLength(1);
    await clock.advance(100_000);
    expect(workshop.open).toHaveLength(1);
    await stop();
  });

  test("an old one is closed when it is free, and when it comes back, but not while it is held", async () => {
    const { workshop, pool, get, clock, stop } = await scene({ maxAgeMs: 1_000, idleMs: Number.POSITIVE_INFINITY });
    const leases = (await Promise.all([get(), get()])).map(leaseOf);
    await pool.call.return(leases[0] ?? 0);
    await clock.advance(1_000);
    expect(workshop.parts.map(({ closed }) => closed)).toEqual([1, 0]);
    await pool.call.return(leases[1] ?? 0);
    await clock.settle();
    expect(workshop.open).toEqual([]);
    await stop();
  });

  test("timers do not multiply, however many leases end before those that were granted earlier", async () => {
    const { pool, get, clock, stop } = await scene({ max: 3, idleMs: 5_000, checkEveryMs: 1_000 });
    const long = leaseOf(await get());
    for (let n = 0; n < 200; n++) {
      await pool.call.renew(leaseOf(await get({ leaseMs: 3 })), 2);
      await clock.advance(10);
    }
    expect(clock.armed).toBeLessThan(10);
    await pool.call.return(long);
    await stop();
  });
});
