import type { Schedule } from "./step.js";

/** A schedule that once failed, with the few steps that it needs. It stands here whole: what a seed stands for may change. */
export interface FailedSeed {
  readonly schedule: Schedule;
  /** What was wrong. */
  readonly what: string;
}

/** Schedules that failed once: they run on every test run for ever. */
export const failedSeeds: readonly FailedSeed[] = [
  {
    what: "a resume that was given up arrives after the next one, takes the session over, and the living client is closed with 4001 for good",
    schedule: {
      seed: 6_825,
      world: {
        clients: 3,
        stockClients: 0,
        topics: ["cursor", "cursor"],
        ways: ["websocket"],
        cutAnswerOneOf: 0,
        latencyMs: [5, 400],
        ttlMs: 600_000,
        windowMessages: 4,
        repeatOneOf: 20,
        small: false,
        gentle: true,
        durable: false,
      },
      steps: [
        { do: "push", client: 0, topic: 0, count: 4, slowMs: 0, idempotent: false, binary: false },
        { do: "wait", ms: 15_000 },
        { do: "push", client: 1, topic: 0, count: 6, slowMs: 0, idempotent: false, binary: false },
        { do: "publish", topic: 0, count: 4, bytes: 2_000, binary: false },
        { do: "unplug", ms: 100 },
        { do: "push", client: 2, topic: 0, count: 6, slowMs: 700, idempotent: false, binary: false },
        { do: "wait", ms: 600 },
        { do: "cut", client: 0, inFlight: "delivered", lateMs: 0 },
        { do: "cut", client: 1, inFlight: "late", lateMs: 700 },
      ],
    },
  },
  {
    what: "a channel ends, and its topic's log with it, before the store knows that: after a crash its session has the channel, and a silent hole",
    schedule: {
      seed: 7_360,
      world: {
        clients: 2,
        stockClients: 0,
        topics: ["conflate", "conflate"],
        ways: ["longpoll", "websocket", "events"],
        cutAnswerOneOf: 0,
        latencyMs: [1, 1],
        ttlMs: 5_000,
        windowMessages: 16,
        repeatOneOf: 0,
        small: false,
        gentle: false,
        durable: true,
      },
      steps: [
        { do: "wait", ms: 4_000 },
        { do: "disk_fails", times: 3 },
        { do: "crash_channel", client: 1, topic: 1, how: "kill" },
        { do: "crash_channel", client: 2, topic: 1, how: "kill" },
        { do: "crash_server", part: "sessions" },
        { do: "publish", topic: 1, count: 8, bytes: 100, binary: true },
      ],
    },
  },
  {
    what: "a secret that its client never confirmed the next one for was forgotten, and not known as stolen when somebody came with it",
    schedule: {
      seed: 18741,
      world: {
        clients: 1,
        stockClients: 0,
        topics: ["drop_oldest"],
        ways: ["longpoll", "websocket", "events"],
        cutAnswerOneOf: 4,
        latencyMs: [0, 20],
        ttlMs: 30000,
        windowMessages: 4,
        repeatOneOf: 0,
        small: false,
        gentle: false,
        durable: false,
      },
      steps: [
        { do: "push", client: 0, topic: 1, count: 5, slowMs: 0, idempotent: false, binary: false },
        { do: "wait", ms: 10 },
        { do: "wait", ms: 10 },
        { do: "push", client: 0, topic: 1, count: 2, slowMs: 0, idempotent: false, binary: true },
        { do: "wait", ms: 15000 },
        { do: "crash_session", client: 1 },
        { do: "wait", ms: 15000 },
        { do: "push", client: 0, topic: 0, count: 6, slowMs: 0, idempotent: false, binary: false },
        { do: "steal", client: 0 },
        { do: "cut", client: 0, inFlight: "lost", lateMs: 0 },
      ],
    },
  },
  {
    what: "the handler of a killed channel went on and its answer was sent, while the push was taken for one that may be handled again",
    schedule: {
      seed: 49_180,
      world: {
        clients: 2,
        stockClients: 1,
        topics: ["drop_oldest"],
        ways: ["longpoll", "websocket", "events"],
        cutAnswerOneOf: 20,
        latencyMs: [5, 400],
        ttlMs: 5_000,
        windowMessages: 4,
        repeatOneOf: 0,
        small: true,
        gentle: false,
        durable: false,
      },
      steps: [
        { do: "black_hole", client: 3 },
        { do: "wait", ms: 15_000 },
        { do: "push", client: 0, topic: 0, count: 6, slowMs: 700, idempotent: true, binary: false },
        { do: "wait", ms: 1_100 },
        { do: "black_hole", client: 0 },
        { do: "crash_channel", client: 0, topic: 1, how: "kill" },
      ],
    },
  },
];

/** Schedules that still fail. One that passes is a test failure: it belongs above. */
export const stillFailing: readonly FailedSeed[] = [];
