import type { EngineEvents, Member, Membership, SendOutcome } from "../../cluster/engine.js";

/**
 * A node that is tried: a {@link Membership}, or what stands for one of another process.
 *
 * Whatever asks it may be answered later. A process that is stopped answers when it goes on, by its own clock then.
 */
export interface TestedNode extends Pick<Membership, "self" | "register" | "drain" | "leave"> {
  readonly members: readonly Member[] | Promise<readonly Member[]>;
  send(...args: Parameters<Membership["send"]>): SendOutcome | Promise<SendOutcome>;
  holdsPlace(): boolean | Promise<boolean>;
}

/**
 * One cluster of an engine that is tried, made anew for each case.
 *
 * What an engine cannot do is left out (a cluster of one process has no second node), and so are the cases that need it.
 */
export interface EngineWorld {
  /** A node of this name joins. The same name again, after its node has left or ended, is that node's next life. */
  join(name: string, events: EngineEvents): Promise<TestedNode>;
  /** Waits until something is so, and no longer than the engine may take for it: on a virtual clock by moving it. @throws {Error} when it does not become so */
  until(isSo: () => boolean, what: string): Promise<void>;
  /** Waits for the answer of something that was asked, however time goes by. */
  settle<Value>(pending: Promise<Value>): Promise<Value>;
  /** Ends the process of a node without a word. */
  kill?(name: string): Promise<void>;
  /** Stops the process of a node, as SIGSTOP does. */
  pause?(name: string): Promise<void>;
  /** Lets a stopped process go on. */
  resume?(name: string): Promise<void>;
  /** Cuts a node off from the others and from the shared register. */
  isolate?(name: string): Promise<void>;
  /** Ends that. */
  heal?(): Promise<void>;
  /** Ends all nodes that still run, and gives back what the world has taken. */
  stop(): Promise<void>;
}

/** One thing that every engine does. */
export interface EngineCase {
  readonly title: string;
  /** Fails by throwing. */
  readonly run: () => Promise<void>;
}

/** A case, given a world of its own. */
export interface CaseInWorld {
  readonly title: string;
  readonly run: (world: EngineWorld) => Promise<void>;
}
