import { createTestSystem, VirtualClock } from "holdfast/testing";
import { memoryStore } from "holdfast/store";
import { describe, expect, test } from "vitest";
import { FencingGuard } from "../../../actors/lease/fencing-guard.js";
import { LeaseManager } from "../../../actors/lease/lease-manager.js";
import { StoredTokens } from "../../../actors/lease/stored-tokens.js";

describe("a guard", () => {
  test("admits tokens that rise, and the same one again, and refuses those below", () => {
    const guard = new FencingGuard();
    expect([3, 3, 5, 4, 5].map((token) => guard.admits(token))).toEqual([true, true, true, false, true]);
    expect(guard.highest).toBe(5);
  });

  test("throws what says which token was too low, and takes a lease as well as what JSON left of it", () => {
    const guard = new FencingGuard(7);
    expect(() => guard.check({ token: 6 })).toThrow("Refused the lease with token 6: a later one, with token 7");
    expect(() => guard.check(6)).toThrow(expect.objectContaining({ code: "stale_lease", token: 6, highest: 7 }));
    guard.check(JSON.parse(JSON.stringify({ token: 8, index: 0 })));
    expect(guard.highest).toBe(8);
  });

  test("refuses what is no token", () => {
    const guard = new FencingGuard();
    for (const wrong of [undefined, Number.NaN, "8"]) {
      expect(() => guard.check(JSON.parse(JSON.stringify({ token: wrong })))).toThrow("Expected a lease, or its token");
    }
  });

  test("a holder that was paused past the end of its lease is refused when the next one has begun", async () => {
    const { system, clock, stop } = await createTestSystem();
    const pool = await system.start(LeaseManager<string>, { resources: ["x"], leaseMs: 100 });
    const guard = new FencingGuard();
    const [paused, next] = [await pool.call.get(), pool.call.get()];
    await clock.advance(100);
    const current = await next;
    if (!paused.ok || !current.ok) throw new Error("expected leases");
    guard.check(current.lease);
    expect(guard.admits(paused.lease)).toBe(false);
    expect(paused.lease.held).toBe(false);
    await stop();
  });
});

describe("a process that was paused past the end of a lease", () => {
  /** A clock that can have gone on without any timer having fired, as after a pause of the whole process. */
  class PausedClock extends VirtualClock {
    pausedMs = 0;

    override now(): number {
      return super.now() + this.pausedMs;
    }
  }

  test("a holder that wakes first sees that it holds nothing, and is refused, before any timer has fired", async () => {
    const clock = new PausedClock();
    const { system, stop } = await createTestSystem({ clock });
    const pool = await system.start(LeaseManager<string>, { resources: ["x"], leaseMs: 100 });
    const answer = await pool.call.get();
    if (!answer.ok) throw new Error("expected a lease");
    clock.pausedMs = 100;
    expect(answer.lease.held).toBe(false);
    expect(await pool.call.check(answer.lease)).toBe(false);
    expect(await pool.call.renew(answer.lease)).toEqual({ ok: false, reason: "not_holder" });
    expect(await pool.call.return(answer.lease)).toEqual({ ok: false, reason: "not_holder" });
    expect(answer.lease.signal).toMatchObject({ aborted: true, reason: { code: "expired" } });
    const next = await pool.call.get();
    expect(next).toMatchObject({ ok: true, lease: { held: true } });
    await stop();
  });
});

describe("tokens in a store", () => {
  const none = (error: unknown): void => {
    throw error;
  };

  test("rise across restarts, also when the clock was set back", async () => {
    const store = memoryStore();
    const first = await StoredTokens.open({ store, name: "db" }, 1_000_000, none);
    const before = [first.next(), first.next()];
    const second = await StoredTokens.open({ store, name: "db" }, 5, none);
    expect(before).toEqual([1_000_001, 1_000_002]);
    expect(second.next()).toBeGreaterThan(1_000_002);
    const other = await StoredTokens.open({ store, name: "another" }, 5, none);
    expect(other.next()).toBe(6);
  });

  test("go on rising with the clock when it is ahead of the store", async () => {
    const store = memoryStore();
    await StoredTokens.open({ store, name: "db" }, 5, none);
    expect((await StoredTokens.open({ store, name: "db" }, 1e12, none)).next()).toBe(1e12 + 1);
  });

  test("run out rather than repeat when the store takes no note of new ones, which is told", async () => {
    const store = memoryStore();
    const errors: unknown[] = [];
    const tokens = await StoredTokens.open({ store, name: "db" }, 0, (error) => errors.push(error));
    await store.close();
    let last = 0;
    expect(() => {
      for (;;) last = tokens.next();
    }).toThrow(expect.objectContaining({ code: "tokens_exhausted" }));
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(errors[0]).toMatchObject({ code: "closed" });
    const again = memoryStore();
    expect((await StoredTokens.open({ store: again, name: "db" }, last, none)).next()).toBe(last + 1);
  });

  test("are used by a manager that is given a store: its tokens rise across systems", async () => {
    const store = memoryStore();
    const tokens: number[] = [];
    for (let n = 0; n < 3; n++) {
      const { system, stop } = await createTestSystem();
      const args = { resources: ["x"], tokens: { store, name: "db" } };
      const pool = await system.start(LeaseManager<string>, args);
      const answer = await pool.call.get();
      if (answer.ok) tokens.push(answer.lease.token);
      await stop();
    }
    expect(tokens).toHaveLength(3);
    expect(tokens).toEqual(tokens.toSorted((one, other) => one - other));
    expect(new Set(tokens).size).toBe(3);
  });
});
