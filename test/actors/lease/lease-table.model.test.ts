import fc from "fast-check";
import { expect, test } from "vitest";
import type { Claim } from "../../../actors/lease/claim.js";
import type { Lease } from "../../../actors/lease/lease.js";
import type { LeaseChanges } from "../../../actors/lease/lease-table.js";
import type { Slot } from "../../../actors/lease/slot.js";
import { SimpleTable } from "./simple-table.js";

type TableClaim = Claim<number, string, string>;
type TableSlot = Slot<number, string, string>;

interface ModelLease {
  readonly resource: number;
  readonly holder: string;
  readonly leaseMs: number;
  expiresAt: number;
}

interface ModelWaiter {
  readonly claim: TableClaim;
  readonly holder: string;
  readonly priority: number;
  readonly leaseMs: number;
  readonly deadline: number;
}

/** The rules in the most naive form: maps and lists, searched from the front. */
class Model {
  now = 0;
  lastToken = 0;
  lastResource = 0;
  readonly maxWaiting: number;
  readonly checkAfterMs: number;
  /** When each resource that nobody has was last known to be good. */
  readonly free = new Map<number, number>();
  readonly checking = new Set<number>();
  readonly held = new Map<number, ModelLease>();
  queue: ModelWaiter[] = [];

  constructor(maxWaiting: number, checkAfterMs: number) {
    this.maxWaiting = maxWaiting;
    this.checkAfterMs = checkAfterMs;
  }

  isStale(goodAt: number): boolean {
    return this.now - goodAt >= this.checkAfterMs;
  }

  /** Who must be served next. */
  get next(): ModelWaiter | undefined {
    const waiting = this.queue.filter(({ deadline }) => deadline > this.now);
    const highest = Math.max(...waiting.map(({ priority }) => priority));
    return waiting.find(({ priority }) => priority === highest);
  }

  inForce(token: number): ModelLease | undefined {
    const lease = this.held.get(token);
    return lease !== undefined && this.now < lease.expiresAt ? lease : undefined;
  }

  grant(lease: Lease<number> | undefined, holder: string, leaseMs: number): void {
    if (lease === undefined) throw new Error("a grant without a lease");
    expect(lease.token).toBeGreaterThan(this.lastToken);
    this.lastToken = lease.token;
    const { resource } = lease;
    // Never two holders for one resource.
    expect([...this.held.values()].map((other) => other.resource)).not.toContain(resource);
    expect(this.free.has(resource) || this.checking.has(resource)).toBe(false);
    this.held.set(lease.token, { resource, holder, leaseMs, expiresAt: this.now + leaseMs });
    expect(lease.expiresAt).toBe(this.now + leaseMs);
  }
}

/** The table, and what it has handed out. */
class Real {
  readonly table: SimpleTable<number>;
  readonly leases: Lease<number>[] = [];
  readonly claims: TableClaim[] = [];
  readonly checking: TableSlot[] = [];

  constructor(maxWaiting: number, checkAfterMs: number) {
    this.table = new SimpleTable<number>([], { maxWaiting, checkAfterMs });
  }
}

/** Frees a slot that nobody has, and sees to it that the right one has it then, or nobody. */
function free(slot: TableSlot, model: Model, { table, leases }: Real, checked: boolean): void {
  const goodAt = checked ? model.now : slot.goodAt;
  const claim = table.free(slot, model.now);
  const next = checked || !model.isStale(goodAt) ? model.next : undefined;
  expect(claim).toBe(next?.claim);
  if (next === undefined) {
    model.free.set(slot.resource, goodAt);
    return;
  }
  model.queue = model.queue.filter((waiter) => waiter !== next);
  model.grant(claim?.lease, next.holder, next.leaseMs);
  if (claim?.lease !== undefined) leases.push(claim.lease);
}

function settle(changes: LeaseChanges<number, string, string>, model: Model, real: Real): void {
  for (const { lease, slot } of changes.ended) {
    if (lease === undefined || slot === undefined) throw new Error("an end without a lease");
    expect(model.held.delete(lease.token)).toBe(true);
  }
  const gone = new Set(changes.gaveUp);
  model.queue = model.queue.filter(({ claim }) => !gone.has(claim));
  for (const { slot } of changes.ended) if (slot !== undefined) free(slot, model, real, false);
}

function pick<Entry>(entries: readonly Entry[], which: number): Entry | undefined {
  return entries[which % Math.max(1, entries.length)];
}

function sorted(numbers: Iterable<number | undefined>): number[] {
  return [...numbers].map(Number).sort((one, other) => one - other);
}

/** What must hold after every step. */
function check(model: Model, { table, leases }: Real): void {
  const held = table.heldClaims();
  expect(held.map(({ lease, owner }) => [lease?.token, owner?.holder])).toEqual(
    [...model.held].map(([token, { holder }]) => [token, holder]),
  );
  expect(sorted(table.freeSlots().map(({ resource }) => resource))).toEqual(sorted(model.free.keys()));
  expect([table.freeCount, table.checkingCount, table.heldCount]).toEqual([
    model.free.size,
    model.checking.size,
    model.held.size,
  ]);
  const waiting = [...model.queue].sort((one, other) => other.priority - one.priority);
  expect([...table.waitingClaims()]).toEqual(waiting.map(({ claim }) => claim));
  // No resource that may be lent is free while somebody waits.
  if (model.next !== undefined) expect([...model.free.values()].every((goodAt) => model.isStale(goodAt))).toBe(true);
  // Only leases in force say that they are held.
  table.clock.time = model.now;
  const inForce = [...model.held.keys()].filter((token) => model.inForce(token) !== undefined);
  expect(leases.filter((lease) => lease.held).map(({ token }) => token)).toEqual(inForce);
  for (const name of NAMES) {
    const concerned = [...model.held.values(), ...model.queue].some(({ holder }) => holder === name);
    expect(table.owner(name).idle).toBe(!concerned);
  }
  const deadlines = [
    ...[...model.held.values()].map(({ expiresAt }) => expiresAt),
    ...model.queue.map(({ deadline }) => deadline),
  ].filter(Number.isFinite);
  expect(table.nextDeadline).toBe(Math.min(...deadlines));
}

function command(name: string, run: (model: Model, real: Real) => void): fc.Command<Model, Real> {
  return {
    check: () => true,
    run(model, real) {
      run(model, real);
      check(model, real);
    },
    toString: () => name,
  };
}

const NAMES = ["a", "b", "c", "d"] as const;
const name = fc.constantFrom(...NAMES);
const which = fc.nat(30);
const duration = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constant(Number.POSITIVE_INFINITY));

const get = fc
  .record({
    holder: name,
    leaseMs: duration,
    waitMs: fc.oneof(duration, fc.constant(0)),
    priority: fc.integer({ min: -1, max: 1 }),
  })
  .map(({ holder, leaseMs, waitMs, priority }) =>
    command(`get(${holder}, ${leaseMs}, ${waitMs}, ${priority})`, (model, { table, leases, claims }) => {
      const outcome = table.ask(holder, model.now, { leaseMs, waitMs, priority });
      if (outcome.kind === "granted") {
        const { resource } = outcome.lease;
        expect(model.isStale(model.free.get(resource) ?? Number.NaN)).toBe(false);
        model.free.delete(resource);
        model.grant(outcome.lease, holder, leaseMs);
        leases.push(outcome.lease);
        return;
      }
      expect([...model.free.values()].every((goodAt) => model.isStale(goodAt))).toBe(true);
      const full = waitMs === 0 || model.queue.length >= model.maxWaiting;
      expect(outcome.kind).toBe(full ? "busy" : "waiting");
      if (outcome.kind === "busy") expect(outcome.retryAfterMs).toBeGreaterThanOrEqual(1);
      if (outcome.kind !== "waiting") return;
      claims.push(outcome.claim);
      model.queue.push({ claim: outcome.claim, holder, priority, leaseMs, deadline: model.now + waitMs });
    }),
  );

const giveBack = which.map((at) =>
  command(`return(${at})`, (model, real) => {
    const lease = pick(real.leases, at);
    // By itself and by its token alone in turn.
    const slot = real.table.end(at % 2 === 0 ? (lease ?? 0) : (lease?.token ?? 0), model.now);
    const expected = model.inForce(lease?.token ?? 0);
    expect(slot?.resource).toBe(expected?.resource);
    if (slot === undefined || lease === undefined) return;
    model.held.delete(lease.token);
    free(slot, model, real, false);
  }),
);

const renew = which.map((at) =>
  command(`renew(${at})`, (model, { table, leases }) => {
    const token = pick(leases, at)?.token ?? 0;
    const expected = model.inForce(token);
    expect(table.renew(token, model.now) !== undefined).toBe(expected !== undefined);
    if (expected !== undefined) expected.expiresAt = model.now + expected.leaseMs;
  }),
);

const cancel = which.map((at) =>
  command(`cancel(${at})`, (model, { table, claims }) => {
    const claim = pick(claims, at);
    if (claim === undefined) return;
    expect(table.cancelWait(claim)).toBe(model.queue.some((waiter) => waiter.claim === claim));
    model.queue = model.queue.filter((waiter) => waiter.claim !== claim);
  }),
);

const die = name.map((holder) =>
  command(`die(${holder})`, (model, real) => {
    const changes = real.table.ownerDied(real.table.owner(holder), model.now);
    const had = [...model.held].filter(([, lease]) => lease.holder === holder).map(([token]) => token);
    expect(sorted(changes.ended.map(({ lease }) => lease?.token))).toEqual(had);
    expect(new Set(changes.gaveUp)).toEqual(
      new Set(model.queue.filter((waiter) => waiter.holder === holder).map(({ claim }) => claim)),
    );
    settle(changes, model, real);
  }),
);

const advance = fc.integer({ min: 0, max: 20 }).map((ms) =>
  command(`advance(${ms})`, (model) => {
    model.now += ms;
  }),
);

const expire = fc.constant(
  command("expire()", (model, real) => {
    const changes = real.table.expire(model.now);
    const due = [...model.held].filter(([, { expiresAt }]) => expiresAt <= model.now).map(([token]) => token);
    expect(sorted(changes.ended.map(({ lease }) => lease?.token))).toEqual(due);
    const late = model.queue.filter(({ deadline }) => deadline <= model.now).map(({ claim }) => claim);
    expect(new Set(changes.gaveUp)).toEqual(new Set(late));
    settle(changes, model, real);
  }),
);

const add = fc.constant(
  command("add()", (model, real) => {
    free(real.table.add(++model.lastResource, model.now), model, real, true);
  }),
);

const destroy = which.map((at) =>
  command(`destroy(${at})`, (model, { table }) => {
    const slot = pick(table.slots(), at);
    if (slot === undefined) return;
    const claim = table.revoke(slot, model.now, "broken");
    expect(model.held.get(claim?.lease?.token ?? 0)?.resource).toBe(claim === undefined ? undefined : slot.resource);
    expect(claim?.lease?.held ?? false).toBe(false);
    expect(table.remove(slot)).toBe(true);
    model.held.delete(claim?.lease?.token ?? 0);
    model.free.delete(slot.resource);
    model.checking.delete(slot.resource);
  }),
);

const takeStale = fc.constant(
  command("takeStale()", (model, { table, checking }) => {
    const before = model.checking.size;
    for (const slot of table.takeStale(model.now)) {
      expect(model.isStale(model.free.get(slot.resource) ?? Number.NaN)).toBe(true);
      model.free.delete(slot.resource);
      model.checking.add(slot.resource);
      checking.push(slot);
    }
    expect(model.checking.size).toBeLessThanOrEqual(Math.max(before, model.queue.length));
  }),
);

const checked = which.map((at) =>
  command(`checked(${at})`, (model, real) => {
    const slot = pick(real.checking, at);
    // It may be gone meanwhile.
    if (slot === undefined || slot.state !== "checking") return;
    model.checking.delete(slot.resource);
    free(slot, model, real, true);
  }),
);

test("the table does what a naive model does, under any sequence of operations", () => {
  const commands = fc.commands(
    [get, get, giveBack, giveBack, renew, cancel, die, advance, expire, add, destroy, takeStale, checked],
    {
      maxCommands: 100,
      size: "max",
    },
  );
  const checkAfter = fc.constantFrom(Number.POSITIVE_INFINITY, 0, 15);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 0, max: 3 }),
      checkAfter,
      commands,
      (maxWaiting, size, checkAfterMs, steps) => {
        const setup = () => {
          const model = new Model(maxWaiting, checkAfterMs);
          const real = new Real(maxWaiting, checkAfterMs);
          for (let n = 0; n < size; n++) free(real.table.add(++model.lastResource, 0), model, real, true);
          return { model, real };
        };
        fc.modelRun(setup, steps);
      },
    ),
    { numRuns: 300 },
  );
});
