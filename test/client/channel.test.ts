import { describe, expect, it } from "vitest";
import { Stage } from "./stage.js";

describe("a join", () => {
  it("carries its params, has its own ref as join_ref, and answers with the server's response", () => {
    const stage = new Stage();
    stage.start();
    const answers: unknown[] = [];
    const room = stage.socket.channel("room:1", { lang: "de" });
    room.join().receive("ok", (response) => answers.push(response));
    const frame = stage.wire.of("phx_join")[0];
    expect(frame).toMatchObject({ topic: "room:1", payload: { lang: "de" }, seq: 1, joinRef: frame?.ref });
    expect(room.state).toBe("joining");
    stage.reply(frame, { response: { users: 3 } });
    expect([room.state, answers]).toEqual(["joined", [{ users: 3 }]]);
  });

  it("may come before the connection", () => {
    const stage = new Stage();
    const room = stage.socket.channel("room:1");
    room.join();
    room.push("say", 1);
    stage.start();
    stage.reply(stage.wire.of("phx_join")[0]);
    expect([room.state, stage.wire.of("say").length]).toEqual(["joined", 1]);
  });

  it("that is refused is told, and tried again after a random delay with fresh params", () => {
    const stage = new Stage();
    stage.start();
    const refusals: unknown[] = [];
    let asked = 0;
    const room = stage.socket.channel("room:1", () => ({ asked: (asked += 1) }));
    room.join().receive("error", (response) => refusals.push(response));
    stage.reply(stage.wire.of("phx_join")[0], { status: "error", response: { reason: "full" } });
    expect([room.state, refusals]).toEqual(["errored", [{ reason: "full" }]]);
    stage.clock.advance(249);
    expect(stage.wire.of("phx_join")).toHaveLength(1);
    stage.clock.advance(1);
    const [first, second] = stage.wire.of("phx_join");
    expect(second).toMatchObject({ payload: { asked: 2 }, joinRef: second?.ref });
    expect(second?.ref).not.toBe(first?.ref);
    stage.reply(second, { status: "error", response: { reason: "full" } });
    stage.clock.advance(499);
    expect(stage.wire.of("phx_join")).toHaveLength(2);
    stage.clock.advance(1);
    stage.reply(stage.wire.of("phx_join")[2]);
    expect([room.state, refusals.length]).toEqual(["joined", 2]);
  });

  it("that is not answered is left, and tried again", () => {
    const stage = new Stage();
    stage.start();
    const timeouts: unknown[] = [];
    const room = stage.socket.channel("room:1");
    room.join(3_000).receive("timeout", (response) => timeouts.push(response));
    stage.clock.advance(3_000);
    const join = stage.wire.of("phx_join")[0];
    expect(timeouts).toEqual([{ reason: "timeout", outcome: "unknown" }]);
    expect(stage.wire.of("phx_leave")).toMatchObject([{ joinRef: join?.ref }]);
    stage.reply(join);
    expect(room.state).toBe("errored");
    stage.clock.advance(250);
    stage.reply(stage.wire.of("phx_join")[1]);
    expect(room.state).toBe("joined");
  });

  it("happens once per channel", () => {
    const stage = new Stage();
    const room = stage.socket.channel("room:1");
    room.join();
    expect(() => room.join()).toThrow("joined_twice: room:1");
  });

  it("of a topic that the socket has joined ends the channel before", () => {
    const stage = new Stage();
    stage.start();
    const first = stage.join();
    const closed: unknown[] = [];
    first.onClose((reason) => closed.push(reason));
    const heard: string[] = [];
    first.on("said", () => heard.push("first"));
    const second = stage.join();
    second.on("said", () => heard.push("second"));
    stage.wire.deliver({ joinRef: first.joinRef, topic: "room:1", event: "phx_close", seq: 3 });
    stage.wire.deliver({ topic: "room:1", event: "said", seq: 4 });
    expect([first.state, closed]).toEqual(["closed", [{ reason: "superseded" }]]);
    expect([second.state, heard]).toEqual(["joined", ["second"]]);
  });

  it("whose params function throws is reported and tried again", () => {
    const stage = new Stage();
    stage.start();
    let asked = 0;
    const room = stage.socket.channel("room:1", () => {
      asked += 1;
      if (asked === 1) throw new Error("not yet");
      return {};
    });
    room.join();
    expect([room.state, stage.faults]).toMatchObject(["errored", [{ message: "not yet" }]]);
    stage.clock.advance(250);
    expect(stage.wire.of("phx_join")).toHaveLength(1);
  });
});

describe("a message of a channel", () => {
  it("reaches the listeners of its event, until they are removed", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const heard: string[] = [];
    const first = room.on("said", (payload) => heard.push(`1:${String(payload)}`));
    room.on("said", (payload) => heard.push(`2:${String(payload)}`));
    room.on("other", () => heard.push("other"));
    stage.send("room:1", "said", "a");
    room.off("said", first);
    stage.send("room:1", "said", "b");
    room.off("said");
    stage.send("room:1", "said", "c");
    stage.send("room:2", "other");
    expect(heard).toEqual(["1:a", "2:a", "2:b"]);
  });

  it("is dropped when it belongs to an earlier join, and taken when it has no join_ref", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const heard: unknown[] = [];
    room.on("said", (payload) => heard.push(payload));
    stage.send("room:1", "said", "old", "0");
    stage.send("room:1", "said", "mine", room.joinRef);
    stage.send("room:1", "said", "all", null);
    expect(heard).toEqual(["mine", "all"]);
  });

  it("that has no number breaks the protocol: it is not handed out", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const heard: unknown[] = [];
    room.on("typing", (payload) => heard.push(payload));
    stage.wire.deliver({ topic: "room:1", event: "typing", payload: "Ada" });
    expect([heard, stage.errors, stage.socket.state.name]).toEqual([[], ["protocol"], "waiting"]);
  });

  it("does not reach a listener that another one has removed just now", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const heard: string[] = [];
    room.on("said", () => {
      heard.push("first");
      room.off("said", second);
    });
    const second = room.on("said", () => heard.push("second"));
    stage.send("room:1", "said");
    expect(heard).toEqual(["first"]);
  });

  it("whose listener throws is handled all the same", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const heard: unknown[] = [];
    room.on("said", () => {
      throw new Error("broken view");
    });
    room.on("said", (payload) => heard.push(payload));
    stage.send("room:1", "said", "a");
    stage.reconnect();
    expect([heard, stage.hello.resume?.rx]).toEqual([["a"], 2]);
    expect(stage.faults).toMatchObject([{ message: "broken view" }]);
  });
});

describe("a channel that crashes on the server", () => {
  it("is joined again, fails what it may have handled, and sends what waits after the join", async () => {
    const stage = new Stage();
    stage.start({ limits: { payloadBytes: 1_000, windowMessages: 2, windowBytes: 10_000 } });
    const room = stage.join();
    const errors: unknown[] = [];
    room.onError((reason) => errors.push(reason));
    const written = room.push("say", "written");
    const waiting = room.push("say", "waiting");
    stage.send("room:1", "phx_error", { reason: "channel_crash" }, room.joinRef);
    await expect(written.reply).rejects.toMatchObject({ code: "channel_error", outcome: "unknown" });
    expect([room.state, errors, waiting.settled]).toEqual(["errored", [{ reason: "channel_crash" }], false]);
    stage.wire.deliver({ topic: "phoenix", event: "ack", payload: { ack: 2 } });
    stage.clock.advance(250);
    expect(stage.wire.of("say")).toHaveLength(1);
    stage.reply(stage.wire.of("phx_join")[1]);
    expect(stage.wire.of("say")).toMatchObject([{ payload: "written" }, { payload: "waiting", joinRef: room.joinRef }]);
  });

  it("is not joined again when the app leaves it as it hears of the crash", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    room.onError(() => room.leave());
    stage.send("room:1", "phx_error", {}, room.joinRef);
    stage.clock.advance(30_000);
    expect([room.state, stage.wire.of("phx_join").length]).toEqual(["closed", 1]);
  });
});

describe("a channel that the server closes", () => {
  it("ends, fails its pushes, and is not joined again", async () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const closed: unknown[] = [];
    room.onClose((reason) => closed.push(reason));
    const push = room.push("say");
    stage.send("room:1", "phx_close", {}, room.joinRef);
    await expect(push.reply).rejects.toMatchObject({ code: "channel_closed", outcome: "unknown" });
    stage.clock.advance(30_000);
    expect([room.state, closed, stage.wire.of("phx_join").length]).toEqual(["closed", [{}], 1]);
    await expect(room.push("say").reply).rejects.toMatchObject({ code: "channel_closed", outcome: "not_sent" });
  });
});

describe("a leave", () => {
  it("is sent after what was pushed before it, and ends the channel with the reply", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const closed: unknown[] = [];
    const left: unknown[] = [];
    room.onClose((reason) => closed.push(reason));
    stage.wire.closeFromServer();
    room.push("say", "bye");
    room.leave().receive("ok", () => left.push(1));
    stage.waitOut();
    stage.open();
    stage.welcome({ rx: 1, topics: { "room:1": "ok" } });
    expect(stage.wire.sent.slice(2).map((frame) => [frame.event, frame.seq, frame.joinRef])).toEqual([
      ["say", 2, room.joinRef],
      ["phx_leave", 3, room.joinRef],
    ]);
    expect([room.state, closed]).toEqual(["leaving", []]);
    stage.reply(stage.wire.of("phx_leave")[0]);
    expect([room.state, closed, left]).toEqual(["closed", [{ reason: "left" }], [1]]);
    stage.send("room:1", "phx_close", {}, room.joinRef);
    expect(closed).toHaveLength(1);
  });

  it("ends the channel at once when the server does not have it", async () => {
    const stage = new Stage();
    const room = stage.socket.channel("room:1");
    const join = room.join();
    const push = room.push("say");
    const left: unknown[] = [];
    room.leave().receive("ok", () => left.push(1));
    expect([room.state, left]).toEqual(["closed", [1]]);
    await expect(join.reply).rejects.toMatchObject({ code: "channel_closed", outcome: "not_sent" });
    await expect(push.reply).rejects.toMatchObject({ code: "channel_closed", outcome: "not_sent" });
    stage.start();
    expect(stage.wire.sent.map((frame) => frame.event)).toEqual(["hello", "ack"]);
  });

  it("of a join under way follows it, and fails what waits", async () => {
    const stage = new Stage();
    stage.start();
    const room = stage.socket.channel("room:1");
    room.join();
    const push = room.push("say");
    room.leave();
    await expect(push.reply).rejects.toMatchObject({ code: "channel_closed", outcome: "not_sent" });
    const [join] = stage.wire.of("phx_join");
    const [leave] = stage.wire.of("phx_leave");
    expect(leave?.joinRef).toBe(join?.ref);
    stage.reply(join);
    expect(room.state).toBe("leaving");
    stage.reply(leave);
    expect(room.state).toBe("closed");
  });

  it("stops the attempts to join", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.socket.channel("room:1");
    room.join().receive("error", () => room.leave());
    stage.reply(stage.wire.of("phx_join")[0], { status: "error", response: { reason: "forbidden" } });
    stage.clock.advance(30_000);
    expect([room.state, stage.wire.of("phx_join").length]).toEqual(["closed", 1]);
  });

  it("makes room for another channel of the topic", () => {
    const stage = new Stage();
    stage.start();
    const first = stage.join();
    first.leave();
    const second = stage.socket.channel("room:1");
    second.join();
    stage.reply(stage.wire.of("phx_leave")[0]);
    stage.reply(stage.wire.of("phx_join")[1]);
    expect([first.state, second.state]).toEqual(["closed", "joined"]);
  });
});
