import { describe, expect, it } from "vitest";
import { Channel, Connection, Endpoint, type EndpointOptions, ok, type Topics } from "../../actors/index.js";
import { type Channel as Room, Socket } from "../../src/client/index.js";
import {
  createFaultyNetwork,
  createTestSystem,
  type FaultyNetwork,
  type FaultyNetworkOptions,
  type LineEvent,
  type TestSystem,
} from "../../src/testing/index.js";

class Talk extends Channel {
  static said: unknown[] = [];

  override handleIn(_event: string, payload: unknown) {
    Talk.said.push(payload);
    return ok();
  }
}

interface Scene extends TestSystem {
  readonly network: FaultyNetwork;
  readonly socket: Socket;
  readonly room: Room;
  readonly heard: unknown[];
  readonly states: string[];
  readonly events: LineEvent[];
  publish(n: number): void;
}

/** A client that has joined a room of a real endpoint, over a network that breaks. */
async function scene(
  options: Partial<FaultyNetworkOptions> = {},
  endpoint: Partial<EndpointOptions> = {},
): Promise<Scene> {
  Talk.said = [];
  const test = await createTestSystem();
  const { system, clock } = test;
  const events: LineEvent[] = [];
  const observe = (_line: unknown, event: LineEvent): void => void events.push(event);
  const network = createFaultyNetwork({ clock, observe, ...options });
  await system.start(Endpoint, {
    createServer: network.createServer,
    socket: { channels: { "room:*": Talk } },
    ...endpoint,
  });
  const socket = new Socket(`${network.url}/socket`, {
    webSocket: network.WebSocket,
    clock,
    random: { next: () => 0.5 },
  });
  const states: string[] = [];
  socket.onState((state) => states.push(state.name));
  const room = socket.channel("room:1");
  const heard: unknown[] = [];
  room.on("news", (payload) => heard.push(payload));
  room.join();
  socket.connect();
  await clock.advance(12_000);
  // A network with faults by chance may need some more attempts.
  for (let more = 0; room.state !== "joined" && more < 60; more++) await clock.advance(2_000);
  expect(room.state).toBe("joined");
  const publish = (n: number): void =>
    system.whereis<Topics>("endpoint.topics")?.cast.broadcast("room:1", "news", { n });
  return { ...test, network, socket, room, heard, states, events, publish };
}

const numbers = (...all: number[]): unknown[] => all.map((n) => ({ n }));

describe("a faulty network", () => {
  it("carries messages both ways, in order, after their latency", async () => {
    const { clock, room, heard, publish, stop } = await scene({ latencyMs: 40 });
    for (const n of [1, 2, 3]) room.push("say", { n });
    for (const n of [1, 2, 3]) publish(n);
    await clock.advance(39);
    expect([Talk.said, heard]).toEqual([[], []]);
    await clock.advance(2);
    expect([Talk.said, heard]).toEqual([numbers(1, 2, 3), numbers(1, 2, 3)]);
    await stop();
  });

  it("loses what is on the way when it cuts, and the client gets it after it has come back", async () => {
    const { clock, network, socket, room, heard, states, publish, events, stop } = await scene({ latencyMs: 10 });
    publish(1);
    room.push("say", { n: 1 });
    await clock.settle();
    network.cut();
    publish(2);
    await clock.advance(2_000);
    expect(states).toEqual(["connecting", "open", "waiting", "resuming", "open"]);
    expect([Talk.said, heard]).toEqual([numbers(1), numbers(1, 2)]);
    expect(events.some(({ type }) => type === "lost")).toBe(true);
    expect(socket.isConnected()).toBe(true);
    await stop();
  });

  it("can deliver what is on the way first, so that a client sends again what has arrived", async () => {
    const { clock, network, room, stop } = await scene({ latencyMs: 10 });
    const outcome: string[] = [];
    room.push("say", { n: 1 }).receive("ok", () => outcome.push("ok"));
    network.cut({ inFlight: "delivered" });
    await clock.advance(2_000);
    expect([Talk.said, outcome]).toEqual([numbers(1), ["ok"]]);
    await stop();
  });

  it.each(["late", "overtaken"] as const)(
    "lets messages arrive on the old connection when the new one is up: %s",
    async (inFlight) => {
      const { clock, network, room, stop } = await scene({ latencyMs: 10 });
      room.push("say", { n: 1 });
      network.cut({ inFlight, lateMs: 5_000 });
      await clock.advance(8_000);
      expect(Talk.said).toEqual(numbers(1));
      await stop();
    },
  );

  it.each(["client", "server"] as const)("leaves a connection half-open with the %s alive", async (alive) => {
    const longLife = limits({ anonymousTtlMs: 600_000 });
    const { clock, network, socket, heard, publish, stop } = await scene({}, longLife);
    const [line] = network.lines();
    network.halfOpen(alive);
    await clock.advance(1);
    expect([line?.openAt("client"), line?.openAt("server")]).toEqual([alive === "client", alive === "server"]);
    publish(1);
    await clock.advance(60_000);
    // Whichever end it is: it hears that nothing comes any more, and what was lost is made up for.
    expect([socket.isConnected(), heard]).toEqual([true, numbers(1)]);
    await stop();
  });

  it("swallows everything in a black hole, also attempts to connect, until it is healed", async () => {
    const { clock, network, socket, heard, publish, room, stop } = await scene({}, limits({ anonymousTtlMs: 600_000 }));
    network.blackHole();
    publish(1);
    room.push("say", { n: 1 });
    await clock.advance(60_000);
    expect([socket.isConnected(), Talk.said]).toEqual([false, []]);
    network.heal();
    await clock.advance(60_000);
    expect([socket.isConnected(), Talk.said, heard]).toEqual([true, numbers(1), numbers(1)]);
    await stop();
  });

  it("holds messages back while it stalls, and loses none", async () => {
    const { clock, network, room, heard, states, publish, stop } = await scene();
    network.stall();
    publish(1);
    room.push("say", { n: 1 });
    await clock.advance(5_000);
    expect([Talk.said, heard]).toEqual([[], []]);
    network.heal();
    await clock.advance(5);
    expect([Talk.said, heard, states]).toEqual([numbers(1), numbers(1), ["connecting", "open"]]);
    await stop();
  });

  it("refuses connections while it is unplugged", async () => {
    const { clock, network, states, stop } = await scene();
    network.unplug();
    await clock.advance(10_000);
    expect(states.filter((state) => state === "resuming").length).toBeGreaterThan(3);
    expect(states.at(-1)).not.toBe("open");
    network.heal();
    await clock.advance(20_000);
    expect(states.at(-1)).toBe("open");
    await stop();
  });

  it("closes a connection with any code, as a proxy does", async () => {
    const { clock, network, socket, stop } = await scene();
    const closes: number[] = [];
    socket.onClose(({ code }) => closes.push(code));
    network.current()?.closeWith(1013, "try again later");
    await clock.advance(2_000);
    expect([closes, socket.isConnected()]).toEqual([[1013], true]);
    await stop();
  });

  it("shows the server what a slow reader has not taken, and asks for more when it has", async () => {
    const bytes = 1_000;
    class Feed extends Connection {
      override handleFrame(): void {
        for (let i = 0; i < 100; i++) this.sendFrame("x".repeat(bytes));
        seen.push(this.bufferedBytes);
      }
      protected override handleDrain(): void {
        seen.push(-1);
      }
    }
    const seen: number[] = [];
    const { clock, network, stop } = await scene({ socketBufferBytes: 10_000 }, { connections: { "/feed": Feed } });
    const feed = new network.WebSocket(`${network.url}/feed`);
    let got = 0;
    feed.onmessage = () => (got += 1);
    feed.onopen = () => {
      network.current()?.slow(10_000);
      feed.send("go");
    };
    await clock.advance(1_000);
    expect(seen[0]).toBe(100 * bytes);
    expect(got).toBeLessThan(15);
    await clock.advance(10_000);
    expect([got, seen.at(-1)]).toEqual([100, -1]);
    feed.close();
    await stop();
  });

  it("tells neither actor nor client more than a dead process would", async () => {
    const { clock, network, states, stop } = await scene();
    network.killServer();
    await clock.advance(1_000);
    expect(states.slice(0, 3)).toEqual(["connecting", "open", "waiting"]);
    await stop();
  });

  it("breaks by chance, the same way for the same seed, and still nothing is lost or comes twice", async () => {
    const runs = [];
    for (let time = 0; time < 2; time++) {
      const chances = { cut: 0.05, cutAfterDelivery: 0.05, cutLate: 0.05, halfOpen: 0.05, blackHole: 0.05, stall: 0.1 };
      const { clock, network, room, heard, publish, events, stop } = await scene(
        { chances, latencyMs: [1, 30] },
        limits({ anonymousTtlMs: 600_000, heartbeatMs: 5_000 }),
      );
      const all = Array.from({ length: 100 }, (_, index) => index + 1);
      for (const n of all) {
        publish(n);
        room.push("say", { n }, { timeoutMs: 1_000_000 });
        await clock.advance(200);
      }
      network.calm();
      await clock.advance(120_000);
      expect([Talk.said, heard]).toEqual([numbers(...all), numbers(...all)]);
      runs.push(events.filter(({ type }) => type === "fault"));
      await stop();
    }
    expect(runs[0]?.length).toBeGreaterThan(5);
    expect(runs[1]).toEqual(runs[0]);
  });
});

function limits(changes: NonNullable<NonNullable<EndpointOptions["socket"]>["limits"]>): Partial<EndpointOptions> {
  return { socket: { channels: { "room:*": Talk }, limits: changes } };
}
