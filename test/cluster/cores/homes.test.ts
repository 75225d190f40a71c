import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { Socket } from "../../../src/client/index.js";
import type { Compiled } from "../../store/compiled.js";
import { compileCores, CoresProgram } from "./program.js";

let programs: Compiled;
let folder: string;
let program: CoresProgram;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-test-"));
  programs = await compileCores("homes-program");
  const options = { cluster: { cores: 2 }, path: join(folder, "sessions") };
  program = new CoresProgram(programs.script("homes-program"), folder, options, false);
  await program.until(({ what, role }) => what === "ready" && role === "host");
}, 180_000);
afterAll(async () => {
  program.kill();
  await rm(folder, { recursive: true, force: true });
  await programs.remove();
});

interface Answer {
  readonly count: number;
  readonly pid: number;
}

it("the sessions of a core that is killed go on on the other one, with what their channels knew", {
  timeout: 120_000,
}, async () => {
  const lost: string[] = [];
  const clients = Array.from({ length: 20 }, (_, n) => {
    const token = `user-${n}`;
    const socket = new Socket(`ws://127.0.0.1:${program.port}/socket`, { webSocket: WebSocket, token });
    onTestFinished(() => socket.disconnect());
    socket.onSessionLost(({ reason }) => lost.push(reason));
    const channel = socket.channel("room:1");
    channel.join();
    socket.connect();
    return { id: () => socket.sessionId, say: async () => (await channel.push("say", {}).reply) as Answer };
  });
  const before = await Promise.all(clients.map(({ say }) => say()));
  const ids = clients.map(({ id }) => id());
  const killed = before[0]?.pid ?? 0;
  const moved = before.filter(({ pid }) => pid === killed).length;
  process.kill(killed, "SIGKILL");
  const killedAt = performance.now();
  const after = await Promise.all(clients.map(({ say }) => say()));
  const tookMs = Math.round(performance.now() - killedAt);
  process.stdout.write(
    `The sessions of a killed core answer again ${tookMs} ms after it: ${moved} of them, on the other core\n`,
  );
  // Below a second on a machine with nothing else to do.
  expect(tookMs).toBeLessThan(5_000);
  expect(after.map(({ count }) => count)).toEqual(clients.map(() => 2));
  expect(clients.map(({ id }) => id())).toEqual(ids);
  expect(lost).toEqual([]);
  expect(after.every(({ pid }) => pid !== killed)).toBe(true);
  await program.until(
    ({ what, text }) => what === "sessions_adopted" && String(text).includes(`took over ${moved} sessions`),
  );
  expect(program.said.filter(({ what }) => what === "adoption_failed")).toEqual([]);
});
