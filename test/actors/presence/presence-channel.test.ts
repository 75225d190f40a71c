import { setImmediate } from "node:timers/promises";
import { Presence as PhoenixPresence, type PhoenixPresences } from "phoenix";
import { expect, test } from "vitest";
import { error, ok, type Answer } from "../../../actors/index.js";
import { Presence } from "../../../actors/presence/presence.js";
import { PresenceChannel } from "../../../actors/presence/presence-channel.js";
import { findPresence } from "../../../actors/presence/presence-directory.js";
import { presenceOf } from "../../../actors/presence/local-presence.js";
import { Topics } from "../../../actors/topic/topics.js";
import { createFakeEndpoint, type FakeEndpoint, type FakeEndpointOptions } from "../fake-endpoint.js";
import type { FakeSocket } from "../fake-socket.js";
import { hello, resume, welcomeOf, type Welcomed } from "../session/room.js";
import { metasOf } from "./stage.js";

/** Tracks whoever joins, and does what the params of the join want. */
class Room extends PresenceChannel {
  override join(params: unknown): Answer | Promise<Answer> {
    const wish = JSON.stringify(params);
    if (!wish.includes("watch")) this.presence.track(this.user ?? "guest", { device: wish });
    if (wish.includes("refuse")) return error({ reason: "no" });
    return wish.includes("async") ? this.#later() : ok();
  }

  override handleIn(event: string, payload: unknown): Answer | undefined {
    if (event === "update") this.presence.update(this.user ?? "guest", { device: payload });
    if (event === "leave") return ok({ left: this.presence.untrack() });
    if (event === "list") return ok({ ...this.presence.list(), me: this.presence.get(this.user ?? "guest") });
    if (event === "stop") this.stop();
    return undefined;
  }

  async #later(): Promise<Answer> {
    await setImmediate();
    return ok();
  }
}

interface EndpointWish extends Partial<FakeEndpointOptions> {
  readonly batchMs?: number;
}

async function endpoint({ batchMs = 50, ...options }: EndpointWish = {}): Promise<FakeEndpoint> {
  const end = await createFakeEndpoint({ channels: { "room:*": Room }, ...options });
  await end.system.start(
    Topics,
    { subscriptions: end.context.subscriptions, writer: undefined },
    { name: "endpoint.topics" },
  );
  await end.system.start(Presence, { batchMs });
  return end;
}

interface PresenceFrame {
  readonly event: string;
  readonly payload: unknown;
}

/** The presence events that a socket was sent since the last call, with metas instead of marks. */
function presenceFrames(socket: FakeSocket): PresenceFrame[] {
  return socket.take().flatMap((frame): PresenceFrame[] => {
    if (!Array.isArray(frame)) return [];
    const [, , , event, payload]: unknown[] = frame;
    if (event === "presence_state") return [{ event, payload: metasOf(payload as object) }];
    if (event !== "presence_diff") return [];
    const { joins, leaves } = payload as { joins: object; leaves: object };
    return [{ event, payload: [metasOf(joins), metasOf(leaves)] }];
  });
}

/** The frames that a socket was sent since the last call, without their numbers. */
function frames(socket: FakeSocket): unknown[] {
  return socket.take().map((frame) => (Array.isArray(frame) ? frame.slice(0, 5) : frame));
}

async function joined(end: FakeEndpoint, params: object = {}, token = "ann"): Promise<Welcomed> {
  const client = await hello(end, { token });
  client.socket.arrive(["3", "3", "room:a", "phx_join", params, 1]);
  await end.clock.settle();
  return client;
}

const meta = (phx_state = "online", device: unknown = "{}") => ({ ann: [{ device, phx_state }] });

test("a client gets the state after its join, and then diffs", async () => {
  const end = await endpoint();
  const ann = await joined(end);
  expect(frames(ann.socket)).toMatchObject([
    ["3", "3", "room:a", "phx_reply", { status: "ok" }],
    ["3", null, "room:a", "presence_state", { ann: { metas: [{ device: "{}", phx_state: "online" }] } }],
  ]);
  const bob = await joined(end, {}, "bob");
  await end.clock.advance(50);
  expect(presenceFrames(bob.socket)).toMatchObject([
    { event: "presence_state", payload: { ...meta(), bob: [{}] } },
    { event: "presence_diff", payload: [{ ann: [{}], bob: [{}] }, {}] },
  ]);
  bob.socket.arrive(["3", "4", "room:a", "stop", {}, 2]);
  await end.clock.advance(50);
  expect(presenceFrames(ann.socket).at(-1)).toMatchObject({ event: "presence_diff", payload: [{}, { bob: [{}] }] });
  await end.stop();
});

test("a client that only watches is told as well, and is not there itself", async () => {
  const end = await endpoint();
  await joined(end);
  const watcher = await joined(end, { watch: true }, "bob");
  expect(presenceFrames(watcher.socket)).toEqual([{ event: "presence_state", payload: meta() }]);
  await end.stop();
});

test("after an async join the state comes when the client is in, so that it misses no diff", async () => {
  const end = await endpoint();
  const client = await joined(end, { async: true });
  for (let turn = 0; turn < 5; turn++) await setImmediate();
  await end.clock.settle();
  expect(frames(client.socket)).toMatchObject([
    ["3", "3", "room:a", "phx_reply", { status: "ok" }],
    ["3", null, "room:a", "presence_state", { ann: {} }],
  ]);
  await end.stop();
});

test("whenever others come and go while a client joins, it ends up knowing who is there", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const end = await endpoint({ seed, batchMs: 0 });
    const owner = await end.system.start(Presence, { name: "owner" });
    const presence = presenceOf(end.system);
    const client = await hello(end, { token: "ann" });
    client.socket.arrive(["3", "3", "room:a", "phx_join", { async: seed % 3 > 0 }, 1]);
    for (let change = 0; change < 12; change++) {
      presence.track("room:a", `user ${change % 5}`, owner, { change });
      if (change % 4 === 3) presence.untrack(owner);
      for (let turn = 0; turn < seed % 4; turn++) await Promise.resolve();
      if (change % 3 === 0) await end.clock.settle();
      if (change % 5 === 4) await setImmediate();
    }
    for (let turn = 0; turn < 5; turn++) {
      await setImmediate();
      await end.clock.advance(10);
    }
    let state: PhoenixPresences = {};
    let pending: object[] | undefined = [];
    for (const frame of frames(client.socket)) {
      const [, , , event, payload] = frame as [unknown, unknown, unknown, string, object];
      if (event === "presence_state") {
        state = PhoenixPresence.syncState(state, payload);
        for (const diff of pending ?? []) state = PhoenixPresence.syncDiff(state, diff);
        pending = undefined;
      } else if (event === "presence_diff" && pending !== undefined) pending.push(payload);
      else if (event === "presence_diff") state = PhoenixPresence.syncDiff(state, payload);
    }
    expect({ seed, ...metasOf(state) }).toEqual({ seed, ...metasOf(presence.list("room:a")) });
    await end.stop();
  }
});

test("of a client that was refused nothing is left, and nobody is told", async () => {
  const end = await endpoint();
  const watcher = await joined(end, { watch: true });
  await joined(end, { refuse: true }, "bob");
  await end.clock.advance(50);
  expect(presenceFrames(watcher.socket)).toEqual([{ event: "presence_state", payload: {} }]);
  expect(findPresence(end.system, "presence").owners).toBe(0);
  expect(end.system.deadLetters.total).toBe(0);
  await end.stop();
});

test("a short drop is not told to anybody; a long one is a state, and the end of the session a leave", async () => {
  const end = await endpoint();
  const watcher = await joined(end, { watch: true }, "bob");
  const ann = await joined(end);
  await end.clock.advance(50);
  watcher.socket.take();
  // Drops for 4 s and is back.
  ann.socket.lose();
  await end.clock.advance(4_000);
  const { socket } = await end.connect();
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, token: "ann", ...resume(ann, 3, 2) }]);
  await end.clock.settle();
  const again = { ...welcomeOf(socket), socket };
  await end.clock.advance(3_000);
  expect(presenceFrames(watcher.socket)).toEqual([]);
  // Drops for longer.
  again.socket.lose();
  await end.clock.advance(5_100);
  expect(presenceFrames(watcher.socket)).toEqual([{ event: "presence_diff", payload: [meta("detached"), meta()] }]);
  const { socket: third } = await end.connect();
  third.arrive([null, "1", "phoenix", "hello", { v: 1, token: "ann", ...resume(again, 3, 2) }]);
  await end.clock.settle();
  await end.clock.advance(50);
  expect(presenceFrames(watcher.socket)).toEqual([{ event: "presence_diff", payload: [meta(), meta("detached")] }]);
  // And stays away until its session ends.
  third.lose();
  await end.clock.advance(5_100);
  expect(presenceFrames(watcher.socket)).toHaveLength(1);
  await end.clock.advance(60_000);
  watcher.socket.arrive(["3", "9", "room:a", "list", {}, 2]);
  await end.clock.advance(60_000);
  expect(presenceFrames(watcher.socket)).toEqual([{ event: "presence_diff", payload: [{}, meta("detached")] }]);
  await end.stop();
});

test("a channel updates what it shows, lists who is there, and takes itself out", async () => {
  const end = await endpoint();
  const { socket } = await joined(end);
  await end.clock.advance(50);
  socket.take();
  socket.arrive(["3", "4", "room:a", "update", "laptop", 2]);
  socket.arrive(["3", "5", "room:a", "list", {}, 3]);
  socket.arrive(["3", "6", "room:a", "leave", {}, 4]);
  await end.clock.settle();
  const shown = { metas: [{ device: "laptop", phx_state: "online" }] };
  expect(frames(socket)).toMatchObject([
    ["3", "5", "room:a", "phx_reply", { response: { ann: shown, me: shown } }],
    ["3", "6", "room:a", "phx_reply", { response: { left: 1 } }],
  ]);
  expect(presenceOf(end.system).count("room:a")).toBe(0);
  await end.stop();
});

test("a client that has missed diffs gets the state again", async () => {
  const end = await endpoint({ limits: { topicLogMessages: 1 } });
  const ann = await joined(end, { watch: true });
  ann.socket.take();
  ann.socket.lose();
  await end.clock.settle();
  const owner = await end.system.start(Presence, { name: "owner" });
  for (const key of ["a", "b", "c"]) {
    presenceOf(end.system).track("room:a", key, owner);
    await end.clock.advance(100);
  }
  const { socket } = await end.connect();
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, token: "ann", ...resume(ann, 2, 2) }]);
  await end.clock.advance(100);
  const events = presenceFrames(socket);
  expect(events.find(({ event }) => event === "presence_state")?.payload).toEqual({
    a: [{ phx_state: "online" }],
    b: [{ phx_state: "online" }],
    c: [{ phx_state: "online" }],
  });
  await end.stop();
});

test("a stock client that has its session back and joins anew is told who is present anew", async () => {
  const end = await endpoint();
  const connect = async (params: Record<string, string>): Promise<{ socket: FakeSocket; token: string }> => {
    const { socket } = await end.connect(params);
    await end.clock.settle();
    const frame: unknown = socket.take()[0];
    if (!Array.isArray(frame) || frame[3] !== "session") throw new Error("no session");
    const news: { readonly token: string } = frame[4];
    return { socket, token: news.token };
  };
  const first = await connect({ session: "" });
  first.socket.arrive(["3", "3", "room:1", "phx_join", {}]);
  await end.clock.advance(100);
  expect(presenceFrames(first.socket)[0]?.event).toBe("presence_state");
  first.socket.lose();
  await end.clock.settle();
  const second = await connect({ session: first.token, rx: "2" });
  second.socket.arrive(["9", "9", "room:1", "phx_join", {}]);
  await end.clock.advance(100);
  const frames = second.socket.take();
  expect(frames).toContainEqual(expect.arrayContaining(["9", "room:1", "presence_state"]));
  await end.stop();
});
