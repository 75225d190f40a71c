import { describe, expect, it } from "vitest";
import { Socket, SocketError } from "../../src/client/index.js";
import type { SocketState } from "../../src/client/index.js";
import { encodeCloseReason } from "../../src/protocol/close-codes.js";
import { FakeWebSocket } from "./fake-web-socket.js";
import { Stage, turns } from "./stage.js";

describe("a first connection", () => {
  it("says hello before anything else and is open when the server has answered", () => {
    const stage = new Stage({ token: "secret", params: { name: "Ada" }, ttlMs: 5_000.7 });
    const opened: unknown[] = [];
    stage.socket.onOpen((event) => opened.push(event));
    stage.socket.channel("room:1").join();
    stage.socket.connect();
    expect(stage.wire.sent).toEqual([]);
    stage.open();
    expect(stage.wire.sent.map((frame) => frame.event)).toEqual(["hello"]);
    expect(stage.wire.sent[0]).toMatchObject({ joinRef: null, topic: "phoenix", seq: undefined });
    expect(stage.hello).toEqual({ v: 1, intent: "new", token: "secret", params: { name: "Ada" }, ttlMs: 5_000.7 });
    expect([stage.socket.isConnected(), stage.socket.sessionId]).toEqual([false, undefined]);
    stage.welcome();
    expect(stage.wire.sent.map((frame) => frame.event)).toEqual(["hello", "ack", "phx_join"]);
    expect(opened).toMatchObject([{ sessionId: "s1", resumed: false }]);
    expect([stage.socket.isConnected(), stage.socket.sessionId]).toEqual([true, "s1"]);
    expect(stage.states).toEqual(["connecting", "open"]);
  });

  it("carries no secret in its URL", () => {
    const stage = new Stage({ token: "secret", params: { pin: "1234" } });
    stage.start();
    expect(stage.wire.url).toBe("ws://server/socket/websocket?vsn=2.0.0");
  });

  it("asks token and params anew each time, and waits for a token that takes time", async () => {
    const tokens: string[] = [];
    const give: ((token: string) => void)[] = [];
    let asked = 0;
    const stage = new Stage({
      token: () => new Promise((resolve) => give.push(resolve)),
      params: () => ({ asked: (asked += 1) }),
    });
    stage.socket.connect();
    expect(stage.wires).toHaveLength(0);
    give[0]?.("t1");
    await turns();
    stage.open();
    tokens.push(String(stage.hello.token));
    stage.welcome();
    stage.wire.closeFromServer();
    stage.clock.advance(500);
    give[1]?.("t2");
    await turns();
    stage.open();
    expect([tokens[0], stage.hello.token, stage.hello.params]).toEqual(["t1", "t2", { asked: 2 }]);
  });

  it("reports a token or params function that fails, and tries again", async () => {
    const stage = new Stage({ token: () => Promise.reject(new Error("no token today")) });
    stage.socket.connect();
    await turns();
    expect([stage.errors, stage.socket.state.name]).toEqual([["option_failed"], "waiting"]);

    const other = new Stage({
      params: () => {
        throw new Error("no params");
      },
    });
    other.socket.connect();
    other.open();
    expect([other.errors, other.socket.state.name]).toEqual([["option_failed"], "waiting"]);
  });

  it("is given up when hello is not answered within 10 s", () => {
    const stage = new Stage();
    stage.socket.connect();
    stage.open();
    stage.clock.advance(9_999);
    expect(stage.socket.state.name).toBe("connecting");
    stage.clock.advance(1);
    expect(stage.socket.state).toMatchObject({ name: "waiting", close: { code: 4203 } });
    expect(stage.wire.closedWith?.code).toBe(4203);
  });

  it("ignores what comes before the answer", () => {
    const stage = new Stage();
    stage.socket.connect();
    stage.open();
    stage.wire.deliver({ topic: "room:1", event: "said", seq: 9 });
    stage.wire.deliver({ topic: "phoenix", event: "ping" });
    expect(stage.socket.state.name).toBe("connecting");
    stage.welcome();
    expect([stage.socket.state.name, stage.errors]).toEqual(["open", []]);
  });

  it("reports a refusal, and waits as long as it says", () => {
    const stage = new Stage();
    stage.socket.connect();
    stage.open();
    stage.reply(stage.wire.of("hello")[0], {
      status: "error",
      response: { reason: "overloaded", retryAfterMs: 7_000 },
      numbered: false,
    });
    expect(stage.errors).toEqual(["refused"]);
    stage.wire.closeFromServer(4205, encodeCloseReason({ reason: "overloaded" }));
    expect(stage.socket.state).toMatchObject({ name: "waiting", delayMs: 7_000 });
  });

  it("gives up a server whose answer is malformed, and says what was wrong", () => {
    const stage = new Stage();
    const texts: string[] = [];
    stage.socket.onError((error) => texts.push(error.message));
    stage.socket.connect();
    stage.open();
    stage.welcome({ heartbeatMs: 0 });
    expect(texts).toEqual([expect.stringMatching(/^protocol: .*phx_reply/)]);
    expect(stage.socket.state.name).toBe("waiting");
  });

  it("takes no session for resumed that it did not ask for", () => {
    const stage = new Stage();
    stage.start({ resumed: true });
    expect([stage.errors, stage.socket.state.name]).toEqual([["protocol"], "waiting"]);
  });
});

describe("a lost connection", () => {
  it("is made again after a random delay from the first attempt on, up to 20 s", () => {
    const stage = new Stage();
    stage.start();
    const delays: number[] = [];
    stage.socket.onState((state) => state.name === "waiting" && delays.push(state.delayMs));
    stage.dice = 0.9;
    for (let i = 0; i < 8; i += 1) {
      stage.wire.closeFromServer();
      stage.waitOut();
    }
    expect(delays).toEqual([450, 900, 1_800, 3_600, 7_200, 14_400, 18_000, 18_000]);
  });

  it("starts from the shortest delay again only after 10 s of a stable connection", () => {
    const stage = new Stage();
    const delays: number[] = [];
    stage.socket.onState((state) => state.name === "waiting" && delays.push(state.delayMs));
    stage.start();
    for (const openMs of [0, 9_999, 10_000]) {
      stage.clock.advance(openMs);
      stage.reconnect();
      stage.welcome();
    }
    expect(delays).toEqual([250, 500, 250]);
  });

  it("tells the app the code, the reason and when it tries again", () => {
    const stage = new Stage();
    const closes: unknown[] = [];
    stage.socket.onClose((close) => closes.push(close));
    stage.start();
    stage.clock.advance(100);
    stage.wire.closeFromServer(4201, encodeCloseReason({ reason: "drain", retryAfterMs: 3_000 }));
    const close = { code: 4201, reason: "drain", retryAfterMs: 3_000 };
    expect(closes).toEqual([close]);
    expect(stage.socket.state).toEqual({ name: "waiting", attempt: 1, untilMs: 3_100, delayMs: 3_000, close });
  });

  it("is not made again before retryAfterMs, whatever wakes it, and then is", () => {
    const stage = new Stage();
    stage.start();
    stage.wire.closeFromServer(4206, encodeCloseReason({ reason: "rate", retryAfterMs: 3_000 }));
    stage.wake();
    stage.clock.advance(2_999);
    stage.wake();
    expect(stage.wires).toHaveLength(1);
    stage.clock.advance(1);
    expect(stage.wires).toHaveLength(2);
  });

  it("is not made again before the time that a drain announced", () => {
    const stage = new Stage();
    stage.start();
    stage.wire.deliver({ topic: "phoenix", event: "drain", payload: { retryAfterMs: 4_000 } });
    stage.wire.closeFromServer(1006);
    expect(stage.socket.state).toMatchObject({ name: "waiting", delayMs: 4_000 });
  });

  it("is made again at once when the tab wakes, but only once until it was stable", () => {
    const stage = new Stage();
    stage.start();
    stage.wire.closeFromServer();
    stage.wake();
    expect(stage.wires).toHaveLength(2);
    stage.wire.closeFromServer();
    stage.wake();
    expect(stage.wires).toHaveLength(2);
    stage.waitOut();
    stage.open();
    stage.welcome();
    stage.clock.advance(10_000);
    stage.wire.closeFromServer();
    stage.wake();
    expect(stage.wires).toHaveLength(4);
  });

  it("is made again at once when the app calls connect", () => {
    const stage = new Stage();
    stage.start();
    stage.wire.closeFromServer();
    stage.socket.connect();
    stage.socket.connect();
    expect(stage.wires).toHaveLength(2);
  });

  it("is given up when the budget of attempts is spent, and the session can still be resumed by hand", () => {
    const stage = new Stage({ backoff: { maxAttempts: 2 } });
    stage.start();
    const room = stage.join();
    for (let i = 0; i < 2; i += 1) {
      stage.wire.closeFromServer();
      stage.waitOut();
    }
    stage.wire.closeFromServer();
    expect(stage.wires).toHaveLength(3);
    expect(stage.socket.state).toMatchObject({ name: "closed", why: "attempts", close: { code: 1006 } });
    expect(stage.clock.timers).toBe(0);
    room.push("say", 1);
    stage.socket.connect();
    stage.open();
    expect(stage.hello).toMatchObject({ intent: "resume", resume: { sid: "s1" } });
    stage.welcome({ rx: 1, topics: { "room:1": "ok" } });
    expect(stage.wire.of("say")).toMatchObject([{ seq: 2, payload: 1 }]);
  });

  it("leaves no connection behind that is still heard", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const heard: unknown[] = [];
    room.on("said", (payload) => heard.push(payload));
    const old = stage.wire;
    stage.socket.dropConnection();
    stage.waitOut();
    stage.open();
    stage.welcome({ rx: 1, topics: { "room:1": "ok" } });
    old.deliver({ topic: "room:1", event: "said", payload: "from the old wire", seq: 2 });
    old.closeFromServer(4001);
    expect([heard, stage.socket.state.name]).toEqual([[], "open"]);
  });
});

describe("a close code", () => {
  it.each([1000, 4001, 4002, 4003, 4005, 4006, 4007, 4009])("%i is final", (code) => {
    const stage = new Stage();
    stage.start();
    stage.wire.closeFromServer(code, encodeCloseReason({ reason: "enough" }));
    expect(stage.socket.state).toEqual({ name: "closed", why: "final", close: { code, reason: "enough" } });
    stage.wake();
    stage.clock.advance(1_000_000);
    expect([stage.wires.length, stage.clock.timers, stage.socket.sessionId]).toEqual([1, 0, undefined]);
  });

  it.each([4101, 4102, 4103])("%i leads to a new session, and the app is told", (code) => {
    const stage = new Stage();
    const lost: unknown[] = [];
    stage.socket.onSessionLost((event) => lost.push(event));
    stage.start();
    stage.wire.closeFromServer(code, encodeCloseReason({ reason: "expired" }));
    expect(lost).toEqual([{ sessionId: "s1", reason: "expired" }]);
    stage.waitOut();
    stage.open();
    expect(stage.hello.intent).toBe("new");
    stage.welcome({ sid: "s2" });
    expect([stage.socket.sessionId, lost.length]).toEqual(["s2", 1]);
  });

  it.each([1001, 1006, 1011, 1012, 4201, 4202, 4203, 4204, 4205, 4206, 4207])("%i leads to a resume", (code) => {
    const stage = new Stage();
    stage.start();
    stage.wire.closeFromServer(code);
    stage.waitOut();
    stage.open();
    expect([stage.hello.intent, stage.socket.state.name]).toEqual(["resume", "resuming"]);
  });

  it("1009 leads to a new session: what was too large would close the next connection as well", () => {
    const stage = new Stage();
    const lost: unknown[] = [];
    stage.socket.onSessionLost((event) => lost.push(event));
    stage.start();
    const room = stage.join();
    const failures: unknown[] = [];
    room.push("say").receive("error", (response) => failures.push(response));
    stage.wire.closeFromServer(1009);
    expect(lost).toEqual([{ sessionId: "s1", reason: "too_large" }]);
    expect(failures).toEqual([{ reason: "session_lost", outcome: "unknown" }]);
  });
});

describe("silence", () => {
  it("of heartbeat and grace closes the connection, and any frame breaks it", () => {
    const stage = new Stage();
    stage.start({ heartbeatMs: 25_000 });
    stage.clock.advance(34_999);
    stage.wire.deliver({ topic: "phoenix", event: "ping" });
    stage.clock.advance(34_999);
    expect(stage.socket.state.name).toBe("open");
    stage.clock.advance(1);
    expect(stage.socket.state).toMatchObject({ name: "waiting", close: { code: 4203 } });
    expect(stage.wire.closedWith?.code).toBe(4203);
  });
});

describe("disconnect", () => {
  it("ends the session, calls back when the WebSocket has closed, and leaves no timer", () => {
    const stage = new Stage();
    stage.start();
    const calls: string[] = [];
    stage.join();
    stage.socket.disconnect(() => calls.push("closed"));
    expect(stage.wire.sent.slice(-2).map((frame) => frame.event)).toEqual(["ack", "bye"]);
    expect(stage.wire.closedWith).toMatchObject({ code: 1000 });
    expect([stage.socket.state, stage.socket.sessionId]).toEqual([{ name: "closed", why: "disconnected" }, undefined]);
    expect(calls).toEqual([]);
    stage.wire.closeFromServer(1000);
    expect([calls, stage.clock.timers]).toEqual([["closed"], 0]);
  });

  it("stops a client that waits, and calls back at once", () => {
    const stage = new Stage();
    stage.start();
    stage.wire.closeFromServer();
    const calls: string[] = [];
    stage.socket.disconnect(() => calls.push("closed"));
    stage.clock.advance(100_000);
    expect([calls, stage.wires.length, stage.socket.state.name]).toEqual([["closed"], 1, "closed"]);
  });

  it("can be called while the app hears of a new state", () => {
    const stage = new Stage();
    stage.socket.onState((state) => state.name === "waiting" && stage.socket.disconnect());
    stage.start();
    stage.wire.closeFromServer(4101);
    expect([stage.socket.state, stage.clock.timers]).toEqual([{ name: "closed", why: "disconnected" }, 0]);

    const other = new Stage();
    other.socket.onState((state) => state.name === "connecting" && other.socket.disconnect());
    other.socket.connect();
    expect([other.wires.length, other.clock.timers]).toEqual([0, 0]);
  });

  it("is followed by a new session when the app connects again, with its channels joined anew", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    stage.socket.disconnect();
    expect(room.state).toBe("errored");
    stage.socket.connect();
    stage.open();
    expect(stage.hello.intent).toBe("new");
    stage.welcome({ sid: "s2" });
    expect(stage.wire.of("phx_join")).toMatchObject([{ topic: "room:1", seq: 1 }]);
  });

  it("takes the close codes that a WebSocket takes", () => {
    const stage = new Stage();
    stage.start();
    expect(() => stage.socket.disconnect(undefined, 1001)).toThrow("bad_option: code 1001");
    stage.socket.disconnect(undefined, 4999, "done");
    expect(stage.wire.closedWith).toEqual({ code: 4999, reason: "done" });
  });
});

describe("a socket's options", () => {
  it("are refused with their name and what came", () => {
    const make = (options: object): Socket => new Socket("ws://server", options);
    expect(() => make({ timeoutMs: "x" })).toThrow("bad_option: timeoutMs x");
    expect(() => make({ backoff: { capMs: -1 } })).toThrow("bad_option: capMs -1");
    expect(() => make({ outbox: { bytes: Number.NaN } })).toThrow("bad_option: bytes NaN");
    expect(() => make({ reconnectAfterMs: 5 })).toThrow("bad_option: reconnectAfterMs 5");
    expect(() => new Socket("nowhere", { webSocket: FakeWebSocket })).toThrow(SocketError);
  });

  it("must name a WebSocket class where the platform has none", () => {
    const platform = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
    Reflect.deleteProperty(globalThis, "WebSocket");
    try {
      expect(() => new Socket("ws://server/socket")).toThrow("no_web_socket: webSocket");
    } finally {
      if (platform !== undefined) Object.defineProperty(globalThis, "WebSocket", platform);
    }
  });

  it("may bring a WebSocket class that refuses, which is reported and tried again", () => {
    class Refusing extends FakeWebSocket {
      constructor(url: string) {
        super(url);
        throw new Error("mixed content");
      }
    }
    const stage = new Stage({ webSocket: Refusing });
    stage.socket.connect();
    expect([stage.errors, stage.socket.state.name]).toEqual([["connection"], "waiting"]);
  });
});

describe("a socket's listeners", () => {
  it("are removed by their numbers", () => {
    const stage = new Stage();
    const heard: string[] = [];
    const note = (name: string) => () => void heard.push(name);
    const { socket } = stage;
    const refs = [socket.onOpen(note("open")), socket.onClose(note("close")), socket.onState(note("state"))];
    socket.onMessage(note("message"));
    stage.start();
    stage.wire.deliver({ topic: "phoenix", event: "ping" });
    expect(heard).toEqual(["state", "state", "open", "message"]);
    socket.off(refs);
    stage.wire.closeFromServer();
    expect(heard).toHaveLength(4);
    expect(new Set(refs).size).toBe(3);
  });

  it("that throw are reported and keep nothing from working", () => {
    const stage = new Stage();
    const states: SocketState["name"][] = [];
    stage.socket.onState(() => {
      throw new Error("listener broke");
    });
    stage.socket.onState((state) => states.push(state.name));
    stage.start();
    expect(states).toEqual(["connecting", "open"]);
    expect(stage.faults).toMatchObject([{ message: "listener broke" }, { message: "listener broke" }]);
  });
});
