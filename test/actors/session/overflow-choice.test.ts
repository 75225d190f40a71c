import { expect, test } from "vitest";
import { Channel, type JoinAnswer, ok } from "../../../actors/index.js";
import type { FakeEndpoint } from "../fake-endpoint.js";
import { comeBack, endpoint, hello, type Welcomed } from "./room.js";

/** A channel whose client chooses, when it joins, what becomes of what it cannot take. */
class Chosen extends Channel {
  static override readonly overflow = "drop_oldest";

  override join(params: unknown): JoinAnswer {
    const { overflow } = Object(params);
    return overflow === undefined ? ok({ chosen: "class" }) : ok({ chosen: overflow }, { overflow });
  }

  override handleIn(event: string) {
    return event === "late" ? ok({}, { overflow: "close" }) : ok();
  }
}

const stage = (): Promise<FakeEndpoint> =>
  endpoint({ channels: { "room:*": Chosen }, limits: { windowMessages: 4, topicLogMessages: 100 } });

async function choosing(end: FakeEndpoint, overflow?: string): Promise<{ client: Welcomed; answer: unknown }> {
  const client = await hello(end);
  client.socket.arrive(["3", "3", "room:a", "phx_join", overflow === undefined ? {} : { overflow }, 1]);
  await end.clock.settle();
  const [frame] = client.socket.take();
  return { client, answer: Array.isArray(frame) ? frame[4] : undefined };
}

/** What a client that was away for ten broadcasts of two keys gets of them. */
async function missed(end: FakeEndpoint, client: Welcomed): Promise<unknown[]> {
  client.socket.lose();
  await end.clock.settle();
  for (let n = 1; n <= 10; n++) end.context.subscriptions.broadcast("room:a", "said", { n }, { key: `${n % 2}` });
  const socket = await comeBack(end, client);
  const got: unknown[] = [];
  for (let ack = 1; ack <= 12; ack++) {
    for (const frame of socket.take()) {
      if (Array.isArray(frame) && frame[2] === "room:a" && frame[3] !== "phx_reply") got.push(frame[4]);
    }
    socket.arrive([null, null, "phoenix", "ack", { ack: Math.min(ack, 1 + got.length) }]);
    await end.clock.settle();
  }
  return got;
}

test("the answer to a join chooses the policy for its client; without a choice the class's holds", async () => {
  const end = await stage();
  const all = await choosing(end, "cursor");
  expect(all.answer).toEqual({ status: "ok", response: { chosen: "cursor" } });
  expect(await missed(end, all.client)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => ({ n })));
  await end.stop();
});

test("two clients of one topic may have different policies, both told of what they do not get", async () => {
  const end = await stage();
  const latest = await choosing(end, "conflate");
  const few = await choosing(end);
  expect(few.answer).toEqual({ status: "ok", response: { chosen: "class" } });
  few.client.socket.lose();
  await end.clock.settle();
  expect(await missed(end, latest.client)).toEqual([
    expect.objectContaining({ from: 1, to: 8, reason: "conflated" }),
    { n: 9 },
    { n: 10 },
  ]);
  const socket = await comeBack(end, few.client);
  expect(socket.sent.join()).toContain('"from":1,"to":6,"reason":"overflow"');
  await end.stop();
});

test("a client whose join chose close is closed with 4202 when it is slow, the others of its class are not", async () => {
  const end = await stage();
  const [closing, staying] = [await choosing(end, "close"), await choosing(end, "cursor")];
  for (let n = 1; n <= 40; n++) end.context.subscriptions.broadcast("room:a", "said", { n });
  await end.clock.settle();
  expect(closing.client.socket.closedWith).toMatchObject({ code: 4202 });
  expect(JSON.parse(closing.client.socket.closedWith?.reason ?? "")).toEqual({
    reason: "slow_consumer",
    retryAfterMs: expect.any(Number),
  });
  expect(staying.client.socket.closedWith).toBeUndefined();
  await end.stop();
});

test("what is no policy is the app's mistake: the join fails, and the report names what there is", async () => {
  const end = await stage();
  const { answer } = await choosing(end, "forget");
  expect(answer).toEqual({ status: "error", response: { reason: "join crashed" } });
  expect(JSON.stringify(end.reports.map(({ text }) => text))).toMatch(/one of cursor, conflate, drop_oldest, close/);
  await end.stop();
});

test("the answer to a push chooses nothing: that is a mistake, and is told", async () => {
  const end = await stage();
  const { client } = await choosing(end);
  client.socket.arrive(["3", "4", "room:a", "late", {}, 2]);
  await end.clock.settle();
  expect(JSON.stringify(client.socket.take())).toContain("phx_error");
  expect(end.reports.map(({ text }) => text).join()).toContain("only the answer to a join");
  await end.stop();
});
