import type { TestCluster, TestNode } from "../../../src/testing/test-cluster.js";
import { Actor, type ActorRef, type AnyRef, type Down, type Exit, type MonitorRef } from "../../../src/index.js";
import { asRef } from "../../../src/kernel/actor.js";
import { type Cell, cellOf } from "../../../src/kernel/cell.js";
import { isLinked } from "../../../src/kernel/links.js";

/** One monitor that a party has made, and what came of it. */
export interface WatchedRecord {
  readonly target: string;
  downs: number;
  takenOff: boolean;
}

/** What a party has done and heard; it outlives the party. */
export class PartyRecord {
  readonly monitors = new Map<MonitorRef, WatchedRecord>();
  /** The numbers of what came, by who sent it. */
  readonly came = new Map<string, number[]>();
  exits = 0;
}

/** An actor that links and monitors others as it is told, and never goes down with them. */
export class Party extends Actor<PartyRecord> {
  #record = new PartyRecord();
  override init(record: PartyRecord): void {
    this.#record = record;
    this.trapExit();
  }
  bind(ref: AnyRef): void {
    this.link(ref);
  }
  unbind(ref: AnyRef): void {
    this.unlink(ref);
  }
  watch(ref: AnyRef, target: string): void {
    // A DOWN may come at once, but never before this handler is over.
    this.#record.monitors.set(this.monitor(ref), { target, downs: 0, takenOff: false });
  }
  unwatchOne(): void {
    for (const [monitor, record] of this.#record.monitors) {
      if (record.downs > 0 || record.takenOff) continue;
      // A DOWN that already waits is taken away as well.
      this.demonitor(monitor, { flush: true });
      record.takenOff = true;
      return;
    }
  }
  numbered(from: string, number: number): void {
    const numbers = this.#record.came.get(from) ?? [];
    this.#record.came.set(from, numbers);
    numbers.push(number);
  }
  echo(value: unknown): unknown {
    return value;
  }
  override handleDown({ monitor }: Down): void {
    const record = this.#record.monitors.get(monitor);
    if (record === undefined) throw new Error("a DOWN came of a monitor that was never made");
    record.downs++;
  }
  override handleExit(_exit: Exit): void {
    this.#record.exits++;
  }
}

/** A party, where it is, and its record. */
export interface Guest {
  readonly name: string;
  readonly node: TestNode;
  readonly ref: ActorRef<Party>;
  readonly record: PartyRecord;
}

let parties = 0;

/** Starts a party on a node. */
export function inviteTo(node: TestNode): Guest {
  const record = new PartyRecord();
  return { name: `${node.name}#${++parties}`, node, ref: node.system.spawn(Party, record), record };
}

/** The ref of a party as another node has it. */
export function seenFrom(node: TestNode, { ref, node: home }: Guest): ActorRef<Party> {
  if (node === home) return ref;
  const cell = cellOf(ref);
  const description = { name: cell.behaviour.name, messages: home.cluster.exported.add(cell).messages };
  return asRef<Party>(node.cluster.refOf(home.cluster.self, cell.id, description));
}

/** Whether a party is alive, in a process that is. */
export function lives(cluster: TestCluster, { node, ref }: Guest): boolean {
  return cluster.node(node.name) === node && node.system.isAlive(ref);
}

/** Whether one party has its half of a link with another. */
export function hasLink(one: Guest, other: Guest): boolean {
  const there: Cell = cellOf(seenFrom(one.node, other));
  return isLinked(cellOf(one.ref).links, there);
}
