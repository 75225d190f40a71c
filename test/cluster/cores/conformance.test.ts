import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type CorePlace, hostSocket } from "../../../src/cluster/cores/core-place.js";
import { FrameSocket } from "../../../src/cluster/cores/frame-socket.js";
import { MemberWatch } from "../../../src/cluster/cores/host/member-watch.js";
import { RegisterHost } from "../../../src/cluster/cores/register-host.js";
import { decodeRequest } from "../../../src/cluster/cores/register-message.js";
import { realClock } from "../../../src/kernel/clock.js";
import { engineConformance, type EngineWorld } from "../../../src/testing/index.js";
import { type Compiled, compile } from "../../store/compiled.js";
import { NodeProcess } from "./node-process.js";

const LEASE_MS = 3_000;
const PATIENCE_MS = 30_000;
const LOOK_MS = 10;

let programs: Compiled;
beforeAll(async () => {
  programs = await compile(["engine-program"], "test/cluster/cores");
}, 120_000);
afterAll(() => programs.remove());

/** The part of a host that its cores have in common: the register, and the watch over their processes. */
class Host {
  readonly register = new RegisterHost();
  readonly watch = new MemberWatch({ name: "host", incarnation: "host-1" }, this.register, realClock, () => undefined);
  readonly #server = createServer((socket) => {
    const line = new FrameSocket(socket, {
      frame: (frame) => {
        const request = decodeRequest(frame);
        if (request !== undefined) this.register.request(line, request);
      },
      closed: () => this.register.closed(line),
    });
  });

  listen(path: string): Promise<void> {
    return new Promise((resolve) => this.#server.listen(path, resolve));
  }

  async close(): Promise<void> {
    this.watch.close();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Nodes in processes of their own, which are killed, stopped and continued as any process is. */
async function coresWorld(): Promise<EngineWorld> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-test-"));
  const host = new Host();
  await host.listen(hostSocket(folder));
  const nodes = new Map<string, NodeProcess>();
  const all: NodeProcess[] = [];
  let lives = 0;
  const nodeOf = (name: string): NodeProcess => {
    const node = nodes.get(name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  };
  return {
    settle: (pending) => pending,
    async join(name, events) {
      const incarnation = `${name}-${++lives}`;
      const shared = { index: 0, cores: 1, main: "none", args: [], leaseMs: LEASE_MS };
      const place: CorePlace = { ...shared, name, incarnation, folder };
      const node = await NodeProcess.join(programs.script("engine-program"), place, events);
      nodes.set(name, node);
      all.push(node);
      // As the host of a program does: it sees the end of a process at once.
      void node.ended.then(() => host.watch.declareDown(node.self, "exit"));
      return node;
    },
    async until(isSo, what) {
      for (const end = Date.now() + PATIENCE_MS; !isSo(); ) {
        if (Date.now() > end) throw new Error(`Waited ${PATIENCE_MS} ms for ${what}`);
        await new Promise((resolve) => {
          setTimeout(resolve, LOOK_MS);
        });
      }
    },
    async kill(name) {
      nodeOf(name).child.kill("SIGKILL");
      await nodeOf(name).ended;
    },
    async pause(name) {
      nodeOf(name).child.kill("SIGSTOP");
    },
    async resume(name) {
      nodeOf(name).child.kill("SIGCONT");
    },
    async stop() {
      for (const node of all) node.child.kill("SIGKILL");
      await Promise.all(all.map(({ ended }) => ended));
      await host.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

// Processes of one machine cannot be cut off from each other.
describe("the cores engine", { timeout: 60_000 }, () => {
  for (const { title, run } of engineConformance({ createWorld: coresWorld, without: ["isolate"] })) it(title, run);
});
