import { describe, expect, it, onTestFinished } from "vitest";
import { withFallback } from "../../src/client/fallback.js";
import { Socket, type SocketState, type WebSocketLike } from "../../src/client/index.js";
import { Cable } from "../integration/cable.js";
import { Diary, roomClass } from "../integration/rooms.js";
import { serve } from "../integration/served.js";

/** A WebSocket in a network that swallows them: it never opens, and says nothing. */
class SwallowedWebSocket implements WebSocketLike {
  binaryType = "blob";
  readonly readyState = 0;
  onopen = null;
  onmessage = null;
  onclose = null;
  onerror = null;
  send(): void {}
  close(): void {}
}

describe("with a server, where WebSockets are blocked", () => {
  it("a client joins, pushes, loses its stream, and resumes its session by the next one", async () => {
    const diary = new Diary();
    const { port } = await serve({ socket: { channels: { "room:*": roomClass(diary) } } });
    const cable = await Cable.to(port);
    const socket = new Socket(cable.url, {
      webSocket: withFallback({ webSocket: SwallowedWebSocket, afterMs: 10 }),
      backoff: { baseMs: 5, capMs: 20 },
    });
    onTestFinished(() => socket.disconnect());
    socket.connect();
    const room = socket.channel("room:1");
    await room.join().reply;
    const told = new Promise((resolve) => {
      room.on("told", resolve);
    });
    await expect(room.push("echo", "first").reply).resolves.toEqual({ payload: "first" });
    const resumed = new Promise<SocketState>((resolve) => {
      socket.onState((state) => {
        if (state.name === "open") resolve(state);
      });
    });
    cable.pull();
    room.push("tell me", "meanwhile");
    expect(await resumed).toMatchObject({ resumed: true });
    expect(await told).toEqual({ payload: "meanwhile" });
    expect(diary.lines).toEqual(["join room:1", 'echo "first"', 'tell me "meanwhile"']);
    await new Promise<void>((resolve) => {
      socket.disconnect(resolve);
    });
    expect(await diary.wrote("end room:1")).toContain("bye");
  });
});
