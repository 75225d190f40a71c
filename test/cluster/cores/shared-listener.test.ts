import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { SharedListener } from "../../../src/cluster/cores/host/shared-listener.js";
import { SharedListeners } from "../../../src/cluster/cores/host/shared-listeners.js";
import { createVirtualClock, type VirtualClock } from "../../../src/testing/index.js";

/** Stands for a core. */
class Taker {
  readonly taken: Socket[] = [];
  readonly #waiting = new Set<() => void>();

  take(_key: string, socket: Socket): void {
    onTestFinished(() => void socket.destroy());
    this.taken.push(socket);
    for (const wake of this.#waiting) wake();
  }

  has(count: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.taken.length >= count) resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}

let clock: VirtualClock;
let listener: SharedListener;
let port: number;

beforeEach(async () => {
  clock = createVirtualClock();
  listener = new SharedListener("key", clock);
  port = await listener.listen(0, "127.0.0.1", () => undefined);
});

afterEach(() => listener.close());

async function client(at = port): Promise<Socket> {
  const socket = connect(at, "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

it("deals connections out in turn", async () => {
  const [one, two] = [new Taker(), new Taker()];
  listener.add(one);
  listener.add(two);
  for (let come = 0; come < 6; come++) await client();
  await Promise.all([one.has(3), two.has(3)]);
});

it("reads nothing of what it passes on", async () => {
  const one = new Taker();
  listener.add(one);
  const socket = await client();
  socket.write("first");
  await one.has(1);
  const [taken] = one.taken;
  taken?.resume();
  const [data] = taken === undefined ? [] : await once(taken, "data");
  expect(String(data)).toBe("first");
});

it("keeps those that come while there is no core, for the first that comes", async () => {
  await client();
  await client();
  const one = new Taker();
  // They have been accepted by the time that a third one has.
  await client();
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  listener.add(one);
  await one.has(3);
});

it("closes those for which no core comes in time", async () => {
  const socket = await client();
  const closed = once(socket, "close");
  // Until it is known that the other side has it.
  while (clock.armed === 0) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(5_000);
  await closed;
  const one = new Taker();
  listener.add(one);
  expect(one.taken).toEqual([]);
});

it("gives nothing more to a core that is gone", async () => {
  const [one, two] = [new Taker(), new Taker()];
  listener.add(one);
  listener.add(two);
  expect(listener.remove(one)).toBe(true);
  await client();
  await client();
  await two.has(2);
  expect(one.taken).toEqual([]);
  expect(listener.remove(two)).toBe(false);
});

it("cores that ask with one key share one port, also when it is any that is free", async () => {
  const listeners = new SharedListeners(clock, () => undefined);
  onTestFinished(() => listeners.close());
  const [one, two] = [new Taker(), new Taker()];
  const place = { port: 0, host: "127.0.0.1" };
  const ports = await Promise.all([listeners.join(one, "a", place), listeners.join(two, "a", place)]);
  expect(ports[0]).toBe(ports[1]);
  expect(await listeners.join(one, "b", place)).not.toBe(ports[0]);
});

it("the port stays when the last core is lost, and is given back when it wants no more", async () => {
  const listeners = new SharedListeners(clock, () => undefined);
  onTestFinished(() => listeners.close());
  const [one, again] = [new Taker(), new Taker()];
  const place = { port: 0, host: "127.0.0.1" };
  const taken = await listeners.join(one, "a", place);
  listeners.lost(one);
  await client(taken);
  expect(await listeners.join(again, "a", place)).toBe(taken);
  await again.has(1);
  listeners.leave(again, "a");
  const refused = connect(taken, "127.0.0.1");
  const [error] = await once(refused, "error");
  expect(error).toMatchObject({ code: "ECONNREFUSED" });
});

it("whoever asks for a port that is taken is told so, and may ask again", async () => {
  const listeners = new SharedListeners(clock, () => undefined);
  onTestFinished(() => listeners.close());
  const place = { port, host: "127.0.0.1" };
  await expect(listeners.join(new Taker(), "a", place)).rejects.toMatchObject({ code: "EADDRINUSE" });
  listener.close();
  for (;;) {
    const taken = await listeners.join(new Taker(), "a", place).catch(() => undefined);
    if (taken === port) return;
  }
});
