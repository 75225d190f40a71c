import type { AnyRef } from "../kernel/actor-ref.js";
import { type Cell, cellOf } from "../kernel/cell.js";
import { DEAD, GUARDED } from "../kernel/flags.js";
import type { ExitReason } from "../kernel/exit-reason.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Operation } from "../kernel/operation.js";
import type { PendingCall } from "../kernel/pending-call.js";
import { makeStandIn, type RemoteSignals } from "../kernel/remote.js";
import { die } from "../kernel/termination.js";
import { CodecError } from "./codec/codec-error.js";
import type { EngineEvents, Member, Membership, NodeState, SharedRegister } from "./engine.js";
import { Envelope } from "./envelope.js";
import { ExportedActors } from "./exported-actors.js";
import { decodeRecord, NODE_PREFIX } from "./membership/node-record.js";
import { isSameNode, nodeKey, type NodeIdentity } from "./node-identity.js";
import { type NodePort, type NodeService, noteNode } from "./node-port.js";
import { Peer } from "./peer.js";
import { PeerRefs } from "./peer-refs.js";
import { Receiver } from "./receiver.js";
import { addressOf, noteAddress } from "./remote-address.js";
import { type ClassDescription, type RemoteClass, RemoteClasses } from "./remote-class.js";
import { SoloMembership } from "./solo.js";

interface Known {
  readonly peer: Peer;
  readonly receiver: Receiver;
  /** The engine has told of it; before that it is known by a ref or a frame only. */
  isMember: boolean;
}

/** How many incarnations that are down are remembered, so that a late frame of one does not look like a new node. */
const MOST_FORGOTTEN = 1_000;
/** How many nodes are remembered that the engine has never told of. */
const MOST_HEARSAY = 1_000;

/**
 * This node as the port sees it: the other nodes, and what crosses between their actors and those here.
 *
 * It is what the kernel hands signals to ({@link RemoteSignals}), and what the engine tells its events.
 */
export class ClusterNode implements RemoteSignals, EngineEvents, NodePort {
  readonly kernel: Kernel;
  readonly exported = new ExportedActors();
  readonly #classes = new RemoteClasses();
  /** Actors that are guarded for as long as they live. */
  readonly #guarded = new WeakSet<Cell>();
  readonly #known = new Map<string, Known>();
  readonly #gone = new Set<string>();
  /** Whom the last frame came from. */
  #lastFrom: NodeIdentity | undefined;
  #last: Known | undefined;
  readonly #services = new Map<string, NodeService>();
  #membership: Membership | undefined;
  #isFenced = false;
  /** What the engine told before it was done with taking this node in. */
  #early: (() => void)[] = [];

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    kernel.remote = this;
  }

  /** The engine has taken this node in. */
  joined(membership: Membership): void {
    this.#membership = membership;
    noteNode(this.kernel.system, this);
    for (const member of membership.members) this.member(member);
    const early = this.#early;
    this.#early = [];
    for (const event of early) event();
  }

  get membership(): Membership {
    if (this.#membership === undefined) throw new TypeError("The node has not joined its cluster yet");
    return this.#membership;
  }

  get self(): NodeIdentity {
    return this.membership.self;
  }

  /** Whether this node may act for what it holds. */
  get holdsPlace(): boolean {
    return !this.#isFenced && this.membership.holdsPlace();
  }

  /** The other members that are not down. */
  get members(): readonly Member[] {
    const members: Member[] = [];
    for (const { peer, isMember } of this.#known.values()) {
      if (isMember && peer.state !== "down") members.push({ node: peer.node, state: peer.state });
    }
    return members;
  }

  get isAlone(): boolean {
    return this.membership instanceof SoloMembership;
  }

  get register(): SharedRegister {
    return this.membership.register;
  }

  /** How a node stands by the register itself; `down` for every life but the latest. @throws {EngineError} as a rejection */
  async stateOf({ name, incarnation }: NodeIdentity): Promise<NodeState> {
    const entry = await this.register.get(NODE_PREFIX + name);
    const record = entry === undefined ? undefined : decodeRecord(entry.value);
    return record?.incarnation === incarnation ? record.state : "down";
  }

  /** Whether a node is this one, or another member that is not down. */
  isMember(node: NodeIdentity): boolean {
    if (isSameNode(node, this.self)) return !this.#isFenced;
    const known = this.#known.get(nodeKey(node));
    return known !== undefined && known.isMember && known.peer.state !== "down";
  }

  /** Adds a service; it is told of the members that are there already. */
  addService(name: string, service: NodeService): void {
    this.#services.set(name, service);
    for (const member of this.members) service.memberChanged(member);
  }

  /** Takes a service off, unless another has its name by now. */
  removeService(name: string, service: NodeService): void {
    if (this.#services.get(name) === service) this.#services.delete(name);
  }

  /** Says something to a service's like on another node; false when that cannot be reached. @throws {CodecError} when it cannot be carried */
  tell(node: NodeIdentity, service: string, value: unknown): boolean {
    const known = this.#known.get(nodeKey(node));
    if (known === undefined || !known.peer.isReachable) return false;
    known.peer.writer.service(service, value);
    return true;
  }

  guard(ref: AnyRef): void {
    const cell = cellOf(ref);
    this.#guarded.add(cell);
    cell.flags |= GUARDED;
  }

  /** An actor has given up one of the things for which it was guarded, and has none left. */
  unguard(cell: Cell): void {
    if (!this.#guarded.has(cell)) cell.flags &= ~GUARDED;
  }

  // What the engine tells.

  member(member: Member): void {
    if (this.#membership === undefined) return void this.#early.push(() => this.member(member));
    const key = nodeKey(member.node);
    if (this.#gone.has(key)) return;
    const known = this.#know(member.node);
    known.isMember = true;
    const { peer } = known;
    const before = peer.state;
    peer.changeState(member.state);
    if (member.state === "down") this.#forget(key);
    if (before === member.state && member.state !== "up") return;
    for (const service of this.#services.values()) service.memberChanged(member);
  }

  frame(from: NodeIdentity, frame: Uint8Array): void {
    if (this.#membership === undefined) return void this.#early.push(() => this.frame(from, frame));
    if (this.#isFenced) return;
    // Most frames in a row come from one node, and an engine names it by one object.
    if (from !== this.#lastFrom || this.#last === undefined) {
      if (this.#gone.has(nodeKey(from))) return;
      this.#last = this.#know(from);
      this.#lastFrom = from;
    }
    try {
      this.#last.receiver.frame(frame);
    } catch (thrown) {
      if (!(thrown instanceof CodecError)) throw thrown;
      const key = nodeKey(from);
      this.#known.get(key)?.peer.sever();
      this.#missed(from);
      this.kernel.report({
        type: "bad_frame",
        level: "error",
        text: `A frame from node ${from.name} could not be read: ${thrown.message}`,
        details: { node: from, code: thrown.code, bytes: frame.length },
      });
    }
  }

  beat(): void {
    for (const { peer } of this.#known.values()) if (peer.isReachable) peer.writer.probe();
  }

  fenced(why: string): void {
    if (this.#membership === undefined) return void this.#early.push(() => this.fenced(why));
    if (this.#isFenced) return;
    this.#isFenced = true;
    this.kernel.report({
      type: "node_fenced",
      level: "error",
      text: `Node ${this.self.name} has lost its place in the cluster (${why}): what it held is given up`,
      details: { node: this.self, why },
    });
    for (const service of this.#services.values()) service.fenced();
    for (const { peer } of this.#known.values()) peer.changeState("down");
  }

  // What the kernel hands over.

  deliver(standIn: Cell, operation: Operation, payload: unknown, call: PendingCall | null): void {
    const at = addressOf(standIn);
    if (at?.peer === undefined) return;
    if (call === null) at.peer.deliver(standIn, at, operation, payload);
    else at.peer.call(standIn, at, operation, payload, call);
  }

  exit(sender: Cell | null, standIn: Cell, reason: ExitReason, throughLink: boolean): void {
    const from = sender === this.kernel.origin ? null : sender;
    this.#say(standIn, (peer, id) => peer.writer.exit(from, id, reason, throughLink));
    if (throughLink) addressOf(standIn)?.peer?.standIns.release(standIn);
  }

  link(cell: Cell, standIn: Cell): void {
    addressOf(standIn)?.peer?.standIns.hold(standIn);
    this.#relate(standIn, (peer, id) => peer.link(cell, standIn, id));
  }

  unlink(cell: Cell, standIn: Cell): void {
    this.#say(standIn, (peer, id) => peer.writer.relation(Envelope.unlink, cell, id));
    addressOf(standIn)?.peer?.standIns.release(standIn);
  }

  monitor(standIn: Cell): void {
    addressOf(standIn)?.peer?.standIns.hold(standIn);
    this.#relate(standIn, (peer, id) => peer.writer.watch(Envelope.monitor, id));
  }

  unmonitor(standIn: Cell): void {
    this.#say(standIn, (peer, id) => peer.writer.watch(Envelope.unmonitor, id));
    addressOf(standIn)?.peer?.standIns.release(standIn);
  }

  mayAct(): boolean {
    return this.holdsPlace;
  }

  addressOf(standIn: Cell): string {
    const at = addressOf(standIn);
    return at === undefined ? `<?.${standIn.id}>` : `<${at.node.name}.${at.id}>`;
  }

  /** The ref here of an actor of another node, or of this one when the address is its own. */
  refOf(node: NodeIdentity, id: number, description: ClassDescription): Cell {
    if (isSameNode(node, this.self)) return this.exported.get(id) ?? this.#ended(id);
    return this.#standIn(node, id, this.#classes.classOf(description));
  }

  /** Says something to the node of an actor, if it can be reached and the actor is not known to have ended. */
  #say(standIn: Cell, say: (peer: Peer, id: number) => void): boolean {
    const at = addressOf(standIn);
    if (at?.peer?.isReachable !== true || (standIn.flags & DEAD) !== 0) return false;
    say(at.peer, at.id);
    return true;
  }

  /** Says that a relation was made. One with an actor that cannot be reached ends as soon as whoever makes it has gone on. */
  #relate(standIn: Cell, say: (peer: Peer, id: number) => void): void {
    if (this.#say(standIn, say)) return;
    const peer = addressOf(standIn)?.peer;
    queueMicrotask(() => {
      if (peer?.isReachable === false) peer.standIns.sever("noconnection");
    });
  }

  #standIn(node: NodeIdentity, id: number, remoteClass: RemoteClass): Cell {
    if (isSameNode(node, this.self)) return this.exported.get(id) ?? this.#ended(id);
    // A node of which nothing is known yet may have been heard of by others first.
    if (!this.#gone.has(nodeKey(node))) return this.#know(node).peer.standIn(id, remoteClass);
    const lost = makeStandIn(this.kernel, remoteClass.actorClass);
    noteAddress(lost, { node, id, remoteClass, peer: undefined });
    die(lost, "noconnection");
    return lost;
  }

  /** The ref of an actor of this node that has ended. */
  #ended(id: number): Cell {
    const remoteClass = this.#classes.classOf({ name: "Ended", messages: [] });
    const cell = makeStandIn(this.kernel, remoteClass.actorClass);
    noteAddress(cell, { node: this.self, id, remoteClass, peer: undefined });
    die(cell, "noproc");
    return cell;
  }

  #know(node: NodeIdentity): Known {
    const key = nodeKey(node);
    let known = this.#known.get(key);
    if (known === undefined) {
      known = this.#meet(node);
      this.#known.set(key, known);
      this.#forgetHearsay();
    }
    return known;
  }

  /** Lets go of the oldest of those that never became members; a node that does so later is met anew. */
  #forgetHearsay(): void {
    if (this.#known.size <= MOST_HEARSAY) return;
    const hearsay = [...this.#known.values()].filter(({ isMember }) => !isMember);
    const [oldest] = hearsay;
    if (oldest === undefined || hearsay.length <= MOST_HEARSAY) return;
    this.#last = undefined;
    oldest.peer.changeState("down");
    this.#known.delete(nodeKey(oldest.peer.node));
  }

  #meet(node: NodeIdentity): Known {
    const { kernel, exported, self } = this;
    const refs = new PeerRefs({
      self,
      peer: node,
      exported,
      classes: this.#classes,
      standIn: (of, id, remoteClass) => this.#standIn(of, id, remoteClass),
      ended: (id) => this.#ended(id),
    });
    const peer = new Peer(node, refs, {
      kernel,
      self,
      exported,
      transmit: (to, frame) => this.membership.send(to, frame) === "sent",
    });
    const receiver = new Receiver(peer, {
      kernel,
      self,
      exported,
      service: (from, name, value) => this.#services.get(name)?.received(from.node, value),
      missed: () => this.#missed(node),
    });
    return { peer, receiver, isMember: false };
  }

  #missed(from: NodeIdentity): void {
    for (const service of this.#services.values()) service.missed(from);
  }

  #forget(key: string): void {
    this.#last = undefined;
    this.#known.delete(key);
    this.#gone.add(key);
    if (this.#gone.size <= MOST_FORGOTTEN) return;
    const [oldest] = this.#gone;
    if (oldest !== undefined) this.#gone.delete(oldest);
  }
}
