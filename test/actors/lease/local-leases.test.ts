import { Actor, sys } from "holdfast";
import { child, Supervisor } from "holdfast/supervisors";
import { createTestSystem, VirtualClock } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import type { Lease } from "../../../actors/lease/lease.js";
import { LeaseManager } from "../../../actors/lease/lease-manager.js";
import type { LeaseManagerOptions } from "../../../actors/lease/lease-options.js";
import type { GetLeaseResult } from "../../../actors/lease/lease-results.js";
import { leasesOf } from "../../../actors/lease/local-leases.js";
import { withLease } from "../../../actors/lease/with-lease.js";
import { Holder } from "./holder.js";
import { leaseOf as partOf, scene as poolScene } from "./pool-scene.js";

/** A clock that can have gone on without any timer having fired, as after a pause of the whole process. */
class PausedClock extends VirtualClock {
  pausedMs = 0;

  override now(): number {
    return super.now() + this.pausedMs;
  }
}

async function scene(options: Partial<LeaseManagerOptions<string>> = {}, clock?: PausedClock) {
  const testSystem = await createTestSystem(clock === undefined ? {} : { clock });
  const { system } = testSystem;
  const pool = await system.start(LeaseManager<string>, { resources: ["x"], ...options }, { name: "pool" });
  const [a, b] = [await system.start(Holder, pool), await system.start(Holder, pool)];
  const handled = () => system.info(pool)?.handled ?? -1;
  return { ...testSystem, pool, leases: leasesOf(system, pool), a, b, handled };
}

function leaseOf(result: GetLeaseResult<string>): Lease<string> {
  if (!result.ok) throw new Error(`expected a lease, got ${result.reason}`);
  return result.lease;
}

describe("at the desk", () => {
  test("what is free is lent and returned without a message to the manager, and counted like the rest", async () => {
    const { pool, leases, handled, stop } = await scene();
    const before = handled();
    const first = leaseOf(await leases.get());
    expect(first).toMatchObject({ resource: "x", expiresAt: 30_000, held: true });
    leases.return(first);
    expect(first.held).toBe(false);
    const second = leaseOf(await leases.get({ leaseMs: 10 }));
    expect(second.token).toBeGreaterThan(first.token);
    expect(handled()).toBe(before);
    expect(await pool.call.stats()).toMatchObject({
      held: 1,
      totals: { granted: 2, returned: 1 },
      waits: { count: 2 },
    });
    await stop();
  });

  test("one who has to wait does so without a message, and a return by message serves it", async () => {
    const { pool, leases, handled, stop } = await scene();
    const lease = leaseOf(await leases.get());
    const before = handled();
    const waiting = leases.get();
    expect(handled()).toBe(before);
    expect(await pool.call.return(lease)).toEqual({ ok: true });
    expect(leaseOf(await waiting).resource).toBe("x");
    await stop();
  });

  test("those who wait are served in the order in which they came, however they asked", async () => {
    const { clock, pool, leases, stop } = await scene();
    const order: number[] = [];
    const next = (number: number) => (result: GetLeaseResult<string>) => {
      order.push(number);
      leases.return(leaseOf(result));
    };
    const lease = leaseOf(await leases.get());
    const all = [leases.get().then(next(1)), pool.call.get().then(next(2)), leases.get().then(next(3))];
    await clock.settle();
    all.push(leases.get().then(next(4)), leases.get({ priority: 1 }).then(next(0)));
    leases.return(lease);
    await Promise.all(all);
    expect(order).toEqual([0, 1, 2, 3, 4]);
    await stop();
  });

  test("who asked by message before has what is free, also when the manager has not come to it", async () => {
    const { clock, pool, leases, stop } = await scene();
    const first = pool.call.get();
    const second = leases.get();
    const lease = leaseOf(await first);
    await clock.settle();
    expect(await pool.call.stats()).toMatchObject({ held: 1, waiting: 1 });
    leases.return(lease);
    expect(leaseOf(await second).resource).toBe("x");
    await stop();
  });

  test("what one sends before a return comes before it: a resource that is to be destroyed is not lent again", async () => {
    const { pool, leases, stop } = await scene({ resources: ["x", "y"] });
    const lease = leaseOf(await leases.get());
    pool.cast.destroy(lease);
    leases.return(lease);
    expect(await pool.call.stats()).toMatchObject({ size: 1, totals: { destroyed: 1, returned: 0 } });
    await stop();
  });

  test("the refusals are those of a message", async () => {
    const { clock, pool, leases, a, stop } = await scene({ maxWaiting: 1 });
    const lease = leaseOf(await leases.get());
    expect(await leases.get({ timeoutMs: 0 })).toEqual({ ok: false, reason: "busy", retryAfterMs: 1_000 });
    const late = leases.get({ timeoutMs: 10 });
    expect(await leases.get()).toMatchObject({ reason: "busy" });
    await clock.advance(10);
    expect(await late).toEqual({ ok: false, reason: "timeout" });
    expect(await leases.get({ timeoutMs: -1 })).toMatchObject({ reason: "bad_options" });
    expect(await leases.get({ leaseMs: Number.POSITIVE_INFINITY })).toEqual({ ok: false, reason: "holder_required" });
    const abort = new AbortController();
    const aborted = leases.get({ signal: abort.signal });
    abort.abort();
    expect(await aborted).toEqual({ ok: false, reason: "aborted" });
    const killed = leases.get({ holder: a });
    a.cast.return(lease);
    expect(leaseOf(await killed).held).toBe(true);
    const draining = pool.call.drain({ timeoutMs: 0 });
    expect(await leases.get()).toEqual({ ok: false, reason: "draining" });
    expect(await draining).toEqual({ ok: true, revoked: 1 });
    expect(await leases.get()).toEqual({ ok: false, reason: "draining" });
    await stop();
  });

  test("a lease ends with its time, and a late return does nothing", async () => {
    const { clock, leases, stop } = await scene({ leaseMs: 100 });
    const old = leaseOf(await leases.get());
    const waiting = leases.get();
    await clock.advance(100);
    const current = leaseOf(await waiting);
    leases.return(old);
    expect([old.held, current.held]).toEqual([false, true]);
    await stop();
  });

  test("the actor whose handler asks is the holder: its death returns the lease", async () => {
    const { system, clock, leases, a, b, stop } = await scene();
    const lease = leaseOf(await a.call.getHere());
    const [waiting, dead] = [leases.get(), b.call.askHere().catch((error: unknown) => error)];
    await dead;
    system.exit(a, "kill");
    expect(leaseOf(await waiting).resource).toBe("x");
    expect(lease.held).toBe(false);
    system.exit(b, "kill");
    await clock.settle();
    expect(await leases.get({ holder: a })).toEqual({ ok: false, reason: "holder_dead" });
    await stop();
  });

  test("withLease takes it as it takes a manager", async () => {
    const { leases, handled, stop } = await scene();
    const before = handled();
    expect(await withLease(leases, {}, (lease) => lease.resource)).toBe("x");
    const failing = withLease(leases, {}, () => {
      throw new Error("no query");
    });
    await expect(failing).rejects.toThrow("no query");
    expect(handled()).toBe(before);
    await leases.get();
    await expect(withLease(leases, { timeoutMs: 0 }, () => "ran")).rejects.toMatchObject({ code: "busy" });
    await stop();
  });
});

describe("the manager", () => {
  test("that ends tells those who wait at once, and there is none until it is restarted", async () => {
    class Root extends Supervisor {
      override init() {
        return { children: [child(LeaseManager<string>, { id: "pool", name: "pool", args: { resources: ["x"] } })] };
      }
    }
    const { system, clock, stop } = await createTestSystem();
    const leases = leasesOf<string>(system, "pool");
    await expect(leases.get()).rejects.toMatchObject({ code: "noproc" });
    await system.start(Root);
    const old = leaseOf(await leases.get());
    const waiting = leases.get();
    const pool = system.whereis("pool");
    if (pool !== undefined) system.exit(pool, "kill");
    await expect(waiting).rejects.toMatchObject({ code: "exit", reason: "killed" });
    await clock.settle();
    expect(old.held).toBe(false);
    const current = leaseOf(await leases.get());
    leases.return(old);
    expect([current.held, current.token > old.token]).toEqual([true, true]);
    await stop();
  });

  test("by its ref is gone when it has ended", async () => {
    const { system, leases, pool, stop } = await scene();
    const lease = leaseOf(await leases.get());
    system.exit(pool, "kill");
    leases.return(lease);
    await expect(leases.get()).rejects.toMatchObject({ code: "noproc", reason: "killed" });
    await stop();
  });

  test("that is suspended or traced is sent messages, like any other actor", async () => {
    const { clock, pool, leases, handled, stop } = await scene();
    await sys.suspend(pool);
    let answered = false;
    const waiting = leases.get().finally(() => {
      answered = true;
    });
    await clock.settle();
    expect(answered).toBe(false);
    await sys.resume(pool);
    leases.return(leaseOf(await waiting));
    await sys.statistics(pool, true);
    const before = handled();
    leases.return(leaseOf(await leases.get()));
    await clock.settle();
    expect(handled()).toBe(before + 2);
    await stop();
  });

  test("that throws while it serves somebody crashes as it does by a message", async () => {
    const { system, clock, reports, leases, pool, stop } = await scene();
    leaseOf(await leases.get());
    const waiting = leases.get();
    const { signal } = new AbortController();
    // Once: a request that only went on as a message would find it mended.
    signal.addEventListener = () => {
      Reflect.deleteProperty(signal, "addEventListener");
      throw new Error("no ear");
    };
    await expect(leases.get({ signal })).rejects.toMatchObject({
      code: "exit",
      reason: { error: { message: "no ear" } },
    });
    await expect(waiting).rejects.toMatchObject({ code: "exit" });
    await clock.settle();
    expect(system.isAlive(pool)).toBe(false);
    expect(reports).toMatchObject([{ level: "error" }]);
    await stop();
  });
});

describe("in the middle of something", () => {
  test("who is told of a lost lease may ask at once, and is served when the manager comes to it", async () => {
    const clock = new PausedClock();
    const { leases, stop } = await scene({ resources: ["x", "y"] }, clock);
    const lost = leaseOf(await leases.get({ leaseMs: 10 }));
    let again: Promise<GetLeaseResult<string>> | undefined;
    lost.signal.addEventListener("abort", () => {
      again = leases.get();
    });
    clock.pausedMs = 20;
    const mine = leaseOf(await leases.get());
    await clock.settle();
    expect(again).toBeDefined();
    const other = again === undefined ? undefined : leaseOf(await again);
    expect([mine.held, other?.held]).toEqual([true, true]);
    expect(other?.resource).not.toBe(mine.resource);
    await stop();
  });

  test("who is told of a lost lease may end the manager: nothing is lent by it any more", async () => {
    const clock = new PausedClock();
    const { system, pool, leases, stop } = await scene({ resources: ["x", "y"] }, clock);
    const lost = leaseOf(await leases.get({ leaseMs: 10 }));
    lost.signal.addEventListener("abort", () => system.exit(pool, "kill"));
    clock.pausedMs = 20;
    await expect(leases.get()).rejects.toMatchObject({ code: "noproc", reason: "killed" });
    await stop();
  });

  test("a resource that is asked whether it may be lent again may ask for another one", async () => {
    const { system, clock, workshop, pool, stop } = await poolScene({ min: 2, max: 2 });
    const leases = leasesOf(system, pool);
    const lease = partOf(await leases.get());
    const asked: Promise<unknown>[] = [];
    workshop.reusable = () => {
      asked.push(leases.get());
      return true;
    };
    leases.return(lease);
    await clock.settle();
    expect(await Promise.all(asked)).toMatchObject([{ ok: true }]);
    await stop();
  });

  test("an actor that asks after an await names itself", async () => {
    class Late extends Actor {
      async ask(): Promise<GetLeaseResult<string>> {
        await Promise.resolve();
        return leasesOf<string>(this.system, "pool").get({ holder: this.self() });
      }
    }
    const { system, clock, stop } = await scene();
    const late = await system.start(Late);
    const lease = leaseOf(await late.call.ask());
    system.exit(late, "kill");
    await clock.settle();
    expect(lease.held).toBe(false);
    await stop();
  });
});

describe("resources that come and go", () => {
  test("one is made for who waits at the desk, and one that broke is closed when it is returned", async () => {
    const { system, clock, workshop, pool, stop } = await poolScene({ min: 0, max: 1 });
    const leases = leasesOf(system, pool);
    const asked = leases.get();
    await clock.settle();
    const lease = partOf(await asked);
    lease.resource.clean = false;
    const next = leases.get();
    leases.return(lease);
    await clock.settle();
    expect(partOf(await next).resource).not.toBe(lease.resource);
    expect(workshop.parts.map(({ closed }) => closed)).toEqual([1, 0]);
    await stop();
  });

  test("one that has been idle for long is checked before it is lent at the desk", async () => {
    const { system, clock, workshop, pool, stop } = await poolScene({ min: 1, max: 1, checkAfterMs: 10 });
    const leases = leasesOf(system, pool);
    await clock.advance(10);
    workshop.open[0]?.breakDown();
    await clock.settle();
    await clock.advance(10);
    const asked = leases.get();
    await clock.settle();
    expect(partOf(await asked).resource.good).toBe(true);
    expect(workshop.checks).toBe(1);
    await stop();
  });
});
