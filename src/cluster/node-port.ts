import type { AnyRef } from "../kernel/actor-ref.js";
import type { ActorSystem } from "../kernel/system.js";
import type { Member, NodeState, SharedRegister } from "./engine.js";
import type { NodeIdentity } from "./node-identity.js";

export type { Member, SharedRegister } from "./engine.js";
export { EngineError } from "./engine-error.js";
export { isSameNode, type NodeIdentity, nodeKey } from "./node-identity.js";
export { rankOf } from "./placement/rendezvous.js";

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
  /** Whether this node's own place is certain at this moment, by its own clock: else others may have what it held. */
  readonly holdsPlace: boolean;
  /** Whether this node is a cluster of its own, which no other can join. */
  readonly isAlone: boolean;
  /** The small store that all nodes share. */
  readonly register: SharedRegister;
  /**
   * How a node stands by the register itself; `down` for every life but the latest.
   *
   * @throws {EngineError} as a rejection, when the register does not answer
   */
  stateOf(node: NodeIdentity): Promise<NodeState>;
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
  /** Lets an actor of this node act only while the node has its place: else it ends with `fenced`, whatever it was to handle next. */
  guard(ref: AnyRef): void;
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
