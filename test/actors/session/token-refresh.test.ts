import { expect, test } from "vitest";
import type { FakeEndpoint } from "../fake-endpoint.js";
import { endpoint, hello, joined } from "./room.js";

/** Tokens are `user/milliseconds that it is good for`; nothing after the slash is for ever, `no` is refused. */
async function tokens(): Promise<FakeEndpoint> {
  const end: FakeEndpoint = await endpoint({
    authenticate: ({ token = "" }) => {
      const [user, forMs] = token.split("/");
      if (user === undefined || user === "no") return undefined;
      return forMs === undefined ? { user } : { user, expiresAtMs: end.clock.wallTime() + Number(forMs) };
    },
  });
  return end;
}

test("a client is asked for a new token 25 s before the old one expires, and stays when it brings one", async () => {
  const end = await tokens();
  const { socket } = await joined(end, { token: "ann/100000" });
  await end.clock.advance(74_000);
  expect(JSON.stringify(socket.take())).not.toContain("token_expiring");
  await end.clock.advance(1_000);
  expect(socket.take()).toContainEqual([null, null, "phoenix", "token_expiring", { inMs: 25_000 }]);
  socket.arrive([null, "8", "phoenix", "token", { token: "ann/200000" }]);
  await end.clock.settle();
  expect(socket.take()).toContainEqual([null, "8", "phoenix", "phx_reply", { status: "ok", response: {} }]);
  await end.clock.advance(174_999);
  expect(JSON.stringify(socket.take())).not.toContain("token_expiring");
  await end.clock.advance(1);
  expect(JSON.stringify(socket.take())).toContain("token_expiring");
  socket.arrive([null, "9", "phoenix", "token", { token: "ann" }]);
  await end.clock.advance(10_000_000);
  expect(socket.closedWith).toBeUndefined();
  await end.stop();
});

test("a client that brings none is closed with 4103 after the grace, and its session is kept", async () => {
  const end = await tokens();
  const client = await hello(end, { token: "ann/1000" });
  await end.clock.advance(1);
  expect(client.socket.take()).toContainEqual([null, null, "phoenix", "token_expiring", { inMs: 1_000 }]);
  await end.clock.advance(24_998);
  expect(client.socket.closedWith).toBeUndefined();
  await end.clock.advance(1);
  expect(client.socket.closedWith?.code).toBe(4103);
  expect(end.context.directory.find(client.sid)).toBeDefined();
  await end.stop();
});

test("a token that is refused changes nothing: the old one is good for as long as it was", async () => {
  const end = await tokens();
  const { socket } = await hello(end, { token: "ann/100000" });
  socket.arrive([null, "8", "phoenix", "token", { token: "no" }]);
  await end.clock.settle();
  const refusal = { status: "error", response: { reason: "forbidden" } };
  expect(socket.take()).toEqual([[null, "8", "phoenix", "phx_reply", refusal]]);
  await end.clock.advance(99_999);
  expect(socket.closedWith).toBeUndefined();
  await end.clock.advance(1);
  expect(socket.closedWith?.code).toBe(4103);
  await end.stop();
});

test("another user's token closes with 4003", async () => {
  const end = await tokens();
  const { socket } = await hello(end, { token: "ann/100000" });
  socket.arrive([null, "8", "phoenix", "token", { token: "bob" }]);
  await end.clock.settle();
  expect(socket.closedWith?.code).toBe(4003);
  await end.stop();
});

test("a token that is no text closes with 4005", async () => {
  const end = await tokens();
  const { socket } = await hello(end, { token: "ann" });
  socket.arrive([null, "8", "phoenix", "token", { token: 5 }]);
  await end.clock.settle();
  expect(socket.closedWith?.code).toBe(4005);
  await end.stop();
});

test("a token that is good for a year is looked at again now and then, with one timer", async () => {
  const end = await tokens();
  const { socket } = await hello(end, { token: `ann/${366 * 86_400_000}` });
  await end.clock.advance(30 * 86_400_000);
  expect(socket.closedWith).toBeUndefined();
  await end.stop();
});
