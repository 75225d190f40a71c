import { describe, expect, test } from "vitest";
import type { Clients, Topics } from "../../../actors/index.js";
import type { Store, StoreChange } from "../../../src/store/store-port.js";
import { parseAnswer, type Welcome } from "../../../src/protocol/handshake.js";
import { type RawClient, world } from "./durable-world.js";

type World = Awaited<ReturnType<typeof world>>;

/** A client in `room:a`, and all that it gets there: the news, and the holes in them. */
async function join({ clock, connect }: World) {
  const { socket, lost } = connect("ann");
  const heard: unknown[] = [];
  const channel = socket.channel("room:a");
  channel.on("news", (news) => heard.push(news));
  channel.onGap(({ reason }) => heard.push(reason));
  channel.join();
  await clock.advance(1_000);
  return { socket, lost, heard };
}

/** Broadcasts, and gives what its sender was told to be safe. */
async function broadcast({ clock, system }: World, n: number): Promise<unknown[]> {
  const safe: unknown[] = [];
  const news = { n };
  void system()
    .whereis<Topics>("endpoint.topics")
    ?.callWithin(1_000_000)
    .broadcast("room:a", "news", news)
    .then(() => safe.push(news));
  await clock.advance(1_000);
  return safe;
}

async function crashSession({ clock, system }: World): Promise<void> {
  const asked = system().whereis<Clients>("endpoint.clients")?.call.sessionsOf("ann");
  await clock.advance(10);
  for (const { session } of (await asked) ?? []) system().exit(session, "kill");
  await clock.advance(1_000);
}

/** A store that is stuck at the first commit in which a session changes like that. */
function stuckAt(inner: Store, type: StoreChange["type"]): Store {
  let stuck = false;
  return {
    durability: inner.durability,
    commit: (changes) => {
      stuck ||= changes.some((change) => change.type === type);
      return stuck ? new Promise(() => undefined) : inner.commit(changes);
    },
    claim: (sid, version, owner) => inner.claim(sid, version, owner),
    readSession: (sid) => inner.readSession(sid),
    sessions: () => inner.sessions(),
    readLog: (topic, from, limit) => inner.readLog(topic, from, limit),
    logs: () => inner.logs(),
    readRecord: (key) => inner.readRecord(key),
    records: (prefix) => inner.records(prefix),
    status: () => inner.status(),
    close: () => inner.close(),
  };
}

describe("what is said to be safe is not missed by a session that comes back, as the store did not know by then", () => {
  test("that one of its channels could not", async () => {
    const there = await world();
    const { clock, network, disk, serve, kill, stop } = there;
    await serve();
    const { socket, heard, lost } = await join(there);
    network.unplug();
    socket.dropConnection();
    await clock.advance(1_000);
    await kill();
    // For a moment a version runs that has no such class.
    await serve(stuckAt(disk, "put_session"), {});
    const safe = await broadcast(there, 1);
    await kill();
    await serve();
    await broadcast(there, 2);
    network.heal();
    await clock.advance(30_000);
    expect(heard).toEqual([...safe, { n: 2 }]);
    expect(lost).toEqual([]);
    await stop();
  });

  test("that it was given up, as it crashes again and again", async () => {
    const there = await world();
    const { clock, network, disk, serve, kill, stop } = there;
    await serve(stuckAt(disk, "delete_session"));
    const { socket, heard, lost } = await join(there);
    network.unplug();
    socket.dropConnection();
    await clock.advance(1_000);
    for (let time = 1; time <= 4; time++) await crashSession(there);
    const safe = await broadcast(there, 1);
    await kill();
    await serve();
    await broadcast(there, 2);
    network.heal();
    await clock.advance(30_000);
    expect(heard).toEqual([...safe, { n: 2 }]);
    expect(lost).toEqual([]);
    await stop();
  });

  test("that it is not kept any more", async () => {
    const assigns: Record<string, unknown> = {};
    const there = await world(assigns);
    const { clock, disk, serve, kill, raw, stop } = there;
    const hello = async (resume?: object): Promise<RawClient> => {
      const client = await raw();
      const intent = resume === undefined ? { intent: "new" } : { intent: "resume", resume };
      client.say(null, "1", "phoenix", "hello", { v: 1, token: "ann", ...intent });
      await clock.advance(1_000);
      return client;
    };
    await serve(stuckAt(disk, "delete_session"));
    const first = await hello();
    const { sid, secret, epoch } = welcomeOf(first.take());
    first.say("3", "3", "room:a", "phx_join", {}, 1);
    await clock.advance(1_000);
    const resume = { sid, secret, epoch, rx: 1, txFirst: 2, txNext: 2 };
    assigns["since"] = new Date(0);
    // Neither the answer, nor what follows, reaches the client.
    expect(welcomeOf((await hello(resume)).take())).toMatchObject({ resumed: true });
    const safe = await broadcast(there, 1);
    await kill();
    delete assigns["since"];
    await serve();
    await broadcast(there, 2);
    const third = await hello(resume);
    const [welcome, ...frames] = third.take();
    expect(welcomeOf([welcome])).toMatchObject({ sid, resumed: true });
    expect(frames.map(payloadOf)).toEqual([...safe, { n: 2 }]);
    await stop();
  });
});

test("the place of a session on a topic that it had just left is given up as well when the store refuses the session for good", async () => {
  const there = await world();
  const { clock, disk, serve, connect, stop } = there;
  await serve();
  const { socket, lost } = connect("ann");
  const channel = socket.channel("room:a");
  channel.join();
  await clock.advance(1_000);
  channel.push("say", { n: 1 });
  await clock.advance(1_000);
  expect(disk.status()).toMatchObject({ sessions: 1, logs: 1 });
  // Somebody else has written to it.
  const frame = new Uint8Array([1]);
  for await (const { sid } of disk.sessions()) {
    await disk.commit([{ type: "put_frame", sid, seq: 1_000, topic: "room:a", frame }]);
  }
  channel.leave();
  await clock.advance(10_000);
  expect(there.reports().map(({ type }) => type)).toContain("store_refused");
  expect(lost).toEqual(["corrupt"]);
  expect(disk.status()).toMatchObject({ sessions: 1, logs: 0 });
  await stop();
});

function payloadOf(frame: unknown): unknown {
  return Array.isArray(frame) ? frame[4] : undefined;
}

function welcomeOf([frame]: readonly unknown[]): Welcome {
  const answer = parseAnswer(payloadOf(frame));
  if (answer.kind !== "welcome") throw new Error(`expected a welcome, got ${JSON.stringify(frame)}`);
  return answer.welcome;
}
