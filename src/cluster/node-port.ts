import type { ActorSystem } from "../kernel/system.js";
import type { Member } from "./engine.js";
import type { NodeIdentity } from "./node-identity.js";

export type { Member } from "./engine.js";
export type { NodeIdentity } from "./node-identity.js";

/** A service that speaks to its like on other nodes: names, groups, topics. Its methods never throw. */
export interface NodeService {
  /** What its like on another node has sent. */
  received(from: NodeIdentity, value: unknown): void;
  /** A node came, or its state changed. */
  memberChanged(member: Member): void;
  /** Something that a node has sent was lost: what is known of it may be out of date. */
  missed(from: NodeIdentity): void;
  /** This node has lost its place: what it held belongs to others. */
  fenced(): void;
}

/** This node and the others, for services that are built on the cluster. */
export interface NodePort {
  /** This node, in this life. */
  readonly self: NodeIdentity;
  /** The other members that are not down. */
  readonly members: readonly Member[];
  /** Adds a service; it is told of the members that are there already. One that has the name is replaced. */
  addService(name: string, service: NodeService): void;
  /** Takes a service off, unless another has its name by now. */
  removeService(name: string, service: NodeService): void;
  /**
   * Says something to a service's like on another node; false when that cannot be reached. What is said to one node arrives in order.
   *
   * @throws {CodecError} when it cannot be carried, and then nothing of it is sent
   */
  tell(node: NodeIdentity, service: string, value: unknown): boolean;
}

const nodes = new WeakMap<ActorSystem, NodePort>();

/** Notes that a system is a node of a cluster. */
export function noteNode(system: ActorSystem, node: NodePort): void {
  nodes.set(system, node);
}

/** The node that a system is; `undefined` for one that is in no cluster. */
export function nodeOf(system: ActorSystem): NodePort | undefined {
  return nodes.get(system);
}
