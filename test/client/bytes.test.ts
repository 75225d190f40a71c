import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodePush, readFrame } from "../../src/client/frames.js";
import type { Sending } from "../../src/client/push.js";
import { decodeClientBinary, encodeServerBinary } from "../../src/protocol/binary-frame.js";
import { decodeTextFrame } from "../../src/protocol/frame.js";
import { Stage } from "./stage.js";

const field = fc.string({ unit: "binary", minLength: 1, maxLength: 63 });
const seq = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

describe("the client's frames", () => {
  it("of bytes are read by the protocol as they were meant", () => {
    const id = fc.option(fc.string({ minLength: 1, maxLength: 40 }), { nil: undefined });
    fc.assert(
      fc.property(fc.record({ topic: field, event: field, payload: fc.uint8Array(), seq, id }), (push) => {
        const sending = { ...push, joinRef: "3", ref: "4", target: { topic: push.topic }, data: push.payload };
        const bytes = encodePush(sending as unknown as Sending, "3", push.seq, 0);
        const { id: wanted, ...rest } = push;
        const frame = { ...rest, joinRef: "3", ref: "4", ...(wanted === undefined ? {} : { id: wanted }) };
        expect(decodeClientBinary(bytes as Uint8Array)).toEqual({ ok: true, frame });
      }),
    );
  });

  it("of text are read by the protocol as they were meant", () => {
    const ack = fc.nat();
    const id = fc.option(fc.string({ minLength: 1, maxLength: 40 }), { nil: undefined });
    fc.assert(
      fc.property(fc.record({ topic: field, event: field, payload: fc.jsonValue(), seq, id }), ack, (push, number) => {
        const data = JSON.stringify(push.payload);
        const sending = { ...push, joinRef: "3", ref: "4", target: { topic: push.topic }, data };
        const decoded = decodeTextFrame(String(encodePush(sending as unknown as Sending, "3", push.seq, number)));
        expect(decoded).toMatchObject({ ok: true, frame: { topic: push.topic, event: push.event, seq: push.seq } });
        if (decoded.ok) expect([decoded.frame.ack, decoded.frame.id]).toEqual([number, push.id]);
      }),
    );
  });

  it("are understood as the protocol writes them for a server", () => {
    const payload = fc.uint8Array();
    const frames = fc.oneof(
      fc.record({ kind: fc.constant("push" as const), joinRef: field, topic: field, event: field, payload, seq }),
      fc.record({
        kind: fc.constant("reply" as const),
        joinRef: field,
        ref: field,
        topic: field,
        status: field,
        payload,
        seq,
      }),
      fc.record({ kind: fc.constant("broadcast" as const), topic: field, event: field, payload, seq }),
    );
    fc.assert(
      fc.property(frames, (frame) => {
        const read = readFrame(new Uint8Array(encodeServerBinary(frame)));
        expect(read).toMatchObject({ topic: frame.topic, seq: frame.seq, ack: undefined });
        if (frame.kind === "reply") {
          expect(read).toMatchObject({ ref: frame.ref, event: "phx_reply" });
          expect(read?.payload).toEqual({ status: frame.status, response: frame.payload });
        } else {
          expect([read?.event, read?.payload]).toEqual([frame.event, frame.payload]);
        }
      }),
    );
  });

  it("are refused, never thrown at, whatever comes", () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readFrame(new Uint8Array(bytes))));
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void readFrame(text)));
    for (const text of [
      '["1"]',
      '[null,null,1,"e",{}]',
      '[null,null,"t",null,{}]',
      '[null,null,"t","e",{},"1"]',
      "{}",
    ]) {
      expect(readFrame(text)).toBeUndefined();
    }
    expect(readFrame('[null,null,"t","e",{},1,null,"id","more"]')).toMatchObject({ seq: 1, ack: undefined });
  });
});

describe("bytes", () => {
  it("are pushed as they are at that moment, under a number, and answered with bytes", async () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const bytes = Uint8Array.of(1, 2, 3);
    const push = room.push("draw", bytes);
    const other = room.push("draw", Uint8Array.of(9).buffer);
    bytes[0] = 7;
    const [frame, second] = stage.wire.of("draw");
    expect(frame).toMatchObject({ joinRef: room.joinRef, topic: "room:1", seq: 2, payload: Uint8Array.of(1, 2, 3) });
    expect(second).toMatchObject({ seq: 3, payload: Uint8Array.of(9) });
    const reply = { kind: "reply", joinRef: room.joinRef, topic: "room:1", status: "ok" } as const;
    stage.wire.deliverBytes({ ...reply, ref: frame?.ref ?? null, payload: Uint8Array.of(4), seq: 2 });
    await expect(push.reply).resolves.toEqual(Uint8Array.of(4));
    expect(other.settled).toBe(false);
  });

  it("leave the acknowledgement to a frame of its own", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    room.push("draw", Uint8Array.of(1));
    stage.clock.advance(1_000);
    expect(stage.wire.of("ack").at(-1)?.payload).toEqual({ ack: 1 });
  });

  it("are heard by listeners, in one order with text, and dropped when they come twice", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const heard: unknown[] = [];
    room.on("drawn", (payload) => heard.push(payload));
    const broadcast = { kind: "broadcast", topic: "room:1", event: "drawn", payload: Uint8Array.of(5) } as const;
    stage.wire.deliverBytes({ ...broadcast, seq: 2 });
    stage.wire.deliver({ topic: "room:1", event: "drawn", payload: "text", seq: 3 });
    stage.wire.deliverBytes({ ...broadcast, seq: 2 });
    expect([heard, stage.errors]).toEqual([[Uint8Array.of(5), "text"], []]);
  });

  it("are sent again after a resume, under the same number", () => {
    const stage = new Stage();
    stage.start();
    stage.join().push("draw", Uint8Array.of(1));
    stage.reconnect();
    stage.welcome({ rx: 1, topics: { "room:1": "ok" } });
    expect(stage.wire.of("draw")).toMatchObject([{ seq: 2, payload: Uint8Array.of(1) }]);
  });

  it("need a topic and an event that fit a frame of bytes", () => {
    const stage = new Stage();
    const room = stage.socket.channel(`room:${"é".repeat(130)}`);
    room.join();
    expect(() => room.push("draw", Uint8Array.of(1))).toThrow("bad_push");
    expect(() => room.push("draw", [1])).not.toThrow();
  });
});

describe("an idempotent push", () => {
  it("carries an id that no other has, and keeps it in the next session", () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    room.push("pay", 1, { idempotent: true });
    stage.dice = 0.25;
    room.push("pay", 2, { idempotent: true });
    stage.dice = 0.75;
    room.push("pay", Uint8Array.of(3), { idempotent: true });
    room.push("say", 4);
    const ids = stage.wire.of("pay").map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^.{6,64}$/);
    expect(stage.wire.of("say")[0]?.id).toBeUndefined();
    stage.reconnect();
    stage.welcome({ sid: "s2", resumed: false, reason: "expired" });
    stage.reply(stage.wire.of("phx_join")[0]);
    expect(stage.wire.of("pay").map(({ id }) => id)).toEqual(ids);
    expect(stage.errors).toEqual(["session_lost"]);
  });

  it("that fails in the next session is not said to be unsent", async () => {
    const stage = new Stage();
    stage.start();
    const room = stage.join();
    const pay = room.push("pay", 1, { idempotent: true });
    stage.reconnect();
    stage.welcome({ sid: "s2", resumed: false, reason: "expired" });
    room.leave();
    await expect(pay.reply).rejects.toMatchObject({ code: "channel_closed", outcome: "unknown" });
  });
});
