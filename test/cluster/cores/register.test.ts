import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FrameSocket } from "../../../src/cluster/cores/frame-socket.js";
import { RegisterClient } from "../../../src/cluster/cores/register-client.js";
import { RegisterHost } from "../../../src/cluster/cores/register-host.js";
import { decodeReply, decodeRequest } from "../../../src/cluster/cores/register-message.js";
import type { RegisterChange } from "../../../src/cluster/engine.js";
import { createVirtualClock, type VirtualClock } from "../../../src/testing/index.js";

let folder: string;
let host: RegisterHost;
let server: Server;
let clock: VirtualClock;
let answers: boolean;
const sockets = new Set<Socket>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-register-"));
  host = new RegisterHost();
  clock = createVirtualClock();
  answers = true;
  server = createServer((socket) => {
    sockets.add(socket);
    const line = new FrameSocket(socket, {
      frame: (frame) => {
        const request = decodeRequest(frame);
        if (request !== undefined && answers) host.request(line, request);
      },
      closed: () => host.closed(line),
    });
  });
  server.listen(join(folder, "host.sock"));
  await once(server, "listening");
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

async function core(): Promise<RegisterClient> {
  const socket = createConnection(join(folder, "host.sock"));
  sockets.add(socket);
  await once(socket, "connect");
  const line = new FrameSocket(socket, {
    frame: (frame) => {
      const reply = decodeReply(frame);
      if (reply !== undefined) client.reply(reply);
    },
    closed: () => client.close(),
  });
  const client = new RegisterClient(
    clock,
    (frame) => line.send(frame),
    () => line.end(),
  );
  return client;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);

/** What a watcher was told, and a promise for when it was told so many things. */
function watching(client: RegisterClient | RegisterHost["local"], prefix: string) {
  const told: string[] = [];
  const waiting = new Set<() => void>();
  const stop = client.watch(prefix, {
    changed: ({ key, value, revision }: RegisterChange) => {
      told.push(`${key}=${text(value) ?? "-"}@${revision}`);
      for (const wake of waiting) wake();
    },
    reset: () => undefined,
  });
  const count = (wanted: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (told.length >= wanted) resolve();
      };
      waiting.add(look);
      look();
    });
  return { told, stop, count };
}

describe("the register of a host", () => {
  it("gives an entry to the first that writes it, and the other is told whose it is", async () => {
    const [one, two] = [await core(), await core()];
    const written = await one.put("names/a", bytes("one"), 0);
    expect(written).toEqual({ ok: true, revision: 1 });
    const refused = await two.put("names/a", bytes("two"), 0);
    expect(refused).toMatchObject({ ok: false, current: { key: "names/a", revision: 1 } });
    expect(text((await two.get("names/a"))?.value)).toBe("one");
  });

  it("of many that write at once one wins", async () => {
    const cores = await Promise.all([core(), core(), core()]);
    const outcomes = await Promise.all(cores.map((each, index) => each.put("names/a", bytes(`${index}`), 0)));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it("gives a higher revision to what is written again after a deletion", async () => {
    const one = await core();
    await one.put("names/a", bytes("x"), 0);
    expect(await one.delete("names/a", 1)).toEqual({ ok: true, revision: 2 });
    expect(await one.get("names/a")).toBeUndefined();
    expect(await one.put("names/a", bytes("y"), 0)).toEqual({ ok: true, revision: 3 });
  });

  it("lists what is under a prefix", async () => {
    const one = await core();
    for (const key of ["b/1", "a/2", "a/1"]) await one.put(key, bytes(key), 0);
    expect((await one.list("a/")).map(({ key }) => key)).toEqual(["a/1", "a/2"]);
  });

  it("tells a watcher of what is there, and of every change after it, in order", async () => {
    const [one, two] = [await core(), await core()];
    await one.put("a/1", bytes("x"), 0);
    const seen = watching(two, "a/");
    await seen.count(1);
    await one.put("b/1", bytes("other"), 0);
    await one.put("a/1", bytes("y"), 1);
    await one.delete("a/1", 3);
    await seen.count(3);
    expect(seen.told).toEqual(["a/1=x@1", "a/1=y@3", "a/1=-@4"]);
    seen.stop();
    await one.put("a/2", bytes("z"), 0);
    await two.get("a/2");
    expect(seen.told).toHaveLength(3);
  });

  it("is the same for the host itself, both ways", async () => {
    const one = await core();
    const here = watching(host.local, "a/");
    const there = watching(one, "a/");
    await one.put("a/1", bytes("core"), 0);
    await host.local.put("a/2", bytes("host"), 0);
    await there.count(2);
    expect(here.told).toEqual(["a/1=core@1", "a/2=host@2"]);
    expect(there.told).toEqual(here.told);
  });
});

describe("a host that cannot be reached", () => {
  it("is unreachable for those who asked when it has not answered in time", async () => {
    const one = await core();
    answers = false;
    const asked = one.get("a").catch((error: unknown) => error);
    await clock.advance(1_000);
    expect(await asked).toMatchObject({ name: "EngineError", code: "unreachable" });
  });

  it("is unreachable at once when the connection is over, and nothing can be asked after that", async () => {
    const one = await core();
    answers = false;
    const asked = one.get("a").catch((error: unknown) => error);
    for (const socket of sockets) socket.destroy();
    expect(await asked).toMatchObject({ code: "unreachable" });
    await expect(one.get("a")).rejects.toMatchObject({ code: "not_joined" });
  });

  it("is left by one's own wish", async () => {
    const one = await core();
    const asked = one.get("a").catch((error: unknown) => error);
    one.leave();
    expect(await asked).toMatchObject({ code: "unreachable" });
  });
});

it.each([
  ["nothing", new Uint8Array(0)],
  ["bytes of no message", new Uint8Array([250, 1, 2, 3])],
])("%s is no request and no reply", (_, frame) => {
  expect(decodeRequest(frame)).toBeUndefined();
  expect(decodeReply(frame)).toBeUndefined();
});
