import { type NodeIdentity, nodeKey } from "../../src/cluster/node-port.js";
import type { TableMessage, TableRow, TableState } from "./table-message.js";

/** What a {@link NodeTables} needs of those who use it. */
export interface NodeTablesUser<Value> {
  /** Tells another node; false when it cannot be reached. */
  tell(node: NodeIdentity, message: TableMessage<Value>): boolean;
  /** A row of another node has come or changed; it is gone when `value` is `undefined`. */
  changed(node: NodeIdentity, key: string, value: Value | undefined): void;
}

/** What is known here of another node. */
interface Replica<Value> {
  readonly node: NodeIdentity;
  rows: Map<string, Value>;
  /** What has come of a state of which the last part has not. */
  coming: Map<string, Value> | undefined;
  /** The version of the last message that was applied; -1 while its state has not come. */
  version: number;
  /** Whether its state was asked for, and has not come. */
  asked: boolean;
  /** Something that was to be told to it was not. */
  owesLoss: boolean;
}

/** So many rows of a state go into one message. */
const PART = 1_000;

/**
 * A table for each node, of which every node has a copy: in which topics somebody there is interested, for instance.
 *
 * Each node alone changes its own table, so there is nothing to agree on. It tells changes with rising versions, and all of it to a node that comes,
 * is back, or has missed something. Pure but for what `tell` does.
 */
export class NodeTables<Value> {
  readonly #user: NodeTablesUser<Value>;
  readonly #own = new Map<string, Value>();
  readonly #replicas = new Map<string, Replica<Value>>();
  #version = 0;

  constructor(user: NodeTablesUser<Value>) {
    this.#user = user;
  }

  /** The nodes of which something is known, or that are to know of this one. */
  get nodes(): NodeIdentity[] {
    return [...this.#replicas.values()].map(({ node }) => node);
  }

  /** Whether a node is one of them. */
  knows(node: NodeIdentity): boolean {
    return this.#replicas.has(nodeKey(node));
  }

  /** The own rows. */
  get own(): ReadonlyMap<string, Value> {
    return this.#own;
  }

  /** The rows of another node. */
  rowsOf(node: NodeIdentity): ReadonlyMap<string, Value> {
    return this.#replicas.get(nodeKey(node))?.rows ?? new Map<string, Value>();
  }

  /** Changes an own row, or takes it out with `undefined`, and tells the others. */
  set(key: string, value: Value | undefined): void {
    if (this.#own.get(key) === value) return;
    if (value === undefined) this.#own.delete(key);
    else this.#own.set(key, value);
    this.#version++;
    const message: TableMessage<Value> = { kind: "row", version: this.#version, row: [key, value] };
    // One who cannot be reached is told all when it is back.
    for (const { node } of this.#replicas.values()) this.#user.tell(node, message);
  }

  /** Something else that was to be told to a node was not: it will be told so. */
  failed(node: NodeIdentity): void {
    const replica = this.#replicas.get(nodeKey(node));
    if (replica !== undefined) replica.owesLoss = true;
  }

  /** A node is there, for the first time or again; with `asks` it may not know that this one is. */
  up(node: NodeIdentity, asks: boolean): void {
    const replica = this.#know(node);
    // What it has told by itself may have come before anybody here listened.
    replica.asked ||= asks || replica.version < 0;
    this.#tellState(replica, replica.asked);
  }

  /** A node will not be back. */
  down(node: NodeIdentity): void {
    const replica = this.#replicas.get(nodeKey(node));
    if (replica === undefined) return;
    this.#replicas.delete(nodeKey(node));
    for (const key of replica.rows.keys()) this.#user.changed(node, key, undefined);
  }

  /** Something of what a node told was lost; a question of its own may have been. */
  missed(node: NodeIdentity): void {
    const replica = this.#know(node);
    replica.coming = undefined;
    replica.asked = true;
    this.#tellState(replica, true);
  }

  /** Takes what a node tells; true when it says that other things were lost. */
  take(from: NodeIdentity, message: TableMessage<Value>): boolean {
    const replica = this.#know(from);
    if (message.kind === "state") {
      this.#takeState(replica, message);
      if (message.first && message.asks) this.#tellState(replica, false);
      return message.first && message.lost;
    }
    const { version, row } = message;
    if (version === replica.version + 1) {
      replica.version = version;
      this.#apply(replica, row);
    } else if (version > replica.version) this.#ask(replica);
    return false;
  }

  /** Lets all others know that there is nothing here any more, and forgets them. */
  close(): void {
    this.#own.clear();
    this.#version++;
    for (const replica of this.#replicas.values()) this.#tellState(replica, false);
    for (const node of this.nodes) this.down(node);
  }

  #takeState(replica: Replica<Value>, { version, first, last, rows }: TableState<Value>): void {
    if (first) replica.coming = new Map();
    const { coming } = replica;
    // One that begins in the middle belongs to a state whose beginning was lost.
    if (coming === undefined) return this.#ask(replica);
    for (const [key, value] of rows) if (value !== undefined) coming.set(key, value);
    if (!last) return;
    // All of it at once: nothing is gone for a while that comes in a later part.
    const before = replica.rows;
    replica.rows = coming;
    replica.coming = undefined;
    replica.version = version;
    replica.asked = false;
    for (const [key, value] of coming) if (before.get(key) !== value) this.#user.changed(replica.node, key, value);
    for (const key of before.keys()) if (!coming.has(key)) this.#user.changed(replica.node, key, undefined);
  }

  #apply({ node, rows }: Replica<Value>, [key, value]: TableRow<Value>): void {
    if (rows.get(key) === value) return;
    if (value === undefined) rows.delete(key);
    else rows.set(key, value);
    this.#user.changed(node, key, value);
  }

  #ask(replica: Replica<Value>): void {
    if (replica.asked) return;
    replica.asked = this.#tellState(replica, true);
  }

  #tellState(replica: Replica<Value>, asks: boolean): boolean {
    const rows = [...this.#own];
    const { owesLoss } = replica;
    let told = true;
    for (let at = 0; at === 0 || at < rows.length; at += PART) {
      const place = { first: at === 0, last: at + PART >= rows.length };
      const part = rows.slice(at, at + PART);
      const message = { kind: "state", version: this.#version, ...place, asks, lost: owesLoss, rows: part } as const;
      told = this.#user.tell(replica.node, message) && told;
    }
    if (told) replica.owesLoss = false;
    return told;
  }

  #know(node: NodeIdentity): Replica<Value> {
    const key = nodeKey(node);
    let replica = this.#replicas.get(key);
    if (replica === undefined) {
      replica = { node, rows: new Map(), coming: undefined, version: -1, asked: false, owesLoss: false };
      this.#replicas.set(key, replica);
    }
    return replica;
  }
}
