import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LongPoll, Socket as StockSocket, type SocketOptions as StockOptions } from "phoenix";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { WebSocket } from "ws";
import { eventStream, withFallback } from "../../../src/client/fallback.js";
import { Socket, type WebSocketClass } from "../../../src/client/index.js";
import { Cable } from "../../integration/cable.js";
import type { Compiled } from "../../store/compiled.js";
import { compileCores, CoresProgram } from "./program.js";

let programs: Compiled;
let folder: string;
let program: CoresProgram;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-test-"));
  programs = await compileCores("relay-program");
  program = new CoresProgram(programs.script("relay-program"), folder, { cluster: { cores: 2 } }, false);
  await program.until(({ what, role }) => what === "ready" && role === "host");
}, 180_000);
afterAll(async () => {
  program.kill();
  await rm(folder, { recursive: true, force: true });
  await programs.remove();
});

const SLOW = { timeout: 120_000 };
const upTo = (n: number): number[] => Array.from({ length: n }, (_, at) => at);

interface Status {
  readonly pid: number;
  readonly carriedOut: number;
  readonly carriedIn: number;
}

/** How it stands with each core. */
async function cores(): Promise<Status[]> {
  const found = new Map<number, Status>();
  for (let asked = 0; found.size < 2 && asked < 20; asked++) {
    const response = await fetch(`http://127.0.0.1:${program.port}/`, { headers: { connection: "close" } });
    const status = (await response.json()) as Status;
    found.set(status.pid, status);
  }
  return [...found.values()];
}

async function carried(): Promise<number> {
  return (await cores()).reduce((sum, { carriedOut }) => sum + carriedOut, 0);
}

/** A client of either kind, as the tests use it. */
interface Client {
  /** The core on which its room is. */
  where(): Promise<number>;
  /** What was said in the room, as it was told. */
  readonly said: number[];
  until(count: number): Promise<void>;
}

/** Breaks all connections of a client until its session has been reached through the other core twice, while somebody speaks in its room. */
async function roam(client: Client, room: string, cable: Cable): Promise<void> {
  const home = await client.where();
  const speaker = new Socket(`ws://127.0.0.1:${program.port}/socket`, { webSocket: WebSocket });
  onTestFinished(() => speaker.disconnect());
  const channel = speaker.channel(room);
  channel.join();
  speaker.connect();
  let n = 0;
  let through = 0;
  for (let round = 0; round < 20 && through < 2; round++) {
    await channel.push("say", { n: n++ }).reply;
    cable.pull();
    // Said while it is away.
    await channel.push("say", { n: n++ }).reply;
    expect(await client.where()).toBe(home);
    await channel.push("say", { n: n++ }).reply;
    if ((await carried()) > 0) through++;
  }
  expect(through).toBe(2);
  await client.until(n);
  expect(client.said).toEqual(upTo(n));
}

function heard(): { said: number[]; hear(payload: unknown): void; until(count: number): Promise<void> } {
  const said: number[] = [];
  let wake: () => void = () => undefined;
  return {
    said,
    hear: (payload) => {
      said.push((payload as { readonly n: number }).n);
      wake();
    },
    until: async (count) => {
      while (said.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** The npm client. */
function ownClient(url: string, room: string, webSocket: WebSocketClass = WebSocket): Client {
  const socket = new Socket(url, { webSocket, backoff: { baseMs: 5, capMs: 50 } });
  onTestFinished(() => socket.disconnect());
  const channel = socket.channel(room);
  const { said, hear, until } = heard();
  channel.on("said", hear);
  channel.join();
  socket.connect();
  return { said, until, where: async () => ((await channel.push("where", {}).reply) as { readonly pid: number }).pid };
}

/** A stock Phoenix client that comes back to its session, with the lines of the guide on sessions. */
function stockClient(url: string, room: string, transport: StockOptions["transport"]): Client {
  let session = "";
  let rx = 0;
  const socket = new StockSocket(url, {
    transport,
    params: () => ({ session, rx }),
    reconnectAfterMs: () => 5,
    rejoinAfterMs: () => 5,
  });
  const { decode } = socket;
  socket.decode = (raw, done) => {
    const frame: unknown = typeof raw === "string" ? JSON.parse(raw) : undefined;
    if (Array.isArray(frame)) rx = frame[5] ?? rx;
    decode(raw, done);
  };
  socket.onMessage(({ topic, event, payload }) => {
    if (topic !== "phoenix" || event !== "session") return;
    session = String(payload["token"]);
    if (payload["resumed"] !== true) rx = 0;
  });
  onTestFinished(() => socket.disconnect());
  const channel = socket.channel(room);
  const { said, hear, until } = heard();
  channel.on("said", hear);
  channel.join();
  socket.connect();
  const where = (): Promise<number> =>
    new Promise((resolve) => {
      const ask = (): void => {
        channel
          .push("where", {}, 1_000)
          .receive("ok", (reply) => resolve((reply as { readonly pid: number }).pid))
          .receive("timeout", ask);
      };
      ask();
    });
  return { said, until, where };
}

describe("a client that is cut off again and again, and comes to either core", SLOW, () => {
  it("finds its session with the npm client, and hears all of it once and in order", async () => {
    const cable = await Cable.to(program.port);
    await roam(ownClient(cable.url, "room:own"), "room:own", cable);
  });

  it("finds its session with a stock client over WebSocket, and hears all of it once and in order", async () => {
    const cable = await Cable.to(program.port);
    await roam(stockClient(cable.url, "room:stock", WebSocket), "room:stock", cable);
  });
});

/** Has each request come over a connection of its own, and counts them. */
function singleRequests(): { readonly count: number } {
  const send = globalThis.fetch;
  const requests = { count: 0 };
  vi.spyOn(globalThis, "fetch").mockImplementation((url, options) => {
    requests.count++;
    const headers = new Headers(options?.headers);
    headers.set("connection", "close");
    return send(url, { ...options, headers });
  });
  onTestFinished(() => void vi.restoreAllMocks());
  return requests;
}

describe("a client whose requests come to another core each time", SLOW, () => {
  it("loses nothing with the stock client's long poll, and finds its session when it is cut off", async () => {
    const requests = singleRequests();
    const cable = await Cable.to(program.port);
    await roam(stockClient(cable.url, "room:poll", LongPoll), "room:poll", cable);
    expect(requests.count).toBeGreaterThan(10);
  });

  it("loses nothing with the npm client's event stream and its POSTs, and finds its session when it is cut off", async () => {
    const requests = singleRequests();
    const cable = await Cable.to(program.port);
    // The stream is the only way, whatever the platform has.
    vi.stubGlobal("WebSocket", undefined);
    onTestFinished(() => void vi.unstubAllGlobals());
    const webSocket = withFallback({ fallback: (url) => eventStream(url) });
    await roam(ownClient(cable.url, "room:stream", webSocket), "room:stream", cable);
    expect(requests.count).toBeGreaterThan(10);
  });
});
