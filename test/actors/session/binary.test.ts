import { expect, test } from "vitest";
import { Channel, ok } from "../../../actors/index.js";
import { encodeClientBinary } from "../../../src/protocol/binary-frame.js";
import { comeBack, endpoint, joined } from "./room.js";

class Echo extends Channel {
  override handleIn(event: string, payload: unknown) {
    if (!(payload instanceof Uint8Array)) return ok({ text: payload });
    if (event === "push") this.push("told", payload);
    if (event === "broadcast") this.broadcast("told", payload);
    return event === "echo" ? ok(payload) : undefined;
  }
}

const channels = { "room:*": Echo };
const payload = new Uint8Array([0, 255, 7]);

test("a stock client's bytes come back as Phoenix's frames", async () => {
  const end = await endpoint({ channels });
  const { socket } = await end.connect();
  socket.arrive(["3", "3", "room:a", "phx_join", {}]);
  await end.clock.settle();
  socket.sent.splice(0);
  for (const [ref, event] of [
    ["4", "push"],
    ["5", "echo"],
    ["6", "broadcast"],
  ] as const) {
    socket.arriveBytes(encodeClientBinary({ joinRef: "3", ref, topic: "room:a", event, payload }));
    await end.clock.settle();
  }
  expect(socket.sent).toEqual([
    "\0\x01\x06\x043room:atold\0\xff\x07",
    "\x01\x01\x01\x06\x0235room:aok\0\xff\x07",
    "\x02\x06\x04room:atold\0\xff\x07",
  ]);
  await end.stop();
});

test("in a session bytes are numbered like text, and are sent again", async () => {
  const end = await endpoint({ channels });
  const first = await joined(end);
  first.socket.arriveBytes(
    encodeClientBinary({ joinRef: "3", ref: "4", topic: "room:a", event: "echo", payload, seq: 2 }),
  );
  first.socket.arriveBytes(
    encodeClientBinary({ joinRef: "3", ref: "4", topic: "room:a", event: "echo", payload, seq: 2 }),
  );
  await end.clock.settle();
  const echoed = "\x11\0\0\0\0\0\0\0\x02\x01\x01\x06\x0234room:aok\0\xff\x07";
  expect(first.socket.sent.splice(0)).toEqual([echoed]);
  first.socket.lose();
  await end.clock.settle();
  end.context.subscriptions.broadcast("room:a", "told", payload);
  const { socket } = await end.connect();
  const resume = { sid: first.sid, secret: first.secret, epoch: 1, rx: 1, txFirst: 3, txNext: 3 };
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "resume", token: "ann", resume }]);
  await end.clock.settle();
  expect(socket.sent.slice(1)).toEqual([echoed, "\x12\0\0\0\0\0\0\0\x03\x06\x04room:atold\0\xff\x07"]);
  await end.stop();
});

test("bytes without a number in a session close with 4005, and so do bytes that are no frame", async () => {
  const end = await endpoint({ channels });
  const first = await joined(end);
  first.socket.arriveBytes(encodeClientBinary({ joinRef: "3", ref: "4", topic: "room:a", event: "echo", payload }));
  await end.clock.settle();
  expect(first.socket.closedWith?.code).toBe(4005);
  const socket = await comeBack(end, first);
  socket.arriveBytes(new Uint8Array([9, 9, 9]));
  await end.clock.settle();
  expect(socket.closedWith?.code).toBe(4005);
  await end.stop();
});

test("a join_ref of the four letters null, which phoenix.js writes for none, is not that of a joined channel", async () => {
  const end = await endpoint({ channels });
  const { socket } = await end.connect();
  socket.arrive(["3", "3", "room:a", "phx_join", {}]);
  await end.clock.settle();
  socket.sent.splice(0);
  socket.arriveBytes(encodeClientBinary({ joinRef: "null", ref: "4", topic: "room:a", event: "echo", payload }));
  await end.clock.settle();
  expect(socket.sent).toEqual([]);
  await end.stop();
});

test("bytes above the window, and a topic that does not fit into a binary frame, are refused where they are sent", async () => {
  const end = await endpoint({ channels, limits: { windowBytes: 1_000 } });
  await joined(end);
  expect(() => end.context.subscriptions.broadcast("room:a", "told", new Uint8Array(1_000))).toThrow("windowBytes");
  expect(() => end.context.subscriptions.broadcast("room:a", "e".repeat(256), payload)).toThrow("255 bytes");
  await end.stop();
});
