import type { ActorRef, ActorSystem, AnyRef, Clock, ClockTimer } from "../../src/index.js";
import { nodeOf, type NodePort } from "../../src/cluster/node-port.js";
import type { Lease, SentLease } from "./lease.js";
import { type LeaseLoss, LeaseLostError } from "./lease-lost.js";
import type { LeaseManager } from "./lease-manager.js";
import type { GetLeaseOptions } from "./lease-options.js";
import type { LeaseRefusal } from "./lease-results.js";

/** After such a wait for a grant its time is asked for anew: it counts from the question, to be on the safe side. */
const LONG_WAIT_MS = 50;

/** Options of {@link getRemoteLease}. */
export interface RemoteLeaseOptions extends GetLeaseOptions {
  /** Who holds the lease: an actor of this node. When it ends, or its node is lost, the manager has the resource back. */
  readonly holder: AnyRef;
}

/**
 * A lease of a manager on another node, as its holder's node knows it.
 *
 * It lasts by this node's own clock, from a moment that is not later than the manager's: so `held` is false before the manager lends the resource to
 * the next, but for what is under way; for that there is the token. When the manager cannot be reached it counts as lost at once, `manager_ended`.
 */
export class RemoteLease<Resource> implements Lease<Resource> {
  readonly resource: Resource;
  readonly token: number;
  readonly index: number;
  readonly #manager: ActorRef<LeaseManager<Resource>>;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  /** This node, which may lose its place: then the manager takes its holders for dead. */
  readonly #node: NodePort | undefined;
  #stopWatching: () => void = () => undefined;
  #expiresAt: number;
  #timer: ClockTimer | undefined;
  #isOver = false;

  /** @internal */
  constructor(
    system: ActorSystem,
    manager: ActorRef<LeaseManager<Resource>>,
    { resource, token, index }: Pick<SentLease<Resource>, "resource" | "token" | "index">,
    expiresAt: number,
  ) {
    this.resource = resource;
    this.token = token;
    this.index = index;
    this.#manager = manager;
    this.#clock = system.clock;
    this.#expiresAt = expiresAt;
    this.#node = nodeOf(system);
    this.#stopWatching = system.onExit(manager, () => this.#lose("manager_ended"));
    if (!this.#isOver) this.#arm();
  }

  get expiresAt(): number {
    return this.#expiresAt;
  }

  get held(): boolean {
    return !this.#isOver && this.#clock.now() < this.#expiresAt && this.#node?.holdsPlace !== false;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /**
   * Makes it last `leaseMs` milliseconds from now, or as long as at first; false when it is lost.
   *
   * @throws {CallError} when the manager does not answer: the lease lasts as long as before, as far as it was not lost with the manager
   */
  async renew(leaseMs?: number): Promise<boolean> {
    const askedAt = this.#clock.now();
    const answer = await this.#manager.call.renew(this.token, leaseMs);
    if (!answer.ok) {
      if (answer.reason === "not_holder") this.#lose("expired");
      return false;
    }
    if (this.#isOver) return false;
    this.#expiresAt = expiryOf(answer.lease, askedAt);
    this.#arm();
    return true;
  }

  /** Gives the resource back; false when it was lost before. It is not held from this moment on. @throws {CallError} when the manager does not answer */
  async return(): Promise<boolean> {
    this.#end();
    return (await this.#manager.call.return(this.token)).ok;
  }

  #arm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    if (this.#expiresAt === Number.POSITIVE_INFINITY) return;
    const leftMs = Math.max(0, this.#expiresAt - this.#clock.now());
    this.#timer = this.#clock.setTimer(leftMs, () => this.#lose("expired"));
  }

  #lose(why: LeaseLoss): void {
    if (this.#isOver) return;
    this.#end();
    this.#abort.abort(new LeaseLostError(why, this.token));
  }

  #end(): void {
    this.#isOver = true;
    this.#stopWatching();
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}

/**
 * Asks a lease manager of another node for a resource, and gives a lease that is true on this one: with `held`, `signal`, a renewal and a return.
 *
 * A plain `manager.call.get()` there resolves with data, a {@link SentLease}. With a manager of this node it works as well.
 *
 * @throws {CallError} `noproc` or `exit` when the manager cannot be reached
 */
export async function getRemoteLease<Resource>(
  system: ActorSystem,
  manager: ActorRef<LeaseManager<Resource>>,
  options: RemoteLeaseOptions,
): Promise<{ readonly ok: true; readonly lease: RemoteLease<Resource> } | LeaseRefusal> {
  const { clock } = system;
  const askedAt = clock.now();
  // No time-out of the call's own: the manager answers when the wait is over.
  const answer = await manager.callWithin(Number.POSITIVE_INFINITY).get(options);
  if (!answer.ok) return answer;
  const lease = new RemoteLease(system, manager, answer.lease, expiryOf(answer.lease, askedAt));
  if (clock.now() - askedAt > LONG_WAIT_MS && lease.expiresAt !== Number.POSITIVE_INFINITY) {
    await lease.renew(options.leaseMs);
  }
  return { ok: true, lease };
}

/** When a lease ends by this node's clock that was sent after `askedAt`. */
function expiryOf(
  lease: Pick<Lease<unknown>, "expiresAt"> | Pick<SentLease<unknown>, "expiresInMs">,
  askedAt: number,
): number {
  const leftMs: unknown = Reflect.get(lease, "expiresInMs");
  if (typeof leftMs === "number") return askedAt + leftMs;
  return "expiresAt" in lease ? lease.expiresAt : askedAt;
}
