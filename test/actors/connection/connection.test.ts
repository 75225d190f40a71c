import { expect, test } from "vitest";
import { type Accepted, Connection } from "../../../actors/index.js";
import type { ExitReason } from "../../../src/index.js";
import { createTestSystem } from "../../../src/testing/index.js";
import { FakeSocket } from "../fake-socket.js";

const log: unknown[] = [];

class Echo extends Connection {
  override init({ request }: Accepted): void {
    log.push({ init: request.params["who"] });
  }

  protected override handleFrame(frame: string | Uint8Array): void {
    if (frame === "crash") throw new Error("boom");
    if (frame === "close") this.close(4321, "enough");
    else this.sendFrame(frame);
  }

  override handleInfo(message: unknown): void {
    this.sendFrame(String(message));
  }

  override terminate(reason: ExitReason): void {
    log.push({ terminate: reason });
  }
}

async function accept() {
  log.length = 0;
  const test = await createTestSystem();
  const socket = new FakeSocket();
  const request = {
    path: "/raw",
    params: { who: "ann" },
    authToken: undefined,
    origin: undefined,
    remoteAddress: "127.0.0.1",
    headers: {},
  };
  const ref = await test.system.start(Echo, { socket, request });
  return { ...test, socket, ref };
}

test("a raw connection has init, frames, info and terminate, and is read only once it has started", async () => {
  const { system, socket, ref, clock, stop } = await accept();
  expect([log, socket.paused]).toEqual([[{ init: "ann" }], false]);
  socket.owner?.onText(socket, "hello");
  ref.send("from elsewhere");
  await clock.settle();
  expect(socket.sent).toEqual(["hello", "from elsewhere"]);
  socket.lose();
  await clock.settle();
  expect(system.isAlive(ref)).toBe(false);
  expect(log.at(-1)).toEqual({ terminate: { shutdown: { code: 1006, reason: "" } } });
  await stop();
});

test("close ends socket and actor", async () => {
  const { system, socket, ref, clock, stop } = await accept();
  socket.owner?.onText(socket, "close");
  await clock.settle();
  expect(socket.closedWith).toEqual({ code: 4321, reason: "enough" });
  expect(system.exitReason(ref)).toEqual({ shutdown: { code: 4321, reason: "enough" } });
  await stop();
});

test("a crash closes the socket with 4207, a kill too, a stop of the server with 4201", async () => {
  const crashed = await accept();
  crashed.socket.owner?.onText(crashed.socket, "crash");
  await crashed.clock.settle();
  expect(crashed.socket.closedWith?.code).toBe(4207);
  await crashed.stop();
  const killed = await accept();
  killed.system.exit(killed.ref, "kill");
  expect(killed.socket.closedWith?.code).toBe(4207);
  await killed.stop();
  const stopped = await accept();
  await stopped.stop();
  expect(stopped.socket.closedWith?.code).toBe(4201);
});

test("a client that is not heard between two beats is gone: 4203", async () => {
  const { socket, ref, clock, stop } = await accept();
  ref.cast.beat();
  await clock.settle();
  expect([socket.pings, socket.open]).toEqual([1, true]);
  socket.heard = true;
  ref.cast.beat();
  await clock.settle();
  expect(socket.open).toBe(true);
  ref.cast.beat();
  await clock.settle();
  expect(socket.closedWith?.code).toBe(4203);
  await stop();
});

test("a client that was lost before its actor started leaves nothing", async () => {
  const { system, clock, stop } = await createTestSystem();
  const socket = new FakeSocket();
  socket.open = false;
  const request = { path: "/raw", params: {}, authToken: undefined, origin: undefined, remoteAddress: "", headers: {} };
  const ref = await system.start(Echo, { socket, request });
  await clock.settle();
  expect(system.isAlive(ref)).toBe(false);
  await stop();
});

test("what is no frame is refused with what was expected", async () => {
  class Wrong extends Connection {
    protected override handleFrame(): void {
      this.sendFrame(JSON.parse("42"));
    }
  }
  const { system, reports, clock, stop } = await createTestSystem();
  const socket = new FakeSocket();
  const request = { path: "/raw", params: {}, authToken: undefined, origin: undefined, remoteAddress: "", headers: {} };
  await system.start(Wrong, { socket, request });
  socket.owner?.onText(socket, "x");
  await clock.settle();
  expect(reports[0]?.text).toMatch(/Expected a frame to be a string or a Uint8Array, got 42/);
  await stop();
});
