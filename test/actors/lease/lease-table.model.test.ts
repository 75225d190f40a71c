import fc from "fast-check";
import { expect, test } from "vitest";
import type { Claim, Lease } from "../../../actors/lease/claim.js";
import { LeaseOwner } from "../../../actors/lease/lease-owner.js";
import { type LeaseChanges, LeaseTable } from "../../../actors/lease/lease-table.js";

interface ModelLease {
  readonly resource: number;
  readonly token: number;
  readonly holder: string;
  readonly leaseMs: number;
  expiresAt: number;
}

interface ModelWaiter {
  readonly ticket: number;
  readonly holder: string;
  readonly leaseMs: number;
  readonly deadline: number;
}

/** The rules in the most naive form: two arrays and a stack, searched from the front. */
class Model {
  readonly free: number[];
  held: ModelLease[] = [];
  queue: ModelWaiter[] = [];
  token = 0;
  readonly maxWaiting: number;

  constructor(size: number, maxWaiting: number) {
    this.free = Array.from({ length: size }, (_, index) => size - 1 - index);
    this.maxWaiting = maxWaiting;
  }

  grant(holder: string, leaseMs: number, now: number): ModelLease {
    const resource = this.free.pop();
    if (resource === undefined) throw new Error("the model granted what it does not have");
    const lease = { resource, token: ++this.token, holder, leaseMs, expiresAt: now + leaseMs };
    this.held.push(lease);
    return lease;
  }

  release(lease: ModelLease): void {
    this.held = this.held.filter((other) => other !== lease);
    this.free.push(lease.resource);
  }

  /** Serves waiters until nothing is free; returns tickets and tokens. */
  serve(now: number): [ticket: number, token: number][] {
    const served: [number, number][] = [];
    while (this.free.length > 0) {
      const waiter = this.queue.find((candidate) => candidate.deadline > now);
      if (waiter === undefined) break;
      this.queue = this.queue.filter((other) => other !== waiter);
      served.push([waiter.ticket, this.grant(waiter.holder, waiter.leaseMs, now).token]);
    }
    return served;
  }
}

type Step =
  | { readonly do: "get"; readonly holder: string; readonly leaseMs: number; readonly waitMs: number }
  | { readonly do: "return" | "renew" | "cancel"; readonly which: number }
  | { readonly do: "die"; readonly holder: string }
  | { readonly do: "advance"; readonly ms: number }
  | { readonly do: "expire" };

const holder = fc.constantFrom("a", "b", "c", "d");
const duration = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constant(Number.POSITIVE_INFINITY));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("get"),
      holder,
      leaseMs: duration,
      waitMs: fc.oneof(duration, fc.constant(0)),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("return"), which: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("renew"), which: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel"), which: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("die"), holder }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance"), ms: fc.integer({ min: 0, max: 20 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("expire") }) },
);

/** Runs the steps against table and model side by side and compares every answer and the state after it. */
function compare(size: number, maxWaiting: number, steps: readonly Step[]): void {
  let token = 0;
  const table = new LeaseTable<number, string, number>({
    resources: Array.from({ length: size }, (_, index) => index),
    maxWaiting,
    tokens: { next: () => ++token },
  });
  const model = new Model(size, maxWaiting);
  const owners = new Map(["a", "b", "c", "d"].map((name) => [name, new LeaseOwner<number, string, number>(name)]));
  const ownerOf = (name: string): LeaseOwner<number, string, number> => owners.get(name) ?? new LeaseOwner(name);
  const issued: Lease<number>[] = [];
  const waiters: Claim<number, string, number>[] = [];
  let now = 0;
  let ticket = 0;

  const noteGrants = (changes: Pick<LeaseChanges<number, string, number>, "grants">): [number, number][] =>
    changes.grants.map(({ claim, lease }) => {
      issued.push(lease);
      return [claim.ticket, lease.token];
    });
  const inForce = (of: number | undefined) => model.held.find((lease) => lease.token === of && now < lease.expiresAt);

  const run: { readonly [Name in Step["do"]]: (step: Extract<Step, { do: Name }>) => void } = {
    get({ holder, leaseMs, waitMs }) {
      const outcome = table.get({ owner: ownerOf(holder), ticket: ++ticket, leaseMs, waitMs }, now);
      if (model.free.length > 0) {
        const lease = model.grant(holder, leaseMs, now);
        expect(outcome).toMatchObject({
          kind: "granted",
          lease: { token: lease.token, resource: lease.resource, expiresAt: lease.expiresAt },
        });
      } else if (waitMs > 0 && model.queue.length < maxWaiting) {
        model.queue.push({ ticket, holder, leaseMs, deadline: now + waitMs });
        expect(outcome).toMatchObject({ kind: "waiting", claim: { ticket } });
      } else {
        expect(outcome.kind).toBe("busy");
      }
      if (outcome.kind === "granted") issued.push(outcome.lease);
      if (outcome.kind === "waiting") waiters.push(outcome.claim);
      if (outcome.kind === "busy") expect(outcome.retryAfterMs).toBeGreaterThanOrEqual(1);
    },
    return({ which }) {
      const lease = issued[which % Math.max(1, issued.length)];
      const expected = inForce(lease?.token);
      // By itself and by its token alone in turn.
      const outcome = table.return(which % 2 === 0 ? (lease ?? 0) : (lease?.token ?? 0), now);
      expect(outcome.ok).toBe(expected !== undefined);
      if (expected === undefined || !outcome.ok) return;
      model.release(expected);
      expect(noteGrants({ grants: outcome.grant === undefined ? [] : [outcome.grant] })).toEqual(model.serve(now));
    },
    renew({ which }) {
      const lease = issued[which % Math.max(1, issued.length)];
      const expected = inForce(lease?.token);
      expect(table.renew(lease?.token ?? 0, now).ok).toBe(expected !== undefined);
      if (expected !== undefined) expected.expiresAt = now + expected.leaseMs;
    },
    cancel({ which }) {
      const claim = waiters[which % Math.max(1, waiters.length)];
      if (claim === undefined) return;
      const expected = model.queue.some((waiter) => waiter.ticket === claim.ticket);
      expect(table.cancelWait(claim)).toBe(expected);
      model.queue = model.queue.filter((waiter) => waiter.ticket !== claim.ticket);
    },
    die({ holder }) {
      const changes = table.ownerDied(ownerOf(holder), now);
      const dead = model.held.filter((lease) => lease.holder === holder);
      expect(changes.ended.map((claim) => claim.lease?.token).sort()).toEqual(dead.map((lease) => lease.token).sort());
      // The order in which several are freed decides which resource the next one gets; the table frees the oldest claim first.
      for (const claim of changes.ended) {
        const lease = dead.find((candidate) => candidate.token === claim.lease?.token);
        if (lease !== undefined) model.release(lease);
      }
      const left = model.queue.filter((waiter) => waiter.holder === holder);
      expect(changes.gaveUp.map((claim) => claim.ticket)).toEqual(left.map((waiter) => waiter.ticket));
      model.queue = model.queue.filter((waiter) => waiter.holder !== holder);
      expect(noteGrants(changes)).toEqual(model.serve(now));
    },
    advance({ ms }) {
      now += ms;
    },
    expire() {
      const changes = table.expire(now);
      const due = model.held.filter((lease) => lease.expiresAt <= now);
      expect(changes.ended.map((claim) => claim.lease?.token).sort()).toEqual(due.map((lease) => lease.token).sort());
      for (const claim of changes.ended) {
        const lease = due.find((candidate) => candidate.token === claim.lease?.token);
        if (lease !== undefined) model.release(lease);
      }
      const gone = model.queue.filter((waiter) => waiter.deadline <= now).map((waiter) => waiter.ticket);
      expect(changes.gaveUp.map((claim) => claim.ticket).sort()).toEqual(gone.sort());
      model.queue = model.queue.filter((waiter) => waiter.deadline > now);
      expect(noteGrants(changes)).toEqual(model.serve(now));
    },
  };
  const perform = <Name extends Step["do"]>(name: Name, of: Extract<Step, { do: Name }>): void => run[name](of);

  for (const of of steps) {
    perform<Step["do"]>(of.do, of);
    const held = [...table.heldClaims()];
    // Never two holders for one resource, and nothing lost.
    expect(new Set(held.map((claim) => claim.lease?.resource)).size).toBe(held.length);
    expect(table.freeCount + table.heldCount).toBe(size);
    expect(held.map((claim) => [claim.lease?.token, claim.owner?.holder])).toEqual(
      model.held.map((lease) => [lease.token, lease.holder]),
    );
    expect([...table.waitingClaims()].map((claim) => claim.ticket)).toEqual(model.queue.map((waiter) => waiter.ticket));
    expect(table.waitingCount).toBe(model.queue.length);
    // Tokens rise, and only leases in force say that they are held.
    expect(issued.every((lease, index) => index === 0 || lease.token > (issued[index - 1]?.token ?? 0))).toBe(true);
    expect(issued.filter((lease) => lease.held).map((lease) => lease.token)).toEqual(
      model.held.map((lease) => lease.token),
    );
    for (const name of ["a", "b", "c", "d"]) {
      const concerned =
        model.held.some((lease) => lease.holder === name) || model.queue.some((waiter) => waiter.holder === name);
      expect(ownerOf(name).idle).toBe(!concerned);
    }
    const deadlines = [
      ...model.held.map((lease) => lease.expiresAt),
      ...model.queue.map((waiter) => waiter.deadline),
    ].filter(Number.isFinite);
    expect(table.nextDeadline).toBe(deadlines.length === 0 ? undefined : Math.min(...deadlines));
  }
}

test("the table does what a naive model does, under any sequence of operations", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 4 }),
      fc.array(step, { maxLength: 80 }),
      compare,
    ),
    { numRuns: 400 },
  );
});
