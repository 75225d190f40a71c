import type { Clock } from "../../src/index.js";
import type { Claim } from "./claim.js";
import type { IssuedLease, LeasedSlot } from "./lease.js";

/**
 * One resource in its place in the pool, and the claim that holds it.
 *
 * `new`: has just been made, and is as good as can be. `free`: may be lent. `held`: a claim has it, or had it a moment ago and it is being decided what becomes of it. `checking`: taken out to see whether it
 * is still good. `gone`: no longer in the pool. Only the table writes it.
 */
export class Slot<Resource, Holder, Ticket> implements LeasedSlot<Resource> {
  readonly resource: Resource;
  readonly index: number;
  readonly clock: Pick<Clock, "now">;
  state: "new" | "free" | "held" | "checking" | "gone" = "new";
  claim: Claim<Resource, Holder, Ticket> | undefined;
  /** That of the claim. */
  lease: IssuedLease<Resource> | undefined;
  /** Since when nobody has used it. */
  idleSince: number;
  /** When it was last known to be good: made, returned or checked. */
  goodAt: number;
  /** When it is too old to be lent again; `Infinity` for never. */
  readonly retireAt: number;

  constructor(resource: Resource, index: number, clock: Pick<Clock, "now">, now: number, retireAt: number) {
    this.resource = resource;
    this.index = index;
    this.clock = clock;
    this.claim = undefined;
    this.lease = undefined;
    this.idleSince = now;
    this.goodAt = now;
    this.retireAt = retireAt;
  }
}
