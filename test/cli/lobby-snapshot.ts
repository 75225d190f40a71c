import type { SystemHeader, TreeNode, TreeSnapshot } from "../../src/inspect/protocol/tree.js";

let lastId = 0;

/** A node that is an idle worker but for what is given. Its ref is `<0.n>`, counted up over the test file. */
export function node(overrides: Partial<TreeNode> = {}): TreeNode {
  return {
    ref: `<0.${++lastId}>`,
    behaviour: "Worker",
    kind: "worker",
    life: "idle",
    mailbox: { length: 0 },
    messages: 0,
    children: [],
    ...overrides,
  };
}

/** A supervisor's node. */
export function supervisorNode(inWindow: number, overrides: Partial<TreeNode> = {}): TreeNode {
  const supervisor = {
    strategy: "one_for_one",
    dynamic: overrides.behaviour === undefined,
    restarts: { inWindow, max: 3, periodMs: 5_000, total: inWindow },
  };
  return node({ behaviour: "DynamicSupervisor", kind: "supervisor", supervisor, ...overrides });
}

/** A header of fixed figures. */
export function header(overrides: Partial<SystemHeader> = {}): SystemHeader {
  return {
    name: "lobby",
    holdfast: "0.1.0",
    node: "20.20.2",
    pid: 4242,
    uptimeMs: 192_000,
    capturedAt: "2030-01-02T03:04:05.000Z",
    actors: { alive: 27, spawned: 30, stopped: 3 },
    messages: 1_234,
    deadLetters: 0,
    loopDelay: { p50Ms: 0.1, p99Ms: 1.2, overMs: 100 },
    heapUsedBytes: 14 * 1_024 * 1_024,
    ...overrides,
  };
}

/** The tree of a small chat server, with a row of each kind. */
export function lobby(): TreeSnapshot {
  const channel = node({
    label: "room:lobby",
    behaviour: "RoomChannel",
    kind: "channel",
    status: { kind: "channel", topic: "room:lobby" },
  });
  const attached = {
    kind: "session",
    state: "attached",
    sinceMs: 192_000,
    outbox: { messages: 0, bytes: 0 },
    user: "ada",
    topics: ["room:lobby"],
  };
  const detached = {
    kind: "session",
    state: "detached",
    sinceMs: 12_000,
    outbox: { messages: 12, bytes: 3_482 },
    topics: 2,
  };
  return {
    system: header(),
    root: supervisorNode(0, {
      behaviour: "Lobby",
      children: [
        node({
          name: "translators",
          behaviour: "LeaseManager",
          kind: "lease-manager",
          status: { kind: "lease-manager", held: 1, free: 2, waiting: 4 },
        }),
        supervisorNode(1, {
          name: "rooms",
          children: [
            node({ name: "room:lobby", behaviour: "Room" }),
            node({
              name: "room:help",
              behaviour: "Room",
              life: "busy",
              busy: { handler: "join", forMs: 1_240 },
              mailbox: { length: 3, limit: 1_048_576 },
              status: { members: 12, topic: "help" },
            }),
          ],
        }),
        supervisorNode(3, {
          id: "connections",
          children: [
            node({
              behaviour: "Connection",
              kind: "connection",
              ref: "<0.90>",
              status: { kind: "connection", remoteAddress: "127.0.0.1:51234", transport: "websocket" },
            }),
          ],
          more: { count: 9_950, byLife: { idle: 9_940, busy: 10 } },
        }),
        supervisorNode(0, {
          name: "sessions",
          children: [
            node({
              label: "session ada",
              behaviour: "Session",
              kind: "session",
              status: attached,
              children: [channel],
            }),
            node({ label: "session 2", behaviour: "Session", kind: "session", life: "stopping", status: detached }),
          ],
        }),
      ],
    }),
    orphans: [],
  };
}
