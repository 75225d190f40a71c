import { describe, expect, it } from "vitest";
import {
  ackFrame,
  classify,
  expandTopics,
  helloFrame,
  joinFrame,
  KIND,
  pushFrame,
  refusalOf,
} from "../../bench/load/dialect.mjs";

function kindOf(frame: unknown[]): number {
  const bytes = Buffer.from(JSON.stringify(frame));
  return classify(bytes, 0, bytes.length);
}

describe("what a load client says", () => {
  it("is the JSON of the wire", () => {
    expect(JSON.parse(helloFrame())).toEqual([null, "h", "phoenix", "hello", { v: 1, intent: "new", params: {} }]);
    expect(JSON.parse(joinFrame("room:1", 1))).toEqual(["1", "1", "room:1", "phx_join", {}, 1]);
    expect(JSON.parse(joinFrame("room:1", 0))).toEqual(["1", "1", "room:1", "phx_join", {}]);
    expect(JSON.parse(pushFrame("room:1", "say", '{"a":1}', 7, 9, 4))).toEqual([
      "1",
      "7",
      "room:1",
      "say",
      { a: 1 },
      9,
      4,
    ]);
    expect(JSON.parse(pushFrame("room:1", "say", "{}", 7, 9, 0))).toEqual(["1", "7", "room:1", "say", {}, 9]);
    expect(JSON.parse(pushFrame("room:1", "say", "{}", 7, 0, 0))).toEqual(["1", "7", "room:1", "say", {}]);
    expect(JSON.parse(ackFrame(12))).toEqual([null, null, "phoenix", "ack", { ack: 12 }]);
  });
});

describe("what a load client hears", () => {
  it.each([
    ["a broadcast", KIND.event, [null, null, "room:1", "news", {}, 3]],
    ["a broadcast on a topic like the reserved one", KIND.event, [null, null, "phoenixes", "news", {}, 3]],
    ["a push", KIND.event, ["1", null, "room:1", "news", {}, 3]],
    ["a reply to a push", KIND.reply, ["1", "2", "room:1", "phx_reply", { status: "ok", response: {} }, 3]],
    ["a reply to the join", KIND.joinReply, ["1", "1", "room:1", "phx_reply", { status: "ok", response: {} }, 1]],
    [
      "a refused join without join_ref",
      KIND.joinReply,
      [null, "1", "room:1", "phx_reply", { status: "error", response: {} }, 1],
    ],
    ["a reply to hello", KIND.helloReply, [null, "h", "phoenix", "phx_reply", { status: "ok", response: {} }]],
    ["a reply to a heartbeat", KIND.other, [null, "9", "phoenix", "phx_reply", { status: "ok", response: {} }]],
    ["a ping", KIND.ping, [null, null, "phoenix", "ping", {}]],
    ["an ack", KIND.other, [null, null, "phoenix", "ack", { ack: 3 }]],
    ["a close of the channel", KIND.ended, ["1", "1", "room:1", "phx_close", {}, 4]],
    ["a crash of the channel", KIND.ended, ["1", "1", "room:1", "phx_error", { reason: "channel_crash" }, 4]],
  ])("is told apart: %s", (_what, kind, frame) => {
    expect(kindOf(frame)).toBe(kind);
  });

  it("is a refusal unless its status is ok", () => {
    const refused = Buffer.from('["1","1","room:1","phx_reply",{"status":"error","response":{"reason":"full"}}]');
    expect(refusalOf(refused, 0, refused.length)).toContain('"reason":"full"');
    const accepted = Buffer.from('["1","1","room:1","phx_reply",{"status":"ok","response":{}}]');
    expect(refusalOf(accepted, 0, accepted.length)).toBeUndefined();
  });
});

describe("a list of topics", () => {
  it("holds names and ranges", () => {
    expect(expandTopics("lobby,room:8-11")).toEqual(["lobby", "room:8", "room:9", "room:10", "room:11"]);
  });

  it.each(["", 'a"b', "a\\b", "room:9-3", "zürich"])("refuses %j", (list) => {
    expect(() => expandTopics(list)).toThrow(expect.objectContaining({ code: "usage" }));
  });
});
