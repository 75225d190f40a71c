import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import type { Compiled } from "../../store/compiled.js";
import { compileCores, CoresProgram, endProcess, isRunning, type Said } from "./program.js";

let programs: Compiled;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-test-"));
  programs = await compileCores();
}, 120_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await programs.remove();
});

const CLIENTS = 20;

/** A client that sends without end: the next message with each echo. */
class Talker {
  /** The process that serves it. */
  pid = 0;
  echoes = 0;
  isOpen = true;
  readonly #socket: WebSocket;

  private constructor(port: number) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/raw`);
    this.#socket = socket;
    socket.on("close", () => {
      this.isOpen = false;
    });
    socket.on("error", () => socket.terminate());
    onTestFinished(() => socket.terminate());
  }

  static async begin(port: number): Promise<Talker> {
    const talker = new Talker(port);
    const [first] = await once(talker.#socket, "message");
    talker.pid = Number(String(first));
    talker.#socket.on("message", (data) => {
      if (String(data) !== `${talker.echoes}`) throw new Error(`Expected echo ${talker.echoes}, got ${String(data)}`);
      talker.echoes++;
      talker.#socket.send(`${talker.echoes}`);
    });
    talker.#socket.send("0");
    return talker;
  }

  /** Resolves when it has heard so many echoes more. */
  async hears(more: number): Promise<void> {
    for (const wanted = this.echoes + more; this.echoes < wanted; ) {
      if (!this.isOpen) throw new Error("Expected the client to be served on");
      await once(this.#socket, "message");
    }
  }
}

async function underLoad(options: object): Promise<{ program: CoresProgram; talkers: readonly Talker[] }> {
  const program = new CoresProgram(programs.script("cores-program"), folder, options);
  await program.ready(2);
  const talkers = await Promise.all(Array.from({ length: CLIENTS }, () => Talker.begin(program.port)));
  await Promise.all(talkers.map((talker) => talker.hears(10)));
  return { program, talkers };
}

describe("a core among two that serve clients", { timeout: 90_000 }, () => {
  it("that is killed is DOWN for the other at once, whose clients are served on", async () => {
    const { program, talkers } = await underLoad({ cluster: { cores: 2 } });
    const killed = program.core("core-1");
    const others = talkers.filter(({ pid }) => pid !== killed);
    expect(others).toHaveLength(CLIENTS / 2);
    const mark = program.said.length;
    const before = Date.now();
    process.kill(killed, "SIGKILL");
    const down = await program.until(({ what }) => what === "down", mark);
    const tookMs = Number(down["at"]) - before;
    process.stdout.write(`DOWN ${tookMs} ms after a kill, with ${CLIENTS} clients\n`);
    // On a machine with nothing else to do some milliseconds; far below what any time-out would take.
    expect(tookMs).toBeLessThan(1_000);
    await Promise.all(others.map((talker) => talker.hears(50)));
    expect(others.every(({ isOpen }) => isOpen)).toBe(true);
    const again = await program.until(({ what, node }) => what === "ready" && node === "core-1", mark);
    expect(again.by).not.toBe(killed);
    await Promise.all(others.map((talker) => talker.hears(50)));
    expect(program.said.filter(({ what }) => what === "down")).toHaveLength(1);
  });

  it("that wakes after its lease holds nothing any more: it ends, and comes back in a new life", async () => {
    // So short that the lease has nearly run out by the core's own clock when it is suspected, and before it is declared down.
    const { program, talkers } = await underLoad({ cluster: { cores: 2, leaseMs: 1_500 } });
    const stopped = program.core("core-1");
    const others = talkers.filter(({ pid }) => pid !== stopped);
    const mark = program.said.length;
    for (let from = mark; isRunning(stopped); from = program.said.length) {
      process.kill(stopped, "SIGSTOP");
      // On a busy machine it may be declared down before anybody has suspected it: then its process is ended without waking.
      await program.until(
        ({ what, node, state }) =>
          what === "member" && node === "core-1" && (state === "suspected" || state === "down"),
        from,
      );
      endProcess(stopped, "SIGCONT");
      // Where it had renewed its lease right before it was stopped it is up again, and is stopped once more.
      const isUp = ({ what, node, state }: Said): boolean => what === "member" && node === "core-1" && state === "up";
      while (isRunning(stopped) && !program.said.slice(from).some(isUp)) await setTimeout(20);
    }
    const again = await program.until(({ what, node }) => what === "ready" && node === "core-1", mark);
    await program.until(({ what, node }) => what === "meets" && node === "core-1", mark);
    const answer = await fetch(`http://127.0.0.1:${program.port}/ask/core-1`, { headers: { connection: "close" } });
    expect(await answer.json()).toMatchObject({ pid: again.by });
    // The woken one may take the other for lost as well, of which it has heard nothing for so long.
    const watching = program.core("core-2");
    expect(program.said.filter(({ what, by }) => what === "down" && by === watching)).toHaveLength(1);
    await Promise.all(others.map((talker) => talker.hears(50)));
    expect(others.every(({ isOpen }) => isOpen)).toBe(true);
  });
});
