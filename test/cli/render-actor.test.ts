import { describe, expect, it } from "vitest";
import { renderActor } from "../../src/cli/render-actor.js";
import type { RenderOptions } from "../../src/cli/render-tree.js";
import { node, supervisorNode } from "./lobby-snapshot.js";

const PLAIN: RenderOptions = { width: Number.POSITIVE_INFINITY, ascii: false, color: false };

describe("the picture of one actor", () => {
  it("has all that is known of it", () => {
    const actor = supervisorNode(1, {
      ref: "<0.4>",
      name: "rooms",
      label: "all rooms",
      id: "rooms",
      life: "busy",
      busy: { handler: "startChild", forMs: 30 },
      mailbox: { length: 2, limit: 1_000 },
      messages: 12_345,
      restart: "permanent",
      restarts: 2,
      lastExit: "Error: \u001b[2J",
      status: { "\u001b": ["a", { b: 1 }] },
      children: [node({ name: "room:lobby", behaviour: "Room" })],
      more: { count: 3, byLife: { idle: 3 } },
    });
    expect(renderActor(actor, PLAIN)).toBe(`\
ref       <0.4>
name      rooms
label     all rooms
id        rooms
class     DynamicSupervisor
kind      supervisor
life      busy
busy with startChild for 30ms
mailbox   2 of 1,000
handled   12,345 messages
restart   permanent
restarted 2x
last exit Error: \\x1b[2J
strategy  one_for_one
restarts  1/3 in 5s, 1 in all
status
  {
    "\\u001b": [
      "a",
      {
        "b": 1
      }
    ]
  }
children
├─ room:lobby  Room  idle  mailbox 0
└─ … 3 more (3 idle)
`);
  });

  it("leaves out what does not apply", () => {
    expect(renderActor(node({ ref: "<0.5>" }), PLAIN)).toBe(
      "ref       <0.5>\nclass     Worker\nkind      worker\nlife      idle\nmailbox   0\nhandled   0 messages\n",
    );
  });

  it("fits the terminal", () => {
    const lines = renderActor(node({ name: "x".repeat(50) }), { ...PLAIN, width: 20 }).split("\n");
    expect(lines[1]).toBe(`name      ${"x".repeat(9)}…`);
  });
});
