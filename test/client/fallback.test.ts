import { describe, expect, it, vi } from "vitest";
import { withFallback } from "../../src/client/fallback.js";
import type { WebSocketClass } from "../../src/client/index.js";
import { FakeWebSocket } from "./fake-web-socket.js";
import { Stage } from "./stage.js";

/** A socket with a fallback whose connections are in memory as well. */
function twoWays(first?: WebSocketClass): { stage: Stage; ways: string[] } {
  const ways: string[] = [];
  class Wired extends FakeWebSocket {
    constructor(url: string) {
      super(url);
      stage.wires.push(this);
    }
  }
  const stage: Stage = new Stage({
    webSocket: withFallback({
      webSocket: first ?? Wired,
      fallback: (url) => {
        ways.push(url);
        return new Wired(url);
      },
      clock: {
        now: () => stage.clock.now(),
        setTimer: (delayMs, fire) => stage.clock.setTimer(delayMs, fire),
        clearTimer: (timer) => stage.clock.clearTimer(timer),
      },
    }),
  });
  return { stage, ways };
}

describe("a socket with a fallback", () => {
  it("uses it when the WebSocket does not open within 3 s, and keeps its session over the switch", () => {
    const { stage, ways } = twoWays();
    stage.start();
    const room = stage.join();
    stage.wire.closeFromServer();
    const push = room.push("say", "meanwhile");
    stage.waitOut();
    const blocked = stage.wire;
    stage.clock.advance(2_999);
    expect(ways).toEqual([]);
    stage.clock.advance(1);
    expect(ways).toEqual(["ws://server/socket/websocket?vsn=2.0.0"]);
    blocked.open();
    blocked.closeFromServer();
    expect([blocked.closedWith !== undefined, blocked.sent]).toEqual([true, []]);
    expect([ways.length, stage.socket.state.name]).toEqual([1, "resuming"]);
    stage.open();
    expect(stage.hello).toMatchObject({ intent: "resume", resume: { sid: "s1" } });
    stage.welcome({ rx: 1, topics: { "room:1": "ok" } });
    expect(stage.wire.of("say")).toMatchObject([{ seq: 2, payload: "meanwhile" }]);
    expect([room.state, push.settled, stage.errors]).toEqual(["joined", false, []]);
  });

  it("stays with it while it works, and tries the WebSocket again when it does not", () => {
    const { stage, ways } = twoWays();
    stage.socket.connect();
    stage.clock.advance(3_000);
    stage.open();
    stage.welcome();
    stage.reconnect();
    stage.welcome();
    expect([ways.length, stage.wires.length]).toEqual([2, 3]);
    stage.wire.closeFromServer();
    stage.waitOut();
    stage.wire.closeFromServer();
    stage.waitOut();
    expect([ways.length, stage.wires.length]).toEqual([3, 5]);
  });

  it("takes the other way in the next attempt when the WebSocket is refused at once, not without a pause", () => {
    const { stage, ways } = twoWays();
    stage.socket.connect();
    stage.wire.closeFromServer();
    expect([ways.length, stage.socket.state.name]).toEqual([0, "waiting"]);
    stage.waitOut();
    expect(ways).toHaveLength(1);
  });

  it("takes no other way when the server itself has refused", () => {
    const { stage, ways } = twoWays();
    stage.socket.connect();
    stage.open();
    stage.wire.closeFromServer(4205);
    stage.waitOut();
    expect([ways.length, stage.wires.length]).toEqual([0, 2]);
  });

  it("waits for a WebSocket that is open and slow to answer", () => {
    const { stage, ways } = twoWays();
    stage.socket.connect();
    stage.clock.advance(2_000);
    stage.open();
    stage.clock.advance(7_999);
    expect([ways.length, stage.socket.state.name]).toEqual([0, "connecting"]);
    stage.welcome();
    expect(stage.socket.state.name).toBe("open");
  });

  it("takes the other way after a WebSocket that opened and brought nothing", () => {
    const { stage, ways } = twoWays();
    stage.socket.connect();
    stage.open();
    const silent = stage.wire;
    stage.clock.advance(10_000);
    expect(stage.socket.state).toMatchObject({ name: "waiting", close: { code: 4203 } });
    // What it says when it is gone changes nothing more.
    silent.closeFromServer();
    stage.waitOut();
    expect(ways).toHaveLength(1);
  });

  it("keeps to its way when the app drops the connection", () => {
    const { stage, ways } = twoWays();
    stage.socket.connect();
    stage.socket.dropConnection();
    stage.waitOut();
    expect([ways.length, stage.wires.length]).toEqual([0, 2]);
  });

  it("takes the other way after a WebSocket that cannot even be made", () => {
    class Forbidden extends FakeWebSocket {
      constructor(url: string) {
        super(url);
        throw new TypeError("not here");
      }
    }
    const { stage, ways } = twoWays(Forbidden);
    stage.socket.connect();
    expect([stage.errors, ways]).toEqual([["connection"], []]);
    stage.waitOut();
    expect(ways).toHaveLength(1);
  });

  it("carries bytes both ways, and closes with what it is told", () => {
    const { stage } = twoWays();
    stage.start();
    const room = stage.join();
    const got: unknown[] = [];
    room.on("pixels", (payload) => got.push(payload));
    stage.wire.deliverBytes({ kind: "broadcast", topic: "room:1", event: "pixels", payload: Uint8Array.of(7), seq: 2 });
    room.push("draw", Uint8Array.of(8));
    expect([got, stage.wire.of("draw")[0]?.payload]).toEqual([[Uint8Array.of(7)], Uint8Array.of(8)]);
    stage.socket.disconnect(undefined, 3_000, "enough");
    expect(stage.wire.closedWith).toEqual({ code: 3_000, reason: "enough" });
  });

  it("has one way only where there is no WebSocket", () => {
    vi.stubGlobal("WebSocket", undefined);
    const Either = withFallback({ fallback: (url) => new FakeWebSocket(url) });
    expect(new Either("ws://server/socket").readyState).toBe(0);
    vi.unstubAllGlobals();
  });
});
