import type { ActorRef, ActorSystem, AnyRef, ExitReason } from "../../src/index.js";
import type { LeaseKey } from "./lease.js";
import type { LeaseManager } from "./lease-manager.js";
import type { GetLeaseOptions } from "./lease-options.js";
import type { GetLeaseResult } from "./lease-results.js";
import { type LeaseTicket, LocalTicket } from "./lease-ticket.js";

/** What a lease manager does for whoever is at its desk, as in a turn of its own. */
export interface Lending<Resource> {
  /** Answers a request, or puts it into the queue and answers its ticket later. */
  ask(
    options: GetLeaseOptions,
    holder: AnyRef | undefined,
    ticket: LeaseTicket<Resource>,
  ): GetLeaseResult<Resource> | undefined;
  giveBack(lease: LeaseKey): void;
  /** Ends the manager with what was thrown. */
  crash(thrown: unknown): void;
}

/**
 * Where callers of the same process get and return leases in their own stack, without a message to the manager.
 *
 * It serves while the manager is at rest, that is, lives and has handled all that was sent to it: so what is done here comes in the order in which
 * messages would, and whoever asked by message is served first. At all other times it sends people away, and they send a message.
 */
export class LeaseDesk<Resource> {
  readonly #system: ActorSystem;
  readonly #manager: AnyRef;
  readonly #lending: Lending<Resource>;
  // What is told of a lost lease, or asked of a resource, runs in the middle of it: it must not find the table half changed.
  #isServing = false;
  #isClosed = false;

  constructor(system: ActorSystem, manager: AnyRef, lending: Lending<Resource>) {
    this.#system = system;
    this.#manager = manager;
    this.#lending = lending;
  }

  /** Whether something may be done here now. */
  get serves(): boolean {
    return !this.#isServing && this.#system.isAtRest(this.#manager);
  }

  /** Asks for a resource; `undefined` when that takes a message. */
  get(options: GetLeaseOptions): GetLeaseResult<Resource> | Promise<GetLeaseResult<Resource>> | undefined {
    if (!this.serves) return undefined;
    this.#isServing = true;
    try {
      const ticket = new LocalTicket<Resource>();
      const { holder = this.#system.running } = options;
      const answer = this.#lending.ask(options, holder, ticket);
      // Whoever was told of a lost lease may have ended the manager: then nothing that it did since counts.
      return this.#isClosed ? undefined : (answer ?? ticket.answer());
    } catch (thrown) {
      // The request goes on as a message, which waits behind the end.
      this.#lending.crash(thrown);
      return undefined;
    } finally {
      this.#isServing = false;
    }
  }

  /** Gives a resource back; false when that takes a message. */
  return(lease: LeaseKey): boolean {
    if (!this.serves) return false;
    this.#isServing = true;
    try {
      this.#lending.giveBack(lease);
    } catch (thrown) {
      this.#lending.crash(thrown);
    } finally {
      this.#isServing = false;
    }
    return true;
  }

  close(): void {
    this.#isClosed = true;
  }
}

// Gone with its manager: a ref that is kept keeps nothing else.
const desks = new WeakMap<AnyRef, LeaseDesk<unknown>>();

/** Opens the desk of a manager. */
export function openDesk<Resource>(system: ActorSystem, manager: AnyRef, lending: Lending<Resource>): void {
  desks.set(manager, new LeaseDesk(system, manager, lending));
}

/** Closes the desk of a manager that has ended, and tells those who wait. */
export function closeDesk<Resource>(
  manager: AnyRef,
  reason: ExitReason,
  waiting: Iterable<{ readonly ticket: LeaseTicket<Resource> }>,
): void {
  desks.get(manager)?.close();
  desks.delete(manager);
  for (const { ticket } of waiting) if (ticket instanceof LocalTicket) ticket.fail(`LeaseManager ${manager}`, reason);
}

/** The desk of a manager; `undefined` for one that has ended, has not started, or is on another node. */
export function deskOf<Resource>(manager: ActorRef<LeaseManager<Resource>>): LeaseDesk<Resource> | undefined {
  // What a manager lends is of the type that its ref says.
  return desks.get(manager) as LeaseDesk<Resource> | undefined;
}
