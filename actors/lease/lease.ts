import { asData, type Clock } from "../../src/index.js";
import { type LeaseLoss, LeaseLostError } from "./lease-lost.js";

/**
 * The right to use one resource of a pool, for a time.
 *
 * `token` is the fencing token: it rises with every grant, so whoever guards the resource can refuse a holder that was replaced. `expiresAt` is
 * in milliseconds of the system's clock (`system.clock.now()`), `Infinity` for a lease without expiry; a renewal moves it. `held` becomes false
 * when the lease is returned, when its time is over, or when it is lost: reading it asks nobody and never waits, and it is right also when the
 * process was paused past the end. `signal` is aborted when the lease is lost, that is, ends otherwise than by a return; its reason is a
 * {@link LeaseLostError}. `index` is the resource's place in the pool.
 */
export interface Lease<Resource> {
  readonly resource: Resource;
  readonly token: number;
  readonly index: number;
  readonly expiresAt: number;
  readonly held: boolean;
  readonly signal: AbortSignal;
}

/**
 * What a holder on another node is given of a {@link Lease}: clocks of two processes cannot be compared, so it is told how long the lease had left when
 * it was sent. There is no `held` and no `signal`: the token tells whoever guards the resource.
 */
export interface SentLease<Resource> extends Pick<Lease<Resource>, "resource" | "token" | "index"> {
  /** In milliseconds; `Infinity` for a lease without expiry. */
  readonly expiresInMs: number;
}

/** What identifies a lease: itself, what was left of it after a way through JSON, or its token alone. */
export type LeaseKey = Pick<Lease<unknown>, "token" | "index"> | number;

/** What a lease asks its slot: who has it now, and what time it is. */
export interface LeasedSlot<Resource> {
  readonly resource: Resource;
  readonly index: number;
  readonly clock: Pick<Clock, "now">;
  /** The lease that is in force, or was until its time was over. */
  readonly lease: IssuedLease<Resource> | undefined;
}

/** A lease as the table writes it; its holder sees a {@link Lease}. */
export class IssuedLease<Resource> implements Lease<Resource> {
  readonly resource: Resource;
  readonly token: number;
  readonly index: number;
  expiresAt: number;
  // Both are hidden from JSON and from those who compare leases.
  readonly #slot: LeasedSlot<Resource>;
  /** How it was lost; before that who wants to be told, if anyone does. */
  #loss: AbortController | LeaseLoss | undefined = undefined;

  constructor(slot: LeasedSlot<Resource>, token: number, expiresAt: number) {
    this.resource = slot.resource;
    this.token = token;
    this.index = slot.index;
    this.expiresAt = expiresAt;
    this.#slot = slot;
  }

  get held(): boolean {
    return this.#slot.lease === this && this.#slot.clock.now() < this.expiresAt;
  }

  /** What crosses to another node. */
  [asData](): SentLease<Resource> {
    const { resource, token, index } = this;
    return { resource, token, index, expiresInMs: Math.max(0, this.expiresAt - this.#slot.clock.now()) };
  }

  /** Made only for those who ask: most never do. */
  get signal(): AbortSignal {
    if (this.#loss instanceof AbortController) return this.#loss.signal;
    if (this.#loss !== undefined) return AbortSignal.abort(new LeaseLostError(this.#loss, this.token));
    this.#loss = new AbortController();
    return this.#loss.signal;
  }

  /** Tells those who want to be told that it is lost, once. */
  lose(why: LeaseLoss): void {
    const told = this.#loss;
    if (told === undefined) this.#loss = why;
    else if (told instanceof AbortController && !told.signal.aborted) told.abort(new LeaseLostError(why, this.token));
  }
}
