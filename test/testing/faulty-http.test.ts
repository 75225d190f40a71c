import { describe, expect, it } from "vitest";
import { Channel, Endpoint, ok, type Topics } from "../../actors/index.js";
import { eventStream } from "../../src/client/fallback.js";
import { Socket } from "../../src/client/index.js";
import {
  createFaultyNetwork,
  createTestSystem,
  type FaultyNetwork,
  type FaultyNetworkOptions,
  type LineEvent,
  type TestSystem,
} from "../../src/testing/index.js";
import { socketOf } from "../client/socket-of.js";

interface Scene extends TestSystem {
  readonly network: FaultyNetwork;
  readonly socket: Socket;
  readonly said: unknown[];
  readonly heard: unknown[];
  readonly answers: unknown[];
  readonly events: LineEvent[];
  say(n: number): void;
  publish(n: number): void;
}

/** A client that has joined a room of a real endpoint by an event stream and POSTs, over a network that breaks. */
async function scene(options: Partial<FaultyNetworkOptions> = {}): Promise<Scene> {
  const test = await createTestSystem();
  const { system, clock } = test;
  const events: LineEvent[] = [];
  const network = createFaultyNetwork({ clock, observe: (_line, event) => void events.push(event), ...options });
  const said: unknown[] = [];
  class Talk extends Channel {
    override handleIn(_event: string, payload: unknown) {
      said.push(payload);
      return ok();
    }
  }
  await system.start(Endpoint, { createServer: network.createServer, socket: { channels: { "room:*": Talk } } });
  const webSocket = socketOf((url) => eventStream(url, { fetch: network.fetch("tab"), clock }));
  const random = { next: () => 0.5 };
  const socket = new Socket(`${network.url}/socket`, { webSocket, clock, random, timeoutMs: 100_000 });
  const room = socket.channel("room:1");
  const heard: unknown[] = [];
  const answers: unknown[] = [];
  room.on("news", (payload) => heard.push(payload));
  room.join();
  socket.connect();
  await clock.advance(1_000);
  const topics = system.whereis<Topics>("endpoint.topics");
  return {
    ...test,
    network,
    socket,
    said,
    heard,
    answers,
    events,
    say: (n) => void room.push("say", { n }).receive("ok", () => answers.push(n)),
    publish: (n) => topics?.cast.broadcast("room:1", "news", { n }),
  };
}

async function end({ socket, clock, stop, network }: Scene): Promise<void> {
  socket.disconnect();
  await clock.advance(30_000);
  await stop();
  await clock.advance(10_000);
  expect([...network.lines(), ...network.exchanges()]).toEqual([]);
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => ({ n: index + 1 }));

describe("HTTP over a network that breaks", () => {
  it("carries an event stream and POSTs, on the virtual clock", async () => {
    const stage = await scene({ latencyMs: 50 });
    stage.say(1);
    stage.publish(1);
    await stage.clock.advance(49);
    expect([stage.said, stage.heard]).toEqual([[], []]);
    await stage.clock.advance(200);
    expect([stage.said, stage.heard, stage.answers]).toEqual([numbers(1), numbers(1), [1]]);
    expect(stage.network.exchanges("tab").map(({ request }) => request.method)).toEqual(["GET"]);
    await end(stage);
  });

  it("shows what passes: frames, whatever carries them", async () => {
    const stage = await scene();
    stage.say(1);
    await stage.clock.advance(100);
    const shown = stage.events.flatMap((event) =>
      "data" in event && String(event.data).includes('"room:1"') ? [`${event.type} ${event.from}`] : [],
    );
    expect(shown).toEqual(["arrived client", "sent server", "arrived client", "sent server"]);
    await end(stage);
  });

  it("breaks answers off in their middle: what was sent is sent again, and taken once", async () => {
    let posts = 0;
    const cutAnswer: FaultyNetworkOptions["cutAnswer"] = ({ request }) =>
      request.method === "POST" && ++posts % 2 === 0;
    const stage = await scene({ cutAnswer });
    for (const { n } of numbers(10)) {
      stage.say(n);
      await stage.clock.advance(2_000);
    }
    expect(posts).toBeGreaterThan(12);
    expect([stage.said, stage.answers]).toEqual([numbers(10), numbers(10).map(({ n }) => n)]);
    await end(stage);
  });

  it.each(["cut", "halfOpen", "blackHole", "stall", "unplug", "late"] as const)(
    "has the fault %s, after which all is there, once",
    async (fault) => {
      const stage = await scene({ latencyMs: 20 });
      const { network, clock } = stage;
      for (const { n } of numbers(3)) {
        stage.say(n);
        stage.publish(n);
        await clock.advance(10);
        if (fault === "late") {
          for (const each of network.exchanges()) each.cut({ inFlight: "late", lateMs: 3_000 });
        } else if (fault === "halfOpen") network.halfOpen("server");
        else if (fault === "cut") network.cut({ inFlight: "delivered" });
        else network[fault]();
        await clock.advance(1_000);
        network.heal();
        await clock.advance(60_000);
      }
      expect([stage.said, stage.heard, stage.answers]).toEqual([numbers(3), numbers(3), [1, 2, 3]]);
      await end(stage);
    },
  );
});
