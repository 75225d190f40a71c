import { describe, expect, it } from "vitest";
import { encodeCloseReason } from "../../src/protocol/close-codes.js";
import { Stage, turns } from "./stage.js";

describe("a gap", () => {
  it("is told to its channel and to the socket, in its place among the messages, and acknowledged", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const heard: unknown[] = [];
    const gaps: unknown[] = [];
    room.on("said", (payload) => heard.push(payload));
    room.onGap((gap) => heard.push(gap));
    stage.socket.onGap((gap) => gaps.push(gap));
    const gap = { epoch: "e1", from: 5, to: 9, reason: "overflow" };
    stage.send("room:1", "said", "before");
    const seq = stage.send("room:1", "phx_gap", gap, room.joinRef);
    stage.send("room:1", "said", "after");
    expect([heard, gaps]).toEqual([["before", gap, "after"], [{ topic: "room:1", ...gap }]]);
    stage.clock.advance(1_000);
    expect(stage.wire.of("ack").at(-1)?.payload).toEqual({ ack: seq + 1 });
  });

  it("of an earlier join is not told", () => {
    const stage = new Stage();
    stage.start();
    const gaps: unknown[] = [];
    stage.join().onGap((gap) => gaps.push(gap));
    stage.socket.onGap((gap) => gaps.push(gap));
    stage.send("room:1", "phx_gap", { reason: "lost" }, "0");
    expect(gaps).toEqual([]);
  });

  it("that a resume brings is told after the channel is open again", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const seen: unknown[] = [];
    room.onGap(({ reason }) => {
      seen.push(reason);
      room.push("fetch");
    });
    stage.reconnect();
    stage.welcome({ rx: 1, topics: { "room:1": "gap" } });
    expect([seen, stage.wire.of("fetch").length]).toEqual([["lost"], 1]);
  });
});

describe("a token that expires", () => {
  it("is renewed on the open connection, once however often the server says so", async () => {
    const give: ((token: string) => void)[] = [];
    let asked = 0;
    const stage = new Stage({
      token: () => {
        asked += 1;
        return asked === 1 ? "t1" : new Promise((resolve) => give.push(resolve));
      },
    });
    stage.socket.connect();
    await turns();
    stage.open();
    stage.welcome();
    stage.wire.deliver({ topic: "phoenix", event: "token_expiring", payload: { inMs: 30_000 } });
    stage.wire.deliver({ topic: "phoenix", event: "token_expiring", payload: { inMs: 20_000 } });
    give[0]?.("t2");
    await turns();
    expect(stage.wire.of("token")).toMatchObject([{ topic: "phoenix", payload: { token: "t2" }, seq: undefined }]);
    expect(asked).toBe(2);
    stage.reply(stage.wire.of("token")[0], { numbered: false });
    stage.wire.deliver({ topic: "phoenix", event: "token_expiring", payload: { inMs: 30_000 } });
    expect(asked).toBe(3);
    expect([stage.errors, stage.socket.state.name]).toEqual([[], "open"]);
  });

  it("that is refused is told, and the connection stays until the server closes it; then a new one is got first", async () => {
    let asked = 0;
    const stage = new Stage({ token: () => `t${(asked += 1)}` });
    stage.socket.connect();
    await turns();
    stage.open();
    stage.welcome();
    stage.wire.deliver({ topic: "phoenix", event: "token_expiring", payload: { inMs: 30_000 } });
    await turns();
    const token = stage.wire.of("token")[0];
    stage.reply(token, { status: "error", response: { reason: "forbidden" }, numbered: false });
    expect([stage.errors, stage.socket.state.name]).toEqual([["refused"], "open"]);
    stage.wire.closeFromServer(4103, encodeCloseReason({ reason: "auth_expired" }));
    stage.waitOut();
    await turns();
    stage.open();
    expect([stage.hello.token, stage.hello.intent]).toEqual(["t3", "new"]);
  });

  it("whose renewal fails is told, and the connection stays", async () => {
    let asked = 0;
    const stage = new Stage({
      token: () => {
        asked += 1;
        if (asked > 1) throw new Error("no token today");
        return "t1";
      },
    });
    stage.socket.connect();
    await turns();
    stage.open();
    stage.welcome();
    stage.wire.deliver({ topic: "phoenix", event: "token_expiring", payload: { inMs: 30_000 } });
    await turns();
    expect([stage.errors, stage.socket.state.name]).toEqual([["option_failed"], "open"]);
  });

  it("that never comes holds up one attempt, not the next", async () => {
    let asked = 0;
    const stage = new Stage({
      token: () => {
        asked += 1;
        return asked === 1 ? new Promise<string>(() => undefined) : "t2";
      },
    });
    stage.socket.connect();
    stage.clock.advance(10_000);
    stage.waitOut();
    await turns();
    stage.open();
    expect(stage.hello.token).toBe("t2");
  });

  it("that is no function is not renewed", () => {
    const stage = new Stage({ token: "t1" });
    stage.start();
    stage.wire.deliver({ topic: "phoenix", event: "token_expiring", payload: { inMs: 30_000 } });
    expect(stage.wire.of("token")).toEqual([]);
  });
});

describe("a close code with a time to wait", () => {
  it.each([4103, 4201, 4202, 4204, 4205, 4206])("%i is not followed by an attempt before that time", (code) => {
    const stage = new Stage();
    stage.start();
    stage.wire.closeFromServer(code, encodeCloseReason({ reason: "later", retryAfterMs: 9_000 }));
    expect(stage.socket.state).toMatchObject({ name: "waiting", delayMs: 9_000 });
    stage.clock.advance(8_999);
    stage.wake();
    expect(stage.wires).toHaveLength(1);
    stage.clock.advance(1);
    expect(stage.wires).toHaveLength(2);
  });

  it.each([4002, 4009])("%i is final, and the app sees when it may ask again", (code) => {
    const stage = new Stage();
    stage.start();
    stage.wire.closeFromServer(code, encodeCloseReason({ reason: "limit", retryAfterMs: 9_000 }));
    expect(stage.socket.state).toMatchObject({ name: "closed", why: "final", close: { code, retryAfterMs: 9_000 } });
    stage.clock.advance(1_000_000);
    expect(stage.wires).toHaveLength(1);
  });

  it.each([4102, 4103])("%i is followed by a new session", (code) => {
    const stage = new Stage();
    const lost: unknown[] = [];
    stage.socket.onSessionLost((event) => lost.push(event));
    stage.start();
    stage.wire.closeFromServer(code, "");
    expect(lost).toEqual([{ sessionId: "s1", reason: "expired" }]);
    stage.waitOut();
    stage.open();
    expect(stage.hello.intent).toBe("new");
  });
});
