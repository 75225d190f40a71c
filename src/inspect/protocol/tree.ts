import type { Json } from "./json.js";

/**
 * The lives an actor can be seen in.
 *
 * - `starting`: its `init` has not returned
 * - `idle`: it waits for a message
 * - `ready`: it has messages and waits for its turn
 * - `busy`: a handler runs, or its promise has not settled
 * - `suspended`: it takes system messages only
 * - `stopping`: it is ending, `terminate` may be running
 * - `stopped`: it has ended and has not been removed from its parent yet
 * - `unknown`: a word of a newer server that this reader does not know
 */
export const ACTOR_LIVES = [
  "starting",
  "idle",
  "ready",
  "busy",
  "suspended",
  "stopping",
  "stopped",
  "unknown",
] as const;

/** One of {@link ACTOR_LIVES}. */
export type ActorLife = (typeof ACTOR_LIVES)[number];

/** The whole system at one moment: its figures, its supervised tree, and the actors that stand outside of it. */
export interface TreeSnapshot {
  readonly system: SystemHeader;
  /** The root actor with its descendants; absent when the system has none. */
  readonly root?: TreeNode;
  /** Actors without a living parent, such as those spawned by the system itself, each with its descendants. */
  readonly orphans: readonly TreeNode[];
  /** What was left out of `orphans`. */
  readonly moreOrphans?: HiddenNodes;
}

/** Figures of the system and of the process that runs it. All counters are totals since the start. */
export interface SystemHeader {
  readonly name: string;
  /** The version of the holdfast package that serves this snapshot. */
  readonly holdfast: string;
  /** The version of Node, without the `v`. */
  readonly node: string;
  readonly pid: number;
  readonly uptimeMs: number;
  /** Wall time of the snapshot as ISO 8601 in UTC. A snapshot may be shared by several readers for 250 ms. */
  readonly capturedAt: string;
  readonly actors: { readonly alive: number; readonly spawned: number; readonly stopped: number };
  /** Messages handled by all actors; absent where the runtime keeps no total. */
  readonly messages?: number;
  readonly deadLetters: number;
  /** How late the event loop's timers fired, measured only while somebody reads the inspector; absent before the first samples. */
  readonly loopDelay?: LoopDelay;
  readonly heapUsedBytes: number;
}

/** The lateness of the event loop in milliseconds over the last `overMs`. */
export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly overMs: number;
}

/** One actor as a row of the tree. Absent properties do not apply to it. */
export interface TreeNode {
  /** The actor's reference as text, such as `<0.12>`. */
  readonly ref: string;
  /** Its id among its supervisor's children. */
  readonly id?: string;
  /** The name it is registered under. */
  readonly name?: string;
  readonly label?: string;
  /** The name of the user's class. */
  readonly behaviour: string;
  /** `worker`, `supervisor`, or the `kind` that the actor's `formatStatus` states, such as `session`. */
  readonly kind: string;
  readonly life: ActorLife;
  /** Present while `life` is `busy`. */
  readonly busy?: BusyWith;
  readonly mailbox: MailboxState;
  /** Messages handled since this incarnation started. */
  readonly messages: number;
  /** The restart type in its supervisor's specification, such as `permanent`. */
  readonly restart?: string;
  /** How often its supervisor has tried to restart it; absent when never. */
  readonly restarts?: number;
  /** Why its earlier incarnation ended by itself. */
  readonly lastExit?: string;
  /** Present for supervisors. */
  readonly supervisor?: SupervisorState;
  /** What the actor's own `formatStatus` shows, cut to a bounded size. */
  readonly status?: Json;
  readonly children: readonly TreeNode[];
  /** What was left out of `children`. */
  readonly more?: HiddenNodes;
  /** Of `info` by a name, on a host of several cores: the actors of the other cores that have the name too. */
  readonly alike?: readonly TreeNode[];
}

/** The handler that runs, and for how long it has been. Either part is absent where the runtime does not keep it. */
export interface BusyWith {
  readonly handler?: string;
  readonly forMs?: number;
}

/** Messages that wait for one actor. */
export interface MailboxState {
  readonly length: number;
  /** The most it may hold; absent when it is not bounded. */
  readonly limit?: number;
  /** How long the oldest message has been waiting, where the runtime keeps it. */
  readonly oldestMs?: number;
}

/** How a supervisor restarts, and how near it is to giving up. */
export interface SupervisorState {
  readonly strategy: string;
  /** Whether its children are added while it runs, all alike and without ids. */
  readonly dynamic: boolean;
  readonly restarts: {
    /** Restarts counted in the last `periodMs`. The supervisor stops at the restart that would exceed `max`. */
    readonly inWindow: number;
    readonly max: number;
    readonly periodMs: number;
    /** All restarts since the supervisor started; absent where it does not count them. */
    readonly total?: number;
  };
  /** Children that are specified and do not run, the first 50 of them. */
  readonly absent?: readonly AbsentChild[];
}

/** A child that its supervisor knows and that does not run: it ended for good, or is between two attempts to restart it. */
export interface AbsentChild {
  /** Its id among its supervisor's children, or its name where they have no ids. */
  readonly id?: string;
  readonly behaviour: string;
  /** `stopped` or `restarting`. */
  readonly state: string;
  readonly restart?: string;
  readonly restarts?: number;
  readonly lastExit?: string;
  /** The attempt that its back-off is waiting for. */
  readonly nextTry?: NextTry;
}

/** An attempt to restart a child that has to wait. */
export interface NextTry {
  /** Its number among those made in a row, from 1. */
  readonly attempt: number;
  /** In how many milliseconds it is due; 0 when it is being made. */
  readonly inMs: number;
}

/** Children that a snapshot left out to stay bounded. */
export interface HiddenNodes {
  readonly count: number;
  /** True when counting itself was cut off: there are more than `count`. */
  readonly atLeast?: boolean;
  /** How many of them are in which life. */
  readonly byLife: { readonly [life: string]: number };
}
