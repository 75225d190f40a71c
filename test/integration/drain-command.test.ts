import { join } from "node:path";
import type { Socket } from "holdfast/client";
import { beforeAll, describe, expect, it } from "vitest";
import { type Built, build } from "../examples/built.js";
import { runLobby, visitor } from "../examples/lobby/lobby-server.js";
import { RunningProgram } from "../examples/run-program.js";

let built: Built;
beforeAll(async () => {
  built = await build();
  return () => built.remove();
}, 60_000);

/** A client that notes when it was sent off, and when it came back. */
class Guest {
  readonly socket: Socket;
  readonly closes: { readonly code: number; readonly at: number }[] = [];
  opens = 0;
  #wake: () => void = () => undefined;

  constructor(url: string, name: string) {
    this.socket = visitor(url, name);
    this.socket.onClose(({ code }) => {
      this.closes.push({ code, at: performance.now() });
      this.#wake();
    });
    this.socket.onOpen(() => {
      this.opens++;
      this.#wake();
    });
  }

  async until(fits: () => boolean): Promise<void> {
    while (!fits()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

interface Open {
  readonly lobby: RunningProgram;
  readonly guests: readonly Guest[];
}

async function lobbyWith(count: number): Promise<Open> {
  const lobby = runLobby(built, ["--port", "0", "--no-store"]);
  const [, url = ""] = await lobby.wrote(/Open\s+(http:\S+)/);
  const guests = Array.from({ length: count }, (_, index) => new Guest(url, `Guest ${index}`));
  await Promise.all(guests.map((guest) => guest.until(() => guest.opens === 1)));
  return { lobby, guests };
}

function holdfast(...args: string[]): RunningProgram {
  return new RunningProgram(built.root, [join(built.root, "dist/src/cli/main.js"), ...args]);
}

function linesOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("holdfast drain of a running lobby", () => {
  it("hands its clients over one after another; each comes back, and the server notes who asked", async () => {
    const { lobby, guests } = await lobbyWith(4);
    const drain = holdfast("drain", "--name", "lobby", "--per-second", "4", "--yes");
    const { code, stdout, stderr } = await drain.ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(new RegExp(`^lobby {2}pid ${lobby.pid} {2}endpoint {2}4 clients connected\\n`));
    expect(stdout).toContain("At 4 a second all are told within 1s to come back");
    expect(stdout).toMatch(/\n[0-4] of 4 clients left, .*to go\n/);
    expect(stdout).toMatch(/\nDone: 4 clients told to come back, in \d\S*s\.\n$/);
    await Promise.all(guests.map((guest) => guest.until(() => guest.opens === 2)));
    expect(guests.map(({ closes }) => closes[0]?.code)).toEqual([4201, 4201, 4201, 4201]);
    // Who came back before the last one was told heard when to try again.
    const later = guests.flatMap(({ closes }) => closes.slice(1).map(({ code }) => code));
    expect(later.every((code) => code === 1012)).toBe(true);
    const moments = guests.map(({ closes }) => closes[0]?.at ?? 0).sort((left, right) => left - right);
    // 250 ms from one to the next; a busy machine may delay the first of two.
    expect((moments.at(-1) ?? 0) - (moments[0] ?? 0)).toBeGreaterThan(400);
    lobby.kill("SIGTERM");
    const log = (await lobby.ended).stderr;
    const who = `process ${drain.pid} of user ${process.getuid?.()}`;
    expect(log).toContain(`[holdfast] warning Drain of endpoint "endpoint", ordered through the inspector by ${who}`);
    expect(log).toMatch(/begins: 4 clients, 4 a second\n.*is done: 4 clients, \d+ ms/);
  });

  it("goes on when nobody watches any more, and can be watched again, as lines of JSON", async () => {
    const { guests } = await lobbyWith(3);
    const first = holdfast("drain", "--per-second", "1", "--yes", "--json");
    await first.wrote(/"type":"progress"/);
    first.kill("SIGINT");
    const left = await first.ended;
    expect(left.code).toBe(130);
    expect(left.stderr).toContain("The drain goes on:");
    expect(linesOf(left.stdout).at(-1)).toMatchObject({ type: "unwatched", total: 3 });
    const { code, stdout, stderr } = await holdfast("drain", "--json").ended;
    expect([code, stderr]).toEqual([0, ""]);
    const lines = linesOf(stdout);
    expect(lines[0]).toMatchObject({ type: "plan", endpoint: "endpoint", running: true, perSecond: 1 });
    expect(lines.at(-1)).toMatchObject({ type: "end", state: "done", total: 3, left: 0 });
    await Promise.all(guests.map((guest) => guest.until(() => guest.opens === 2)));
  });

  it("can be cancelled: who was not told stays, who was told comes back, and whoever is new is let in", async () => {
    const { lobby, guests } = await lobbyWith(3);
    const drain = holdfast("drain", "--per-second", "0.2", "--yes", "--stay-closed");
    await drain.wrote(/3 of 3 clients left/);
    const cancel = await holdfast("drain", "--cancel").ended;
    expect([cancel.code, cancel.stderr]).toEqual([0, ""]);
    expect(cancel.stdout).toBe("Cancelled: 3 of 3 clients stay. endpoint takes new connections.\n");
    const watched = await drain.ended;
    expect(watched.code).toBe(3);
    expect(watched.stderr).toMatch(/^holdfast: The drain was cancelled after \d\S* with about 3 clients left\n$/);
    expect(guests.map(({ closes }) => closes)).toEqual([[], [], []]);
    const shown = await holdfast("connections", "--pid", `${lobby.pid}`).ended;
    expect(shown.stdout).toMatch(/^endpoint +endpoint {2}takes new connections\nconnections +open 3 /);
  });

  it("leaves everybody where they are without --yes and without a terminal", async () => {
    const { guests } = await lobbyWith(2);
    const { code, stdout, stderr } = await holdfast("drain").ended;
    expect(code).toBe(2);
    expect(stdout).toContain("2 clients connected");
    expect(stderr).toContain("nothing was done: there is no terminal to ask on. To go on without being asked: --yes");
    const other = await holdfast("drain", "--endpoint", "admin", "--yes").ended;
    expect(other.code).toBe(3);
    expect(other.stderr).toContain('No endpoint has the name "admin". Running now: endpoint.');
    expect(guests.map(({ closes }) => closes)).toEqual([[], []]);
  });
});
