import { Claim } from "../../../actors/lease/claim.js";
import type { Lease, LeaseKey } from "../../../actors/lease/lease.js";
import { LeaseOwner } from "../../../actors/lease/lease-owner.js";
import { type LeaseChanges, LeaseTable } from "../../../actors/lease/lease-table.js";

/** A clock that is moved by hand. */
export class HandClock {
  time = 0;

  now(): number {
    return this.time;
  }
}

export interface SimpleTableOptions {
  readonly maxWaiting?: number;
  readonly firstToken?: number;
  readonly checkAfterMs?: number;
}

export interface Asked {
  readonly leaseMs?: number;
  readonly waitMs?: number;
  readonly priority?: number;
}

export type Answer<Resource> =
  | { readonly kind: "granted"; readonly claim: Claim<Resource, string, string>; readonly lease: Lease<Resource> }
  | { readonly kind: "waiting"; readonly claim: Claim<Resource, string, string> }
  | { readonly kind: "busy"; readonly retryAfterMs: number };

/** A resource that passed to a waiter. */
export interface Grant<Resource> {
  readonly claim: Claim<Resource, string, string>;
  readonly lease: Lease<Resource>;
}

/** A lease table whose resources are free again as soon as their lease has ended, with owners by name. */
export class SimpleTable<Resource> extends LeaseTable<Resource, string, string> {
  readonly clock: HandClock;
  readonly #owners = new Map<string, LeaseOwner<Resource, string, string>>();

  constructor(resources: readonly Resource[], options: SimpleTableOptions = {}) {
    const { maxWaiting = 10, firstToken = 1, checkAfterMs = Number.POSITIVE_INFINITY } = options;
    const clock = new HandClock();
    let token = firstToken - 1;
    super({ maxWaiting, tokens: { next: () => ++token }, clock, checkAfterMs });
    this.clock = clock;
    const slots = resources.map((resource) => this.add(resource, 0));
    for (const slot of slots.reverse()) this.free(slot, 0);
  }

  owner(name: string): LeaseOwner<Resource, string, string> {
    const owner = this.#owners.get(name) ?? new LeaseOwner<Resource, string, string>(name);
    this.#owners.set(name, owner);
    return owner;
  }

  ask(name: string, now: number, times: Asked = {}): Answer<Resource> {
    const { leaseMs = 1_000, waitMs = 500, priority = 0 } = times;
    const claim = new Claim<Resource, string, string>(this.owner(name), name, leaseMs, priority, now);
    const kind = this.get(claim, waitMs, now);
    switch (kind) {
      case "granted":
        if (claim.lease === undefined) throw new Error("a grant without a lease");
        return { kind, claim, lease: claim.lease };
      case "waiting":
        return { kind, claim };
      case "busy":
        return { kind, retryAfterMs: this.retryAfterMs };
    }
  }

  isHeld(key: LeaseKey, now: number): boolean {
    return this.heldSlot(key, now) !== undefined;
  }

  giveBack(key: LeaseKey, now: number) {
    const slot = this.end(key, now);
    if (slot === undefined) return { ok: false, reason: "not_holder" } as const;
    return { ok: true, grant: grantOf(this.free(slot, now)) } as const;
  }

  expireAll(now: number) {
    return this.#freed(this.expire(now), now);
  }

  die(name: string, now: number) {
    return this.#freed(this.ownerDied(this.owner(name), now), now);
  }

  #freed(changes: LeaseChanges<Resource, string, string>, now: number) {
    const grants = changes.ended.flatMap(({ slot }) => {
      const grant = slot === undefined ? undefined : grantOf(this.free(slot, now));
      return grant === undefined ? [] : [grant];
    });
    return { ...changes, grants };
  }
}

function grantOf<Resource>(claim: Claim<Resource, string, string> | undefined): Grant<Resource> | undefined {
  return claim?.lease === undefined ? undefined : { claim, lease: claim.lease };
}
