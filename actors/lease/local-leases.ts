import { type ActorRef, type ActorSystem, CallError, type NameFor } from "../../src/index.js";
import type { LeaseKey } from "./lease.js";
import { deskOf, type LeaseDesk } from "./lease-desk.js";
import type { LeaseManager } from "./lease-manager.js";
import type { GetLeaseOptions } from "./lease-options.js";
import type { GetLeaseResult } from "./lease-results.js";

const NO_OPTIONS: GetLeaseOptions = {};

/**
 * The resources of a lease manager of this process, lent in the caller's stack. Found with {@link leasesOf}.
 *
 * The rules, the answers and the counts are those of the manager's own `get` and `return`, which may be used beside these: who came first is served first,
 * however it asked. What differs is the price, since no message is sent while the manager has nothing else to do. When it has, or is on another
 * node, these send one.
 */
export class LocalLeases<Resource> {
  readonly #system: ActorSystem;
  readonly #manager: string | ActorRef<LeaseManager<Resource>>;
  #ref: ActorRef<LeaseManager<Resource>> | undefined;
  #desk: LeaseDesk<Resource> | undefined;

  /** @internal */
  constructor(system: ActorSystem, manager: string | ActorRef<LeaseManager<Resource>>) {
    this.#system = system;
    this.#manager = manager;
  }

  /**
   * Asks for a resource. The promise resolves when one is free, or with the reason why there is none.
   *
   * The holder is the actor whose handler asks, until its first `await`; later it has to be named as `holder`, or the lease ends with its time alone.
   *
   * @throws {CallError} as a rejection: `noproc` when no manager runs, `exit` when it ends meanwhile
   */
  get(options: GetLeaseOptions = NO_OPTIONS): Promise<GetLeaseResult<Resource>> {
    const ref = this.#find();
    if (ref === undefined) return Promise.reject(this.#noManager());
    const answer = this.#desk?.get(options);
    if (answer instanceof Promise) return answer;
    // No time-out of the call's own: the manager answers when the wait is over.
    return answer === undefined ? ref.callWithin(Number.POSITIVE_INFINITY).get(options) : Promise.resolve(answer);
  }

  /** Gives a resource back, by its lease or its token; the first in the queue has it next. A lease that has ended is not returned again. */
  return(lease: LeaseKey): void {
    const ref = this.#find();
    if (this.#desk?.return(lease) !== true) ref?.cast.return(lease);
  }

  /** The manager as it is now: one with a name may have been restarted. */
  #find(): ActorRef<LeaseManager<Resource>> | undefined {
    const manager = this.#manager;
    const ref = typeof manager === "string" ? this.#system.whereis<LeaseManager<Resource>>(manager) : manager;
    if (ref !== this.#ref || this.#desk === undefined) {
      this.#ref = ref;
      this.#desk = ref === undefined ? undefined : deskOf(ref);
    }
    return ref;
  }

  #noManager(): CallError {
    return new CallError("noproc", { target: String(this.#manager), method: "get", reason: "noproc" });
  }
}

/**
 * The leases of a manager of this process, by its ref or by its name, for callers that want them without the price of a message.
 *
 * ```ts
 * const lines = leasesOf<string>(system, "lines");
 * await withLease(lines, { holder: this.self() }, (lease) => speakOn(lease.resource));
 * ```
 *
 * A manager with a name need not run yet, and may be restarted: only its use fails with `noproc` while there is none.
 */
export function leasesOf<Resource>(
  system: ActorSystem,
  manager: ActorRef<LeaseManager<Resource>> | NameFor<LeaseManager<Resource>>,
): LocalLeases<Resource> {
  return new LocalLeases(system, manager);
}
