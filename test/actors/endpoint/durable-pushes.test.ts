import { describe, expect, test } from "vitest";
import { parseAnswer, type Welcome } from "../../../src/protocol/handshake.js";
import { type RawClient, world } from "./durable-world.js";

type World = Awaited<ReturnType<typeof world>>;

type Hello = Pick<Welcome, "sid" | "secret" | "epoch" | "resumed" | "reason">;

/** Says hello, and joins `room:a` when the session is a new one. */
async function hello({ raw, clock }: World, token: string, former?: Hello): Promise<Hello & { client: RawClient }> {
  const client = await raw();
  const resume = former && {
    sid: former.sid,
    secret: former.secret,
    epoch: former.epoch,
    rx: 0,
    txFirst: 1,
    txNext: 1,
  };
  const intent = former === undefined ? { intent: "new" } : { intent: "resume", resume };
  client.say(null, "1", "phoenix", "hello", { v: 1, token, ...intent });
  await clock.advance(1_000);
  const [first] = client.take();
  const answer = parseAnswer(Array.isArray(first) ? first[4] : undefined);
  if (answer.kind !== "welcome") throw new Error(`expected a welcome, got ${JSON.stringify(first)}`);
  const { welcome } = answer;
  if (!welcome.resumed) client.say("3", "3", "room:a", "phx_join", {}, 1);
  await clock.advance(1_000);
  client.take();
  return { ...welcome, client };
}

/** Pushes under an id, and gives the response. */
async function say({ clock }: World, client: RawClient, n: number, seq: number, id?: string): Promise<unknown> {
  const event = n === 0 ? "said" : "say";
  client.say("3", `${seq}`, "room:a", event, { n }, seq, null, ...(id === undefined ? [] : [id]));
  await clock.advance(1_000);
  const reply = client.take().find((frame) => Array.isArray(frame) && frame[1] === `${seq}`);
  const payload: unknown = Array.isArray(reply) ? reply[4] : undefined;
  return typeof payload === "object" && payload !== null && "response" in payload ? payload.response : undefined;
}

describe("an idempotent push of a durable session", () => {
  test("is answered after a restart with the reply that is kept, in a new session too, and its handler does not run again", async () => {
    const there = await world();
    await there.serve();
    const first = await hello(there, "ann");
    const answer = await say(there, first.client, 1, 2, "order 1");
    expect(answer).toEqual({ push: "order 1" });
    await there.kill();
    await there.serve();
    const second = await hello(there, "ann");
    expect(second.sid).not.toBe(first.sid);
    expect(await say(there, second.client, 1, 2, "order 1")).toEqual(answer);
    expect(await say(there, second.client, 2, 3, "order 2")).toEqual({ push: "order 2" });
    // In the new session only the second one was handled.
    expect(await say(there, second.client, 0, 4)).toMatchObject({ said: [{ n: 2 }] });
    const bob = await hello(there, "bob");
    await say(there, bob.client, 1, 2, "order 1");
    expect(await say(there, bob.client, 0, 3)).toMatchObject({ said: [{ n: 1 }] });
    await there.stop();
  });

  test("is handled again when its handling was not kept", async () => {
    const there = await world();
    const store = await there.serve();
    const first = await hello(there, "ann");
    store.hold();
    expect(await say(there, first.client, 1, 2, "order 1")).toBeUndefined();
    await there.kill(0);
    await there.serve();
    const second = await hello(there, "ann");
    expect(await say(there, second.client, 1, 2, "order 1")).toEqual({ push: "order 1" });
    expect(await say(there, second.client, 0, 3)).toMatchObject({ said: [{ n: 1 }] });
    await there.stop();
  });

  test("is known also when its session ended at once, and leaves nothing in the store after two minutes, of which a restart takes nothing away", async () => {
    const there = await world();
    const store = await there.serve();
    const [first, bob] = [await hello(there, "ann"), await hello(there, "bob")];
    store.hold();
    await say(there, bob.client, 1, 2);
    // It ends before its changes are looked at.
    await say(there, first.client, 1, 2, "order 1");
    first.client.say(null, "9", "phoenix", "bye", {});
    await there.clock.advance(1_000);
    store.release();
    await there.clock.advance(56_000);
    await there.kill();
    await there.serve();
    const second = await hello(there, "ann");
    expect(await say(there, second.client, 1, 2, "order 1")).toEqual({ push: "order 1" });
    expect(await say(there, second.client, 0, 3)).toMatchObject({ said: [] });
    await there.clock.advance(60_000);
    const third = await hello(there, "ann");
    expect(await say(there, third.client, 1, 2, "order 1")).toEqual({ push: "order 1" });
    expect(await say(there, third.client, 0, 3)).toMatchObject({ said: [{ n: 1 }] });
    await there.clock.advance(130_000);
    expect(await recordsOf(there)).toEqual([]);
    await there.stop();
  });

  test("is deleted at the next start when it is too old by then", async () => {
    const there = await world();
    await there.serve();
    const { client } = await hello(there, "ann");
    await say(there, client, 1, 2, "order 1");
    await there.kill();
    expect(await recordsOf(there)).toHaveLength(1);
    await there.clock.advance(120_000);
    await there.serve();
    expect(await recordsOf(there)).toEqual([]);
    await there.stop();
  });
});

describe("an idempotent push of an anonymous client", () => {
  test("is known in the session that follows, by the secret of the one that was lost; and to nobody else", async () => {
    const there = await world();
    await there.serve();
    const first = await hello(there, "nobody");
    const other = await hello(there, "nobody");
    expect(await say(there, first.client, 1, 2, "order 1")).toEqual({ push: "order 1" });
    expect(await say(there, other.client, 5, 2, "order 1")).toEqual({ push: "order 1" });
    expect(await say(there, other.client, 0, 3)).toMatchObject({ said: [{ n: 5 }] });
    first.client.socket.close(4000);
    await there.clock.advance(20_000);
    const thief = await hello(there, "nobody", { ...first, secret: "A".repeat(43) });
    expect(thief.reason).toBe("expired");
    await say(there, thief.client, 1, 2, "order 1");
    expect(await say(there, thief.client, 0, 3)).toMatchObject({ said: [{ n: 1 }] });
    const second = await hello(there, "nobody", first);
    expect([second.resumed, second.reason]).toEqual([false, "expired"]);
    expect(await say(there, second.client, 1, 2, "order 1")).toEqual({ push: "order 1" });
    expect(await say(there, second.client, 0, 3)).toMatchObject({ said: [] });
    await there.stop();
  });

  test("is known after a restart, though its session has expired, and in each that follows", async () => {
    const there = await world();
    await there.serve();
    const first = await hello(there, "nobody");
    await say(there, first.client, 1, 2, "order 1");
    first.client.socket.close(4000);
    await there.clock.advance(2_000);
    await there.kill();
    await there.clock.advance(20_000);
    await there.serve();
    const second = await hello(there, "nobody", first);
    expect([second.resumed, second.reason]).toEqual([false, "expired"]);
    expect(await say(there, second.client, 1, 2, "order 1")).toEqual({ push: "order 1" });
    expect(await say(there, second.client, 0, 3)).toMatchObject({ said: [] });
    second.client.socket.close(4000);
    await there.clock.advance(2_000);
    await there.kill();
    await there.clock.advance(20_000);
    await there.serve();
    const third = await hello(there, "nobody", second);
    expect(await say(there, third.client, 1, 2, "order 1")).toEqual({ push: "order 1" });
    expect(await say(there, third.client, 0, 3)).toMatchObject({ said: [] });
    await there.stop();
  });
});

async function recordsOf({ disk }: World): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of disk.records("")) keys.push(key);
  return keys;
}
