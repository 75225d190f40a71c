import { describe, expect, test } from "vitest";
import { LeaseOwner } from "../../../actors/lease/lease-owner.js";
import { type GetOutcome, LeaseTable } from "../../../actors/lease/lease-table.js";

type Owner = LeaseOwner<string, string, string>;

/** A table and its owners by name. */
class Table extends LeaseTable<string, string, string> {
  readonly #owners = new Map<string, Owner>();

  owner(name: string): Owner {
    const owner = this.#owners.get(name) ?? new LeaseOwner<string, string, string>(name);
    this.#owners.set(name, owner);
    return owner;
  }
}

function tableOf(resources: string[], maxWaiting = 10, firstToken = 1): Table {
  let token = firstToken - 1;
  return new Table({ resources, maxWaiting, tokens: { next: () => ++token } });
}

function ask(table: Table, holder: string, now: number, times: { leaseMs?: number; waitMs?: number } = {}) {
  return table.get({ owner: table.owner(holder), ticket: holder, leaseMs: 1_000, waitMs: 500, ...times }, now);
}

function granted(outcome: GetOutcome<string, string, string>) {
  if (outcome.kind !== "granted") throw new Error(`expected a grant, got ${outcome.kind}`);
  return outcome.lease;
}

function waiting(outcome: GetOutcome<string, string, string>) {
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
    table.return(x.token, 1);
    expect(granted(ask(table, "c", 2)).resource).toBe("x");
  });

  test("a return passes the resource to the one who came first", () => {
    const table = tableOf(["x"]);
    const first = granted(ask(table, "a", 0));
    ask(table, "b", 1);
    ask(table, "c", 2);
    const outcome = table.return(first.token, 3);
    expect(outcome).toMatchObject({
      ok: true,
      grant: { claim: { ticket: "b" }, lease: { resource: "x", token: 2 } },
    });
    expect(first.held).toBe(false);
  });

  test("a return with nobody waiting leaves the resource free", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0));
    expect(table.return(lease.token, 1)).toEqual({ ok: true, grant: undefined });
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
    expect(table.return(token, 1)).toMatchObject({ ok: true });
    expect([table.freeCount, table.heldCount]).toEqual([1, 1]);
  });

  test("a second return is refused", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0));
    table.return(lease.token, 1);
    expect(table.return(lease.token, 1)).toEqual({ ok: false, reason: "not_holder" });
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
    const table = new LeaseTable<undefined, string, string>({
      resources: [undefined],
      maxWaiting: 1,
      tokens: { next: () => 1 },
    });
    expect(table.get({ owner: undefined, ticket: "a", leaseMs: 1, waitMs: 1 }, 0).kind).toBe("granted");
    expect(table.get({ owner: undefined, ticket: "b", leaseMs: 1, waitMs: 1 }, 0).kind).toBe("waiting");
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
    table.return(lease.token, 200);
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
    expect(table.expire(119).ended).toEqual([]);
    expect(table.isHeld(lease.token, 119)).toBe(true);
    const changes = table.expire(120);
    expect(changes.ended.map((claim) => claim.owner?.holder)).toEqual(["a"]);
    expect(changes.grants).toMatchObject([{ claim: { ticket: "b" }, lease: { token: 2, resource: "x" } }]);
    expect(lease.held).toBe(false);
  });

  test("a renewal keeps the token and moves the end", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0, { leaseMs: 120 }));
    expect(table.renew(lease.token, 100)).toMatchObject({ ok: true, lease: { token: 1, expiresAt: 220 } });
    expect(lease.expiresAt).toBe(220);
    expect(table.expire(219).ended).toEqual([]);
    expect(table.renew(lease.token, 219, 10)).toMatchObject({ ok: true, lease: { expiresAt: 229 } });
    expect(table.expire(229).ended).toHaveLength(1);
  });

  test("a lease without end never expires", () => {
    const table = tableOf(["x"]);
    granted(ask(table, "a", 0, { leaseMs: Number.POSITIVE_INFINITY }));
    expect(table.nextDeadline).toBeUndefined();
    expect(table.expire(Number.MAX_SAFE_INTEGER).ended).toEqual([]);
  });

  test("case 439: a late return with the old token is refused and does not touch the new holder", () => {
    const table = tableOf(["x"]);
    const old = granted(ask(table, "a", 0));
    ask(table, "b", 900);
    table.expire(1_000);
    expect(table.return(old.token, 1_001)).toEqual({ ok: false, reason: "not_holder" });
    expect(table.isHeld(2, 1_001)).toBe(true);
  });

  test("a lease whose end passed unnoticed is not in force, even before expire was called", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0));
    expect(table.isHeld(lease.token, 1_000)).toBe(false);
    expect(table.return(lease.token, 1_000)).toEqual({ ok: false, reason: "not_holder" });
    expect(table.renew(lease.token, 1_000)).toEqual({ ok: false, reason: "not_holder" });
    expect(table.expire(1_000).ended).toHaveLength(1);
  });

  test("case 441: a waiter whose time is over gets nothing, the one behind it does", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0));
    const late = waiting(ask(table, "b", 0, { waitMs: 50 }));
    ask(table, "c", 0, { waitMs: 500 });
    expect(table.return(lease.token, 100)).toMatchObject({ grant: { claim: { ticket: "c" } } });
    expect(table.expire(100)).toMatchObject({ gaveUp: [{ ticket: "b" }], grants: [] });
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
    const changes = table.ownerDied(table.owner("a"), 1);
    expect(changes.ended.map((claim) => claim.lease?.token)).toEqual([1, 2]);
    expect(changes.grants.map((grant) => grant.claim.ticket)).toEqual(["b", "c"]);
    expect(table.owner("a").idle).toBe(true);
  });

  test("case 436: a dead waiter is passed over", () => {
    const table = tableOf(["x"]);
    const lease = granted(ask(table, "a", 0));
    ask(table, "b", 0);
    ask(table, "c", 0);
    expect(table.ownerDied(table.owner("b"), 1)).toMatchObject({ ended: [], gaveUp: [{ ticket: "b" }], grants: [] });
    expect(table.return(lease.token, 2)).toMatchObject({ grant: { claim: { ticket: "c" } } });
  });

  test("a holder that dies while it holds and waits gets nothing from its own death", () => {
    const table = tableOf(["x"]);
    ask(table, "a", 0);
    ask(table, "a", 0);
    expect(table.ownerDied(table.owner("a"), 1)).toMatchObject({
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
    expect(table.return(lease.token, 1)).toMatchObject({ grant: undefined });
  });

  test("the death of a stranger changes nothing", () => {
    const table = tableOf(["x"]);
    ask(table, "a", 0);
    expect(table.ownerDied(table.owner("z"), 1)).toEqual({ ended: [], gaveUp: [], grants: [] });
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
