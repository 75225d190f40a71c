import type { Member, NodeState, RegisterChange } from "../engine.js";
import { isSameNode, type NodeIdentity } from "../node-identity.js";
import { decodeRecord, NODE_PREFIX, type NodeRecord } from "./node-record.js";

/** How much longer than its own lease others wait before they declare a node down. */
const PATIENCE = 1.25;

interface Row {
  readonly node: NodeIdentity;
  readonly record: NodeRecord;
  readonly revision: number;
  /** When this revision was first seen here, by the clock of whoever watches. */
  seenAt: number;
  /** When anything came from it last. */
  heardAt: number;
  silent: boolean;
}

/** A node whose lease has run out, with what a declaration of its end has to name. */
export interface Overdue {
  readonly node: NodeIdentity;
  readonly record: NodeRecord;
  readonly revision: number;
}

/**
 * What one node knows of the others: their records, when each last changed, and when each was last heard.
 *
 * Only times of the watcher's own clock are compared, so clocks need not agree. A node stops by its own lease at the latest one `ttlMs` after it
 * sent its last renewal; an observer sees that renewal later than it was sent, and waits a quarter longer: so a node has stopped before
 * anybody declares it down. Takes no clock: every method is told the time.
 */
export class MemberTable {
  readonly #self: NodeIdentity;
  readonly #rows = new Map<string, Row>();
  /** By name the life that has ended last. */
  readonly #ended = new Map<string, string>();

  constructor(self: NodeIdentity) {
    this.#self = self;
  }

  /** The other members that are not down. */
  get members(): Member[] {
    return [...this.#rows.values()].map(memberOf);
  }

  /** A change in the register. Returns what is to be told of it: the end of a life, and the beginning or the state of the next. */
  changed(change: RegisterChange, now: number): Member[] {
    const name = change.key.slice(NODE_PREFIX.length);
    const known = this.#rows.get(name);
    if (name === this.#self.name || (known !== undefined && change.revision <= known.revision)) return [];
    const record = change.value === undefined ? undefined : decodeRecord(change.value);
    const told: Member[] = [];
    if (known !== undefined && record?.incarnation !== known.record.incarnation) {
      // A new life in the place of the old one is the old one's end.
      this.#rows.delete(name);
      this.#ended.set(name, known.node.incarnation);
      told.push({ node: known.node, state: "down", why: "replaced" });
    }
    if (record === undefined) return told;
    const node = { name, incarnation: record.incarnation };
    if (record.state === "down") {
      this.#rows.delete(name);
      this.#ended.set(name, node.incarnation);
      told.push({ node, state: "down", why: record.why });
      return told;
    }
    const before = this.#rows.get(name);
    const heard = { heardAt: before?.heardAt ?? now, silent: before?.silent ?? false };
    const row: Row = { node, record, revision: change.revision, seenAt: now, ...heard };
    this.#rows.set(name, row);
    if (before === undefined || before.record.state !== record.state) told.push(memberOf(row));
    return told;
  }

  /** Whether the life of a node is known to be over; of one that was never seen nothing is known. */
  hasEnded({ name, incarnation }: NodeIdentity): boolean {
    return this.#ended.get(name) === incarnation;
  }

  /** Something came from a node. Returns what is to be told when it had been silent. */
  heard(node: NodeIdentity, now: number): Member | undefined {
    const row = this.#rows.get(node.name);
    if (row === undefined || !isSameNode(row.node, node)) return undefined;
    row.heardAt = now;
    if (!row.silent) return undefined;
    row.silent = false;
    return memberOf(row);
  }

  /** The nodes that nothing has come from for longer than `silentMs`, each told once. */
  newlySilent(silentMs: number, now: number): Member[] {
    const told: Member[] = [];
    for (const row of this.#rows.values()) {
      if (row.silent || now - row.heardAt <= silentMs) continue;
      row.silent = true;
      told.push({ node: row.node, state: "suspected", why: "silent" });
    }
    return told;
  }

  /** The nodes that may be declared down: their record has not changed for a quarter longer than their lease lasts. */
  overdue(now: number): Overdue[] {
    const found: Overdue[] = [];
    for (const { node, record, revision, seenAt } of this.#rows.values()) {
      if (now - seenAt > record.ttlMs * PATIENCE) found.push({ node, record, revision });
    }
    return found;
  }

  /** What was seen may be old: nobody is overdue before a whole lease has gone by from now. */
  excuse(now: number): void {
    for (const row of this.#rows.values()) {
      row.seenAt = now;
      row.heardAt = now;
    }
  }
}

function memberOf({ node, record, silent }: Row): Member {
  const state: NodeState = silent ? "suspected" : record.state;
  return silent ? { node, state, why: "silent" } : { node, state };
}
