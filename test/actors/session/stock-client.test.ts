import { expect, test } from "vitest";
import type { FakeEndpoint } from "../fake-endpoint.js";
import type { FakeSocket } from "../fake-socket.js";
import { endpoint } from "./room.js";

// Level 1: a stock Phoenix client.

async function stock(end: FakeEndpoint): Promise<FakeSocket> {
  const { socket } = await end.connect();
  socket.arrive(["3", "3", "room:a", "phx_join", {}]);
  await end.clock.settle();
  return socket;
}

test("a stock client's frames are plain: five elements, no numbers", async () => {
  const end = await endpoint();
  const socket = await stock(end);
  socket.arrive(["3", "4", "room:a", "say", 1]);
  socket.arrive([null, "5", "phoenix", "heartbeat", {}]);
  await end.clock.settle();
  expect(socket.take()).toEqual([
    ["3", "3", "room:a", "phx_reply", { status: "ok", response: { in: "room:a" } }],
    [null, "5", "phoenix", "phx_reply", { status: "ok", response: {} }],
    [null, null, "room:a", "said", { payload: 1 }],
  ]);
  await end.stop();
});

test("a stock client's session ends with its socket", async () => {
  const end = await endpoint();
  const socket = await stock(end);
  socket.lose();
  await end.clock.settle();
  expect(end.context.subscriptions.size).toBe(0);
  await end.stop();
});

test("the dispatch rules of Phoenix's socket, one by one", async () => {
  const end = await endpoint();
  const socket = await stock(end);
  socket.take();
  const ask = async (...frame: unknown[]): Promise<unknown[]> => {
    socket.arrive(frame);
    await end.clock.settle();
    return socket.take();
  };
  const reply = (joinRef: string | null, ref: string, topic: string, status: string, response: object) => [
    joinRef,
    ref,
    topic,
    "phx_reply",
    { status, response },
  ];
  expect(await ask("1", "10", "nowhere", "phx_join", {})).toEqual([
    reply(null, "10", "nowhere", "error", { reason: "unmatched topic" }),
  ]);
  expect(await ask("1", "11", "room:b", "ask", {})).toEqual([
    reply(null, "11", "room:b", "error", { reason: "unmatched topic" }),
  ]);
  expect(await ask("1", "12", "room:b", "phx_leave", {})).toEqual([reply("1", "12", "room:b", "ok", {})]);
  expect(await ask("other", "13", "room:a", "ask", {})).toEqual([]);
  expect(await ask("other", "14", "room:a", "phx_leave", {})).toEqual([]);
  expect(await ask(null, "15", "room:a", "ask", {})).toEqual([
    reply("3", "15", "room:a", "ok", { event: "ask", payload: {} }),
  ]);
  expect(await ask("20", "20", "room:refuse", "phx_join", { refuse: 1 })).toEqual([
    reply("20", "20", "room:refuse", "error", { reason: "no" }),
  ]);
  expect(await ask("21", "21", "room:crash", "phx_join", { crash: 1 })).toEqual([
    reply("21", "21", "room:crash", "error", { reason: "join crashed" }),
  ]);
  expect(await ask("30", "30", "room:a", "phx_join", {})).toEqual([
    reply("30", "30", "room:a", "ok", { in: "room:a" }),
    ["3", "3", "room:a", "phx_close", {}],
  ]);
  expect(await ask("30", "31", "room:a", "phx_leave", {})).toEqual([
    reply("30", "31", "room:a", "ok", {}),
    ["30", "30", "room:a", "phx_close", {}],
  ]);
  await end.stop();
});

test("a channel that crashes tells its client phx_error; one that stops, phx_close; a bad return is named", async () => {
  const end = await endpoint();
  const socket = await stock(end);
  socket.take();
  socket.arrive(["3", "4", "room:a", "crash", {}]);
  await end.clock.settle();
  expect(socket.take()).toEqual([["3", "3", "room:a", "phx_error", { reason: "channel_crash" }]]);
  socket.arrive(["5", "5", "room:a", "phx_join", {}]);
  socket.arrive(["5", "6", "room:a", "leave", {}]);
  await end.clock.settle();
  expect(socket.take().at(-1)).toEqual(["5", "5", "room:a", "phx_close", {}]);
  socket.arrive(["7", "7", "room:a", "phx_join", {}]);
  socket.arrive(["7", "8", "room:a", "bad", {}]);
  await end.clock.settle();
  expect(socket.take().at(-1)).toEqual(["7", "7", "room:a", "phx_error", { reason: "channel_crash" }]);
  expect(end.reports.map((report) => report.text).join()).toMatch(
    /Room.handleIn returned 42. It may return nothing \(no reply\), ok\(response\), error\(response\)/,
  );
  await end.stop();
});

test("a client that joins too many topics is told so", async () => {
  const end = await endpoint({ limits: { channelsPerSession: 2 } });
  const socket = await stock(end);
  socket.arrive(["4", "4", "room:b", "phx_join", {}]);
  socket.arrive(["5", "5", "room:c", "phx_join", {}]);
  await end.clock.settle();
  expect(socket.take().at(-1)).toEqual([
    "5",
    "5",
    "room:c",
    "phx_reply",
    { status: "error", response: { reason: "too many channels joined" } },
  ]);
  await end.stop();
});

test("a client that says nothing for ten seconds is taken for a stock one", async () => {
  const end = await endpoint();
  const { socket } = await end.connect();
  await end.clock.advance(10_000);
  socket.arrive(["3", "3", "room:a", "phx_join", {}]);
  await end.clock.settle();
  expect(socket.take()).toHaveLength(1);
  await end.stop();
});

test("prototype keys in a payload, and method names as events, are data", async () => {
  const end = await endpoint();
  const socket = await stock(end);
  socket.take();
  socket.arrive('["3","4","room:a","constructor",{"__proto__":{"polluted":true}}]');
  socket.arrive('["3","5","room:a","__proto__",{}]');
  socket.arrive('["3","6","room:a","terminate",{}]');
  await end.clock.settle();
  expect(socket.take()).toHaveLength(3);
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  await end.stop();
});
