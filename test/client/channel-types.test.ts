import { describe, expect, expectTypeOf, it } from "vitest";
import type { Channel, Push } from "../../src/client/index.js";
import { Stage } from "./stage.js";

interface Message {
  readonly text: string;
}

interface RoomEvents {
  in: { said: Message; moved: Uint8Array };
  out: { say: Message; wave: object; draw: Uint8Array };
  replies: { say: { id: number }; phx_join: { users: number } };
}

describe("a channel whose events are declared", () => {
  const stage = new Stage();
  const room = stage.socket.channel<RoomEvents>("room:1");

  it("knows the payloads of what it hears", () => {
    room.on("said", (message) => expectTypeOf(message).toEqualTypeOf<Message>());
    room.on("moved", (bytes) => expectTypeOf(bytes).toEqualTypeOf<Uint8Array>());
    // @ts-expect-error: no such event comes
    room.on("sayed", () => undefined);
    // @ts-expect-error: it has a text, not a number
    room.on("said", (message: number) => message);
    // @ts-expect-error: no such event comes
    room.off("sayed");
    expectTypeOf(room.onGap).toBeFunction();
  });

  it("knows what it may push, and the replies", () => {
    expectTypeOf(room.join().reply).toEqualTypeOf<Promise<{ users: number }>>();
    expectTypeOf(room.push("say", { text: "hi" }).reply).toEqualTypeOf<Promise<{ id: number }>>();
    expectTypeOf(room.push("wave")).toEqualTypeOf<Push>();
    expectTypeOf(room.push("draw", Uint8Array.of(1)).reply).toEqualTypeOf<Promise<unknown>>();
    room.push("say", { text: "hi" }).receive("ok", ({ id }) => expectTypeOf(id).toEqualTypeOf<number>());
    // @ts-expect-error: a text is needed
    room.push("say");
    // @ts-expect-error: a text is needed
    room.push("say", { words: "hi" });
    // @ts-expect-error: no such event is taken
    room.push("shout", {});
    expect(stage.errors).toEqual([]);
  });

  it("may leave out what it does not declare", () => {
    const heard = stage.socket.channel<{ in: { said: Message } }>("room:2");
    heard.join();
    heard.on("said", (message) => expectTypeOf(message).toEqualTypeOf<Message>());
    expectTypeOf(heard.push("anything", 5)).toEqualTypeOf<Push>();
    expect(heard.topic).toBe("room:2");
  });

  it("is, without a declaration, open to any event and any payload", () => {
    const open = stage.socket.channel("room:3");
    expectTypeOf(open).toEqualTypeOf<Channel>();
    open.on("anything", (payload) => expectTypeOf(payload).toEqualTypeOf<unknown>());
    open.join();
    expectTypeOf(open.push("anything", [1], { idempotent: true })).toEqualTypeOf<Push>();
    // @ts-expect-error: these are no declarations of events
    stage.socket.channel<{ incoming: object }>("room:4");
    expect(open.state).toBe("joining");
  });
});
