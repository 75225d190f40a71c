import { describe, expect, test } from "vitest";
import { type Answer, SimpleTable } from "./simple-table.js";

function tableOf(resources: string[], maxWaiting = 10): SimpleTable<string> {
  return new SimpleTable(resources, { maxWaiting });
}

function ask(
  table: SimpleTable<string>,
  holder: string,
  now: number,
  times: { leaseMs?: number; waitMs?: number; priority?: number } = {},
) {
  return table.ask(holder, now, times);
}

function granted(outcome: Answer<string>) {
  if (outcome.kind !== "granted") throw new Error(`expected a grant, got ${outcome.kind}`);
  return outcome.lease;
}

function waiting(outcome: Answer<string>) {
  if (outcome.kind !== "waiting") throw new Error(`expected to wait, got ${outcome.kind}`);
  return outcome.claim;
}

describe("get and return", () => {
  test("a free resource is granted at once, the first of the pool first", () => {
    const table = tableOf(["x", "y"]);
    expect(granted(ask(table, "a", 0))).toMatchObject({ resource: "x", token: 1, expiresAt: 1_000, held: true });
    expect(granted(ask(table, "b", 0)).resource).toBe("y");
    expect([table.freeCount, table.heldCount, table.waitingCount]).toEqual([0, 2, 0]);
  });

  test("the resource returned last is given out first", () => {
    const table = tableOf(["x", "y"]);
    const x = granted(ask(table, "a", 0));
    granted(ask(table, "b", 0));
    table.giveBack(x.token, 1);
    expect(granted(ask(table, "c", 2)).resource).toBe("x");
  });

  test("a return passes the resource to the one who came first", () => {
    const table = tableOf(["x"]);
    const first = granted(ask(table, "a", 0));
    ask(table, "b", 1);
    ask(table, "c", 2);
    const outcome = table.giveBack(first.token, 3);
    expect(outcome).toMatchObject({
      ok: true,
      grant: { claim: { ticket: "b" }, lease: { resource: "x", token: 2 } },
    });
    expect(first.held).toBe(false);
  });

  test("a return with nobody waiting leaves the resource free", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0));
    expect(table.giveBack(lease.token, 1)).toEqual({ ok: true, grant: undefined });
    expect(table.freeCount).toBe(1);
  });

  test("a lease is known by itself, by what JSON leaves of it, and by its token; anything else is no lease", () => {
    const table = tableOf(["x", "y"]);
    ask(table, "a", 0);
    const { token, index } = granted(ask(table, "b", 0));
    expect([table.isHeld(token, 0), table.isHeld({ token, index }, 0)]).toEqual([true, true]);
    for (const wrong of [
      { token, index: 0 },
      { token, index: 7 },
      { token: 99, index },
      99,
      Number.NaN,
      JSON.parse("null"),
      JSON.parse("{}"),
    ]) {
      expect(table.isHeld(wrong, 0)).toBe(false);
    }
    expect(table.giveBack(token, 1)).toMatchObject({ ok: true });
    expect([table.freeCount, table.heldCount]).toEqual([1, 1]);
  });

  test("a second return is refused", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0));
    table.giveBack(lease.token, 1);
    expect(table.giveBack(lease.token, 1)).toEqual({ ok: false, reason: "not_holder" });
  });

  test("two equal resources are two resources", () => {
    const table = tableOf(["x", "x"]);
    granted(ask(table, "a", 0));
    granted(ask(table, "b", 0));
    expect(table.heldCount).toBe(2);
  });

  test("a holder that asks again gets another resource, or waits: it is not re-entrant", () => {
    const table = tableOf(["x", "y"]);
    expect(granted(ask(table, "a", 0)).resource).toBe("x");
    expect(granted(ask(table, "a", 0)).resource).toBe("y");
    expect(ask(table, "a", 0).kind).toBe("waiting");
  });

  test("undefined may be a resource", () => {
    const table = new SimpleTable<undefined>([undefined]);
    expect(table.ask("a", 0).kind).toBe("granted");
    expect(table.ask("b", 0).kind).toBe("waiting");
  });
});

describe("busy", () => {
  test("a full queue answers busy with a time", () => {
    const table = tableOf(["x"], 1);
    ask(table, "a", 0);
    ask(table, "b", 0);
    expect(ask(table, "c", 0)).toEqual({ kind: "busy", retryAfterMs: 1_000 });
    expect(table.waitingCount).toBe(1);
  });

  test("the time follows how long leases lasted, how many wait and how large the pool is", () => {
    const table = tableOf(["x", "y"], 2);
    const lease = granted(ask(table, "a", 0));
    table.giveBack(lease.token, 200);
    for (const holder of ["b", "c", "d", "e"]) ask(table, holder, 200);
    expect(ask(table, "f", 200)).toEqual({ kind: "busy", retryAfterMs: 300 });
  });

  test("one who does not want to wait is told busy while nothing is free", () => {
    const table = tableOf(["x"]);
    ask(table, "a", 0);
    expect(ask(table, "b", 0, { waitMs: 0 }).kind).toBe("busy");
    expect(table.waitingCount).toBe(0);
  });
});

describe("expiry", () => {
  test("case 434: a lease is in force until its time is over, then the next waiter has it", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0, { leaseMs: 120 }));
    ask(table, "b", 0);
    expect(table.expireAll(119).ended).toEqual([]);
    expect(table.isHeld(lease.token, 119)).toBe(true);
    const changes = table.expireAll(120);
    expect(changes.ended.map((claim) => claim.owner?.holder)).toEqual(["a"]);
    expect(changes.grants).toMatchObject([{ claim: { ticket: "b" }, lease: { token: 2, resource: "x" } }]);
    expect(lease.held).toBe(false);
  });

  test("a renewal keeps the token and moves the end", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0, { leaseMs: 120 }));
    expect(table.renew(lease.token, 100)).toMatchObject({ token: 1, expiresAt: 220 });
    expect(lease.expiresAt).toBe(220);
    expect(table.expireAll(219).ended).toEqual([]);
    expect(table.renew(lease.token, 219, 10)).toMatchObject({ expiresAt: 229 });
    expect(table.expireAll(229).ended).toHaveLength(1);
  });

  test("a lease without end never expires", () => {
    const table = tableOf(["x"]);
    granted(ask(table, "a", 0, { leaseMs: Number.POSITIVE_INFINITY }));
    expect(table.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    expect(table.expireAll(Number.MAX_SAFE_INTEGER).ended).toEqual([]);
  });

  test("case 439: a late return with the old token is refused and does not touch the new holder", () => {
    const table = tableOf(["x"]);
    const old = granted(ask(table, "a", 0));
    ask(table, "b", 900);
    table.expireAll(1_000);
    expect(table.giveBack(old.token, 1_001)).toEqual({ ok: false, reason: "not_holder" });
    expect(table.isHeld(2, 1_001)).toBe(true);
  });

  test("a lease whose end passed unnoticed is not in force, even before expire was called", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0));
    expect(table.isHeld(lease.token, 1_000)).toBe(false);
    expect(table.giveBack(lease.token, 1_000)).toEqual({ ok: false, reason: "not_holder" });
    expect(table.renew(lease.token, 1_000)).toBeUndefined();
    expect(table.expireAll(1_000).ended).toHaveLength(1);
  });

  test("case 441: a waiter whose time is over gets nothing, the one behind it does", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0));
    const late = waiting(ask(table, "b", 0, { waitMs: 50 }));
    ask(table, "c", 0, { waitMs: 500 });
    expect(table.giveBack(lease.token, 100)).toMatchObject({ grant: { claim: { ticket: "c" } } });
    expect(table.expireAll(100)).toMatchObject({ gaveUp: [{ ticket: "b" }], grants: [] });
    expect(late.lease).toBeUndefined();
  });

  test("the next deadline is that of whatever ends first, lease or wait", () => {
    const table = tableOf(["x"]);
    ask(table, "a", 0);
    expect(table.nextDeadline).toBe(1_000);
    const waiter = waiting(ask(table, "b", 0, { waitMs: 50 }));
    expect(table.nextDeadline).toBe(50);
    table.cancelWait(waiter);
    expect(table.nextDeadline).toBe(1_000);
  });
});

describe("death and cancellation", () => {
  test("the resources of a dead holder pass on, all of them, in the order of the queue", () => {
    const table = tableOf(["x", "y"]);
    ask(table, "a", 0);
    ask(table, "a", 0);
    for (const holder of ["b", "c", "d"]) ask(table, holder, 0);
    const changes = table.die("a", 1);
    expect(changes.ended.map((claim) => claim.lease?.token)).toEqual([1, 2]);
    expect(changes.grants.map((grant) => grant.claim.ticket)).toEqual(["b", "c"]);
    expect(table.owner("a").idle).toBe(true);
  });

  test("case 436: a dead waiter is passed over", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0));
    ask(table, "b", 0);
    ask(table, "c", 0);
    expect(table.die("b", 1)).toMatchObject({ ended: [], gaveUp: [{ ticket: "b" }], grants: [] });
    expect(table.giveBack(lease.token, 2)).toMatchObject({ grant: { claim: { ticket: "c" } } });
  });

  test("a holder that dies while it holds and waits gets nothing from its own death", () => {
    const table = tableOf(["x"]);
    ask(table, "a", 0);
    ask(table, "a", 0);
    expect(table.die("a", 1)).toMatchObject({
      ended: [{ ticket: "a" }],
      gaveUp: [{ ticket: "a" }],
      grants: [],
    });
    expect(table.freeCount).toBe(1);
  });

  test("a cancelled waiter is passed over, and cancelling again says no", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0));
    const waiter = waiting(ask(table, "b", 0));
    expect(table.cancelWait(waiter)).toBe(true);
    expect(table.cancelWait(waiter)).toBe(false);
    expect(table.giveBack(lease.token, 1)).toMatchObject({ grant: undefined });
  });

  test("the death of a stranger changes nothing", () => {
    const table = tableOf(["x"]);
    ask(table, "a", 0);
    expect(table.die("z", 1)).toEqual({ ended: [], gaveUp: [], grants: [] });
  });

  test("case 442: holders and waiters are listed in order", () => {
    const table = tableOf(["x", "y"]);
    for (const holder of ["a", "b", "c", "d"]) ask(table, holder, 7);
    expect([...table.heldClaims()].map((claim) => [claim.owner?.holder, claim.lease?.token, claim.since])).toEqual([
      ["a", 1, 7],
      ["b", 2, 7],
    ]);
    expect([...table.waitingClaims()].map((claim) => claim.owner?.holder)).toEqual(["c", "d"]);
  });
});

describe("priority", () => {
  test("a higher one is served first, and within one the first to come", () => {
    const table = tableOf(["x"]);
    let lease = granted(ask(table, "a", 0));
    for (const [holder, priority] of [
      ["low", -1],
      ["b", 0],
      ["high", 5],
      ["c", 0],
      ["high too", 5],
    ] as const)
      ask(table, holder, 0, { priority });
    expect([...table.waitingClaims()].map((claim) => claim.ticket)).toEqual(["high", "high too", "b", "c", "low"]);
    const served: string[] = [];
    for (let n = 0; n < 5; n++) {
      const outcome = table.giveBack(lease, 1);
      if (!outcome.ok || outcome.grant === undefined) throw new Error("expected a grant");
      served.push(outcome.grant.claim.ticket);
      lease = outcome.grant.lease;
    }
    expect(served).toEqual(["high", "high too", "b", "c", "low"]);
  });

  test("one of high priority whose time is over is passed over for those below", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0));
    ask(table, "high", 0, { priority: 1, waitMs: 50 });
    ask(table, "b", 0);
    expect(table.giveBack(lease, 100)).toMatchObject({ grant: { claim: { ticket: "b" } } });
  });
});

describe("a lease", () => {
  test("says that it is not held from the moment when its time is over, also when nobody has noticed", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0));
    table.clock.time = 999;
    expect(lease.held).toBe(true);
    table.clock.time = 1_000;
    expect(lease.held).toBe(false);
  });

  test("aborts its signal when it is lost, with the reason, and not when it is returned", () => {
    const table = tableOf(["x", "y"]);
    const [lost, returned] = [granted(ask(table, "a", 0)), granted(ask(table, "b", 0))];
    const { signal } = returned;
    table.giveBack(returned, 1);
    expect(lost.signal.aborted).toBe(false);
    table.expireAll(1_000);
    expect(lost.signal).toMatchObject({ aborted: true, reason: { code: "expired", token: 1 } });
    expect(signal.aborted).toBe(false);
  });

  test("whose signal is asked for too late has one that is aborted", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0));
    table.die("a", 1);
    expect(lease.signal).toMatchObject({ aborted: true, reason: { code: "holder_died" } });
  });
});

describe("resources that come and go", () => {
  test("one that is added serves the first who waits", () => {
    const table = tableOf([]);
    ask(table, "a", 0);
    const slot = table.add("x", 1);
    expect(table.free(slot, 1)).toMatchObject({ ticket: "a", lease: { resource: "x" } });
  });

  test("one that is removed is lent no more, and its place is used again", () => {
    const table = tableOf(["x", "y"]);
    const lease = granted(ask(table, "a", 0));
    const slot = table.end(lease, 1);
    if (slot === undefined) throw new Error("expected a slot");
    expect([table.remove(slot), table.remove(slot)]).toEqual([true, false]);
    expect([table.size, table.freeCount, table.heldCount]).toEqual([1, 1, 0]);
    expect(table.add("z", 2).index).toBe(lease.index);
    expect(table.isHeld(lease, 2)).toBe(false);
  });

  test("one that is held cannot be removed before its lease has ended", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0));
    const slot = table.heldSlot(lease, 0);
    if (slot === undefined) throw new Error("expected a slot");
    expect(table.remove(slot)).toBe(false);
    expect(table.revoke(slot, 1, "broken")).toMatchObject({ ticket: "a" });
    expect(lease.signal).toMatchObject({ aborted: true, reason: { code: "broken" } });
    expect([table.remove(slot), table.size]).toEqual([true, 0]);
  });
});

describe("checks", () => {
  test("a resource that was idle for long is not lent before it was checked; one that was not is", () => {
    const table = new SimpleTable(["x"], { checkAfterMs: 100 });
    expect(ask(table, "a", 100).kind).toBe("waiting");
    const [slot, ...more] = table.takeStale(100);
    if (slot === undefined) throw new Error("expected a slot");
    expect([more.length, table.checkingCount, table.takeStale(100).length]).toEqual([0, 1, 0]);
    const claim = table.free(slot, 110);
    expect(claim).toMatchObject({ ticket: "a" });
    table.giveBack(claim?.lease ?? 0, 120);
    expect(ask(table, "b", 219).kind).toBe("granted");
  });

  test("where each is checked before it is lent, one that passed is lent without another", () => {
    const table = new SimpleTable(["x"], { checkAfterMs: 0 });
    expect(ask(table, "a", 0).kind).toBe("waiting");
    const [slot] = table.takeStale(0);
    if (slot === undefined) throw new Error("expected a slot");
    const claim = table.free(slot, 0);
    expect(claim).toMatchObject({ ticket: "a" });
    ask(table, "b", 1);
    // A returned one must be checked first: it is free although somebody waits.
    expect(table.giveBack(claim?.lease ?? 0, 2)).toEqual({ ok: true, grant: undefined });
    expect(table.takeStale(2)).toEqual([slot]);
  });

  test("no more are taken out for a check than there are who wait", () => {
    const table = new SimpleTable(["x", "y", "z"], { checkAfterMs: 10 });
    ask(table, "a", 10);
    expect(table.takeStale(10)).toHaveLength(1);
    expect(table.takeStale(10, 1)).toHaveLength(1);
    expect([table.freeCount, table.checkingCount, table.heldCount]).toEqual([1, 2, 0]);
  });

  test("a resource that may be lent is lent, also where a warmer one must be checked first", () => {
    const table = new SimpleTable(["x", "y"], { checkAfterMs: 100 });
    const cold = table.freeSlots()[0];
    if (cold === undefined) throw new Error("expected a slot");
    table.giveBack(granted(ask(table, "a", 10)), 20);
    table.takeForCheck(cold);
    table.free(cold, 90);
    expect(granted(ask(table, "b", 130)).resource).toBe("y");
    expect(ask(table, "c", 130).kind).toBe("waiting");
  });

  test("one that was checked while it was idle goes back to its place: the warmest is still lent first", () => {
    const table = new SimpleTable(["x", "y"]);
    const [x, y] = [granted(ask(table, "a", 0)), granted(ask(table, "b", 0))];
    table.giveBack(x, 10);
    table.giveBack(y, 20);
    const cold = table.freeSlots()[0];
    if (cold === undefined) throw new Error("expected a slot");
    table.takeForCheck(cold);
    table.free(cold, 30);
    expect(table.freeSlots().map(({ resource }) => resource)).toEqual(["x", "y"]);
    expect(cold).toMatchObject({ idleSince: 10, goodAt: 30 });
  });
});
