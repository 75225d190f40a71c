import { expect, test } from "vitest";
import { Channel, ok } from "../../../actors/index.js";
import { PushWindow } from "../../../actors/session/push-window.js";
import { createVirtualClock } from "../../../src/testing/index.js";
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
  const window = new PushWindow(clock, { windowMs: 100, perUser: 2, total: 3, bytes: 10 });
  const push = (user: string, key: string) => ({ seq: 1, user, key, ref: null });
  const isNew = (user: string, key: string): boolean => window.find(user, key) === undefined;
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
