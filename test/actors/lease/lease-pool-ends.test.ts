import { Actor, type AnyRef, type ExitReason } from "holdfast";
import { LeaseManager, withLease } from "holdfast/actors";
import { createTestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { Cell } from "../../../src/kernel/cell.js";
import { leaseOf, type Pool, scene } from "./pool-scene.js";
import { type Part, Workshop } from "./workshop.js";

/** Sends exit signals. */
class Sender extends Actor {
  exitTo(target: AnyRef, reason: ExitReason): void {
    this.exit(target, reason);
  }
}

function statusOf(pool: Pool): unknown {
  return pool instanceof Cell ? pool.actor?.formatStatus() : undefined;
}

describe("ends of leases", () => {
  test("a lost lease has its resource closed, so that its old holder can do no harm", async () => {
    const { workshop, pool, get, clock, stop } = await scene({ leaseMs: 100 });
    const lease = leaseOf(await get());
    await clock.advance(100);
    expect(workshop.parts[0]?.closed).toBe(1);
    expect(await pool.call.return(lease)).toEqual({ ok: false, reason: "not_holder" });
    expect(lease.signal).toMatchObject({ aborted: true, reason: { code: "expired" } });
    await stop();
  });

  test("where it may be lent on it is", async () => {
    const { workshop, get, clock, stop } = await scene({ leaseMs: 100, lostLease: "reuse", max: 1 });
    const lease = leaseOf(await get());
    const waiting = get();
    await clock.advance(100);
    expect(leaseOf(await waiting).resource).toBe(lease.resource);
    expect(workshop.open).toHaveLength(1);
    await stop();
  });

  test("a holder can have a resource destroyed; another one is made for who waits", async () => {
    const { workshop, pool, get, clock, stop } = await scene({ max: 1 });
    const lease = leaseOf(await get());
    const waiting = get();
    await clock.settle();
    expect(await pool.call.destroy(lease)).toEqual({ ok: true });
    expect(leaseOf(await waiting).resource.id).toBe(2);
    expect(workshop.parts[0]?.closed).toBe(1);
    expect(await pool.call.destroy(lease)).toEqual({ ok: false, reason: "not_holder" });
    expect(lease.signal).toMatchObject({ aborted: true, reason: { code: "destroyed" } });
    await stop();
  });

  test("without a factory the pool is smaller by what is destroyed, and an empty one says so", async () => {
    const { system, stop } = await createTestSystem();
    const pool = await system.start(LeaseManager<string>, { resources: ["x"] });
    const answer = await pool.call.get();
    const waiting = pool.call.get();
    if (answer.ok) await pool.call.destroy(answer.lease);
    const empty = { ok: false, reason: "unavailable", retryAfterMs: Number.POSITIVE_INFINITY };
    expect([await waiting, await pool.call.get()]).toEqual([empty, empty]);
    await stop();
  });

  test("a resource that breaks while it is held: its holder learns it, and it is closed", async () => {
    const { workshop, pool, get, clock, stop } = await scene();
    const lease = leaseOf(await get());
    const told = new Promise((resolve) => {
      lease.signal.addEventListener("abort", () => resolve(lease.signal.reason));
    });
    lease.resource.breakDown();
    expect(await told).toMatchObject({ code: "broken", token: lease.token });
    await clock.settle();
    expect([lease.held, workshop.open]).toEqual([false, []]);
    expect(await pool.call.stats()).toMatchObject({ size: 0, pool: { totals: { broken: 1, closed: 1 } } });
    await stop();
  });

  test("one that takes too long to close is forgotten, and counts until then", async () => {
    const { workshop, pool, get, clock, stop } = await scene({ max: 1, closeTimeoutMs: 500 });
    const lease = leaseOf(await get());
    workshop.closeMs = Number.POSITIVE_INFINITY;
    await pool.call.destroy(lease);
    const waiting = get();
    await clock.advance(499);
    expect(workshop.attempts).toBe(1);
    await clock.advance(1);
    expect(await waiting).toMatchObject({ ok: true });
    expect(await pool.call.stats()).toMatchObject({ pool: { totals: { closeFailed: 1 } } });
    workshop.closeMs = 0;
    await stop();
  });
});

describe("drain", () => {
  test("refuses new requests and those who wait, waits for leases that are out, closes all, and then answers", async () => {
    const { workshop, pool, get, clock, stop } = await scene({ max: 2 });
    const [one, two] = (await Promise.all([get(), get()])).map(leaseOf);
    const waiting = get();
    await clock.settle();
    let over = false;
    const drained = pool.callWithin(60_000).drain();
    void drained.then(() => {
      over = true;
    });
    const refused = { ok: false, reason: "draining" };
    expect([await waiting, await get()]).toEqual([refused, refused]);
    expect(await pool.call.renew(one ?? 0)).toMatchObject({ ok: true });
    await pool.call.return(one ?? 0);
    await clock.advance(1_000);
    expect([over, workshop.open.length]).toEqual([false, 1]);
    await pool.call.return(two ?? 0);
    expect(await drained).toEqual({ ok: true, revoked: 0 });
    expect([workshop.open.length, await get()]).toEqual([0, refused]);
    expect(await pool.callWithin(60_000).drain()).toEqual({ ok: true, revoked: 0 });
    await stop();
  });

  test("revokes what is still out when its time is over", async () => {
    const { workshop, pool, get, clock, stop } = await scene();
    const lease = leaseOf(await get());
    const drained = pool.callWithin(60_000).drain({ timeoutMs: 5_000 });
    await clock.advance(4_999);
    expect(lease.held).toBe(true);
    await clock.advance(1);
    expect(await drained).toEqual({ ok: true, revoked: 1 });
    expect(lease.signal).toMatchObject({ aborted: true, reason: { code: "drained" } });
    expect(workshop.open).toEqual([]);
    await stop();
  });

  test("closes also what was being made and checked", async () => {
    const { workshop, pool, get, clock, stop } = await scene({ checkAfterMs: 0 });
    await pool.call.return(leaseOf(await get()));
    workshop.checkMs = 100;
    workshop.createMs = 100;
    const waiting = [get(), get()];
    await clock.advance(50);
    const drained = pool.callWithin(60_000).drain();
    await clock.advance(100);
    expect(await drained).toEqual({ ok: true, revoked: 0 });
    expect((await Promise.all(waiting)).map(({ ok }) => ok)).toEqual([false, false]);
    expect([workshop.parts.length, workshop.open.length]).toEqual([2, 0]);
    await stop();
  });

  test("is refused with options that cannot be used, and works without a factory", async () => {
    const { system, stop } = await createTestSystem();
    const pool = await system.start(LeaseManager<string>, { resources: ["x"] });
    expect(await pool.call.drain({ timeoutMs: -1 })).toMatchObject({ ok: false, reason: "bad_options" });
    const answer = await pool.call.get();
    expect(await pool.call.drain({ timeoutMs: 0 })).toEqual({ ok: true, revoked: 1 });
    expect(answer).toMatchObject({ lease: { held: false } });
    await stop();
  });
});

describe("the end of the manager", () => {
  test("when it is stopped every resource is closed before it has ended", async () => {
    const { system, workshop, pool, get, clock, stop } = await scene({ min: 2 });
    const lease = leaseOf(await get());
    workshop.closeMs = 100;
    const stopping = system.stopActor(pool, "shutdown");
    await clock.advance(99);
    expect(system.isAlive(pool)).toBe(true);
    await clock.advance(1);
    await stopping;
    expect(workshop.parts.map(({ closed }) => closed)).toEqual([1, 1]);
    expect(lease.signal).toMatchObject({ aborted: true, reason: { code: "manager_ended" } });
    await stop();
  });

  test("when it is killed they are closed all the same, also those that are still being made", async () => {
    const { system, workshop, pool, get, clock, stop } = await scene();
    await get();
    workshop.createMs = 100;
    const waiting = get().catch((error: unknown) => error);
    await clock.advance(50);
    system.exit(pool, "kill");
    expect(await waiting).toMatchObject({ code: "exit" });
    await clock.advance(100);
    expect(workshop.parts.map(({ closed }) => closed)).toEqual([1, 1]);
    await stop();
  });

  test("an exit signal ends it as it ends any other actor", async () => {
    const { system, workshop, pool, clock, stop } = await scene({ min: 1 });
    const sender = await system.start(Sender);
    await sender.call.exitTo(pool, "normal");
    await clock.settle();
    expect(system.isAlive(pool)).toBe(true);
    await sender.call.exitTo(pool, "go away");
    expect(await system.exited(pool)).toBe("go away");
    expect(workshop.open).toEqual([]);
    await stop();
  });
});

describe("requests", () => {
  test("a higher priority is served first", async () => {
    const { pool, get, clock, stop } = await scene({ max: 1 });
    let lease = leaseOf(await get());
    const order: number[] = [];
    const waiting = [0, 1, -1, 1].map(async (priority, n) => {
      const granted = leaseOf(await get({ priority }));
      order.push(n);
      await pool.call.return(granted);
    });
    await clock.settle();
    await pool.call.return(lease);
    await Promise.all(waiting);
    expect(order).toEqual([1, 3, 0, 2]);
    lease = leaseOf(await get());
    expect(await get({ priority: 1.5 })).toMatchObject({ reason: "bad_options" });
    await stop();
  });

  test("an abort ends the wait, and the next in the queue moves up", async () => {
    const { pool, get, clock, stop } = await scene({ max: 1 });
    const lease = leaseOf(await get());
    const abort = new AbortController();
    const first = get({ signal: abort.signal });
    await clock.settle();
    const second = get();
    await clock.settle();
    abort.abort();
    expect(await first).toEqual({ ok: false, reason: "aborted" });
    await pool.call.return(lease);
    expect(await second).toMatchObject({ ok: true });
    expect(await get({ signal: abort.signal })).toEqual({ ok: false, reason: "aborted" });
    expect(await pool.call.stats()).toMatchObject({ totals: { aborted: 2 } });
    await stop();
  });

  test("a grant that crosses an abort goes to the next in the queue", async () => {
    const { pool, get, clock, stop } = await scene({ max: 1 });
    const lease = leaseOf(await get());
    const abort = new AbortController();
    const crossing = get({ signal: abort.signal });
    await clock.settle();
    const next = get();
    await clock.settle();
    // The return is in the mailbox before the manager hears of the abort.
    pool.cast.return(lease);
    abort.abort();
    expect([await crossing, await next]).toMatchObject([{ ok: false, reason: "aborted" }, { ok: true }]);
    await stop();
  });

  test("withLease gives the wait up when its signal is aborted, and does not run its function", async () => {
    const { pool, get, clock, stop } = await scene({ max: 1 });
    const lease = leaseOf(await get());
    const abort = new AbortController();
    const using = withLease(pool, { signal: abort.signal }, () => "ran").catch((error: unknown) => error);
    await clock.settle();
    abort.abort();
    expect(await using).toMatchObject({ code: "aborted" });
    await pool.call.return(lease);
    expect(await withLease(pool, {}, () => "ran")).toBe("ran");
    expect(await pool.call.stats()).toMatchObject({ held: 0, waiting: 0 });
    await stop();
  });

  test("pool options are refused where resources are given, and where they make no sense", async () => {
    const { system, clock, stop } = await createTestSystem();
    const factory = new Workshop(clock);
    const start = (options: object) => system.start(LeaseManager<Part>, { factory, ...options });
    const resources = ["x"];
    await expect(system.start(LeaseManager<string>, { resources, max: 3 })).rejects.toThrow(
      "Expected max only with a factory",
    );
    await expect(start({ resources })).rejects.toThrow("at least one of resources, or with a factory");
    await expect(start({ min: 3, max: 2 })).rejects.toThrow("Expected min to be at most max, 2; got 3");
    await expect(start({ lostLease: "keep" })).rejects.toThrow('Expected lostLease to be "reuse"');
    await expect(start({ idleMs: 0 })).rejects.toThrow("Expected idleMs to be a number of milliseconds from 1");
    await expect(start({ circuit: { failures: 0 } })).rejects.toThrow(
      "Expected circuit.failures to be a whole number from 1",
    );
    await expect(start({ circuit: { firstPauseMs: Number.POSITIVE_INFINITY } })).rejects.toThrow(
      "Expected circuit.firstPauseMs to be finite",
    );
    await stop();
  });
});

describe("what is shown", () => {
  test("counts, waiting times and the state of the circuit, the same by message and without one", async () => {
    const { pool, get, clock, stop } = await scene({ max: 1 });
    const lease = leaseOf(await get());
    const waiting = get();
    await clock.advance(80);
    await pool.call.return(lease);
    await waiting;
    const stats = await pool.call.stats();
    expect(stats).toMatchObject({
      size: 1,
      free: 0,
      held: 1,
      draining: false,
      totals: { granted: 2, returned: 1 },
      waits: { count: 2, waited: 2, p50Ms: expect.closeTo(0, 1), maxMs: 80 },
      pool: { min: 0, max: 1, creating: 0, closing: 0, circuit: "closed", retryAfterMs: undefined },
    });
    expect(stats.waits.p99Ms).toBe(80);
    expect(statusOf(pool)).toMatchObject(stats);
    await stop();
  });
});
