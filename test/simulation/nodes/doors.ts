import type { Clock, Random } from "../../../src/index.js";
import { seededRandom } from "../../../src/kernel/random.js";
import {
  createFaultyNetwork,
  type FaultyExchange,
  type FaultyLine,
  type FaultyNetwork,
  type LineEvent,
  type ObservedLine,
} from "../../../src/testing/index.js";
import type { HarmableNetwork } from "../network-faults.js";

/** What the networks in front of the nodes are made with. */
export interface DoorsOptions {
  readonly nodes: readonly string[];
  readonly clock: Clock;
  readonly seed: number;
  readonly latencyMs: readonly [number, number];
  /** Told all that happens on a connection to a node; its number is one among all nodes. */
  readonly observe: (node: string, line: ObservedLine, event: LineEvent) => void;
}

/** The ways from clients to the nodes: each node has a network of its own, and whoever connects takes any of them. */
export class Doors implements HarmableNetwork {
  readonly #networks = new Map<string, FaultyNetwork>();
  readonly #random: Random;

  constructor({ nodes, clock, seed, latencyMs, observe }: DoorsOptions) {
    this.#random = seededRandom(seed ^ 0xd00);
    for (const [index, node] of nodes.entries()) {
      const network = createFaultyNetwork({
        clock,
        random: seededRandom((seed ^ 0x5eed) + index),
        latencyMs,
        socketBufferBytes: 2_000,
        observe: ({ id, label, url }, event) => observe(node, { id: id * nodes.length + index, label, url }, event),
      });
      this.#networks.set(node, network);
    }
  }

  /** The network in front of a node. */
  of(node: string): FaultyNetwork {
    const network = this.#networks.get(node);
    if (network === undefined) throw new RangeError(`there is no node ${node}`);
    return network;
  }

  /** The one that the next connection takes. */
  any(): FaultyNetwork {
    const all = [...this.#networks.values()];
    const network = all[Math.floor(this.#random.next() * all.length)];
    if (network === undefined) throw new RangeError("there are no nodes");
    return network;
  }

  lines(label?: string): FaultyLine[] {
    return [...this.#networks.values()].flatMap((network) => network.lines(label));
  }

  exchanges(label?: string): FaultyExchange[] {
    return [...this.#networks.values()].flatMap((network) => network.exchanges(label));
  }

  unplug(): void {
    for (const network of this.#networks.values()) network.unplug();
  }

  blackHole(): void {
    for (const network of this.#networks.values()) network.blackHole();
  }

  heal(): void {
    for (const network of this.#networks.values()) network.heal();
  }

  calm(): void {
    for (const network of this.#networks.values()) network.calm();
  }
}
