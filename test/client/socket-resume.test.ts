import { describe, expect, it } from "vitest";
import { Stage } from "./stage.js";

const held = { topics: { "room:1": "ok" } } as const;

describe("a resume", () => {
  it("says who the client is and how far it has come", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    stage.send("room:1", "said");
    room.push("say", 1);
    room.push("say", 2);
    stage.wire.deliver({ topic: "phoenix", event: "ack", payload: { ack: 2 } });
    stage.reconnect();
    expect(stage.hello).toEqual({
      v: 1,
      ttlMs: null,
      intent: "resume",
      resume: { sid: "s1", secret: "k1", epoch: 1, rx: 2, txFirst: 3, txNext: 4, attempt: 1 },
    });
  });

  it("needs no earlier message in either direction", () => {
    const stage = new Stage();
    stage.start();
    stage.reconnect();
    expect(stage.hello.resume).toEqual({ sid: "s1", secret: "k1", epoch: 1, rx: 0, txFirst: 1, txNext: 1, attempt: 1 });
    stage.welcome();
    expect(stage.socket.state).toEqual({ name: "open", sessionId: "s1", resumed: true });
    stage.reconnect();
    stage.welcome();
    expect(stage.errors).toEqual([]);
  });

  it("sends again what the server has not taken, once, in order, under the same numbers, and then what is new", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    for (const word of ["a", "b", "c"]) room.push("say", word);
    stage.wire.closeFromServer();
    room.push("say", "d");
    stage.waitOut();
    stage.open();
    stage.welcome({ rx: 2, ...held });
    expect(stage.wire.of("say").map((frame) => [frame.seq, frame.payload])).toEqual([
      [3, "b"],
      [4, "c"],
      [5, "d"],
    ]);
    expect(room.state).toBe("joined");
    expect(stage.wire.of("phx_join")).toEqual([]);
  });

  it("hands out what was missed once and in order, and drops what is sent twice", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const heard: unknown[] = [];
    room.on("said", (payload) => heard.push(payload));
    stage.send("room:1", "said", "a");
    const lostFrom = stage.loseOne();
    stage.loseOne();
    stage.reconnect();
    stage.welcome({ rx: 1, ...held });
    const { wire } = stage;
    wire.deliver({ topic: "room:1", event: "said", payload: "a", seq: lostFrom - 1 });
    wire.deliver({ topic: "room:1", event: "said", payload: "b", seq: lostFrom });
    wire.deliver({ topic: "room:1", event: "said", payload: "b", seq: lostFrom });
    wire.deliver({ topic: "room:1", event: "said", payload: "c", seq: lostFrom + 1 });
    expect(heard).toEqual(["a", "b", "c"]);
  });

  it("brings a reply that was lost, and the push is not sent again", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const replies: unknown[] = [];
    const push = room.push("say", "a").receive("ok", (response) => replies.push(response));
    const written = stage.wire.of("say")[0];
    stage.reconnect();
    stage.welcome({ rx: 2, ...held });
    expect(stage.wire.of("say")).toEqual([]);
    stage.reply(written, { response: { n: 1 } });
    expect([replies, push.settled]).toEqual([[{ n: 1 }], true]);
  });

  it("uses the newest secret that arrived: after a lost answer that is the one before", () => {
    const stage = new Stage();
    stage.start();
    stage.reconnect();
    const lostAnswer = { secret: "k2", epoch: 2 };
    stage.reconnect();
    expect(stage.hello.resume).toMatchObject({ secret: "k1", epoch: 1 });
    stage.welcome({ secret: "k3", epoch: lostAnswer.epoch + 1 });
    stage.reconnect();
    expect(stage.hello.resume).toMatchObject({ secret: "k3", epoch: 3 });
  });

  it("is acknowledged at once, so that the secret before can be worth nothing", () => {
    const stage = new Stage();
    stage.start();
    stage.send("room:1", "said");
    stage.reconnect();
    stage.welcome();
    expect(stage.wire.sent[1]).toMatchObject({ topic: "phoenix", event: "ack", payload: { ack: 1 } });
  });

  it("in which the server says to have taken what was never sent is given up", () => {
    const stage = new Stage();
    stage.start();
    stage.reconnect();
    stage.welcome({ rx: 1 });
    expect([stage.errors, stage.socket.state.name]).toEqual([["protocol"], "waiting"]);
  });

  it("keeps the windows: no more is in flight than the server allows", () => {
    const stage = new Stage();
    const limits = { payloadBytes: 1_000, windowMessages: 3, windowBytes: 10_000 };
    stage.start({ limits });
    const room = stage.join();
    for (const word of ["a", "b", "c", "d"]) room.push("say", word);
    expect(stage.wire.of("say").map((frame) => frame.payload)).toEqual(["a", "b"]);
    stage.wire.deliver({ topic: "phoenix", event: "ack", payload: { ack: 1 } });
    expect(stage.wire.of("say").map((frame) => frame.payload)).toEqual(["a", "b", "c"]);
    stage.send("room:1", "said");
    stage.wire.deliver({ topic: "room:1", event: "said", seq: 3, ack: 4 });
    expect(stage.wire.of("say").map((frame) => frame.payload)).toEqual(["a", "b", "c", "d"]);
  });
});

describe("topics at a resume", () => {
  it("that the server does not have are joined again, and what waits there is sent after the join", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const errors: unknown[] = [];
    room.onError((reason) => errors.push(reason));
    stage.wire.closeFromServer();
    room.push("say", "later");
    stage.waitOut();
    stage.open();
    stage.welcome({ rx: 1 });
    expect(errors).toEqual([{ reason: "not_joined" }]);
    expect([stage.wire.of("phx_join").length, stage.wire.of("say").length]).toEqual([1, 0]);
    const join = stage.wire.of("phx_join")[0];
    stage.reply(join);
    expect(stage.wire.of("say")).toMatchObject([{ payload: "later", joinRef: join?.ref }]);
  });

  it("are not joined again when the replay tells that the server closed them", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const { joinRef } = room;
    const closed: unknown[] = [];
    room.onClose((reason) => closed.push(reason));
    const seq = stage.loseOne();
    stage.reconnect();
    stage.welcome({ rx: 1, tx: seq });
    expect(stage.wire.of("phx_join")).toEqual([]);
    stage.wire.deliver({
      joinRef,
      ref: joinRef,
      topic: "room:1",
      event: "phx_close",
      payload: { reason: "kicked" },
      seq,
    });
    expect([room.state, closed]).toEqual(["closed", [{ reason: "kicked" }]]);
    stage.clock.advance(30_000);
    expect(stage.wire.of("phx_join")).toEqual([]);
  });

  it("with a gap are announced to the app and stay joined", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const gaps: unknown[] = [];
    stage.socket.onGap((gap) => gaps.push(gap));
    stage.reconnect();
    stage.welcome({ rx: 1, topics: { "room:1": "gap" } });
    expect([gaps, room.state]).toEqual([[{ topic: "room:1", reason: "lost" }], "joined"]);
  });

  it("may be called like a member of every object", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join("constructor");
    stage.reconnect();
    stage.welcome({ rx: 1 });
    expect([room.state, stage.wire.of("phx_join").length]).toEqual(["joining", 1]);
  });
});

describe("a session that was lost", () => {
  it("is told to the app once, with the reason, and its channels are joined in the new one", () => {
    const stage = new Stage();
    stage.start();
    const joins: unknown[] = [];
    const room = stage.socket.channel("room:1", () => ({ seen: joins.length }));
    room.join().receive("ok", () => joins.push(1));
    stage.reply(stage.wire.of("phx_join")[0]);
    stage.send("room:1", "said");
    const lost: unknown[] = [];
    const errors: unknown[] = [];
    stage.socket.onSessionLost((event) => lost.push(event));
    room.onError((reason) => errors.push(reason));
    stage.reconnect();
    stage.welcome({ sid: "s2", resumed: false, reason: "expired" });
    expect(lost).toEqual([{ sessionId: "s1", reason: "expired" }]);
    expect(errors).toEqual([{ reason: "session_lost" }]);
    expect(stage.socket.state).toEqual({ name: "open", sessionId: "s2", resumed: false });
    expect(stage.wire.of("phx_join")).toMatchObject([{ seq: 1, payload: { seen: 1 } }]);
    stage.reply(stage.wire.of("phx_join")[0]);
    expect([joins.length, room.state]).toEqual([2, "joined"]);
  });

  it("fails pushes that may have been handled, sends the idempotent ones again, and those that were never written", async () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const pay = room.push("pay", 1);
    const set = room.push("set", 2, { idempotent: true });
    stage.wire.closeFromServer();
    const late = room.push("late", 3);
    stage.waitOut();
    stage.open();
    stage.welcome({ sid: "s2", resumed: false, reason: "unknown" });
    await expect(pay.reply).rejects.toMatchObject({ code: "session_lost", outcome: "unknown" });
    expect(stage.errors).toEqual(["session_lost"]);
    expect(stage.wire.sent.map((frame) => frame.event)).toEqual(["hello", "ack", "phx_join"]);
    stage.reply(stage.wire.of("phx_join")[0]);
    expect(stage.wire.sent.slice(3).map((frame) => [frame.event, frame.seq])).toEqual([
      ["set", 2],
      ["late", 3],
    ]);
    stage.reply(stage.wire.of("set")[0], { response: "set" });
    stage.reply(stage.wire.of("late")[0], { response: "late" });
    await expect(Promise.all([set.reply, late.reply])).resolves.toEqual(["set", "late"]);
  });

  it("fails a push whose reply was lost although the server had taken it", async () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const pay = room.push("pay", 1);
    stage.wire.deliver({ topic: "phoenix", event: "ack", payload: { ack: 2 } });
    stage.reconnect();
    stage.welcome({ sid: "s2", resumed: false, reason: "expired" });
    await expect(pay.reply).rejects.toMatchObject({ code: "session_lost", outcome: "unknown" });
  });

  it("starts the server's numbers anew", () => {
    const stage = new Stage();
    stage.start();
    stage.send("room:1", "said");
    stage.send("room:1", "said");
    stage.reconnect();
    stage.welcome({ sid: "s2", resumed: false, reason: "gap" });
    const room = stage.join();
    const heard: unknown[] = [];
    room.on("said", (payload) => heard.push(payload));
    stage.send("room:1", "said", "first of the new");
    expect(heard).toEqual(["first of the new"]);
  });

  it("ends a leave that was under way", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const closed: unknown[] = [];
    room.onClose((reason) => closed.push(reason));
    stage.wire.closeFromServer();
    room.leave();
    stage.waitOut();
    stage.open();
    stage.welcome({ sid: "s2", resumed: false, reason: "expired" });
    expect([room.state, closed]).toEqual(["closed", [{ reason: "left" }]]);
    expect(stage.wire.sent.map((frame) => frame.event)).toEqual(["hello", "ack"]);
  });
});

describe("an acknowledgement", () => {
  const acks = (stage: Stage): unknown[] =>
    stage.wire
      .of("ack")
      .slice(1)
      .map((frame) => frame.payload);

  it("goes out alone after 32 messages", () => {
    const stage = new Stage();
    stage.start();
    for (let i = 0; i < 33; i += 1) stage.send("room:1", "said");
    expect(acks(stage)).toEqual([{ ack: 32 }]);
  });

  it("goes out alone after 64 KiB", () => {
    const stage = new Stage();
    stage.start();
    stage.send("room:1", "said", "x".repeat(40_000));
    expect(acks(stage)).toEqual([]);
    stage.send("room:1", "said", "x".repeat(40_000));
    expect(acks(stage)).toEqual([{ ack: 2 }]);
  });

  it("goes out alone 1 s after the first message that it is for", () => {
    const stage = new Stage();
    stage.start();
    stage.send("room:1", "said");
    stage.clock.advance(900);
    stage.send("room:1", "said");
    stage.clock.advance(99);
    expect(acks(stage)).toEqual([]);
    stage.clock.advance(1);
    expect(acks(stage)).toEqual([{ ack: 2 }]);
    stage.clock.advance(20_000);
    expect(acks(stage)).toHaveLength(1);
  });

  it("answers a ping at once", () => {
    const stage = new Stage();
    stage.start();
    stage.wire.deliver({ topic: "phoenix", event: "ping" });
    expect(acks(stage)).toEqual([{ ack: 0 }]);
  });

  it("rides on the next push, and is then not sent alone", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    stage.send("room:1", "said");
    room.push("say");
    room.push("say");
    expect(stage.wire.of("say").map((frame) => frame.ack)).toEqual([2, 2]);
    stage.clock.advance(2_000);
    expect(acks(stage)).toEqual([]);
  });

  it("is given again when the server sends something twice", () => {
    const stage = new Stage();
    stage.start();
    stage.send("room:1", "said");
    stage.clock.advance(1_000);
    stage.wire.deliver({ topic: "room:1", event: "said", seq: 1 });
    stage.clock.advance(1_000);
    expect(acks(stage)).toEqual([{ ack: 1 }, { ack: 1 }]);
  });

  it("means handled: a listener that pushes does not acknowledge the message that it is still handling", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    room.on("said", () => room.push("echo"));
    stage.send("room:1", "said");
    expect(stage.wire.of("echo")[0]?.ack).toBe(1);
  });
});

describe("a server that breaks the protocol", () => {
  it("by leaving out a number is left, and what is missing is asked for", () => {
    const stage = new Stage();
    stage.start();
    stage.send("room:1", "said");
    stage.loseOne();
    stage.send("room:1", "said");
    expect([stage.errors, stage.socket.state.name]).toEqual([["protocol"], "waiting"]);
    stage.waitOut();
    stage.open();
    expect(stage.hello.resume).toMatchObject({ rx: 1 });
  });

  it("twice at one place is asked for a new session, so that it ends", () => {
    const stage = new Stage();
    const lost: unknown[] = [];
    stage.socket.onSessionLost((event) => lost.push(event));
    stage.start();
    stage.wire.deliverRaw("{");
    stage.waitOut();
    stage.open();
    stage.welcome();
    expect(lost).toEqual([]);
    stage.wire.deliverRaw("{");
    expect(lost).toEqual([{ sessionId: "s1", reason: "corrupt" }]);
    stage.waitOut();
    stage.open();
    expect(stage.hello.intent).toBe("new");
  });

  it.each([
    ["a malformed frame", (stage: Stage) => stage.wire.deliverRaw('["1"]')],
    ["a binary frame that ends too soon", (stage: Stage) => stage.wire.deliverRaw(new ArrayBuffer(3))],
    [
      "an ack of what was never sent",
      (stage: Stage) => stage.wire.deliver({ topic: "phoenix", event: "ack", payload: { ack: 7 } }),
    ],
    ["an ack without a number", (stage: Stage) => stage.wire.deliver({ topic: "phoenix", event: "ack" })],
    ["a seventh element too high", (stage: Stage) => stage.wire.deliver({ topic: "t", event: "e", seq: 1, ack: 7 })],
  ])("with %s is left, and the session resumed", (_name, breach) => {
    const stage = new Stage();
    stage.start();
    breach(stage);
    expect([stage.errors, stage.socket.state.name]).toEqual([["protocol"], "waiting"]);
    stage.waitOut();
    stage.open();
    expect(stage.hello.intent).toBe("resume");
  });
});
