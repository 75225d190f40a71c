import { describe, expect, it } from "vitest";
import { type RenderOptions, renderTree } from "../../src/cli/render-tree.js";
import { textWidth } from "../../src/cli/safe-text.js";
import type { TreeNode, TreeSnapshot } from "../../src/inspect/protocol/tree.js";
import { header, lobby, node, supervisorNode } from "./lobby-snapshot.js";

const PLAIN: RenderOptions = { width: Number.POSITIVE_INFINITY, ascii: false, color: false };
const HEADER = "lobby  pid 4242  up 3m 12s  actors 27  dead letters 0  loop p99 1.2 ms  heap 14 MB\n";

function rootOnly(root: TreeNode): TreeSnapshot {
  return { system: header(), root, orphans: [] };
}

function withoutColors(text: string): string {
  const [first = "", ...rest] = text.split("\u001b[");
  return first + rest.map((part) => part.slice(part.indexOf("m") + 1)).join("");
}

/** The row of an actor without its header, with runs of spaces made one. */
function rowOf(overrides: Partial<TreeNode>): string {
  const text = renderTree(rootOnly(node({ name: "n", behaviour: "B", ...overrides })), PLAIN);
  return text.slice(HEADER.length).trimEnd();
}

describe("the picture of a tree", () => {
  it("shows each kind of actor in its own words, in columns", () => {
    expect(renderTree(lobby(), PLAIN)).toBe(`\
lobby  pid 4242  up 3m 12s  actors 27  dead letters 0  loop p99 1.2 ms  heap 14 MB
Lobby                supervisor         one_for_one  restarts 0/3 in 5s
├─ translators       LeaseManager       held 1  free 2  waiting 4
├─ rooms             DynamicSupervisor  2 children  restarts 1/3 in 5s
│  ├─ room:lobby     Room               idle  mailbox 0
│  └─ room:help      Room               busy join 1.2s  mailbox 3  members 12  topic help
├─ connections       DynamicSupervisor  9,951 children  restarts 3/3 in 5s
│  ├─ <0.90>         Connection         127.0.0.1:51234  websocket
│  └─ … 9,950 more (9,940 idle, 10 busy)
└─ sessions          DynamicSupervisor  2 children  restarts 0/3 in 5s
   ├─ session ada    Session            attached 3m 12s  outbox 0  user ada  topics 1
   │  └─ room:lobby  RoomChannel        idle
   └─ session 2      Session            detached 12s  outbox 12 (3.4 KB)  topics 2  stopping
`);
  });

  it("can be drawn with ASCII only", () => {
    expect(renderTree(lobby(), { ...PLAIN, ascii: true, width: 60 })).toBe(`\
lobby  pid 4242  up 3m 12s  actors 27  dead letters 0  lo...
Lobby                supervisor         one_for_one  rest...
|- translators       LeaseManager       held 1  free 2  w...
|- rooms             DynamicSupervisor  2 children  resta...
|  |- room:lobby     Room               idle  mailbox 0
|  \`- room:help      Room               busy join 1.2s  m...
|- connections       DynamicSupervisor  9,951 children  r...
|  |- <0.90>         Connection         127.0.0.1:51234  ...
|  \`- ... 9,950 more (9,940 idle, 10 busy)
\`- sessions          DynamicSupervisor  2 children  resta...
   |- session ada    Session            attached 3m 12s  ...
   |  \`- room:lobby  RoomChannel        idle
   \`- session 2      Session            detached 12s  out...
`);
  });

  it.each([1, 5, 20, 37, 80])("is never wider than %i columns", (width) => {
    const wide = node({ name: "東京".repeat(30), behaviour: "部屋".repeat(20) });
    const tree: TreeSnapshot = { ...lobby(), orphans: [wide] };
    for (const line of renderTree(tree, { ...PLAIN, width }).split("\n"))
      expect(textWidth(line)).toBeLessThanOrEqual(width);
  });

  it("keeps its columns in line beside wide characters and long names", () => {
    const children = [
      node({ name: "東京", behaviour: "Room" }),
      node({
        name: "a name that is much longer than the column may ever become",
        behaviour: "AClassWithAVeryLongNameIndeed",
      }),
    ];
    expect(renderTree(rootOnly(supervisorNode(0, { behaviour: "Top", children })), { ...PLAIN, width: 100 })).toBe(
      `${HEADER}\
Top                                               supervisor                one_for_one  restarts 0…
├─ 東京                                           Room                      idle  mailbox 0
└─ a name that is much longer than the column m…  AClassWithAVeryLongName…  idle  mailbox 0
`,
    );
  });

  it("shows what has no supervisor apart", () => {
    const tree: TreeSnapshot = {
      system: header(),
      orphans: [node({ name: "stray", children: [node({ label: "child" })] })],
      moreOrphans: { count: 100_000, atLeast: true, byLife: { idle: 100_000 } },
    };
    expect(renderTree(tree, PLAIN)).toBe(`${HEADER}\
(not supervised)
├─ stray     Worker  idle  mailbox 0
│  └─ child  Worker  idle  mailbox 0
└─ … at least 100,000 more (100,000 idle)
`);
  });

  it("shows the children that do not run, and why", () => {
    const absent = [
      {
        id: "mailer",
        behaviour: "Mailer",
        state: "restarting",
        restart: "permanent",
        restarts: 2,
        lastExit: "Error: no host\n",
      },
      { behaviour: "Import", state: "stopped" },
    ];
    const supervisor = {
      strategy: "one_for_one",
      dynamic: false,
      restarts: { inWindow: 2, max: 3, periodMs: 5_000 },
      absent,
    };
    const counter = node({
      id: "counter",
      behaviour: "Counter",
      restart: "permanent",
      restarts: 1,
      lastExit: "Error: odd",
    });
    const root = node({ behaviour: "Shop", kind: "supervisor", supervisor, children: [counter] });
    expect(renderTree(rootOnly(root), PLAIN)).toBe(
      `${HEADER}\
Shop        supervisor  one_for_one  restarts 2/3 in 5s  2 not running
├─ counter  Counter     idle  mailbox 0  restarted 1x
├─ mailer   Mailer      restarting  permanent  restarted 2x  last exit Error: no host\\x0a
└─ (no id)  Import      stopped
`,
    );
  });

  it("shows which attempt the back-off of a child is waiting for", () => {
    const absent = [
      {
        id: "mailer",
        behaviour: "Mailer",
        state: "restarting",
        restart: "permanent",
        nextTry: { attempt: 3, inMs: 4_240 },
      },
      { id: "feed", behaviour: "Feed", state: "restarting", nextTry: { attempt: 1_000, inMs: 0 } },
    ];
    const restarts = { inWindow: 0, max: 3, periodMs: 5_000 };
    const supervisor = { strategy: "one_for_one", dynamic: false, restarts, absent };
    const root = node({ behaviour: "Shop", kind: "supervisor", supervisor });
    expect(renderTree(rootOnly(root), PLAIN)).toBe(
      `${HEADER}\
Shop       supervisor  one_for_one  restarts 0/3 in 5s  2 not running
├─ mailer  Mailer      restarting, try 3 in 4.2s  permanent
└─ feed    Feed        restarting, try 1,000 now
`,
    );
  });

  it("of an empty system is its header", () => {
    expect(renderTree({ system: header(), orphans: [] }, PLAIN)).toBe(HEADER);
  });

  it("leaves the event loop out until it has been measured", () => {
    const { loopDelay: _, ...system } = header();
    expect(renderTree({ system, orphans: [] }, PLAIN)).not.toContain("loop");
  });

  it("fits a screen that cannot be scrolled", () => {
    const lines = renderTree(lobby(), { ...PLAIN, maxLines: 4 }).split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[3]).toBe("… 10 more lines; make the window taller");
  });

  it("escapes what could command the terminal, wherever it stands", () => {
    const evil = "\u001b[2J\n\u202e";
    const child = node({ name: evil, status: { [evil]: evil, nested: [evil] } });
    const connection = node({
      label: evil,
      kind: "connection",
      status: { kind: "connection", remoteAddress: evil, transport: evil },
    });
    const channel = node({ id: evil, kind: "channel", status: { kind: "channel", topic: `${evil}2` } });
    const busy = node({ behaviour: evil, life: "busy", busy: { handler: evil } });
    const root = supervisorNode(0, {
      behaviour: evil,
      children: [child, connection, channel, busy],
      more: { count: 1, byLife: { [evil]: 1 } },
      supervisor: { strategy: evil, dynamic: false, restarts: { inWindow: 0, max: 0, periodMs: 1 } },
    });
    const text = renderTree({ system: header({ name: evil }), root, orphans: [] }, PLAIN);
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(text.split("\n")).toHaveLength(8);
  });

  it("has colours only when asked for, and then says the same", () => {
    const plain = renderTree(lobby(), PLAIN);
    const colored = renderTree(lobby(), { ...PLAIN, color: true });
    expect(plain).not.toContain("\u001b");
    expect(colored).toContain("\u001b[31;1mrestarts 3/3 in 5s\u001b[0m");
    expect(colored).toContain("\u001b[33mrestarts 1/3 in 5s\u001b[0m");
    expect(withoutColors(colored)).toBe(plain);
  });
});

describe("a row", () => {
  it.each<[string, Partial<TreeNode>, string]>([
    ["a worker", {}, "n  B  idle  mailbox 0"],
    ["a worker that waits for its turn", { life: "ready", mailbox: { length: 2 } }, "n  B  ready  mailbox 2"],
    ["a mailbox that is half full", { mailbox: { length: 600, limit: 1_000 } }, "n  B  idle  mailbox 600/1,000"],
    [
      "a mailbox with the age of its oldest message",
      { mailbox: { length: 1, oldestMs: 2_500 } },
      "n  B  idle  mailbox 1 oldest 2.5s",
    ],
    [
      "an unknown kind",
      { kind: "pump", status: { kind: "pump", rpm: 1_200, on: true, label: "x" } },
      "n  B  idle  mailbox 0  rpm 1,200  on true  label x",
    ],
    [
      "a status that is no object",
      { status: "formatStatus failed: Error: x" },
      "n  B  idle  mailbox 0  status formatStatus failed: Error: x",
    ],
    ["a long value", { status: { a: ["x".repeat(90)] } }, `n  B  idle  mailbox 0  a ["${"x".repeat(57)}…`],
    [
      "a session of an unexpected form",
      { kind: "session", status: { kind: "session", state: 7, outbox: 3 } },
      "n  B  idle  state 7  outbox 3",
    ],
    [
      "a connection with more to say",
      { kind: "connection", status: { kind: "connection", transport: "websocket", buffered: 9 } },
      "n  B  websocket  buffered 9",
    ],
    [
      "a lease manager with a mailbox",
      {
        kind: "lease-manager",
        mailbox: { length: 5 },
        status: { kind: "lease-manager", held: 1, free: 0, waiting: 2, pool: "db" },
      },
      "n  B  held 1  free 0  waiting 2  mailbox 5  pool db",
    ],
    [
      "topics that are quiet, without a column of zeros",
      {
        kind: "topics",
        status: {
          kind: "topics",
          name: "topics",
          topics: 1,
          clientTopics: 2,
          subscriptions: 3,
          published: 4,
          logs: 0,
          missed: 0,
          pending: 0,
          rateLimited: 0,
        },
      },
      "n  B  topics 3  subscriptions 3  published 4",
    ],
    [
      "topics that have refused and missed messages",
      {
        kind: "topics",
        status: {
          kind: "topics",
          topics: 1,
          subscriptions: 3,
          published: 4,
          logs: 2,
          missed: 5,
          rateLimited: 6,
          overloaded: 1,
        },
      },
      "n  B  topics 1  subscriptions 3  published 4  missed 5  refused 7  logs 2",
    ],
    [
      "a listener that has refused connections",
      { kind: "listener", status: { kind: "listener", port: 4000, open: 2, waiting: 0, refused: 3 } },
      "n  B  port 4000  open 2  refused 3",
    ],
    ["a channel with another title", { kind: "channel", status: { kind: "channel", topic: "room:1" } }, "n  B  room:1"],
    [
      "a supervisor that restarted long ago",
      {
        kind: "supervisor",
        supervisor: {
          strategy: "rest_for_one",
          dynamic: false,
          restarts: { inWindow: 0, max: 3, periodMs: 60_000, total: 7 },
        },
      },
      "n  B  rest_for_one  restarts 0/3 in 1m (7 in all)",
    ],
    [
      "a dynamic supervisor of one",
      {
        kind: "supervisor",
        children: [],
        more: { count: 1, byLife: {} },

        supervisor: { strategy: "one_for_one", dynamic: true, restarts: { inWindow: 0, max: 3, periodMs: 5_000 } },
      },
      "n  B  1 child  restarts 0/3 in 5s\n└─ … 1 more",
    ],
  ])("of %s", (_, overrides, text) => {
    expect(rowOf(overrides)).toBe(text);
  });
});
