import type { AnyRef, MonitorRef } from "../../src/index.js";
import { LeaseOwner } from "./lease-owner.js";

/** A holder that is watched. */
export interface Watched {
  readonly ref: AnyRef;
  readonly monitor: MonitorRef;
}

/** Most holders that stay watched although they have nothing: most will ask again, and then need no new monitor. */
const MOST_IDLE = 1_000;

/** How holders are watched: the monitors of the actor that lends to them. */
export interface Watch {
  monitor(ref: AnyRef): MonitorRef;
  demonitor(monitor: MonitorRef): void;
}

/** The actors that hold leases or wait for them, each watched by one monitor, and the last 1,000 of those that did. */
export class Holders<Resource, Ticket> {
  readonly #owners = new Map<AnyRef, LeaseOwner<Resource, Watched, Ticket>>();
  readonly #watch: Watch;
  // Who asked last often asks next.
  #latest: LeaseOwner<Resource, Watched, Ticket> | undefined;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** The record of an actor that is watched already, and has not been said to have ended. */
  known(ref: AnyRef): LeaseOwner<Resource, Watched, Ticket> | undefined {
    if (this.#latest?.holder.ref === ref) return this.#latest;
    const known = this.#owners.get(ref);
    if (known !== undefined) this.#latest = known;
    return known;
  }

  /** Watches an actor from now on, which is not yet known. `most` is how many can have something. */
  watch(ref: AnyRef, most: number): LeaseOwner<Resource, Watched, Ticket> {
    if (this.#owners.size >= most + MOST_IDLE) this.#forgetOne();
    const owner = new LeaseOwner<Resource, Watched, Ticket>({ ref, monitor: this.#watch.monitor(ref) });
    this.#owners.set(ref, owner);
    this.#latest = owner;
    return owner;
  }

  /** Takes out the holder that a monitor told of, if it is one. */
  died(ref: AnyRef, monitor: MonitorRef): LeaseOwner<Resource, Watched, Ticket> | undefined {
    const owner = this.#owners.get(ref);
    if (owner?.holder.monitor !== monitor) return undefined;
    this.#owners.delete(ref);
    if (this.#latest === owner) this.#latest = undefined;
    return owner;
  }

  /** Stops watching the holder that has been known longest, of those that have nothing. */
  #forgetOne(): void {
    for (const [ref, owner] of this.#owners) {
      this.#owners.delete(ref);
      if (owner.idle) {
        if (this.#latest === owner) this.#latest = undefined;
        this.#watch.demonitor(owner.holder.monitor);
        return;
      }
      // Put at the end: there are more owners than can have something, so an idle one comes before this one is met again.
      this.#owners.set(ref, owner);
    }
  }
}
