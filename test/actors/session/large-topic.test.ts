import { expect, test } from "vitest";
import { Channel, ok } from "../../../actors/index.js";
import type { FakeSocket } from "../fake-socket.js";
import { comeBack, endpoint, joined, type Welcomed } from "./room.js";

class Busy extends Channel {
  override handleIn(event: string) {
    this.broadcast("said", { event });
    if (event === "push") this.push("own", {});
    return ok({ event });
  }

  override handleInfo(): void {
    this.push("told", {});
  }

  override join() {
    this.joinGroup("rooms");
  }
}

const eventsOf = (socket: FakeSocket): unknown[] =>
  socket.take().flatMap((frame) => (Array.isArray(frame) && frame[2] === "room:a" ? [frame[3]] : []));

/** A topic with more clients than get a broadcast in one turn. */
async function scene(clients: number) {
  const end = await endpoint({ channels: { "room:*": Busy }, limits: { broadcastTurn: 1 } });
  const all: Welcomed[] = [];
  for (let n = 0; n < clients; n++) all.push(await joined(end));
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError("Expected at least one client");
  return { end, all, first, last };
}

test("a large topic's clients get a broadcast one turn after the other, and all of them get it", async () => {
  const { end, all } = await scene(4);
  end.context.subscriptions.broadcast("room:a", "news", {});
  await end.clock.settle();
  expect(all.map(({ socket }) => eventsOf(socket).length)).toEqual([1, 0, 0, 0]);
  await end.clock.advance(0);
  expect(all.map(({ socket }) => eventsOf(socket).length)).toEqual([0, 1, 1, 1]);
  await end.stop();
});

test("what a channel sends after a broadcast comes after it, be it a push or a reply, whoever has had a turn", async () => {
  const { end, last } = await scene(4);
  last.socket.arrive(["3", "4", "room:a", "push", {}, 2]);
  await end.clock.settle();
  expect(eventsOf(last.socket)).toEqual(["said", "own", "phx_reply"]);
  last.socket.arrive(["3", "5", "room:a", "reply", {}, 3]);
  await end.clock.settle();
  expect(eventsOf(last.socket)).toEqual(["said", "phx_reply"]);
  await end.clock.advance(0);
  expect(eventsOf(last.socket)).toEqual([]);
  await end.stop();
});

test("so it is with a channel that heard of the broadcast from somebody else", async () => {
  const { end, last } = await scene(4);
  end.context.subscriptions.broadcast("room:a", "news", {});
  for (const room of end.system.members("rooms")) room.send("tell");
  await end.clock.settle();
  expect(eventsOf(last.socket)).toEqual(["news", "told"]);
  await end.stop();
});

test("a client whose connection is lost before its turn gets it when it is back, once", async () => {
  const { end, last } = await scene(4);
  end.context.subscriptions.broadcast("room:a", "news", {});
  last.socket.lose();
  await end.clock.settle();
  end.context.subscriptions.broadcast("room:a", "later", {});
  await end.clock.advance(0);
  expect(eventsOf(await comeBack(end, last))).toEqual(["news", "later"]);
  await end.clock.advance(0);
  await end.stop();
});

test("a client that joins before the turns are over gets only what is broadcast after that", async () => {
  const { end } = await scene(4);
  end.context.subscriptions.broadcast("room:a", "before", {});
  await end.clock.settle();
  const late = await joined(end);
  end.context.subscriptions.broadcast("room:a", "after", {});
  await end.clock.advance(0);
  expect(eventsOf(late.socket)).toEqual(["after"]);
  await end.stop();
});

test("whoever broadcasts learns how many clients there are, whether they have had their turn or not", async () => {
  const { end, last } = await scene(4);
  expect(end.context.subscriptions.broadcast("room:a", "news", {})).toBe(4);
  const [session] = end.context.directory.find(last.sid) === undefined ? [] : [end.context.directory.find(last.sid)];
  expect(end.context.subscriptions.broadcast("room:a", "news", {}, {}, { session, onlyOthers: true })).toBe(3);
  await end.clock.advance(0);
  await end.stop();
});
