import type { NodesSchedule } from "./step.js";

/** A schedule of several nodes that once failed, with the few steps that it needs. */
export interface FailedNodesSeed {
  readonly schedule: NodesSchedule;
  /** What was wrong. */
  readonly what: string;
}

/** Schedules that failed once: they run on every test run for ever. */
export const failedSeeds: readonly FailedNodesSeed[] = [
  {
    what: "what a node tells of who is present there came to another one before its presence had begun, and nobody asked for it again",
    schedule: {
      seed: 11,
      world: { nodes: 3, clients: 1, topics: 2, latencyMs: [0, 20], durable: false },
      steps: [{ do: "kill", node: 514, known: false }],
    },
  },
  {
    what: "a node claims the homes of its store while another is about to take them over: both wait for ever, one for the store and one for the homes",
    schedule: {
      seed: 226,
      world: { nodes: 3, clients: 2, topics: 1, latencyMs: [0, 20], durable: true },
      steps: [
        { do: "ask", pick: 671, other: 684 },
        { do: "wait", ms: 200 },
        { do: "kill", node: 243, known: false },
        { do: "wires", delayMs: 60, dropOneOf: 5 },
        { do: "kill", node: 989, known: true },
        { do: "kill", node: 340, known: true },
        { do: "start", node: 168 },
        { do: "start", node: 271 },
      ],
    },
  },
  {
    what: "a store was taken from a process that lives and is just being started",
    schedule: {
      seed: 215,
      world: { nodes: 2, clients: 2, topics: 2, latencyMs: [5, 400], durable: true },
      steps: [
        { do: "stall", client: 255, ms: 14000 },
        { do: "wait", ms: 2000 },
        { do: "locate", node: 378, id: 364 },
        { do: "wait", ms: 1000 },
        { do: "wait", ms: 2000 },
        { do: "wait", ms: 2000 },
        { do: "wait", ms: 200 },
        { do: "publish", node: 330, topic: 482, count: 5 },
        { do: "wait", ms: 200 },
        { do: "wait", ms: 5000 },
        { do: "publish", node: 316, topic: 985, count: 4 },
        { do: "wait", ms: 200 },
        { do: "mend" },
        { do: "wires", delayMs: 60, dropOneOf: 0 },
        { do: "wait", ms: 200 },
        { do: "drain_node", node: 548 },
        { do: "claim", node: 14, name: 752 },
      ],
    },
  },
  {
    what: "the channels of a node that had lost its place went on with what they had been given",
    schedule: {
      seed: 254,
      world: { nodes: 4, clients: 2, topics: 2, latencyMs: [1, 1], durable: false },
      steps: [
        { do: "wait", ms: 200 },
        { do: "kill", node: 455, known: false },
        { do: "push", client: 749, topic: 811, count: 3, slowMs: 700, idempotent: true, binary: false },
        { do: "wait", ms: 2000 },
        { do: "start", node: 27 },
        { do: "pause", node: 805 },
        { do: "wait", ms: 2000 },
        { do: "wait", ms: 2000 },
      ],
    },
  },
  {
    what: "sessions that ended because their node had lost its place were brought back there, again and again, then given up and deleted",
    schedule: {
      seed: 3217,
      world: { nodes: 2, clients: 3, topics: 2, latencyMs: [0, 20], durable: true },
      steps: [
        { do: "drain_node", node: 445 },
        { do: "isolate", node: 603 },
        { do: "wait", ms: 2000 },
        { do: "publish", node: 633, topic: 713, count: 5 },
        { do: "wait", ms: 2000 },
      ],
    },
  },
  {
    what: "(the check's fault) news were published before the other nodes could know of who had just joined there",
    schedule: {
      seed: 999,
      world: { nodes: 4, clients: 2, topics: 1, latencyMs: [5, 400], durable: true },
      steps: [
        { do: "wait", ms: 1000 },
        { do: "second_tab", client: 145, acknowledges: true },
      ],
    },
  },
];
