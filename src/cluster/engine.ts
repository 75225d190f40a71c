import type { Clock } from "../kernel/clock.js";
import type { Random } from "../kernel/random.js";
import type { Report } from "../kernel/report.js";
import type { NodeIdentity } from "./node-identity.js";

/**
 * What a member of a cluster is known as.
 *
 * `up`: it takes part. `draining`: it takes nothing new, and gives away what it holds. `suspected`: it was not heard from for a while; whoever
 * monitors an actor there is told `noconnection`, but what it owns is still its own. `down`: this incarnation is gone for good, and nothing
 * that it sent is heard any more. Only `suspected` can be taken back.
 */
export type NodeState = "up" | "draining" | "suspected" | "down";

/** One member as an engine tells of it. */
export interface Member {
  readonly node: NodeIdentity;
  readonly state: NodeState;
  /** Why, for people: `left`, `exit`, `killed`, `lease`, `silent`. */
  readonly why?: string;
}

/** What an engine tells the node that has joined through it. Its methods never throw. */
export interface EngineEvents {
  /** A member came, or its state changed. The same state may be told twice. */
  member(member: Member): void;
  /** A frame came. Frames of one sender come in the order in which they were sent; some may be missing. */
  frame(from: NodeIdentity, frame: Uint8Array): void;
  /** Some part of a second has gone by: lost frames behind which nothing was sent are found now. */
  beat(): void;
  /** This node itself has lost its place: others may hold what it held. It must stop using all of that now. */
  fenced(why: string): void;
}

/** What became of a frame. `full`: too much waits for that node; the frame was not taken. `unreachable`: there is no such incarnation. */
export type SendOutcome = "sent" | "full" | "unreachable";

/** One entry of the {@link SharedRegister}. */
export interface RegisterEntry {
  readonly key: string;
  readonly value: Uint8Array;
  /** Rises with every write, over all keys, also across deletions: so it can serve as a fencing token. */
  readonly revision: number;
}

/** How a conditional write ended. */
export type WriteOutcome =
  | { readonly ok: true; readonly revision: number }
  | { readonly ok: false; readonly current: RegisterEntry | undefined };

/** A change that a watcher of the {@link SharedRegister} is told; `value` is `undefined` when the key was deleted. */
export interface RegisterChange {
  readonly key: string;
  readonly value: Uint8Array | undefined;
  readonly revision: number;
}

/**
 * A small store that all nodes share, with compare-and-set: the one place where who owns what is decided.
 *
 * Every write names the revision that it expects (0: no entry), and the first wins. A time-out or a lost connection rejects with
 * `unreachable`, and leaves open whether the write was done: read before concluding.
 */
export interface SharedRegister {
  /** The entry now, not one from a cache. */
  get(key: string): Promise<RegisterEntry | undefined>;
  /** All entries whose key begins with a prefix, in the order of their keys. */
  list(prefix: string): Promise<readonly RegisterEntry[]>;
  /** Writes if the entry has the expected revision. */
  put(key: string, value: Uint8Array, expected: number): Promise<WriteOutcome>;
  /** Deletes if the entry has the expected revision. */
  delete(key: string, expected: number): Promise<WriteOutcome>;
  /**
   * Tells of every change under a prefix from now on, in the order of revisions, and once of what is there already. `reset` is called when
   * changes may have been missed: what is there follows anew. Returns a function that ends it.
   */
  watch(prefix: string, watcher: RegisterWatcher): () => void;
}

/** Who watches a part of the {@link SharedRegister}. */
export interface RegisterWatcher {
  changed(change: RegisterChange): void;
  /** What was known may be out of date; all that is there is told again. */
  reset(): void;
}

/** A node's place in a cluster, from joining to leaving. */
export interface Membership {
  readonly self: NodeIdentity;
  /** The other members that are not down. */
  readonly members: readonly Member[];
  readonly register: SharedRegister;
  /** Sends a frame to one incarnation. */
  send(to: NodeIdentity, frame: Uint8Array): SendOutcome;
  /** Whether this node's own place is certain at this moment, by its own clock. False from the moment at which others may have given it away. */
  holdsPlace(): boolean;
  /** Tells the others that this node takes nothing new. */
  drain(): Promise<void>;
  /** Leaves: the others see `down` with `left` at once. */
  leave(): Promise<void>;
}

/** What an engine is given to work with. */
export interface EngineSurroundings {
  /** The node's own name, if the application chose one. */
  readonly name: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  report(report: Report): void;
}

/**
 * Joins the runtimes of several processes to one cluster: the port behind `createSystem({ cluster })`.
 *
 * An engine has three duties: it carries frames between nodes, it says who is a member, and it offers the {@link SharedRegister}. All else
 * (refs, monitors, names, groups, topics, placement) is built on these and the same over every engine. A suite that any engine has to pass is
 * `engineConformance` of `holdfast/testing`.
 */
export interface Engine {
  /** What people see: `"solo"`, `"memory"`, `"cores"`. */
  readonly name: string;
  join(surroundings: EngineSurroundings, events: EngineEvents): Promise<Membership>;
}
