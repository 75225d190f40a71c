import type { IncomingMessage, ServerResponse } from "node:http";
import { Channel } from "holdfast/actors";
import { beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, requireOrAnnounce } from "../environment.js";
import { Cable } from "../integration/cable.js";
import { Diary } from "../integration/rooms.js";
import { serve, type Served } from "../integration/served.js";
import { bundledClient } from "./bundle.js";
import { Window, type WindowTab } from "./front-and-back.js";

const HEARTBEAT_MS = 500;
const GRACE_MS = 500;
const TICK_MS = 100;
/** So many ticks take longer than the client waits for a silent server. */
const LONGER_THAN_WATCHDOG = 20;

/** A page with a client that has joined a room, and notes all that it is told; `until(fits)` resolves when that is so. */
const PAGE = `<!doctype html><title>background</title><script type="module">
import { Socket } from "/client.js";
const wakers = new Set();
const woken = () => { for (const wake of wakers) wake(); };
Object.assign(globalThis, { states: [], closes: [], heard: [], turns: 0, seen: [] });
globalThis.until = (fits) => new Promise((resolve) => {
  const wake = () => { if (fits()) { wakers.delete(wake); resolve(true); } };
  wakers.add(wake);
  wake();
});
setInterval(() => { turns += 1; }, 20);
document.addEventListener("visibilitychange", () => { seen.push(document.visibilityState); woken(); });
for (const name of ["freeze", "resume"]) document.addEventListener(name, () => { seen.push(name); woken(); });
const query = new URLSearchParams(location.search);
const socket = new Socket(query.get("socket"), {
  watchdogGraceMs: ${GRACE_MS},
  backoff: { baseMs: Number(query.get("backoff")), capMs: Number(query.get("backoff")) },
  random: { next: () => 0.999 },
});
socket.onState(({ name }) => { states.push(name); woken(); });
socket.onClose(({ code }) => { closes.push(code); woken(); });
socket.onSessionLost(({ reason }) => { states.push("lost: " + reason); woken(); });
const room = socket.channel("room:1");
room.on("tick", ({ n }) => { heard.push(n); woken(); });
room.join();
socket.connect();
</script>`;

describe.runIf(requireOrAnnounce("chromium"))("a tab in the background", () => {
  let client: string;
  let window: Window;

  beforeAll(async () => {
    client = await bundledClient();
    window = await Window.open(chromiumPath() ?? "");
    return () => window.close();
  }, 60_000);

  /** A server that ticks ten times a second for whoever is in the room, and a tab that is. */
  async function stage(backoffMs: number): Promise<{ server: Served; diary: Diary; cable: Cable; tab: WindowTab }> {
    const diary = new Diary();
    class Room extends Channel {
      #n = 0;

      override join(): void {
        this.sendEvery(TICK_MS, "tick");
      }

      override handleInfo(): void {
        this.#n += 1;
        diary.write(`tick ${this.#n}.`);
        this.broadcast("tick", { n: this.#n });
      }
    }
    const routes = ({ url }: IncomingMessage, response: ServerResponse): void => {
      const isClient = url === "/client.js";
      response.writeHead(200, { "content-type": isClient ? "text/javascript" : "text/html" });
      response.end(isClient ? client : PAGE);
    };
    const limits = { heartbeatMs: HEARTBEAT_MS };
    const server = await serve({ routes, origins: "any", socket: { channels: { "room:*": Room }, limits } });
    const cable = await Cable.to(server.port);
    const query = new URLSearchParams({ socket: cable.url, backoff: String(backoffMs) });
    const tab = await window.tab(`http://127.0.0.1:${server.port}/?${query}`);
    await diary.wrote("tick 1.");
    return { server, diary, cable, tab };
  }

  /** What the server says from now on, counted. */
  const ticksFromNow = (diary: Diary, count: number): Promise<string> =>
    diary.wrote(`tick ${diary.lines.length + count}.`);

  const inOrder = (heard: unknown): void => {
    expect(Array.isArray(heard) ? heard : []).toEqual(Array.isArray(heard) ? heard.map((_, index) => index + 1) : []);
  };

  it("whose timers are throttled does not take its server for dead", async () => {
    const { diary, tab } = await stage(50);
    await tab.value("until(() => heard.length > 0)");
    const other = await window.tab("about:blank");
    await tab.value("until(() => document.visibilityState === 'hidden')");
    // The browser begins to throttle after a second.
    await ticksFromNow(diary, LONGER_THAN_WATCHDOG);
    const [turns, heard] = [Number(await tab.value("turns")), Number(await tab.value("heard.length"))];
    await ticksFromNow(diary, LONGER_THAN_WATCHDOG);
    await tab.value(`until(() => heard.length >= ${heard + LONGER_THAN_WATCHDOG})`);
    const turnsMeanwhile = Number(await tab.value("turns")) - turns;
    expect(turnsMeanwhile).toBeLessThan((LONGER_THAN_WATCHDOG * TICK_MS) / 20 / 10);
    expect([await tab.value("states"), await tab.value("closes")]).toEqual([["connecting", "open"], []]);
    inOrder(await tab.value("heard"));
    await other.bringToFront();
  });

  it("that was frozen for longer than its server waits comes back to its session, and has all in order, once", async () => {
    const { diary, tab } = await stage(50);
    await tab.value("until(() => heard.length > 0)");
    await window.tab("about:blank");
    await tab.value("until(() => document.visibilityState === 'hidden')");
    await tab.freeze();
    await ticksFromNow(diary, 2 * LONGER_THAN_WATCHDOG);
    await tab.thaw();
    await tab.bringToFront();
    const last = diary.lines.length;
    await tab.value(`until(() => heard.length >= ${last + 5})`);
    inOrder(await tab.value("heard"));
    expect(await tab.value("seen")).toEqual(["hidden", "freeze", "resume", "visible"]);
    const states = await tab.value("states");
    expect(states).toEqual(["connecting", "open", "waiting", "resuming", "open"]);
  });

  it("tries again at once when it is shown, however long it was to wait", async () => {
    const { diary, cable, tab } = await stage(600_000);
    await tab.value("until(() => heard.length > 0)");
    const other = await window.tab("about:blank");
    await tab.value("until(() => document.visibilityState === 'hidden')");
    cable.unplug();
    await tab.value("until(() => states.at(-1) === 'waiting')");
    cable.plug();
    await ticksFromNow(diary, LONGER_THAN_WATCHDOG);
    expect(await tab.value("states.at(-1)")).toBe("waiting");
    await tab.bringToFront();
    await tab.value("until(() => states.at(-1) === 'open')");
    await tab.value(`until(() => heard.length >= ${diary.lines.length})`);
    inOrder(await tab.value("heard"));
    expect(await tab.value("states")).toEqual(["connecting", "open", "waiting", "resuming", "open"]);
    await other.bringToFront();
  });
});
