import type { ActorLife, BusyWith, MailboxState } from "./protocol/tree.js";

/**
 * What the inspector must be able to read of a runtime: a narrow port onto its own tables.
 *
 * Nothing here goes through a mailbox or waits, so an actor that is stuck, suspended or stopping can still be shown. The snapshot is taken
 * in one turn of the event loop: what the iterables yield need not survive the next message.
 */
export interface InspectableSystem {
  readonly name: string;
  /** Milliseconds since the system was created. */
  uptimeMs(): number;
  /** The date in milliseconds since 1970. */
  wallTime(): number;
  /** The supervised tree's first actor; undefined when the system has none. */
  root(): InspectableActor | undefined;
  /** Actors without a living parent, other than the root. */
  orphans(): Iterable<InspectableActor>;
  /** Counts the orphans by life; stops at `max` of them. */
  tallyOrphans(max: number): LifeTally;
  /** The living actor registered under this name, or with this reference as text, as in {@link InspectableActor.ref}. */
  find(nameOrRef: string): InspectableActor | undefined;
  counters(): SystemCounters;
}

/** Totals since the system was created, except `alive`. */
export interface SystemCounters {
  readonly alive: number;
  readonly spawned: number;
  readonly stopped: number;
  /** Messages handled by all actors, those that have ended included; absent where the runtime keeps no total. */
  readonly messages?: number;
  readonly deadLetters: number;
}

/** How many actors there are, and in which life each is. `count` is the sum of `byLife`. */
export interface LifeTally {
  readonly count: number;
  readonly byLife: ReadonlyMap<ActorLife, number>;
}

/** One actor as the runtime's tables know it. */
export interface InspectableActor {
  readonly ref: string;
  readonly name: string | undefined;
  readonly label: string | undefined;
  /** The name of the user's class. */
  readonly behaviour: string;
  readonly life: ActorLife;
  /** What it is busy with, while `life` is `busy`. */
  readonly busy: BusyWith | undefined;
  readonly mailbox: MailboxState;
  /** Messages handled since this incarnation started. */
  readonly messages: number;
  /** The actor it is a child of; undefined for the root and for orphans. */
  parent(): InspectableActor | undefined;
  /** Its living children, in the order in which they started. */
  children(): Iterable<InspectableActor>;
  /** Counts its living children by life without making a row of any; stops at `max` of them. */
  tallyChildren(max: number): LifeTally;
  /** The result of its `formatStatus`; may throw whatever that throws. */
  status(): unknown;
}
