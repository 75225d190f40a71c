import { describe, expect, it } from "vitest";
import { PushError, SocketError } from "../../src/client/index.js";
import { Stage } from "./stage.js";

describe("a push", () => {
  it("has a number, its channel's join_ref and its own ref, and ends with the reply", async () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const answers: unknown[] = [];
    const push = room
      .push("say", { text: "hi" })
      .receive("ok", (response) => answers.push(response))
      .receive("error", () => answers.push("error"));
    const frame = stage.wire.of("say")[0];
    expect(frame).toMatchObject({ topic: "room:1", joinRef: room.joinRef, payload: { text: "hi" }, seq: 2 });
    stage.reply(frame, { response: { id: 7 } });
    stage.reply(frame, { response: { id: 8 } });
    push.receive("ok", (response) => answers.push(response));
    expect(answers).toEqual([{ id: 7 }, { id: 7 }]);
    await expect(push.reply).resolves.toEqual({ id: 7 });
  });

  it("that the server answers with another status rejects with that answer", async () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const answers: unknown[] = [];
    const push = room.push("say").receive("busy", (response) => answers.push(response));
    const { reply } = push;
    stage.reply(stage.wire.of("say")[0], { status: "busy", response: { reason: "later" } });
    await expect(reply).rejects.toThrow("say on room:1: refused, refused");
    await expect(reply).rejects.toMatchObject({ code: "refused", outcome: "refused", response: { reason: "later" } });
    expect(answers).toEqual([{ reason: "later" }]);
  });

  it("that fails and that nobody looks at is no unhandled rejection", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    room.push("say");
    expect(() => stage.clock.advance(10_000)).not.toThrow();
  });

  it("has no payload but {} by default, and takes what it is given as it is at that moment", () => {
    const stage = new Stage();
    const room = stage.socket.channel("room:1");
    room.join();
    const payload = { text: "first" };
    room.push("say", payload);
    room.push("nothing");
    payload.text = "changed";
    stage.start();
    stage.reply(stage.wire.of("phx_join")[0]);
    expect(stage.wire.sent.slice(3).map((frame) => frame.payload)).toEqual([{ text: "first" }, {}]);
  });

  it("times out when no reply comes while connected", async () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const timeouts: unknown[] = [];
    const push = room.push("say", {}, { timeoutMs: 500 }).receive("timeout", (response) => timeouts.push(response));
    stage.clock.advance(499);
    expect(timeouts).toEqual([]);
    stage.clock.advance(1);
    expect(timeouts).toEqual([{ reason: "timeout", outcome: "unknown" }]);
    stage.reply(stage.wire.of("say")[0]);
    await expect(push.reply).rejects.toThrow("say on room:1: timeout, unknown");
  });

  it("that timed out before it was written is withdrawn", async () => {
    const stage = new Stage();
    stage.start();
    const room = stage.socket.channel("room:1");
    room.join();
    const push = room.push("say", {}, { timeoutMs: 500 });
    stage.clock.advance(500);
    await expect(push.reply).rejects.toMatchObject({ code: "timeout", outcome: "not_sent" });
    stage.reply(stage.wire.of("phx_join")[0]);
    expect(stage.wire.of("say")).toEqual([]);
  });

  it("made offline is kept however long that lasts, and sent once, in order", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    stage.clock.advance(1_000);
    const answers: unknown[] = [];
    stage.wire.closeFromServer();
    for (const word of ["a", "b"]) {
      room.push("say", word).receive("ok", (response) => answers.push(response));
    }
    for (let i = 0; i < 10; i += 1) {
      stage.waitOut();
      stage.clock.advance(9_000);
      stage.wire.closeFromServer();
    }
    stage.waitOut();
    stage.open();
    stage.welcome({ rx: 1, topics: { "room:1": "ok" } });
    const says = stage.wire.of("say");
    expect(says.map((frame) => [frame.seq, frame.payload])).toEqual([
      [2, "a"],
      [3, "b"],
    ]);
    for (const frame of says) stage.reply(frame, { response: frame.payload });
    stage.reconnect();
    stage.welcome({ rx: 3, topics: { "room:1": "ok" } });
    expect([answers, stage.wire.of("say")]).toEqual([["a", "b"], []]);
  });

  it("has its whole time again after a resume", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const push = room.push("say");
    stage.clock.advance(9_000);
    stage.reconnect();
    stage.welcome({ rx: 1, topics: { "room:1": "ok" } });
    stage.clock.advance(9_999);
    expect(push.settled).toBe(false);
    stage.clock.advance(1);
    expect(push.settled).toBe(true);
  });

  it("fails with what is known of it when the socket is disconnected or closed for good", async () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const written = room.push("say");
    stage.wire.closeFromServer();
    const waiting = room.push("say");
    stage.socket.disconnect();
    await expect(written.reply).rejects.toMatchObject({ code: "disconnected", outcome: "unknown" });
    await expect(waiting.reply).rejects.toMatchObject({ code: "disconnected", outcome: "not_sent" });

    const other = new Stage();
    other.start();
    const push = other.join().push("say");
    other.wire.closeFromServer(4002);
    await expect(push.reply).rejects.toMatchObject({ code: "disconnected", outcome: "unknown" });
  });

  it("is refused where it is made when it is misuse", () => {
    const stage = new Stage();
    const room = stage.socket.channel("room:1");
    expect(() => room.push("say")).toThrow("bad_push: say on room:1");
    room.join();
    expect(() => room.push("phx_leave")).toThrow("bad_push: phx_leave on room:1");
    expect(() => room.push("say", () => 1)).toThrow(SocketError);
    expect(() => room.push("say", 1n)).toThrow(SocketError);
  });
});

describe("the bound of the outbox", () => {
  it("in messages rejects the next push at once, tells the app, and keeps the others", async () => {
    const stage = new Stage({ outbox: { messages: 2 } });
    const room = stage.socket.channel("room:1");
    const kept = [stage.socket.channel("room:2").join(), room.join()];
    const outcomes: unknown[] = [];
    const push = room.push("say", 1).receive("error", (response) => outcomes.push(response));
    expect(outcomes).toEqual([{ reason: "outbox_full", outcome: "not_sent" }]);
    expect(stage.errors).toEqual(["outbox_full"]);
    await expect(push.reply).rejects.toThrow(PushError);
    expect(kept.map((join) => join.settled)).toEqual([false, false]);
  });

  it("is 1,000 messages or 1 MiB by default, and never keeps a join from being sent", () => {
    const stage = new Stage();
    const room = stage.socket.channel("room:1");
    room.join();
    const pushes = Array.from({ length: 1_000 }, (_, i) => room.push("say", i));
    expect(pushes.filter((push) => push.settled)).toHaveLength(1);
    stage.socket.channel("room:2").join();
    expect(stage.errors).toEqual(["outbox_full"]);

    const heavy = new Stage();
    const big = heavy.socket.channel("room:1");
    big.join();
    const text = "x".repeat(60_000);
    const held = Array.from({ length: 20 }, () => big.push("say", text)).filter((push) => !push.settled);
    expect(held).toHaveLength(17);
  });

  it("has room again when the server has taken something", () => {
    const stage = new Stage({ outbox: { messages: 1 } });
    stage.start();
    const room = stage.join();
    stage.wire.deliver({ topic: "phoenix", event: "ack", payload: { ack: 1 } });
    expect([room.push("say").settled, room.push("say").settled]).toEqual([false, true]);
    stage.wire.deliver({ topic: "phoenix", event: "ack", payload: { ack: 2 } });
    expect(room.push("say").settled).toBe(false);
  });
});

describe("a push that is too large", () => {
  it("is refused where it is made", async () => {
    const stage = new Stage();
    stage.start({ limits: { payloadBytes: 1_000, windowMessages: 9, windowBytes: 9_000 } });
    const room = stage.join();
    const push = room.push("say", "é".repeat(500));
    await expect(push.reply).rejects.toMatchObject({ code: "too_large", outcome: "not_sent" });
    expect([room.push("say", "x".repeat(800)).settled, stage.wire.of("say").length]).toEqual([false, 1]);
  });

  it("for the server that is found later is refused then, and keeps no other from being sent", () => {
    const stage = new Stage();
    const room = stage.socket.channel("room:1");
    room.join();
    const large = room.push("say", "x".repeat(5_000));
    room.push("say", "small");
    stage.start({ limits: { payloadBytes: 1_000, windowMessages: 9, windowBytes: 9_000 } });
    stage.reply(stage.wire.of("phx_join")[0]);
    expect([large.settled, stage.wire.of("say").map((frame) => frame.payload)]).toEqual([true, ["small"]]);
    expect(stage.errors).toEqual(["too_large"]);
  });
});
