import type { NetworkStep } from "../network-faults.js";

/** Whom a step is about: numbers wrap around where there are fewer. */
type Index = number;

/** Something that happens to a node, or between nodes. */
export type NodeStep =
  | { readonly do: "kill"; readonly node: Index; readonly known: boolean }
  /** The next life of a node that has ended; of one that has lost its place the process ends first. */
  | { readonly do: "start"; readonly node: Index }
  | { readonly do: "pause"; readonly node: Index }
  | { readonly do: "wake" }
  | { readonly do: "drain_node"; readonly node: Index }
  /** Cut off from all others, and from the register. */
  | { readonly do: "isolate"; readonly node: Index }
  | { readonly do: "mute"; readonly node: Index; readonly other: Index }
  | { readonly do: "mend" }
  | { readonly do: "wires"; readonly delayMs: number; readonly dropOneOf: number };

/** Something that actors of nodes do; `pick` says which of them. */
export type ActorStep =
  | { readonly do: "claim"; readonly node: Index; readonly name: Index }
  | { readonly do: "work"; readonly node: Index; readonly name: Index }
  | { readonly do: "end_owner"; readonly pick: Index }
  | {
      readonly do: "link" | "unlink" | "monitor" | "demonitor" | "ask" | "tell" | "end_party";
      readonly pick: Index;
      readonly other: Index;
    }
  | { readonly do: "join" | "leave" | "end_member"; readonly pick: Index; readonly group: Index }
  | { readonly do: "locate" | "end_entity"; readonly node: Index; readonly id: Index };

/** Something that clients do, or that is done to them. */
export type ClientStep =
  | {
      readonly do: "push";
      readonly client: Index;
      readonly topic: Index;
      readonly count: number;
      readonly slowMs: number;
      readonly idempotent: boolean;
      readonly binary: boolean;
    }
  | { readonly do: "publish"; readonly node: Index; readonly topic: Index; readonly count: number }
  | { readonly do: "drop"; readonly client: Index }
  | { readonly do: "second_tab"; readonly client: Index; readonly acknowledges: boolean }
  | NetworkStep;

/** One thing that the simulation of several nodes does. */
export type NodesStep = { readonly do: "wait"; readonly ms: number } | NodeStep | ActorStep | ClientStep;

/** Who is there. */
export interface NodesWorld {
  readonly nodes: number;
  /** How many clients there are; without any the nodes have no endpoints. */
  readonly clients: number;
  readonly topics: number;
  readonly latencyMs: readonly [number, number];
  /** Whether each node keeps its sessions in a store, which outlives its process and which others can take in. */
  readonly durable: boolean;
}

/** A world of several nodes, and what happens in it. */
export interface NodesSchedule {
  readonly seed: number;
  readonly world: NodesWorld;
  readonly steps: readonly NodesStep[];
}
