import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { readTreeSnapshot } from "../../../src/inspect/protocol/read-tree.js";
import { connectInspector } from "../../../src/inspect/protocol/inspector-client.js";
import { runtimeDirectories, socketPath } from "../../../src/inspect/protocol/runtime-directory.js";
import type { TreeNode } from "../../../src/inspect/protocol/tree.js";
import type { Compiled } from "../../store/compiled.js";
import { compileCores, CoresProgram, gone } from "./program.js";

let programs: Compiled;
/** Where the programs have their sockets. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-test-"));
  programs = await compileCores();
}, 120_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await programs.remove();
});

const SLOW = { timeout: 180_000 };

function begin(options: object): CoresProgram {
  return new CoresProgram(programs.script("cores-program"), folder, options);
}

async function running(options: { readonly cluster: { readonly cores: number } }): Promise<CoresProgram> {
  const program = begin(options);
  await program.ready(options.cluster.cores);
  return program;
}

async function get(port: number, path: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } });
  return response.json();
}

async function pidOf(port: number): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/raw`);
  onTestFinished(() => socket.terminate());
  const [data] = await once(socket, "message");
  return Number(String(data));
}

describe("a program on two cores", SLOW, () => {
  it("runs its root on each of them, and its host can speak to their actors", async () => {
    const program = await running({ cluster: { cores: 2 } });
    const asked = await program.until(({ what }) => what === "asked");
    expect(asked["pid"]).toBe(program.core("core-1"));
    expect(asked["members"]).toHaveLength(2);
    expect(new Set([program.pid, ...program.cores()]).size).toBe(3);
  });

  it("calls from one core to an actor of the other are answered there", async () => {
    const program = await running({ cluster: { cores: 2 } });
    const [one, two] = [program.core("core-1"), program.core("core-2")];
    for (let asked = 0; asked < 4; asked++) {
      expect(await get(program.port, "/ask/core-1")).toMatchObject({ pid: one });
      expect(await get(program.port, "/ask/core-2")).toMatchObject({ pid: two });
    }
  });

  it("spreads the connections of the one port over the cores", async () => {
    const program = await running({ cluster: { cores: 2 } });
    const served = await Promise.all(Array.from({ length: 20 }, () => pidOf(program.port)));
    for (const pid of program.cores()) expect(served.filter((by) => by === pid)).toHaveLength(10);
  });

  it("leaves the language as it is", async () => {
    const program = await running({ cluster: { cores: 1 } });
    expect(await get(program.port, "/")).toMatchObject({ at: "c", map: "{}", interval: true });
  });

  it("shows one tree", async () => {
    const program = await running({ cluster: { cores: 2 }, ...{ inspector: true } });
    const client = await inspector(program.pid);
    const snapshot = readTreeSnapshot(await client.ask({ method: "tree", params: { all: false } }));
    expect(snapshot.root?.behaviour).toBe("Cores");
    for (const [index, core] of (snapshot.root?.children ?? []).entries()) {
      const name = `core-${index + 1}`;
      expect(core).toMatchObject({ label: name, behaviour: "Core", kind: "core", status: { state: "ready" } });
      const [root] = core.children;
      expect(root).toMatchObject({ ref: `<${name}.1>`, behaviour: "Root" });
      expect(root?.children.map((child: TreeNode) => child.behaviour)).toEqual(["Counter", "Watcher", "Endpoint"]);
    }
    expect(snapshot.root?.children).toHaveLength(2);
    const found = await client.ask({ method: "info", params: { actor: "<core-2.2>" } });
    expect(found).toMatchObject({ ref: "<core-2.2>", behaviour: "Counter" });
    process.kill(program.core("core-1"), "SIGSTOP");
    // Beyond the time in which all readers get the same tree.
    const silent = async (): Promise<unknown> => {
      for (;;) {
        const later = readTreeSnapshot(await client.ask({ method: "tree", params: { all: false } }));
        const [first, second] = later.root?.children ?? [];
        if (first?.children.length === 0) return { status: first.status, others: second?.children.length };
      }
    };
    expect(await silent()).toMatchObject({ status: { tree: "no answer within 750 ms" }, others: 1 });
  });
});

async function inspector(pid: number) {
  const [directory = folder] = runtimeDirectories({ XDG_RUNTIME_DIR: folder });
  const client = await connectInspector(socketPath(directory, "holdfast", pid), { timeoutMs: 30_000 });
  onTestFinished(() => client.close());
  return client;
}

describe("a core that is killed", SLOW, () => {
  it("is DOWN for the others at once, and is started again in a new life", async () => {
    const program = await running({ cluster: { cores: 2 } });
    const killed = program.core("core-1");
    const mark = program.said.length;
    const before = Date.now();
    process.kill(killed, "SIGKILL");
    const down = await program.until(({ what }) => what === "down", mark);
    // Far below its lease: the host has seen the process end.
    expect(Number(down["at"]) - before).toBeLessThan(2_500);
    expect(down["reason"]).toBe("noconnection");
    const again = await program.until(({ what, node }) => what === "ready" && node === "core-1", mark);
    expect(again.by).not.toBe(killed);
    await program.until(({ what, node }) => what === "meets" && node === "core-1", mark);
    expect(await get(program.port, "/ask/core-1")).toMatchObject({ pid: again.by });
    // Once each: the member is down, and so is its actor.
    expect(program.said.filter(({ what }) => what === "down")).toHaveLength(1);
    expect(program.said.filter(({ what, state }) => what === "member" && state === "down")).toHaveLength(1);
  });

  it("leaves the port to the others, and has its part again when it is back", async () => {
    const program = await running({ cluster: { cores: 2 } });
    const { port } = program;
    const mark = program.said.length;
    process.kill(program.core("core-1"), "SIGKILL");
    await program.until(({ what }) => what === "down", mark);
    for (let asked = 0; asked < 4; asked++) expect(await pidOf(port)).toBe(program.core("core-2"));
    const again = await program.until(({ what, node }) => what === "ready" && node === "core-1", mark);
    expect(again["port"]).toBe(port);
    const served = await Promise.all(Array.from({ length: 10 }, () => pidOf(port)));
    expect(served.filter((by) => by === again.by)).toHaveLength(5);
  });

  it("lets clients wait for it when it is the only one", async () => {
    const program = await running({ cluster: { cores: 1 } });
    const mark = program.said.length;
    process.kill(program.core("core-1"), "SIGKILL");
    await program.until(({ what, type }) => what === "report" && type === "crash", mark);
    const served = await pidOf(program.port);
    const again = await program.until(({ what, node }) => what === "ready" && node === "core-1", mark);
    expect(served).toBe(again.by);
  });
});

describe("a core that is stopped for longer than its lease", SLOW, () => {
  it.each([1, 2])("is declared down and ended, and started again in a new life (of %d)", async (cores) => {
    const program = await running({ cluster: { cores, ...{ leaseMs: 1_500 } } });
    const stopped = program.core("core-1");
    const mark = program.said.length;
    process.kill(stopped, "SIGSTOP");
    const again = await program.until(({ what, node }) => what === "ready" && node === "core-1", mark);
    expect(again.by).not.toBe(stopped);
    await gone(stopped);
    const report = program.said.find(({ what, type }) => what === "report" && type === "crash");
    expect(report?.["text"]).toContain("It was declared down (lease)");
  });

  it("is not ended for a short stop", async () => {
    const program = await running({ cluster: { cores: 2, ...{ leaseMs: 30_000 } } });
    const stopped = program.core("core-1");
    process.kill(stopped, "SIGSTOP");
    await program.until(({ what, state }) => what === "member" && state === "suspected");
    process.kill(stopped, "SIGCONT");
    await program.count(2, ({ what, node }) => what === "meets" && node === "core-1");
    expect(await get(program.port, "/ask/core-1")).toMatchObject({ pid: stopped });
  });
});

describe("the end", SLOW, () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "at %s to all of its processes the host stops the cores in order",
    async (signal) => {
      const program = await running({ cluster: { cores: 2 } });
      for (const pid of program.cores()) process.kill(pid, signal);
      program.signal(signal);
      expect(await program.ended()).toBe(0);
      const stopping = program.said.filter(({ what }) => what === "stopping");
      expect(stopping[0]).toMatchObject({ role: "host", signal });
      expect(stopping.slice(1)).toMatchObject([
        { role: "core", signal: "SIGTERM" },
        { role: "core", signal: "SIGTERM" },
      ]);
      const done = program.said.filter(({ what }) => what === "done");
      expect(done.map(({ role }) => role)).toEqual(["core", "core", "host"]);
      expect(program.said.filter(({ what, reason }) => what === "down" && reason === "noconnection")).toEqual([]);
      expect(program.errors).toBe("");
      for (const pid of program.cores()) await gone(pid);
    },
  );

  it("a signal to a core alone is not heard", async () => {
    const program = await running({ cluster: { cores: 1 } });
    process.kill(program.core("core-1"), "SIGTERM");
    process.kill(program.core("core-1"), "SIGINT");
    expect(await pidOf(program.port)).toBe(program.core("core-1"));
    program.signal("SIGTERM");
    expect(await program.ended()).toBe(0);
  });

  it("a signal that a core gets behind the order to stop is not heard, as on a busy machine that of the same Ctrl-C", async () => {
    const program = await running({ cluster: { cores: 1 }, ...{ slowStop: true } });
    program.signal("SIGINT");
    await program.until(({ what, role }) => what === "stopping" && role === "core");
    process.kill(program.core("core-1"), "SIGINT");
    expect(await program.ended()).toBe(0);
    const stopping = program.said.filter(({ what, role }) => what === "stopping" && role === "core");
    expect(stopping).toMatchObject([{ signal: "SIGTERM" }]);
  });

  it("no core outlives a host that is killed, and nothing is left of its sockets", async () => {
    const others = (await readdir(folder)).filter((name) => name.startsWith("holdfast-cores-"));
    const program = await running({ cluster: { cores: 2 } });
    program.signal("SIGKILL");
    await program.ended();
    for (const pid of program.cores()) await gone(pid);
    expect((await readdir(folder)).filter((name) => name.startsWith("holdfast-cores-"))).toEqual(others);
  });

  it("the folder of a host that was killed with all of its cores is removed by the next host", async () => {
    const program = await running({ cluster: { cores: 1 } });
    const [left = ""] = (await readdir(folder)).filter((name) => name.startsWith("holdfast-cores-"));
    const core = program.core("core-1");
    // It sees nothing of its host's end.
    process.kill(core, "SIGSTOP");
    program.signal("SIGKILL");
    process.kill(core, "SIGKILL");
    await program.ended();
    expect(await readdir(folder)).toContain(left);
    const next = await running({ cluster: { cores: 1 } });
    expect(await readdir(folder)).not.toContain(left);
    next.signal("SIGTERM");
    expect(await next.ended()).toBe(0);
  });

  it.each([
    ["when the root has ended in order", "ends"],
    ["when the application has stopped its system", "stops"],
  ])("%s on all cores, so has the program", async (_what, wrong) => {
    const program = begin({ cluster: { cores: 2 }, wrong });
    expect(await program.ended()).toBe(0);
    expect(program.said.filter(({ what, role }) => what === "done" && role === "core")).toHaveLength(2);
    expect(program.said.filter(({ what }) => what === "report")).toEqual([]);
  });
});

describe("a core that cannot start", SLOW, () => {
  const restart = { baseMs: 1, capMs: 10, maxAttempts: 2 };

  it("or whose root gives up again and again, is not started for ever", async () => {
    const program = begin({ cluster: { cores: 1, restart }, wrong: "gives-up" });
    await program.ended();
    const crashes = program.said.filter(({ what, type }) => what === "report" && type === "crash");
    expect(crashes).toHaveLength(3);
  });

  it.each([
    ["module", "the module of the application is broken"],
    ["root", "the root does not want to"],
  ])("is tried so often as it may be, and fails the host with what it said (%s)", async (wrong, text) => {
    const program = begin({ cluster: { cores: 1, restart }, wrong });
    expect(await program.ended()).toBe(1);
    const failed = program.said.find(({ what, by }) => what === "failed" && by === program.pid);
    expect(failed?.["text"]).toContain("CoresError core_failed");
    expect(failed?.["text"]).toContain(text);
    const crashes = program.said.filter(({ what, type }) => what === "report" && type === "crash");
    expect(crashes).toHaveLength(3);
  });

  it("is ended when it never makes its system", async () => {
    const program = begin({
      cluster: { cores: 1, restart: { ...restart, maxAttempts: 1 }, startTimeoutMs: 3_000 },
      wrong: "silent",
    });
    expect(await program.ended()).toBe(1);
    const failed = program.said.find(({ what, by }) => what === "failed" && by === program.pid);
    expect(failed?.["text"]).toContain("was not ready within 3000 ms");
  });

  it("says which port is taken", async () => {
    const first = await running({ cluster: { cores: 1 } });
    const second = begin({ cluster: { cores: 1, restart }, ...{ port: first.port } });
    expect(await second.ended()).toBe(1);
    const failed = second.said.find(({ what, by }) => what === "failed" && by === second.pid);
    expect(failed?.["text"]).toContain(String(first.port));
    expect(failed?.["text"]).toContain("port_in_use");
  });
});

it("without comedy the start fails with what to install", SLOW, async () => {
  const text = await new Promise<string>((resolve) => {
    // A loader that knows no comedy, as where it is not installed.
    const hook = `export async function resolve(name, context, next) {
      if (name === "comedy") throw Object.assign(new Error("Cannot find package 'comedy'"), { code: "ERR_MODULE_NOT_FOUND" });
      return next(name, context);
    }`;
    const register = `import { register } from "node:module"; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});`;
    const options = JSON.stringify({ cluster: { cores: 1 } });
    const args = [
      "--import",
      `data:text/javascript,${encodeURIComponent(register)}`,
      programs.script("cores-program"),
      options,
    ];
    execFile(process.execPath, args, (_, stdout) => resolve(stdout));
  });
  expect(text).toContain("CoresError comedy_missing");
  expect(text).toContain("npm install comedy@^2.1.7");
});
