import { Endpoint, type EndpointOptions } from "holdfast/actors";
import { type Channel, Socket, type SocketClose, type SocketOptions } from "holdfast/client";
import { createFaultyNetwork, createTestSystem, type FaultyNetwork, type VirtualClock } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import { Diary, roomClass } from "./rooms.js";

interface Scene {
  readonly clock: VirtualClock;
  readonly network: FaultyNetwork;
  readonly socket: Socket;
  readonly room: Channel;
  readonly diary: Diary;
  readonly closes: SocketClose[];
  readonly errors: string[];
  stop(): Promise<void>;
}

/** A client that has joined a room of a real endpoint, over a network that breaks; all on one clock. */
async function scene(
  socketOptions: SocketOptions = {},
  endpoint: (clock: VirtualClock) => Partial<NonNullable<EndpointOptions["socket"]>> = () => ({}),
): Promise<Scene> {
  const { system, clock, stop } = await createTestSystem();
  const diary = new Diary();
  const network = createFaultyNetwork({ clock, latencyMs: 10 });
  /** One that its client gives up while the network holds it back: the close never comes through. */
  class Abandoned extends network.WebSocket {
    override close(code?: number, reason?: string): void {
      if (code !== 4203) super.close(code, reason);
    }
  }
  const channels = { "room:*": roomClass(diary) };
  await system.start(Endpoint, { createServer: network.createServer, socket: { channels, ...endpoint(clock) } });
  const socket = new Socket(`${network.url}/socket`, {
    webSocket: Abandoned,
    clock,
    random: { next: () => 0.5 },
    ...socketOptions,
  });
  const closes: SocketClose[] = [];
  const errors: string[] = [];
  socket.onClose((close) => closes.push(close));
  socket.onError((error) => errors.push(error.message));
  const room = socket.channel("room:1");
  room.join();
  socket.connect();
  await clock.advance(1_000);
  expect(room.state).toBe("joined");
  return { clock, network, socket, room, diary, closes, errors, stop };
}

describe("a resume that was given up and arrives after the next one", () => {
  it.each([
    ["when the client is not yet known to have its new secret", 5],
    ["when it is", 1_000],
  ])("is turned away, and the living client stays: %s", async (_when, afterMs) => {
    const { clock, network, socket, room, diary, closes, stop } = await scene({ helloTimeoutMs: 2_000 });
    network.cut();
    await clock.advance(200);
    expect(socket.state.name).toBe("waiting");
    await clock.advance(75);
    const [held] = network.lines();
    // The hello is under way, and held back for longer than the client waits and for less than the server does.
    held?.stall();
    await clock.advance(2_100);
    while (!socket.isConnected()) await clock.advance(1);
    await clock.advance(afterMs);
    held?.flow();
    await clock.advance(5_000);
    expect(socket.state).toMatchObject({ name: "open", resumed: true });
    expect(closes.map(({ code }) => code)).toEqual([1006, 4203]);
    const reply = room.push("echo", 1).reply;
    await clock.advance(100);
    expect(await reply).toEqual({ payload: 1 });
    expect(diary.lines).toEqual(["join room:1", "echo 1"]);
    await stop();
  });
});

describe("a token", () => {
  it("that is not renewed ends the connection with 4103, and the next one begins with another", async () => {
    let asked = 0;
    const tokens = ["short", "refused", "long"];
    const expiresInMs = (token: string | undefined): number => (token === "short" ? 60_000 : 3_600_000);
    const { clock, room, socket, errors, closes, stop } = await scene({ token: () => tokens[asked++] }, (time) => ({
      authenticate: ({ token }) =>
        token === "refused" ? undefined : { user: "ada", expiresAtMs: time.wallTime() + expiresInMs(token) },
    }));
    await clock.advance(120_000);
    expect(closes).toMatchObject([{ code: 4103 }]);
    expect(errors).toEqual(["refused: forbidden"]);
    expect([asked, socket.state.name, room.state]).toEqual([3, "open", "joined"]);
    await stop();
  });
});
