import type { Clock } from "../../kernel/clock.js";
import type { Random } from "../../kernel/random.js";
import type { Engine, RegisterChange, RegisterEntry, SendOutcome } from "../engine.js";
import { LeaseMembership, type LeaseTimes } from "../membership/lease-membership.js";
import { decodeRecord, encodeRecord, NODE_PREFIX } from "../membership/node-record.js";
import { isSameNode, type NodeIdentity } from "../node-identity.js";
import { RegisterTable } from "../register/register-table.js";
import { MemoryRegister } from "./memory-register.js";
import { ProcessGate } from "./process-gate.js";

/** Options of {@link MemoryNetwork}. */
export interface MemoryNetworkOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The times of leases and heartbeats. */
  readonly times?: LeaseTimes;
}

/** What the wires of a {@link MemoryNetwork} do to what they carry. All off by default. */
export interface WireFaults {
  /** The shortest and the longest way of a frame, in milliseconds; frames of one node to another keep their order. */
  readonly delayMs?: readonly [shortest: number, longest: number];
  /** The share of frames that are lost, from 0 to 1. */
  readonly dropRate?: number;
}

/** The place of one node in the network. */
interface Place {
  readonly node: NodeIdentity;
  readonly gate: ProcessGate;
  readonly membership: { frame(from: NodeIdentity, frame: Uint8Array): void };
}

/** How many frames may be under way from one node to another. */
const MOST_UNDER_WAY = 100_000;

/**
 * Joins several systems of one process to a cluster, over wires that fail as a test tells them to: the `memory` engine.
 *
 * Frames can be delayed and dropped, nodes cut off from each other and from the register, processes stopped, continued and killed. On a virtual
 * clock and with a seeded source of randomness all of it is repeatable.
 */
export class MemoryNetwork {
  readonly #options: MemoryNetworkOptions;
  readonly #places = new Map<string, Place>();
  readonly #gates = new Map<string, ProcessGate>();
  readonly #registers = new Set<MemoryRegister>();
  readonly #table = new RegisterTable();
  readonly #underWay = new Map<string, { count: number; latest: number }>();
  #faults: WireFaults = {};
  #sides = new Map<string, number>();
  /** Who is not heard by whom. */
  readonly #muted = new Set<string>();
  #registerSide: number | undefined;
  #incarnations = 0;

  constructor(options: MemoryNetworkOptions) {
    this.#options = options;
  }

  /** The engine with which a node of this name joins. The same name again, after its node has ended, is that node's next life. */
  engine(name: string): Engine {
    return {
      name: "memory",
      join: async (surroundings, events) => {
        const node = { name, incarnation: `${name}-${++this.#incarnations}` };
        const gate = this.gate(name);
        const register = this.#registerFor(name, gate);
        const wire = {
          register,
          send: (to: NodeIdentity, frame: Uint8Array): SendOutcome => this.#send(node, to, frame),
          close: async (): Promise<void> => this.#leave(node, register),
        };
        // What comes before the place is taken waits for that.
        const early: [from: NodeIdentity, frame: Uint8Array][] = [];
        let frame = (...arrived: [NodeIdentity, Uint8Array]): void => void early.push(arrived);
        this.#places.set(name, { node, gate, membership: { frame: (from, bytes) => frame(from, bytes) } });
        const { times = {} } = this.#options;
        const membership = await LeaseMembership.join(node, wire, surroundings, events, times);
        frame = (from, bytes) => membership.frame(from, bytes);
        for (const [from, bytes] of early) membership.frame(from, bytes);
        return membership;
      },
    };
  }

  /** What stands between the process of a node and the world; give its clock and its executor to the node's system. */
  gate(name: string): ProcessGate {
    let gate = this.#gates.get(name);
    if (gate === undefined) {
      gate = new ProcessGate();
      this.#gates.set(name, gate);
    }
    return gate;
  }

  /** From now on wires do this. */
  setFaults(faults: WireFaults): void {
    this.#faults = faults;
  }

  /** Cuts the nodes into sides that cannot hear each other. Nodes in none of them are on the first, which also keeps the register. */
  partition(...sides: (readonly string[])[]): void {
    this.#sides = new Map(sides.flatMap((names, side) => names.map((name): [string, number] => [name, side])));
    this.#registerSide = 0;
    for (const register of this.#registers) register.reachabilityChanged();
  }

  /** Nothing of what one node sends reaches the other, which is heard all the same; until {@link heal}. */
  mute(from: string, to: string): void {
    this.#muted.add(`${from}>${to}`);
  }

  /** Ends every partition, and lets everybody be heard. */
  heal(): void {
    this.#sides.clear();
    this.#muted.clear();
    this.#registerSide = undefined;
    for (const register of this.#registers) register.reachabilityChanged();
  }

  /** What the register holds under a key at this moment, whatever any node knows of it: for checks. */
  entry(key: string): RegisterEntry | undefined {
    return this.#table.get(key);
  }

  /** Stops the process of a node, as SIGSTOP does. */
  pause(name: string): void {
    this.gate(name).shut();
  }

  /** Lets a stopped process go on. */
  resume(name: string): void {
    this.gate(name).open();
  }

  /** Ends the process of a node without a word. With `known` its parent sees it, and declares it down at once. */
  kill(name: string, { known = false } = {}): void {
    const place = this.#places.get(name);
    this.gate(name).end();
    this.#gates.delete(name);
    this.#places.delete(name);
    if (place !== undefined && known) this.#declareDown(place.node);
  }

  #declareDown({ name, incarnation }: NodeIdentity): void {
    const key = NODE_PREFIX + name;
    const entry = this.#table.get(key);
    const record = entry === undefined ? undefined : decodeRecord(entry.value);
    if (entry === undefined || record?.incarnation !== incarnation) return;
    const down = encodeRecord({ ...record, state: "down", by: "parent", why: "exit" });
    const written = this.#table.put(key, down, entry.revision);
    if (written.ok) this.#changed({ key, value: down, revision: written.revision });
  }

  #registerFor(name: string, gate: ProcessGate): MemoryRegister {
    const register = new MemoryRegister({
      table: this.#table,
      clock: this.#options.clock,
      gate,
      isReachable: () => this.#registerSide === undefined || this.#sideOf(name) === this.#registerSide,
      delayMs: () => this.#delay(),
      changed: (change) => this.#changed(change),
    });
    this.#registers.add(register);
    return register;
  }

  #changed(change: RegisterChange): void {
    for (const register of this.#registers) register.tell(change);
  }

  #leave(node: NodeIdentity, register: MemoryRegister): void {
    register.close();
    this.#registers.delete(register);
    const place = this.#places.get(node.name);
    if (place !== undefined && isSameNode(place.node, node)) this.#places.delete(node.name);
  }

  #send(from: NodeIdentity, to: NodeIdentity, frame: Uint8Array): SendOutcome {
    const place = this.#places.get(to.name);
    if (place === undefined || !isSameNode(place.node, to)) return "unreachable";
    const { clock, random } = this.#options;
    if (!this.#reaches(from.name, to.name) || random.next() < (this.#faults.dropRate ?? 0)) return "sent";
    const pair = `${from.incarnation}>${to.incarnation}`;
    const line = this.#underWay.get(pair) ?? { count: 0, latest: 0 };
    if (line.count >= MOST_UNDER_WAY) return "full";
    this.#underWay.set(pair, line);
    line.count++;
    line.latest = Math.max(line.latest, clock.now() + this.#delay());
    const arrive = (): void => {
      if (--line.count === 0) this.#underWay.delete(pair);
      const now = this.#places.get(to.name);
      if (now !== place || !this.#reaches(from.name, to.name)) return;
      place.gate.enter(() => place.membership.frame(from, frame));
    };
    if (line.latest <= clock.now()) queueMicrotask(arrive);
    else clock.setTimer(line.latest - clock.now(), arrive);
    return "sent";
  }

  #delay(): number {
    const [shortest, longest] = this.#faults.delayMs ?? [0, 0];
    return shortest + this.#options.random.next() * (longest - shortest);
  }

  #reaches(from: string, to: string): boolean {
    return this.#sideOf(from) === this.#sideOf(to) && !this.#muted.has(`${from}>${to}`);
  }

  #sideOf(name: string): number {
    return this.#sides.get(name) ?? 0;
  }
}
