import { Channel, Connection, type Topics } from "holdfast/actors";
import { describe, expect, it } from "vitest";
import { Secrets } from "../../actors/session/secrets.js";
import { createFakeEndpoint } from "../actors/fake-endpoint.js";
import { FakeSocket } from "../actors/fake-socket.js";
import { roomClass } from "../integration/rooms.js";
import { WireClient } from "../integration/wire-client.js";
import { createTestSystem } from "../../src/testing/index.js";
import { attacked, expectToServe, isReplyTo } from "./stage.js";

class Slow extends Channel {
  override handleIn(): Promise<never> {
    return new Promise(() => undefined);
  }
}

describe("what one client can cost the server", () => {
  it("a client that asks for heartbeats and does not read the answers is closed with 4202", async () => {
    const end = await createFakeEndpoint({ channels: {} });
    const { socket } = await end.connect();
    socket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "new" }]);
    await end.clock.settle();
    socket.bufferedBytes = 2 * 1024 * 1024;
    socket.take();
    for (let i = 0; i < 1_000; i++) socket.arrive([null, "2", "phoenix", "heartbeat", {}]);
    await end.clock.settle();
    expect(socket.take().length).toBeLessThan(10);
    expect(socket.closedWith).toMatchObject({ code: 4202 });
    await end.stop();
  });

  it("a connection whose authentication never ends is given up, and ends when its client goes", async () => {
    const end = await createFakeEndpoint({ channels: {}, authenticate: () => new Promise(() => undefined) });
    const { socket, connection } = await end.connect();
    socket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "new" }]);
    await end.clock.settle();
    socket.lose();
    await end.clock.advance(60_000);
    expect(end.system.isAlive(connection)).toBe(false);
    await end.stop();
  });

  it("a client is not read while it is authenticated", async () => {
    const end = await createFakeEndpoint({ channels: {}, authenticate: () => new Promise(() => undefined) });
    const { socket, connection } = await end.connect();
    socket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "new" }]);
    await end.clock.settle();
    expect(socket.paused).toBe(true);
    end.system.exit(connection, "kill");
    await end.stop();
  });

  it("any secret that was replaced is theft, not only the last one", () => {
    const secrets = new Secrets();
    const all = [secrets.rotate("none")];
    for (let attach = 0; attach < 4; attach++) {
      all.push(secrets.rotate("current"));
      secrets.confirm();
    }
    expect(all.slice(0, -1).map((secret) => secrets.check(secret))).toEqual([
      "retired",
      "retired",
      "retired",
      "retired",
    ]);
  });

  it("a raw connection whose handler is slow is not read above its high-water mark", async () => {
    class Raw extends Connection {
      protected override handleFrame(): Promise<never> {
        return new Promise(() => undefined);
      }
    }
    const { system, clock, stop } = await createTestSystem();
    const socket = new FakeSocket();
    const request = {
      path: "/raw",
      params: {},
      authToken: undefined,
      origin: undefined,
      remoteAddress: "",
      headers: {},
    };
    const connection = await system.start(Raw, { socket, request });
    for (let i = 0; i < 5_000 && !socket.paused; i++) socket.arrive("x");
    await clock.settle();
    expect(socket.paused).toBe(true);
    system.exit(connection, "kill");
    await stop();
  });

  it("a stock client whose channel is slow is not read above the high-water mark", async () => {
    const end = await createFakeEndpoint({ channels: { slow: Slow } });
    const { socket, connection } = await end.connect();
    socket.arrive(["1", "1", "slow", "phx_join", {}]);
    await end.clock.settle();
    for (let i = 0; i < 5_000 && !socket.paused; i++) {
      socket.arrive(["1", "2", "slow", "work", {}]);
      if (i % 100 === 0) await end.clock.settle();
    }
    expect(socket.paused).toBe(true);
    end.system.exit(connection, "kill");
    await end.stop();
  });

  it("a payload too deep to be written again does not end the endpoint when it is broadcast", async () => {
    class Relay extends Channel {
      override handleIn(event: string, payload: object): void {
        this.system.whereis<Topics>("endpoint.topics")?.cast.broadcast(this.topic, event, { payload });
      }
    }
    const { url, reports, system } = await attacked({ socket: { channels: { relay: Relay, "room:*": roomClass() } } });
    const topics = system.whereis<Topics>("endpoint.topics");
    const { client } = await WireClient.open(url);
    client.send(1, "relay", "phx_join");
    client.text(`["1","2","relay","news",${"[".repeat(30_000)}${"]".repeat(30_000)},2]`);
    const ref = client.send(3, "room:2", "phx_join", {}, "other");
    await Promise.race([client.closed, client.next(isReplyTo(ref))]);
    expect(reports.map(({ text }) => text)).toEqual([]);
    expect(topics !== undefined && system.isAlive(topics)).toBe(true);
    await expectToServe(url);
  });
});
