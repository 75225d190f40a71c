import {
  type Channel,
  type LostSession,
  type Push,
  PushError,
  Socket,
  type SocketClose,
  type SocketState,
} from "holdfast/client";
import { expect, expectTypeOf, test } from "vitest";

interface Said {
  readonly text: string;
  readonly by: string;
}

interface Room {
  in: { said: Said; drawn: Uint8Array };
  out: { say: { text: string }; wave: object };
  replies: { say: { id: number }; phx_join: { users: number } };
}

// As no app has it: it is never connected.
class Nowhere {
  binaryType = "";
  readyState = 0;
  onopen = null;
  onmessage = null;
  onclose = null;
  onerror = null;
  send(): void {}
  close(): void {}
}

const socket = new Socket("ws://localhost/socket", { webSocket: Nowhere });

test("a channel's events in, events out and replies have the types that are declared", () => {
  const room = socket.channel<Room>("room:1");
  expectTypeOf(room).toEqualTypeOf<Channel<Room>>();
  room.on("said", (said) => expectTypeOf(said).toEqualTypeOf<Said>());
  expectTypeOf(room.join()).toEqualTypeOf<Push<{ users: number }>>();
  const push = room.push("say", { text: "hello" });
  expectTypeOf(push).toEqualTypeOf<Push<{ id: number }>>();
  push.receive("ok", (reply) => expectTypeOf(reply.id).toBeNumber());
  // @ts-expect-error: not an event that comes
  room.on("say", () => undefined);
  // @ts-expect-error: not an event that goes out
  const wrong = () => room.push("said", { text: "", by: "" });
  // @ts-expect-error: the payload lacks its text
  const short = () => room.push("say", {});
  expect([typeof wrong, typeof short]).toEqual(["function", "function"]);
});

test("a socket's state is one of five, each with what an app shows of it", () => {
  expectTypeOf<SocketState["name"]>().toEqualTypeOf<"closed" | "connecting" | "resuming" | "open" | "waiting">();
  const shown = (state: SocketState): unknown[] => {
    switch (state.name) {
      case "connecting":
      case "resuming":
        expectTypeOf(state.attempt).toBeNumber();
        return [state.attempt];
      case "open":
        expectTypeOf(state).toExtend<{ sessionId: string; resumed: boolean }>();
        return [state.resumed];
      case "waiting":
        // Until when, after how long, why, and whether the server named a time.
        expectTypeOf(state.untilMs).toBeNumber();
        expectTypeOf(state.close.retryAfterMs).toEqualTypeOf<number | undefined>();
        return [state.untilMs, state.delayMs, state.close.code, state.close.reason];
      case "closed":
        expectTypeOf(state.why).toEqualTypeOf<"new" | "disconnected" | "final" | "attempts">();
        if (state.why === "final" || state.why === "attempts") expectTypeOf(state.close).toEqualTypeOf<SocketClose>();
        return [state.why];
    }
  };
  expect(shown(socket.state)).toEqual(["new"]);
  // @ts-expect-error: whether it was resumed is known of an open one only
  const tooEarly = () => socket.state.resumed;
  expect(typeof tooEarly).toBe("function");
});

test("a state is observed, one change after the other, until it is not wanted any more", () => {
  const seen: SocketState["name"][] = [];
  const stop = socket.subscribe((state) => {
    expectTypeOf(state).toEqualTypeOf<SocketState>();
    seen.push(state.name);
  });
  expectTypeOf(stop).returns.toBeVoid();
  socket.connect();
  stop();
  socket.disconnect();
  expect(seen).toEqual(["connecting"]);
});

test("what was lost says what is known of it", () => {
  socket.onSessionLost((lost) => expectTypeOf(lost).toEqualTypeOf<LostSession>());
  socket.onError((error) => {
    if (error instanceof PushError) expectTypeOf(error.outcome).toEqualTypeOf<"not_sent" | "unknown" | "refused">();
  });
  socket.onGap(({ topic, from, to, reason }) => {
    expectTypeOf(topic).toBeString();
    expectTypeOf([from, to]).toEqualTypeOf<(number | undefined)[]>();
    expectTypeOf(reason).toEqualTypeOf<"overflow" | "conflated" | "lost" | undefined>();
  });
});
