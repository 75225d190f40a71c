import type { ActorRef } from "holdfast";
import { child, Supervisor } from "holdfast/supervisors";
import { createTestSystem, type TestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import type { Lease } from "../../../actors/lease/lease.js";
import { LeaseManager } from "../../../actors/lease/lease-manager.js";
import type { LeaseManagerOptions } from "../../../actors/lease/lease-options.js";
import type { GetLeaseResult } from "../../../actors/lease/lease-results.js";
import { Cell } from "../../../src/kernel/cell.js";
import { Holder } from "./holder.js";

interface Scene extends TestSystem {
  readonly pool: ActorRef<LeaseManager<string>>;
  readonly a: ActorRef<Holder>;
  readonly b: ActorRef<Holder>;
  readonly c: ActorRef<Holder>;
}

async function scene(options: Partial<LeaseManagerOptions<string>> = {}): Promise<Scene> {
  const testSystem = await createTestSystem();
  const { system } = testSystem;
  const pool = await system.start(LeaseManager<string>, { resources: ["x"], ...options }, { name: "pool" });
  const holder = () => system.start(Holder, pool);
  return { ...testSystem, pool, a: await holder(), b: await holder(), c: await holder() };
}

function leaseOf(result: GetLeaseResult<string>): Lease<string> {
  if (!result.ok) throw new Error(`expected a lease, got ${result.reason}`);
  return result.lease;
}

function statusOf(pool: ActorRef<LeaseManager<string>>): unknown {
  return pool instanceof Cell ? pool.actor?.formatStatus() : undefined;
}

describe("get and return", () => {
  test("a free resource is granted, and the next one who asks waits until it is returned", async () => {
    const { clock, a, b, stop } = await scene();
    const first = leaseOf(await a.call.get());
    expect(first).toMatchObject({ resource: "x", expiresAt: 30_000, held: true });
    const waiting = b.call.get();
    await clock.settle();
    expect(await a.call.return(first)).toEqual({ ok: true });
    const second = leaseOf(await waiting);
    expect(second.token).toBeGreaterThan(first.token);
    expect([first.held, second.held]).toEqual([false, true]);
    await stop();
  });

  test("those who wait are served in the order in which they came", async () => {
    const { clock, a, b, c, stop } = await scene();
    const order: string[] = [];
    const lease = leaseOf(await a.call.get());
    const waitB = b.call.get().then((result) => {
      order.push("b");
      return leaseOf(result);
    });
    await clock.settle();
    const waitC = c.call.get().then(() => order.push("c"));
    await clock.settle();
    await a.call.return(lease);
    await b.call.return(await waitB);
    await waitC;
    expect(order).toEqual(["b", "c"]);
    await stop();
  });

  test("case 439: a return with an old token is refused and does not touch the new holder", async () => {
    const { pool, clock, a, b, stop } = await scene({ leaseMs: 100 });
    const old = leaseOf(await a.call.get());
    const waiting = b.call.get();
    await clock.advance(100);
    const current = leaseOf(await waiting);
    expect(await a.call.return(old)).toEqual({ ok: false, reason: "not_holder" });
    expect([await pool.call.check(old), await pool.call.check(current.token)]).toEqual([false, true]);
    await stop();
  });

  test("case 432: a lease tells by itself whether it is held", async () => {
    const { clock, a, stop } = await scene({ leaseMs: 100 });
    const lease = leaseOf(await a.call.get());
    expect(lease.held).toBe(true);
    await clock.advance(100);
    expect(lease.held).toBe(false);
    await stop();
  });

  test("case 431: leases are not re-entrant: a holder that asks again waits for another resource", async () => {
    const { a, stop } = await scene();
    await a.call.get();
    expect(await a.call.get({ timeoutMs: 0 })).toMatchObject({ ok: false, reason: "busy" });
    await stop();
  });
});

describe("waiting", () => {
  test("a request that waits too long is answered timeout, before its call would fail", async () => {
    const { pool, clock, a, stop } = await scene();
    await a.call.get();
    const waiting = pool.call.get({ leaseMs: 1 });
    await clock.advance(4_000);
    expect(await waiting).toEqual({ ok: false, reason: "timeout" });
    await stop();
  });

  test("case 441: who gave up gets nothing, the next in the queue does", async () => {
    const { clock, a, b, c, stop } = await scene();
    const lease = leaseOf(await a.call.get());
    const late = b.call.get({ timeoutMs: 50 });
    const patient = c.call.get();
    await clock.advance(100);
    expect(await late).toEqual({ ok: false, reason: "timeout" });
    await a.call.return(lease);
    expect(await patient).toMatchObject({ ok: true });
    await stop();
  });

  test("a grant whose caller gave up by itself goes to the next in the queue", async () => {
    const { clock, a, b, c, stop } = await scene();
    const lease = leaseOf(await a.call.get());
    const impatient = b.call.get({}, 50).catch((error: unknown) => error);
    await clock.settle();
    const patient = c.call.get();
    await clock.advance(100);
    await impatient;
    await a.call.return(lease);
    expect(await patient).toMatchObject({ ok: true, lease: { resource: "x" } });
    await stop();
  });

  test("a full queue answers busy and when to come back; callers that gave up do not fill it", async () => {
    const { pool, clock, a, stop } = await scene({ maxWaiting: 1 });
    await a.call.get();
    const impatient = pool
      .callWithin(10)
      .get()
      .catch((error: unknown) => error);
    await clock.settle();
    expect(await pool.call.get()).toEqual({ ok: false, reason: "busy", retryAfterMs: 1_000 });
    await clock.advance(20);
    expect(await impatient).toMatchObject({ code: "timeout" });
    const next = pool.call.get();
    await clock.settle();
    expect(await pool.call.get()).toMatchObject({ reason: "busy" });
    await clock.advance(4_000);
    expect(await next).toEqual({ ok: false, reason: "timeout" });
    await stop();
  });

  test("a request that nobody waits for takes nothing", async () => {
    const { pool, clock, stop } = await scene();
    pool.cast.get();
    await clock.settle();
    expect(statusOf(pool)).toMatchObject({ free: 1, held: 0 });
    await stop();
  });

  test("when the manager ends, those who wait hear of it at once", async () => {
    const { system, pool, clock, a, stop } = await scene();
    await a.call.get();
    const waiting = pool.call.get().catch((error: unknown) => error);
    await clock.settle();
    system.exit(pool, "kill");
    expect(await waiting).toMatchObject({ code: "exit", reason: "killed" });
    await stop();
  });
});

describe("expiry", () => {
  test("case 434: a lease that is renewed goes on, and one that is not ends with its time", async () => {
    const { pool, clock, a, b, stop } = await scene({ leaseMs: 120 });
    const lease = leaseOf(await a.call.get());
    const waiting = b.call.get();
    for (let n = 0; n < 20; n++) {
      await clock.advance(12);
      expect(await pool.call.renew(lease)).toMatchObject({ ok: true, lease: { token: lease.token } });
    }
    await clock.advance(119);
    expect(lease.held).toBe(true);
    await clock.advance(1);
    expect(lease.held).toBe(false);
    expect(await waiting).toMatchObject({ ok: true });
    expect(await pool.call.renew(lease)).toEqual({ ok: false, reason: "not_holder" });
    await stop();
  });

  test("a lease may last another time than the manager's, also after a renewal", async () => {
    const { pool, clock, a, stop } = await scene();
    const lease = leaseOf(await a.call.get({ leaseMs: 10 }));
    await pool.call.renew(lease, 50);
    await clock.advance(49);
    expect(lease.held).toBe(true);
    await clock.advance(1);
    expect(lease.held).toBe(false);
    await stop();
  });

  test("a shorter lease that is granted later still ends in time", async () => {
    const { clock, a, b, stop } = await scene({ resources: ["x", "y"] });
    const long = leaseOf(await a.call.get({ leaseMs: 1_000 }));
    const short = leaseOf(await b.call.get({ leaseMs: 10 }));
    await clock.advance(10);
    expect([long.held, short.held]).toEqual([true, false]);
    await clock.advance(990);
    expect(long.held).toBe(false);
    await stop();
  });
});

describe("death", () => {
  test("the resource of a holder that dies passes to the next in the queue", async () => {
    const { system, a, b, clock, stop } = await scene();
    const lease = leaseOf(await a.call.get());
    const waiting = b.call.get();
    await clock.settle();
    system.exit(a, "kill");
    expect(await waiting).toMatchObject({ ok: true });
    expect(lease.held).toBe(false);
    await stop();
  });

  test("case 436: a waiter that dies is passed over", async () => {
    const { system, a, b, c, clock, stop } = await scene();
    const lease = leaseOf(await a.call.get());
    const dead = b.call.get().catch((error: unknown) => error);
    await clock.settle();
    const waiting = c.call.get();
    await clock.settle();
    system.exit(b, "kill");
    await dead;
    await a.call.return(lease);
    expect(await waiting).toMatchObject({ ok: true });
    await stop();
  });

  test("a holder that is named explicitly is watched instead of the caller", async () => {
    const { system, pool, a, clock, stop } = await scene();
    const lease = leaseOf(await pool.call.get({ holder: a, leaseMs: Number.POSITIVE_INFINITY }));
    const waiting = pool.call.get({ holder: a });
    await clock.settle();
    system.exit(a, "kill");
    await clock.settle();
    expect(lease.held).toBe(false);
    expect(await waiting).toEqual({ ok: false, reason: "holder_dead" });
    expect(await pool.call.get({ holder: a })).toEqual({ ok: false, reason: "holder_dead" });
    await stop();
  });

  test("an actor that asks after an await is watched when it names itself", async () => {
    const { system, pool, a, clock, stop } = await scene();
    const lease = leaseOf(await a.call.getLate());
    expect(statusOf(pool)).toMatchObject({ leases: [{ holder: a.toString() }] });
    system.exit(a, "kill");
    await clock.settle();
    expect(lease.held).toBe(false);
    await stop();
  });

  test("a caller outside any actor is not watched, so its lease needs an end", async () => {
    const { pool, stop } = await scene();
    expect(await pool.call.get({ leaseMs: Number.POSITIVE_INFINITY })).toEqual({
      ok: false,
      reason: "holder_required",
    });
    expect(await pool.call.get()).toMatchObject({ ok: true });
    await stop();
  });

  test("of the holders that have nothing any more at most 1,000 stay watched, those that have something all", async () => {
    const { system, pool, a, b, stop } = await scene({ resources: ["x", "y", "z"] });
    const watched = () => (pool instanceof Cell ? pool.extras?.monitors?.size : undefined);
    const held = [leaseOf(await a.call.get()), leaseOf(await b.call.get())];
    for (let n = 0; n < 1_500; n++) {
      const passer = await system.start(Holder, pool);
      await passer.call.return(leaseOf(await passer.call.get()));
    }
    expect(watched()).toBe(1_003);
    system.exit(a, "kill");
    system.exit(b, "kill");
    await pool.call.check(0);
    expect(held.map((lease) => lease.held)).toEqual([false, false]);
    await stop();
  });

  test("case 437: tokens rise, also across a restart of the manager, whose old leases are no longer held", async () => {
    class Root extends Supervisor {
      override init() {
        return { children: [child(LeaseManager<string>, { id: "pool", name: "pool", args: { resources: ["x"] } })] };
      }
    }
    const { system, clock, stop } = await createTestSystem();
    await system.start(Root);
    const pool = () => {
      const ref = system.whereis<LeaseManager<string>>("pool");
      if (ref === undefined) throw new Error("no pool");
      return ref;
    };
    const tokens: number[] = [];
    let before: Lease<string> | undefined;
    for (let n = 0; n < 3; n++) {
      for (let m = 0; m < 3; m++) {
        const lease = leaseOf(await pool().call.get());
        tokens.push(lease.token);
        await pool().call.return(lease);
      }
      before = leaseOf(await pool().call.get());
      tokens.push(before.token);
      system.exit(pool(), "kill");
      await clock.settle();
      expect(before.held).toBe(false);
    }
    expect(tokens).toEqual([...new Set(tokens)].sort((one, other) => one - other));
    await stop();
  });
});

describe("options", () => {
  test("a manager without resources, or with a wrong duration, does not start", async () => {
    const { system, stop } = await createTestSystem();
    const start = (options: object) => system.start(LeaseManager<string>, { resources: ["x"], ...options });
    await expect(start({ resources: [] })).rejects.toMatchObject({ reason: { error: { code: "bad_argument" } } });
    await expect(start({ leaseMs: 0 })).rejects.toThrow(
      "Expected leaseMs to be a number of milliseconds from 1, or Infinity; got 0",
    );
    await expect(start({ maxWaiting: 1.5 })).rejects.toThrow(
      "Expected maxWaiting to be a whole number from 0; got 1.5",
    );
    await stop();
  });

  test("a request with wrong options is refused with what was expected, and the manager goes on", async () => {
    const { system, pool, stop } = await scene();
    const untyped = system.whereis<{
      get(options: unknown): unknown;
      renew(lease: unknown, leaseMs: unknown): unknown;
    }>("pool");
    const refused = (expected: string) => ({ ok: false, reason: "bad_options", expected });
    expect(await untyped?.call.get({ timeoutMs: "soon" })).toEqual(
      refused('Expected timeoutMs to be a number of milliseconds from 0, or Infinity; got "soon"'),
    );
    expect(await untyped?.call.get({ holder: "me" })).toEqual(refused('Expected an actor\'s ref, got "me"'));
    expect(await untyped?.call.renew(1, Number.NaN)).toEqual(
      refused("Expected leaseMs to be a number of milliseconds from 1, or Infinity; got NaN"),
    );
    expect(await pool.call.get()).toMatchObject({ ok: true });
    await stop();
  });
});

describe("inspection", () => {
  test("case 442: holders, tokens, ages and the queue are shown without a message to the manager", async () => {
    const { pool, clock, a, b, c, stop } = await scene({ maxWaiting: 5 });
    const lease = leaseOf(await a.call.get());
    b.cast.get();
    await clock.advance(10);
    c.cast.get();
    await clock.advance(90);
    expect(statusOf(pool)).toEqual({
      kind: "lease-manager",
      size: 1,
      free: 0,
      held: 1,
      waiting: 2,
      maxWaiting: 5,
      longestWaitMs: 100,
      draining: false,
      totals: {
        granted: 1,
        returned: 0,
        expired: 0,
        holderDied: 0,
        timedOut: 0,
        busy: 0,
        unavailable: 0,
        aborted: 0,
        destroyed: 0,
      },
      waits: { count: 1, waited: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 },
      pool: undefined,
      leases: [{ token: lease.token, holder: a.toString(), ageMs: 100, expiresInMs: 29_900 }],
      queue: [
        { holder: b.toString(), priority: 0, waitedMs: 100 },
        { holder: c.toString(), priority: 0, waitedMs: 90 },
      ],
    });
    await stop();
  });
});
