import { expect, test } from "vitest";
import { Channel, ok } from "../../../actors/index.js";
import type { FakeEndpoint } from "../fake-endpoint.js";
import { endpoint, hello, joined, numbered, resume, welcomeOf } from "./room.js";

const heard: unknown[] = [];

class Guarded extends Channel {
  override handleIn(event: string) {
    return ok({ event, role: this.assigns["role"] });
  }

  override handleAssigns(before: Readonly<Record<string, unknown>>): void {
    heard.push([this.topic, before["role"], this.assigns["role"]]);
    if (this.assigns["role"] === "nobody") this.stop();
  }
}

/** Tokens are `user/role`; without a role nothing is assigned. */
async function stage(): Promise<FakeEndpoint> {
  heard.length = 0;
  return endpoint({
    channels: { "room:*": Guarded },
    authenticate: ({ token = "" }) => {
      const [user = "", role] = token.split("/");
      return role === undefined ? { user } : { user, assigns: { role } };
    },
  });
}

const reply = (ref: string, seq: number, role: string) => [
  "3",
  ref,
  "room:a",
  "phx_reply",
  { status: "ok", response: { event: "who", role } },
  seq,
];

test("a fresh token on the open connection renews the assigns of every channel, before anything that is sent after it", async () => {
  const end = await stage();
  const { socket } = await joined(end, { token: "ann/guest" });
  socket.arrive(["4", "4", "room:b", "phx_join", {}, 2]);
  await end.clock.settle();
  socket.take();
  socket.arrive(["3", "5", "room:a", "who", {}, 3]);
  socket.arrive([null, "6", "phoenix", "token", { token: "ann/admin" }]);
  socket.arrive(["3", "7", "room:a", "who", {}, 4]);
  await end.clock.settle();
  const frames = socket.take().map(numbered);
  expect(frames).toEqual([
    reply("5", 3, "guest"),
    [null, "6", "phoenix", "phx_reply", { status: "ok", response: {} }],
    reply("7", 4, "admin"),
  ]);
  expect(heard).toEqual(
    expect.arrayContaining([
      ["room:a", "guest", "admin"],
      ["room:b", "guest", "admin"],
    ]),
  );
  expect(heard).toHaveLength(2);
  await end.stop();
});

test("a client that comes back with other assigns has them in the channels that lived on", async () => {
  const end = await stage();
  const first = await joined(end, { token: "ann/guest" });
  first.socket.lose();
  await end.clock.settle();
  const { socket } = await end.connect();
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, token: "ann/admin", ...resume(first, 1, 2) }]);
  socket.arrive(["3", "4", "room:a", "who", {}, 2]);
  await end.clock.settle();
  const frames = socket.sent.map((text) => numbered(JSON.parse(text)));
  expect(frames).toContainEqual(reply("4", 2, "admin"));
  expect(welcomeOf(socket)).toMatchObject({ resumed: true });
  expect(heard).toEqual([["room:a", "guest", "admin"]]);
  await end.stop();
});

test("a channel may end when its client may not be there any more", async () => {
  const end = await stage();
  const { socket } = await joined(end, { token: "ann/guest" });
  socket.arrive([null, "6", "phoenix", "token", { token: "ann/nobody" }]);
  await end.clock.settle();
  expect(socket.take().map(numbered)).toContainEqual(["3", "3", "room:a", "phx_close", {}, 2]);
  await end.stop();
});

test("a token of another user renews nothing", async () => {
  const end = await stage();
  const { socket } = await joined(end, { token: "ann/guest" });
  socket.arrive([null, "6", "phoenix", "token", { token: "bob/admin" }]);
  await end.clock.settle();
  expect(socket.closedWith?.code).toBe(4003);
  expect(heard).toEqual([]);
  await end.stop();
});

test("where nothing is assigned nobody is told anything", async () => {
  const end = await stage();
  const first = await joined(end, { token: "ann" });
  const { socket } = await end.connect();
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, token: "ann", ...resume(first, 1, 2) }]);
  await end.clock.settle();
  expect(welcomeOf(socket)).toMatchObject({ resumed: true });
  await hello(end);
  expect(heard).toEqual([]);
  await end.stop();
});
