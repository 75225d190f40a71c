import { Actor, type ActorRef } from "holdfast";
import type { Lease } from "../../../actors/lease/lease.js";
import type { LeaseManager } from "../../../actors/lease/lease-manager.js";
import { leasesOf } from "../../../actors/lease/local-leases.js";
import type { GetLeaseOptions } from "../../../actors/lease/lease-options.js";
import type { GetLeaseResult, ReturnLeaseResult } from "../../../actors/lease/lease-results.js";
import { withLease } from "../../../actors/lease/with-lease.js";

/** An actor that asks for leases in its own name. */
export class Holder extends Actor<ActorRef<LeaseManager<string>>> {
  #manager: ActorRef<LeaseManager<string>> | undefined;

  override init(manager: ActorRef<LeaseManager<string>>): void {
    this.#manager = manager;
  }

  /** Asks in the synchronous part of the handler: the runtime knows who asks. */
  get(options: GetLeaseOptions = {}, callTimeoutMs = Number.POSITIVE_INFINITY): Promise<GetLeaseResult<string>> {
    return this.#pool.callWithin(callTimeoutMs).get(options);
  }

  /** Asks in the synchronous part of the handler and goes on without waiting for the answer. */
  ask(options: GetLeaseOptions = {}): { readonly answer: Promise<GetLeaseResult<string>> } {
    return { answer: this.#pool.callWithin(Number.POSITIVE_INFINITY).get(options) };
  }

  /** Asks at the desk, in the synchronous part of the handler. */
  getHere(options: GetLeaseOptions = {}): Promise<GetLeaseResult<string>> {
    return leasesOf(this.system, this.#pool).get(options);
  }

  /** The same, without waiting for the answer. */
  askHere(options: GetLeaseOptions = {}): { readonly answer: Promise<GetLeaseResult<string>> } {
    return { answer: leasesOf(this.system, this.#pool).get(options) };
  }

  /** Asks after an await, with itself as holder. */
  async getLate(): Promise<GetLeaseResult<string>> {
    await Promise.resolve();
    return this.#pool.call.get({ holder: this.self() });
  }

  return(lease: Lease<string> | number): Promise<ReturnLeaseResult> {
    return this.#pool.call.return(lease);
  }

  use(run: (lease: Lease<string>) => string | Promise<string>, options: GetLeaseOptions = {}): Promise<string> {
    return withLease(this.#pool, options, run);
  }

  get #pool(): ActorRef<LeaseManager<string>> {
    if (this.#manager === undefined) throw new Error("not initialised");
    return this.#manager;
  }
}
