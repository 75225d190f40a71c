import { expect, test } from "vitest";
import { Channel, ok } from "../../../actors/index.js";
import { PushWindow } from "../../../actors/session/push-window.js";
import type { Body } from "../../../actors/session/outbox.js";
import type { StoreChange } from "../../../src/store/store-port.js";
import { createVirtualClock } from "../../../src/testing/index.js";
import { SharedFrame } from "../../../src/transport/shared-frame.js";
import type { FakeEndpoint } from "../fake-endpoint.js";
import { endpoint, joined, numbered } from "./room.js";

class Till extends Channel {
  static sold = 0;
  static open: (() => void)[] = [];

  override handleIn(event: string): ReturnType<Channel["handleIn"]> {
    Till.sold++;
    if (event === "crash") throw new Error("asked to");
    if (event === "bytes") return ok(new Uint8Array([1, 2]));
    if (event === "silent") return undefined;
    if (event !== "slow") return ok({ sold: Till.sold });
    return new Promise((resolve) => {
      Till.open.push(() => resolve(ok({ sold: Till.sold })));
    });
  }
}

async function till(): Promise<FakeEndpoint> {
  Till.sold = 0;
  Till.open = [];
  return endpoint({ channels: { "room:*": Till } });
}

const reply = (ref: string, sold: number, seq: number): unknown => [
  "3",
  ref,
  "room:a",
  "phx_reply",
  { status: "ok", response: { sold } },
  seq,
];

test("an idempotent push that comes again in another session gets the same reply, and its handler does not run again", async () => {
  const end = await till();
  const first = await joined(end);
  first.socket.arrive(["3", "4", "room:a", "sell", {}, 2, null, "order 1"]);
  await end.clock.settle();
  expect(first.socket.take().map(numbered)).toEqual([reply("4", 1, 2)]);
  const second = await joined(end);
  second.socket.arrive(["3", "7", "room:a", "sell", {}, 2, null, "order 1"]);
  second.socket.arrive(["3", "8", "room:a", "sell", {}, 3, null, "order 2"]);
  await end.clock.settle();
  expect(second.socket.take().map(numbered)).toEqual(expect.arrayContaining([reply("7", 1, 2), reply("8", 2, 3)]));
  await end.clock.advance(1_000);
  expect(second.socket.take()).toEqual([[null, null, "phoenix", "ack", { ack: 3 }]]);
  expect(Till.sold).toBe(2);
  await end.stop();
});

test("while it is still being handled, both get the reply when it is done, and it is acknowledged then", async () => {
  const end = await till();
  const [first, second] = [await joined(end), await joined(end)];
  first.socket.arrive(["3", "4", "room:a", "slow", {}, 2, null, "order 1"]);
  await end.clock.settle();
  second.socket.arrive(["3", "5", "room:a", "slow", {}, 2, null, "order 1"]);
  await end.clock.advance(2_000);
  expect(JSON.stringify(second.socket.take())).not.toContain('"ack":2');
  for (const open of Till.open) open();
  await end.clock.settle();
  expect(first.socket.take().map(numbered)).toContainEqual(reply("4", 1, 2));
  expect(second.socket.take().map(numbered)).toContainEqual(reply("5", 1, 2));
  expect(Till.sold).toBe(1);
  await end.stop();
});

test("another user's push, another event and another topic with the same id are others", async () => {
  const end = await till();
  const first = await joined(end);
  const bob = await joined(end, { token: "bob" });
  first.socket.arrive(["3", "4", "room:a", "sell", {}, 2, null, "order 1"]);
  first.socket.arrive(["3", "5", "room:a", "give", {}, 3, null, "order 1"]);
  bob.socket.arrive(["3", "4", "room:a", "sell", {}, 2, null, "order 1"]);
  await end.clock.settle();
  expect(Till.sold).toBe(3);
  await end.stop();
});

test("one whose channel crashed may be tried again, and one without a reply stays without", async () => {
  const end = await till();
  const first = await joined(end);
  first.socket.arrive(["3", "4", "room:a", "silent", {}, 2, null, "order 1"]);
  await end.clock.settle();
  first.socket.arrive(["3", "5", "room:a", "silent", {}, 3, null, "order 1"]);
  await end.clock.settle();
  expect(Till.sold).toBe(1);
  first.socket.arrive(["3", "6", "room:a", "crash", {}, 4, null, "order 2"]);
  await end.clock.settle();
  const second = await joined(end);
  second.socket.arrive(["3", "7", "room:a", "crash", {}, 2, null, "order 2"]);
  await end.clock.settle();
  expect(Till.sold).toBe(3);
  expect(end.context.pushes.size).toBe(1);
  await end.stop();
});

test("a reply of bytes is repeated under the new refs", async () => {
  const end = await till();
  const first = await joined(end);
  first.socket.arrive(["3", "4", "room:a", "bytes", {}, 2, null, "order 1"]);
  await end.clock.settle();
  const second = await joined(end);
  second.socket.sent.splice(0);
  second.socket.arrive(["3", "9", "room:a", "bytes", {}, 2, null, "order 1"]);
  await end.clock.settle();
  expect(second.socket.sent).toEqual(["\x11\0\0\0\0\0\0\0\x02\x01\x01\x06\x0239room:aok\x01\x02"]);
  expect(Till.sold).toBe(1);
  await end.stop();
});

test("after two minutes, and above its bounds, a window forgets; what is still handled it keeps", async () => {
  const clock = createVirtualClock();
  const window = new PushWindow(clock, { windowMs: 100, perOwner: 2, total: 3, bytes: 10 });
  const push = (owner: string, key: string) => ({ seq: 1, owner, key, ref: null });
  const isNew = (owner: string, key: string): boolean => window.find(owner, key) === undefined;
  expect([isNew("a", "1"), isNew("a", "1"), isNew("b", "1")]).toEqual([true, false, true]);
  window.settle(push("a", "1"), "reply");
  await clock.advance(100);
  expect([isNew("a", "1"), isNew("b", "1")]).toEqual([true, false]);
  window.settle(push("a", "1"), undefined);
  window.settle(push("b", "1"), undefined);
  expect([isNew("a", "2"), isNew("a", "3"), isNew("a", "1")]).toEqual([true, true, true]);
  expect(window.size).toBe(3);
  window.stop();
  expect([window.size, clock.armed]).toEqual([0, 0]);
});

test("a window with a store writes what was handled, takes it back at its age, and forgets what the store has not when all begin anew", async () => {
  const clock = createVirtualClock();
  const limits = { windowMs: 100, perOwner: 9, total: 9, bytes: 1_000 };
  const changes: StoreChange[] = [];
  const first = new PushWindow(clock, limits, (change) => changes.push(change));
  const push = (key: string) => ({ seq: 1, owner: "=a", key, ref: null });
  const settled = (window: PushWindow, key: string, reply: Body | undefined) => {
    window.find("=a", key);
    return window.settle(push(key), reply);
  };
  const bytes = SharedFrame.binary(new Uint8Array([0, 255]));
  const records = [];
  for (const [key, reply] of [
    ["text", "[reply"],
    ["bytes", bytes],
    ["none", undefined],
  ] as const) {
    const outcome = settled(first, key, reply);
    const change = outcome?.change();
    outcome?.isSafe();
    if (change?.type === "put_record") records.push(change);
    await clock.advance(10);
  }
  settled(first, "unsafe", "x")?.change();
  settled(first, "unwritten", "x");
  first.forgetUnsafe();
  expect([first.size, changes]).toEqual([3, [{ type: "delete_record", key: 'push:["=a","unsafe"]' }]]);
  changes.splice(0);
  first.stop();
  expect(changes).toEqual([]);

  const second = new PushWindow(clock, limits, (change) => changes.push(change));
  second.restore([...records.toReversed(), { key: "push:broken", value: new Uint8Array([1]) }]);
  second.restore(records);
  expect([second.size, changes]).toEqual([3, [{ type: "delete_record", key: "push:broken" }]]);
  const replies = ["text", "bytes", "none"].map((key) => second.find("=a", key)?.reply);
  expect(replies.map((reply) => (reply instanceof SharedFrame ? [...reply.body] : reply))).toEqual([
    "[reply",
    [0, 255],
    undefined,
  ]);
  await clock.advance(70);
  expect([second.find("=a", "text"), second.find("=a", "bytes")?.done]).toEqual([undefined, true]);
  second.abandon(push("text"));
  await clock.advance(20);
  expect(second.size).toBe(0);
  expect(changes.slice(1).map((change) => ("key" in change ? change.key : change))).toEqual(
    ["text", "bytes", "none"].map((key) => `push:["=a","${key}"]`),
  );
  second.stop();
});
