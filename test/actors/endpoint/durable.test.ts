import { describe, expect, test, vi } from "vitest";
import type { Clients, Topics } from "../../../actors/index.js";
import type { DynamicSupervisor } from "../../../supervisors/index.js";
import { reply, statusOf, world } from "./durable-world.js";

describe("a session that is kept", () => {
  test("is there after the server was killed, with its channels' state, and what was broadcast meanwhile", async () => {
    const { clock, serve, kill, connect, system, stop } = await world();
    await serve();
    const ann = connect("ann");
    const heard: unknown[] = [];
    const channel = ann.socket.channel("room:a");
    channel.on("said", (said) => heard.push(said));
    channel.join();
    await clock.advance(1_000);
    expect(await reply(clock, channel, "say", { n: 1 })).toMatchObject({ push: expect.stringMatching(/:2$/) });
    await kill();
    await serve();
    // Before its client is back.
    const count = system().whereis<Topics>("endpoint.topics")?.call.broadcast("room:a", "said", { payload: "news" });
    await clock.advance(60_000);
    expect(await count).toBe(1);
    expect(heard).toEqual([{ payload: "news" }]);
    expect(await reply(clock, channel, "said", {})).toEqual({ said: [{ n: 1 }], restored: true });
    expect(ann.lost).toEqual([]);
    await stop();
  });

  test("joins channels without state again, and tells its client of those that refuse or crash", async () => {
    const { clock, serve, kill, connect, stop } = await world();
    await serve();
    const { socket, lost } = connect("ann");
    const events: string[] = [];
    const channels = ["plain:a", "plain:once", "plain:crash"].map((topic) => {
      const channel = socket.channel(topic, { how: topic });
      channel.onClose(() => events.push(`${topic} closed`));
      channel.onError(() => events.push(`${topic} failed`));
      channel.join();
      return channel;
    });
    await clock.advance(1_000);
    await kill();
    await serve();
    await clock.advance(60_000);
    expect(events).toEqual(["plain:once closed", "plain:crash failed"]);
    const [plain] = channels;
    expect(plain === undefined ? undefined : await reply(clock, plain, "ask", {})).toEqual({ restored: true });
    expect(lost).toEqual([]);
    await stop();
  });

  test("is not acknowledged, answered or told of before it is safe", async () => {
    const { clock, serve, kill, connect, stop } = await world();
    const store = await serve();
    const { socket, lost } = connect("ann");
    const channel = socket.channel("room:a");
    channel.join();
    await clock.advance(1_000);
    store.hold();
    let answered = 0;
    for (const n of [1, 2, 3]) channel.push("say", { n }).receive("ok", () => answered++);
    await clock.advance(5_000);
    expect(answered).toBe(0);
    // Nothing of it was kept, so it is as if the server had not had it: the client sends it again.
    await kill(0);
    await serve();
    await clock.advance(60_000);
    expect(answered).toBe(3);
    expect(await reply(clock, channel, "said", {})).toMatchObject({ said: [{ n: 1 }, { n: 2 }, { n: 3 }] });
    expect(lost).toEqual([]);
    await stop();
  });

  test("ends when its time is over, also while no server runs, and its client is told so", async () => {
    const { clock, disk, network, serve, kill, connect, stop } = await world();
    await serve();
    const { socket, lost } = connect("ann");
    await clock.advance(1_000);
    network.unplug();
    socket.dropConnection();
    await clock.advance(40_000);
    await kill(1);
    await clock.advance(200_000);
    expect(disk.status().sessions).toBe(1);
    await serve();
    expect(disk.status().sessions).toBe(0);
    network.heal();
    await clock.advance(60_000);
    expect(lost).toEqual(["expired"]);
    await stop();
  });

  test("outlives its own actor's crash", async () => {
    const { clock, serve, connect, system, stop } = await world();
    await serve();
    const { socket, lost } = connect("ann");
    const channel = socket.channel("room:a");
    channel.join();
    await clock.advance(1_000);
    await reply(clock, channel, "say", { n: 1 });
    const asked = system().whereis<Clients>("endpoint.clients")?.call.sessionsOf("ann");
    await clock.advance(10);
    for (const { session } of (await asked) ?? []) system().exit(session, "kill");
    await clock.advance(60_000);
    expect(await reply(clock, channel, "said", {})).toEqual({ said: [{ n: 1 }], restored: true });
    expect(lost).toEqual([]);
    await stop();
  });

  test("is told that it is corrupt when it was damaged, and others come back", async () => {
    const { clock, disk, serve, kill, connect, stop, reports } = await world();
    await serve();
    const [ann, bob] = [connect("ann"), connect("bob")];
    const channels = [ann, bob].map(({ socket }) => {
      const channel = socket.channel("room:a");
      channel.join();
      return channel;
    });
    await clock.advance(1_000);
    for (const channel of channels) expect(await reply(clock, channel, "say", { n: 1 })).toBeDefined();
    await kill();
    for await (const summary of disk.sessions()) {
      if (summary.corrupt || summary.head.user !== "ann") continue;
      await disk.commit([{ type: "put_session", sid: summary.sid, head: summary.head, meta: new Uint8Array([1, 2]) }]);
    }
    await serve();
    await clock.advance(60_000);
    expect([ann.lost, bob.lost]).toEqual([["corrupt"], []]);
    const said = await Promise.all(channels.map((channel) => reply(clock, channel, "said", {})));
    expect(said).toEqual([
      { said: [], restored: false },
      { said: [{ n: 1 }], restored: true },
    ]);
    expect(reports().map(({ type }) => type)).toContain("session_corrupt");
    await stop();
  });

  test("that was corrupt is told so in later lives of the server too, for as long as it would have lived", async () => {
    const { clock, disk, network, serve, kill, connect, stop } = await world();
    await serve();
    const [ann, bob] = [connect("ann"), connect("bob")];
    await clock.advance(1_000);
    network.unplug();
    for (const { socket } of [ann, bob]) socket.dropConnection();
    await clock.advance(1_000);
    await kill();
    for await (const summary of disk.sessions()) {
      if (summary.corrupt) continue;
      await disk.commit([{ type: "put_session", sid: summary.sid, head: summary.head, meta: new Uint8Array([1]) }]);
    }
    await serve();
    await kill();
    expect(disk.status().sessions).toBe(0);
    await clock.advance(60_000);
    await serve();
    network.heal();
    await clock.advance(30_000);
    expect([ann.lost, bob.lost]).toEqual([["corrupt"], ["corrupt"]]);
    await kill();
    await clock.advance(60_000);
    await serve();
    const gone: string[] = [];
    for await (const { key } of disk.records("gone:")) gone.push(key);
    expect(gone).toEqual([]);
    await stop();
  });

  test("that the store refuses for good is told so after a restart too", async () => {
    const { clock, disk, network, serve, kill, connect, stop } = await world();
    await serve();
    const { socket, lost } = connect("ann");
    await clock.advance(3_000);
    for await (const { sid } of disk.sessions()) await disk.commit([{ type: "delete_session", sid }]);
    network.unplug();
    socket.dropConnection();
    await clock.advance(1_000);
    await kill();
    await serve();
    network.heal();
    await clock.advance(60_000);
    expect(lost).toEqual(["corrupt"]);
    await stop();
  });

  test("waits while the disk is full: nothing is answered, clients are told to come back, and go on where they were", async () => {
    const { clock, serve, connect, stop, reports, system } = await world();
    const store = await serve();
    const { socket, lost } = connect("ann");
    const channel = socket.channel("room:a");
    channel.join();
    await clock.advance(1_000);
    const closes: unknown[] = [];
    socket.onClose(({ code, reason }) => closes.push(`${code} ${reason}`));
    store.failNext();
    let answers = 0;
    channel.push("say", { n: 1 }).receive("ok", () => answers++);
    for (let second = 0; second < 10; second++) {
      await clock.advance(500);
      store.failNext();
      await clock.advance(500);
    }
    expect(answers).toBe(0);
    expect(closes[0]).toMatch(/^4207 .*store_failed/);
    expect(statusOf(system(), "endpoint.store")).toMatchObject({ state: "takes nothing", trouble: "disk_full" });
    const late = connect("bob");
    await clock.advance(600);
    expect(late.socket.isConnected()).toBe(false);
    await clock.advance(60_000);
    expect(answers).toBe(1);
    expect(late.socket.isConnected()).toBe(true);
    expect(await reply(clock, channel, "said", {})).toEqual({ said: [{ n: 1 }], restored: false });
    expect(lost).toEqual([]);
    expect(reports().map(({ type }) => type)).toEqual(expect.arrayContaining(["store_failed", "store_recovered"]));
    await stop();
  });

  test("goes on when nothing but the restorer has crashed, also while the disk is full", async () => {
    const { clock, serve, connect, stop, system } = await world();
    const store = await serve();
    const { socket, lost } = connect("ann");
    const channel = socket.channel("room:a");
    channel.join();
    await clock.advance(1_000);
    let answers = 0;
    store.failNext();
    channel.push("say", { n: 1 }).receive("ok", () => answers++);
    await clock.advance(100);
    expect(statusOf(system(), "endpoint.store")).toMatchObject({ trouble: "disk_full" });
    const restorer = system().whereis("endpoint.restorer");
    if (restorer !== undefined) system().exit(restorer, "kill");
    await clock.advance(60_000);
    expect(answers).toBe(1);
    expect(await reply(clock, channel, "said", {})).toEqual({ said: [{ n: 1 }], restored: false });
    expect(lost).toEqual([]);
    await stop();
  });

  test("is there once when the restorer crashes while it brings the sessions back", async () => {
    const { clock, serve, connect, stop, system } = await world();
    const store = await serve();
    const { socket, lost } = connect("ann");
    const channel = socket.channel("room:a");
    channel.join();
    await clock.advance(1_000);
    const held: (() => void)[] = [];
    const inner = store.readSession.bind(store);
    const reading = vi.spyOn(store, "readSession").mockImplementation(async (sid) => {
      await new Promise<void>((resolve) => held.push(resolve));
      return inner(sid);
    });
    const crash = async (part: string): Promise<void> => {
      const ref = system().whereis(`endpoint.${part}`);
      if (ref !== undefined) system().exit(ref, "kill");
      await clock.advance(10);
    };
    await crash("sessions");
    expect(held).toHaveLength(1);
    await crash("restorer");
    reading.mockRestore();
    for (const each of held) each();
    await clock.advance(60_000);
    const counting = system().whereis<DynamicSupervisor>("endpoint.sessions")?.call.countChildren();
    await clock.settle();
    expect(await counting).toMatchObject({ active: 1 });
    expect(await reply(clock, channel, "say", { n: 1 })).toMatchObject({ push: expect.anything() });
    expect(lost).toEqual([]);
    await stop();
  });

  test("is back at once when the restorer crashes right after it", async () => {
    const { clock, serve, connect, stop, system } = await world();
    await serve();
    const { socket, lost } = connect("ann");
    const channel = socket.channel("room:a");
    channel.join();
    await clock.advance(1_000);
    const asked = system().whereis<Clients>("endpoint.clients")?.call.sessionsOf("ann");
    await clock.settle();
    for (const { session } of (await asked) ?? []) system().exit(session, "kill");
    const restorer = system().whereis("endpoint.restorer");
    if (restorer !== undefined) system().exit(restorer, "kill");
    await clock.advance(2_000);
    expect(socket.isConnected()).toBe(true);
    expect(await reply(clock, channel, "say", { n: 1 })).toMatchObject({ push: expect.anything() });
    expect(lost).toEqual([]);
    await stop();
  });

  test("is in memory only when its assigns have no JSON form, and that is said once", async () => {
    const { clock, disk, serve, connect, stop, reports } = await world({ since: new Date(0) });
    await serve();
    const people = ["ann", "bob"].map(connect);
    await clock.advance(1_000);
    expect(people.every(({ socket }) => socket.isConnected())).toBe(true);
    expect(disk.status().sessions).toBe(0);
    expect(reports().filter(({ type }) => type === "session_not_kept")).toHaveLength(1);
    await stop();
  });

  test("leaves nothing in the store when it has ended", async () => {
    const { clock, disk, serve, connect, stop } = await world();
    await serve();
    const { socket } = connect("ann");
    const channel = socket.channel("room:a");
    channel.join();
    await clock.advance(1_000);
    await reply(clock, channel, "say", { n: 1 });
    expect(disk.status()).toMatchObject({ sessions: 1, logs: 1 });
    socket.disconnect();
    await clock.advance(1_000);
    expect(disk.status()).toMatchObject({ sessions: 0, logs: 0 });
    await stop();
  });
});
