import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Relays } from "../../../actors/relay/relays.js";
import { FakeSocket } from "../fake-socket.js";
import { Carrier, REQUEST } from "./pair.js";
import { Roaming, Room } from "./roaming.js";

let stage: Roaming;
beforeEach(async () => {
  stage = await Roaming.create();
});
afterEach(() => stage.stop());

const NOBODY = { out: 0, in: 0, pending: 0 };
const upTo = (n: number): number[] => Array.from({ length: n }, (_, at) => at);

describe("a client that comes to another node than that of its session", () => {
  it("finds its session, misses nothing and is told nothing twice", async () => {
    const { told, answered, say, channel, socket } = await stage.client();
    Room.tell(0, 10);
    say(0, 10);
    await stage.settle();
    stage.network("a").cut();
    stage.at = "b";
    Room.tell(10, 20);
    say(10, 20);
    await stage.settle(3_000);
    expect([stage.carried("a"), stage.carried("b")]).toEqual([
      { out: 0, in: 1, pending: 0 },
      { out: 1, in: 0, pending: 0 },
    ]);
    Room.tell(20, 30);
    say(20, 30);
    await stage.settle();
    expect([told, answered, Room.said]).toEqual([upTo(30), upTo(30), upTo(30)]);
    expect([channel.state, Room.living.size]).toEqual(["joined", 1]);
    expect(await stage.done(stage.clients("b").call.counts())).toMatchObject({ online: 0, detached: 0 });
    socket.disconnect();
    await stage.settle(2_000);
    expect([stage.carried("a"), stage.carried("b")]).toEqual([NOBODY, NOBODY]);
    expect(Room.living.size).toBe(0);
  });

  it("goes on and on between the nodes, a thousand messages each way in order", async () => {
    const { told, answered, say } = await stage.client();
    const nodes = ["b", "c", "a", "b", "a", "c", "b", "c", "a", "b"];
    for (const [round, node] of nodes.entries()) {
      say(round * 100, round * 100 + 50);
      Room.tell(round * 100, round * 100 + 50);
      if (round % 2 === 0) await stage.settle(5);
      const before = stage.at;
      const moving = stage.move(before, node);
      say(round * 100 + 50, round * 100 + 100);
      Room.tell(round * 100 + 50, round * 100 + 100);
      await moving;
    }
    // Who is cut off again and again waits longer and longer.
    await stage.settle(60_000);
    expect([told, answered, Room.said]).toEqual([upTo(1_000), upTo(1_000), upTo(1_000)]);
    expect([stage.carried("a"), stage.carried("b"), stage.carried("c")]).toEqual([
      { out: 0, in: 1, pending: 0 },
      { out: 1, in: 0, pending: 0 },
      NOBODY,
    ]);
  });

  it("is kept by the heartbeats of both nodes for hours", async () => {
    const { told, socket } = await stage.client();
    let closes = 0;
    await stage.move("a", "b");
    socket.onClose(() => closes++);
    await stage.settle(600_000);
    Room.tell(0, 3);
    await stage.settle();
    expect([told, closes]).toEqual([upTo(3), 0]);
  });

  it("is found dead when its network is silent, by the node that has its socket", async () => {
    await stage.client();
    await stage.move("a", "b");
    stage.network("b").blackHole();
    await stage.settle(120_000);
    expect([stage.carried("a"), stage.carried("b")]).toEqual([NOBODY, NOBODY]);
  });

  it("is not carried on by the node to which it was carried, and is told when to come back", async () => {
    const { cluster } = await stage.cluster.start("d");
    const { system } = stage.cluster.node("d");
    const { clock, random } = system;
    const relays = new Relays(cluster, { name: "endpoint", clock, random, report: (report) => system.report(report) });
    await stage.settle();
    // Its session is on node a, and node d believes that it is on node b.
    const sid = `${await stage.homeOf("a")}~x`;
    const resume = { sid, secret: "x", epoch: 1, rx: 0, txFirst: 1, txNext: 1 };
    const hello = [null, "1", "phoenix", "hello", { v: 1, intent: "resume", token: "ann", resume }];
    const socket = new FakeSocket();
    const connection = await stage.done(system.start(Carrier, { socket }));
    relays.carry(stage.cluster.node("b").cluster.self, {
      socket,
      request: REQUEST,
      connection,
      first: JSON.stringify(hello),
    });
    await stage.settle();
    expect(socket.closedWith?.code).toBe(4204);
    expect(JSON.parse(socket.closedWith?.reason ?? "")).toMatchObject({
      reason: "moved",
      retryAfterMs: expect.any(Number),
    });
    expect([stage.carried("a"), stage.carried("b")]).toEqual([NOBODY, NOBODY]);
    relays.close();
  });

  it("that is kicked hears it there", async () => {
    const { socket } = await stage.client();
    const codes: number[] = [];
    socket.onClose(({ code }) => codes.push(code));
    await stage.move("a", "b");
    expect(await stage.done(stage.clients("a").call.kick({ user: "ann" }))).toBe(1);
    await stage.settle(1_000);
    expect(codes.at(-1)).toBe(4002);
    expect([stage.carried("a"), stage.carried("b")]).toEqual([NOBODY, NOBODY]);
  });
});

describe("when a node goes", () => {
  it.each([true, false])("the client of one that was killed comes back to the other (known: %s)", async (known) => {
    const { told, channel } = await stage.client();
    await stage.move("a", "b");
    stage.network("a").killServer();
    await stage.cluster.kill("a", { known });
    await stage.settle(known ? 3_000 : 60_000);
    // Without a store its session is gone: it has another, and is in its rooms.
    expect(channel.state).toBe("joined");
    Room.tell(0, 3);
    await stage.settle();
    expect(told).toEqual(upTo(3));
    expect(stage.carried("b")).toEqual(NOBODY);
  });

  it("a partition in the middle loses nothing once it is over", async () => {
    const { told, answered, say } = await stage.client();
    await stage.move("a", "b");
    stage.cluster.network.partition(["a", "c"], ["b"]);
    say(0, 5);
    Room.tell(0, 5);
    await stage.settle(1_500);
    stage.cluster.network.heal();
    await stage.settle(20_000);
    say(5, 10);
    Room.tell(5, 10);
    await stage.settle(2_000);
    expect([told, answered, Room.said]).toEqual([upTo(10), upTo(10), upTo(10)]);
  });

  it("one that is stopped for a while loses nothing", async () => {
    const { told, answered, say } = await stage.client();
    await stage.move("a", "b");
    stage.cluster.network.pause("a");
    say(0, 5);
    await stage.settle(1_500);
    stage.cluster.network.resume("a");
    await stage.settle(20_000);
    Room.tell(0, 5);
    say(5, 10);
    await stage.settle(2_000);
    expect([told, answered, Room.said]).toEqual([upTo(5), upTo(10), upTo(10)]);
  });

  it("lost frames between the nodes lose nothing", async () => {
    const { told, answered, say } = await stage.client();
    await stage.move("a", "b");
    for (let round = 0; round < 5; round++) {
      stage.cluster.network.setFaults({ dropRate: 1 });
      say(round * 10, round * 10 + 5);
      Room.tell(round * 10, round * 10 + 5);
      await stage.settle(20);
      stage.cluster.network.setFaults({});
      say(round * 10 + 5, round * 10 + 10);
      Room.tell(round * 10 + 5, round * 10 + 10);
      await stage.settle(10_000);
    }
    expect([told, answered, Room.said]).toEqual([upTo(50), upTo(50), upTo(50)]);
  });

  it("the node of the socket stops: what the client said is handled, and it finds its session at the next", async () => {
    const { told, answered, say } = await stage.client();
    await stage.move("a", "b");
    say(0, 10);
    const { system } = stage.cluster.node("b");
    const endpoint = system.whereis("endpoint.listener");
    if (endpoint === undefined) throw new Error("no listener");
    stage.at = "c";
    const stopping = system.stopActor(endpoint);
    await stage.settle(5_000);
    await stopping;
    Room.tell(0, 5);
    await stage.settle(3_000);
    expect([told, answered, Room.said]).toEqual([upTo(5), upTo(10), upTo(10)]);
    expect([stage.carried("a"), stage.carried("c")]).toEqual([
      { out: 0, in: 1, pending: 0 },
      { out: 1, in: 0, pending: 0 },
    ]);
  });
});
