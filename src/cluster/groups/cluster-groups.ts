import { asRef } from "../../kernel/actor.js";
import type { ActorRef, AnyRef } from "../../kernel/actor-ref.js";
import { type Cell, cellOf } from "../../kernel/cell.js";
import { post } from "../../kernel/delivery.js";
import { BadArgumentError, whatCame } from "../../kernel/errors.js";
import { DEAD, REMOTE } from "../../kernel/flags.js";
import type { ClusterNode } from "../cluster-node.js";
import type { Member } from "../engine.js";
import { nodeKey, type NodeIdentity } from "../node-identity.js";
import type { NodeService } from "../node-port.js";
import { type GroupEntry, type GroupMessage, groupMessageOf } from "./group-message.js";
import { GroupTable } from "./group-table.js";

const SERVICE = "groups";
/** So many entries of a node's state go into one message. */
const PART = 1_000;

/** What is known here of another node's members. */
interface Replica {
  readonly node: NodeIdentity;
  table: GroupTable<Cell>;
  /** The version of the last message that was applied; -1 while its state has not come. */
  version: number;
  /** Whether its state was asked for, and has not come. */
  asked: boolean;
}

/** A change in a group, for those who watch it. */
export interface GroupChange {
  readonly group: string;
  readonly member: AnyRef;
  readonly change: "joined" | "left";
}

/**
 * Groups of actors over all nodes of a cluster: OTP's `pg`.
 *
 * Each node is the only one that says who of its own actors is in which group, so there is nothing to agree on; the others keep a copy, in the
 * order of its versions, and ask for all of it when they have missed one. A join is seen here at once, and on another node when word of it has
 * come. What is sent to a group crosses to each node once, whatever the number of members there.
 */
export class ClusterGroups implements NodeService {
  readonly #node: ClusterNode;
  readonly #own = new GroupTable<Cell>();
  readonly #replicas = new Map<string, Replica>();
  readonly #watched = new Set<Cell>();
  readonly #listeners = new Map<string, Set<(change: GroupChange) => void>>();
  #version = 0;

  constructor(node: ClusterNode) {
    this.#node = node;
    node.addService(SERVICE, this);
  }

  /** Puts an actor of this node into a group. It may join several times; its end leaves all. @throws {BadArgumentError} for any other actor */
  join(group: string, ref: AnyRef): void {
    const cell = ownCell(group, ref);
    this.#watch(cell);
    const isFirst = this.#own.join(group, cell);
    this.#changed(group, cell, isFirst ? "joined" : undefined);
  }

  /** Takes one join of an actor of this node back; false when there is none. */
  leave(group: string, ref: AnyRef): boolean {
    const cell = cellOf(ref);
    const left = this.#own.leave(group, cell);
    if (left === "none") return false;
    this.#changed(group, cell, left === "last" ? "left" : undefined);
    return true;
  }

  /** The members on all nodes, one entry per join: those of this node first. */
  members<A = unknown>(group: string): ActorRef<A>[] {
    const found = listed(this.#own, group);
    for (const { table } of this.#replicas.values()) found.push(...listed(table, group));
    return found.map((cell) => asRef<A>(cell));
  }

  /** The members on this node, one entry per join. */
  localMembers<A = unknown>(group: string): ActorRef<A>[] {
    return listed(this.#own, group).map((cell) => asRef<A>(cell));
  }

  /** The names of the groups that have members anywhere. */
  names(): string[] {
    const names = new Set(this.#own.names);
    for (const { table } of this.#replicas.values()) for (const name of table.names) names.add(name);
    return [...names];
  }

  /**
   * Sends a message to the `handleInfo` of every member, each once however often it has joined; returns how many nodes it goes to, this one
   * included. @throws {CodecError} `cannot_carry`, and then nobody on another node gets it
   */
  send(group: string, message: unknown): number {
    let nodes = 0;
    for (const { node, table } of this.#replicas.values()) {
      if (table.has(group) && this.#tell(node, { kind: "send", group, message })) nodes++;
    }
    if (this.#own.has(group)) nodes++;
    this.#sendHere(group, message);
    return nodes;
  }

  /** Tells a listener of every member that joins a group for its first time, or leaves it for good; returns a function that ends it. */
  watch(group: string, listener: (change: GroupChange) => void): () => void {
    const listeners = this.#listeners.get(group) ?? new Set();
    // Wrapped, so that one listener given twice is told twice.
    const told = (change: GroupChange): void => listener(change);
    this.#listeners.set(group, listeners.add(told));
    return () => {
      listeners.delete(told);
      if (listeners.size === 0 && this.#listeners.get(group) === listeners) this.#listeners.delete(group);
    };
  }

  received(from: NodeIdentity, value: unknown): void {
    const message = groupMessageOf(value);
    if (message === undefined) return;
    if (message.kind === "send") return this.#sendHere(message.group, message.message);
    if (message.kind === "ask") return this.#tellState(from);
    const replica = this.#replicas.get(nodeKey(from));
    if (replica === undefined) return;
    if (message.kind === "state") this.#takeState(replica, message);
    else if (message.version === replica.version + 1) {
      replica.version = message.version;
      this.#apply(replica, message.entry);
    } else if (message.version > replica.version) this.#ask(replica);
  }

  memberChanged({ node, state }: Member): void {
    const key = nodeKey(node);
    const known = this.#replicas.get(key);
    if (state === "down") {
      this.#replicas.delete(key);
      if (known !== undefined) this.#drop(known.table);
    } else if (state !== "suspected") {
      const replica = known ?? { node, table: new GroupTable(), version: -1, asked: false };
      this.#replicas.set(key, replica);
      // Also to one that is back after a silence: what was said meanwhile did not reach it.
      this.#tellState(node);
      // It may have told its own before anybody listened here.
      if (replica.version < 0) this.#ask(replica);
    }
  }

  missed(from: NodeIdentity): void {
    const replica = this.#replicas.get(nodeKey(from));
    if (replica === undefined) return;
    // The answer to an earlier question may be what was lost.
    replica.asked = false;
    this.#ask(replica);
    // Or it was a question of its own.
    this.#tellState(from);
  }

  fenced(): void {
    for (const { table } of this.#replicas.values()) this.#drop(table);
    this.#replicas.clear();
  }

  #changed(group: string, cell: Cell, change: GroupChange["change"] | undefined): void {
    this.#version++;
    const entry: GroupEntry = [group, cell, this.#own.times(group, cell)];
    for (const { node } of this.#replicas.values()) this.#tell(node, { kind: "delta", version: this.#version, entry });
    if (change !== undefined) this.#notify(group, cell, change);
  }

  #tell(node: NodeIdentity, message: GroupMessage): boolean {
    return this.#node.tell(node, SERVICE, message);
  }

  #tellState(node: NodeIdentity): void {
    const entries = [...this.#own.entries()];
    for (let at = 0; at === 0 || at < entries.length; at += PART) {
      const part = entries.slice(at, at + PART);
      this.#tell(node, { kind: "state", version: this.#version, first: at === 0, entries: part });
    }
  }

  #takeState(replica: Replica, { version, first, entries }: Extract<GroupMessage, { kind: "state" }>): void {
    // Parts follow each other without anything between them; one that begins in the middle belongs to a state whose beginning was lost.
    if (!first && replica.version !== version) return this.#ask(replica);
    if (first) {
      const before = replica.table;
      replica.table = new GroupTable();
      replica.version = version;
      replica.asked = false;
      for (const [group, member, times] of entries) this.#set(replica, group, member, times);
      this.#compare(before, replica.table);
      return;
    }
    for (const entry of entries) this.#apply(replica, entry);
  }

  #apply(replica: Replica, [group, member, times]: GroupEntry): void {
    const before = replica.table.times(group, member);
    this.#set(replica, group, member, times);
    if (before === 0 && times > 0) this.#notify(group, member, "joined");
    if (before > 0 && times === 0) this.#notify(group, member, "left");
  }

  #set({ table }: Replica, group: string, member: Cell, times: number): void {
    for (let now = table.times(group, member); now < times; now++) table.join(group, member);
    for (let now = table.times(group, member); now > times; now--) table.leave(group, member);
  }

  #ask(replica: Replica): void {
    if (replica.asked) return;
    replica.asked = this.#tell(replica.node, { kind: "ask" });
  }

  #compare(before: GroupTable<Cell>, after: GroupTable<Cell>): void {
    if (this.#listeners.size === 0) return;
    for (const [group, member] of before.entries()) {
      if (after.times(group, member) === 0) this.#notify(group, member, "left");
    }
    for (const [group, member] of after.entries()) {
      if (before.times(group, member) === 0) this.#notify(group, member, "joined");
    }
  }

  #drop(table: GroupTable<Cell>): void {
    if (this.#listeners.size === 0) return;
    for (const [group, member] of table.entries()) this.#notify(group, member, "left");
  }

  #notify(group: string, member: Cell, change: GroupChange["change"]): void {
    for (const listener of this.#listeners.get(group) ?? []) listener({ group, member, change });
  }

  #sendHere(group: string, message: unknown): void {
    for (const cell of this.#own.members(group)) post(cell, cell.behaviour.info, message);
  }

  #watch(cell: Cell): void {
    if (this.#watched.has(cell)) return;
    this.#watched.add(cell);
    this.#node.kernel.system.onExit(cell, () => {
      this.#watched.delete(cell);
      for (const group of this.#own.leaveAll(cell)) this.#changed(group, cell, "left");
    });
  }
}

function listed(table: GroupTable<Cell>, group: string): Cell[] {
  const found: Cell[] = [];
  for (const cell of table.members(group)) {
    for (let time = table.times(group, cell); time > 0; time--) found.push(cell);
  }
  return found;
}

function ownCell(group: string, ref: AnyRef): Cell {
  if (typeof group !== "string" || group === "") {
    throw new BadArgumentError(`Expected the name of a group to be text, got ${whatCame(group)}`);
  }
  const cell = cellOf(ref);
  if ((cell.flags & (DEAD | REMOTE)) === 0) return cell;
  throw new BadArgumentError(`Expected a living actor of this node to join ${group}, got ${cell.describe()}`);
}
