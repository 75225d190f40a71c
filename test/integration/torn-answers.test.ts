import type { Topics } from "holdfast/actors";
import { Socket } from "holdfast/client";
import { eventStream } from "holdfast/client/fallback";
import { LongPoll, Socket as PhoenixSocket } from "phoenix";
import { describe, expect, it, onTestFinished } from "vitest";
import { socketOf } from "../client/socket-of.js";
import { Diary, roomClass } from "./rooms.js";
import { serve, type Served } from "./served.js";
import { type Tear, TornCable } from "./torn-cable.js";

const MESSAGES = 24;

/** Tears each so many-th of the answers that fit; the first one that fits is not torn. */
function each(count: number, fits: Tear): Tear {
  let seen = 0;
  return (requestLine, piece) => {
    if (!fits(requestLine, piece)) return false;
    seen += 1;
    return seen % count === 0;
  };
}

/** Time that runs fast: what waits before it tries again does not wait for long. */
const fastClock = {
  now: () => performance.now(),
  setTimer: (delayMs: number, fire: () => void) => setTimeout(fire, delayMs > 5_000 ? delayMs : delayMs / 100),
  clearTimer: (timer: ReturnType<typeof setTimeout>) => clearTimeout(timer),
};

interface Stage {
  readonly diary: Diary;
  readonly server: Served;
  readonly cable: TornCable;
  /** Broadcasts a number. */
  tell(n: number): void;
}

async function stage(tear: Tear): Promise<Stage> {
  const diary = new Diary();
  const server = await serve({ socket: { channels: { "room:*": roomClass(diary) }, pollWindowMs: 1_000 } });
  const cable = await TornCable.to(server.port, tear);
  const topics = server.system.whereis<Topics>("endpoint.topics");
  return { diary, server, cable, tell: (n) => topics?.cast.broadcast("room:1", "news", { n }) };
}

const all = Array.from({ length: MESSAGES }, (_, index) => index + 1);
const echoes = all.map((n) => `echo ${n}`);

/** Collects what a channel hears, and resolves when that is all. */
function hearing(on: (heard: (payload: unknown) => void) => void): Promise<unknown[]> {
  const heard: unknown[] = [];
  return new Promise((resolve) => {
    on((payload) => {
      heard.push(payload);
      if (heard.length === MESSAGES) resolve(heard);
    });
  });
}

describe("answers that are torn in their middle", () => {
  it.each([
    ["those of POSTs", each(4, (line) => line.startsWith("POST"))],
    ["the event stream", each(7, (line, piece) => line.includes("/events") && piece.includes("data: ["))],
    ["both", each(5, (line, piece) => line.startsWith("POST") || piece.includes("data: ["))],
  ])("%s: a client of this library loses nothing, and nothing happens twice", async (_name, tear) => {
    const { diary, cable, tell } = await stage(tear);
    const webSocket = socketOf((url) => eventStream(url, { clock: fastClock }));
    const socket = new Socket(cable.url, { webSocket, clock: fastClock, backoff: { stableMs: 0 } });
    onTestFinished(() => socket.disconnect());
    const room = socket.channel("room:1");
    const news = hearing((heard) => room.on("news", heard));
    const joined = room.join().reply;
    socket.connect();
    await joined;
    for (const n of all) {
      tell(n);
      expect(await room.push("echo", n).reply).toEqual({ payload: n });
    }
    expect(await news).toEqual(all.map((n) => ({ n })));
    expect(diary.lines).toEqual(["join room:1", ...echoes]);
    expect(cable.torn).toBeGreaterThan(2);
  });

  it.each([
    ["those of POSTs", each(4, (line) => line.startsWith("POST"))],
    ["polls", each(4, (line, piece) => line.startsWith("GET") && piece.includes('"status":200'))],
    ["both", each(5, (line, piece) => line.startsWith("POST") || piece.includes('"status":200'))],
  ])("%s: a stock client that polls, with the documented lines, loses nothing either", async (_name, tear) => {
    const { diary, cable, tell } = await stage(tear);
    // The lines of docs/guides/sessions.md.
    let session = "";
    let rx = 0;
    const socket = new PhoenixSocket(cable.url, {
      transport: LongPoll,
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
    socket.connect();
    const channel = socket.channel("room:1");
    const heard: unknown[] = [];
    let wake: () => void = () => undefined;
    channel.on("news", (payload) => {
      heard.push(payload);
      wake();
    });
    await new Promise((resolve) => {
      channel.join().receive("ok", resolve);
    });
    const answered: unknown[] = [];
    const say = (n: number, timeoutMs = 10_000): Promise<boolean> =>
      new Promise((resolve) => {
        channel
          .push("echo", n, timeoutMs)
          .receive("ok", (answer) => {
            answered.push(answer);
            resolve(true);
          })
          .receive("timeout", () => resolve(false));
      });
    for (const n of all) {
      tell(n);
      void say(n);
      while (heard.length < n) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    cable.mend();
    // The last tear may have this client give up what it sends while it connects anew: it is well when an echo is answered.
    let last = MESSAGES;
    do last++;
    while (!(await say(last, 2_000)) && last < MESSAGES + 5);
    expect(heard).toEqual(all.map((n) => ({ n })));
    const taken = diary.lines.filter((line) => line.startsWith("echo"));
    // This client never sends a push again that it gave up, together with the poll that failed. What arrived is answered, once.
    expect(taken.at(-1)).toBe(`echo ${last}`);
    const said = Array.from({ length: last }, (_, index) => `echo ${index + 1}`);
    expect(taken).toEqual(said.filter((line) => taken.includes(line)));
    expect(answered).toEqual(taken.map((line) => ({ payload: Number(line.slice("echo ".length)) })));
    expect(cable.torn).toBeGreaterThan(2);
  });
});
