import { createServer, type Socket } from "node:net";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { run } from "../../src/cli/run.js";
import { serveInspector } from "../../src/inspect/inspector-socket.js";
import { packageVersion } from "../../src/inspect/protocol/version.js";
import { FakeActor, FakeSystem, supervisorStatus } from "../inspect/fake-system.js";
import { privateDirectory } from "../inspect/private-directory.js";
import { FakeIo } from "./fake-io.js";

/** A runtime directory of its own, and the environment that leads there. */
async function place(): Promise<{ directory: string; env: Record<string, string> }> {
  const runtime = await privateDirectory();
  const directory = join(runtime, `holdfast-${process.getuid?.()}`);
  await mkdir(directory, { mode: 0o700 });
  return { directory, env: { XDG_RUNTIME_DIR: runtime } };
}

function lobby(name = "lobby"): FakeSystem {
  const room = new FakeActor({
    name: "room:lobby",
    behaviour: "Room",
    status: () => ({ members: 2, motto: "\u009bhi" }),
  });
  return new FakeSystem(
    new FakeActor({ behaviour: "Lobby", children: [room], status: supervisorStatus({}) }),
    [],
    name,
  );
}

async function serve(directory: string, system = lobby()): Promise<string> {
  const inspector = await serveInspector(system, { directory });
  onTestFinished(() => inspector.close());
  return inspector.path;
}

/** A socket where a server should be, that does with each connection what the test says. */
async function serveRaw(onSocket: (socket: Socket) => void): Promise<string> {
  const path = join(await privateDirectory(), "raw.sock");
  const server = createServer(onSocket);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return path;
}

async function runs(argv: readonly string[], env: Record<string, string> = {}): Promise<FakeIo & { code: number }> {
  const io = new FakeIo(env);
  const code = await run(argv, io);
  return Object.assign(io, { code });
}

describe("holdfast tree", () => {
  it("prints the tree of the only server", async () => {
    const { directory, env } = await place();
    await serve(directory);
    const { code, stdout, stderr } = await runs(["tree"], env);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const [header, ...rows] = stdout.split("\n");
    expect(header).toMatch(
      new RegExp(
        `^lobby {2}pid ${process.pid} {2}up 3m 12s {2}actors 27 {2}dead letters 0 {2}loop p99 \\d+\\.\\d ms {2}heap \\d+ MB$`,
      ),
    );
    expect(rows).toEqual([
      "Lobby          supervisor  one_for_one  restarts 0/3 in 5s",
      "└─ room:lobby  Room        idle  mailbox 0  members 2  motto \\x9bhi",
      "",
    ]);
  });

  it.each([
    ["--name", "shop"],
    ["--pid", String(process.pid), "--name", "shop"],
  ])("finds a server by %s", async (...choice) => {
    const { directory, env } = await place();
    await serve(directory);
    await serve(directory, lobby("shop"));
    const { code, stdout } = await runs(["tree", ...choice], env);
    expect([code, stdout.split(" ")[0]]).toEqual([0, "shop"]);
  });

  it("finds a server by its socket, wherever that lies", async () => {
    const path = await serve(await privateDirectory());
    expect(await runs(["tree", "--socket", path, "--ascii"])).toMatchObject({ code: 0 });
  });

  it("with --json prints the snapshot as data that no terminal takes for commands", async () => {
    const { directory, env } = await place();
    await serve(directory);
    const { code, stdout } = await runs(["tree", "--json"], env);
    expect(code).toBe(0);
    expect(stdout).not.toContain("\u009b");
    expect(JSON.parse(stdout)).toMatchObject({
      system: { name: "lobby", pid: process.pid, actors: { alive: 27 } },
      root: { kind: "supervisor", children: [{ name: "room:lobby", status: { motto: "\u009bhi" } }] },
      orphans: [],
    });
  });

  it("with --all prints what is left out otherwise", async () => {
    const { directory, env } = await place();
    const children = Array.from({ length: 60 }, () => new FakeActor());
    await serve(directory, new FakeSystem(new FakeActor({ children })));
    expect((await runs(["tree"], env)).stdout).toContain("… 10 more (10 idle)");
    expect((await runs(["tree", "--all"], env)).stdout.split("\n")).toHaveLength(63);
  });

  it("has colours on a terminal only, and not with NO_COLOR or a dumb one", async () => {
    const path = await serve(await privateDirectory());
    const colored = async (env: Record<string, string>, isTerminal: boolean): Promise<boolean> => {
      const io = new FakeIo(env, isTerminal);
      await run(["tree", "--socket", path], io);
      return io.stdout.includes("\u001b");
    };
    expect(await colored({ TERM: "xterm" }, true)).toBe(true);
    expect(await colored({ TERM: "xterm", NO_COLOR: "" }, true)).toBe(true);
    expect(await colored({ TERM: "xterm", NO_COLOR: "1" }, true)).toBe(false);
    expect(await colored({ TERM: "dumb" }, true)).toBe(false);
    expect(await colored({ TERM: "xterm" }, false)).toBe(false);
  });

  it("fits the terminal", async () => {
    const io = new FakeIo({}, true);
    io.columns = 30;
    await run(["tree", "--socket", await serve(await privateDirectory())], io);
    for (const line of io.stdout.replaceAll("\u001b[0m", "").split("\n")) {
      expect(line.replace("\u001b[1m", "").replaceAll("\u001b[2m", "").length).toBeLessThanOrEqual(30);
    }
  });
});

describe("holdfast tree without a server", () => {
  it("says what was looked for and where, with exit code 2", async () => {
    const { directory, env } = await place();
    const { code, stdout, stderr } = await runs(["tree", "--name", "lobby"], env);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`holdfast: Found no running server named "lobby" in ${directory} or `);
    expect(stderr).toContain("npm start");
  });

  it("at the given socket has exit code 2", async () => {
    const path = join(await privateDirectory(), "none.sock");
    const { code, stderr } = await runs(["tree", "--socket", path]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `holdfast: Cannot connect to ${path}: there is no such socket. The server has ended or was never started.\n`,
    );
  });

  it("that it may trust has exit code 2", async () => {
    const runtime = await privateDirectory();
    await mkdir(join(runtime, `holdfast-${process.getuid?.()}`), { mode: 0o755 });
    const { code, stderr } = await runs(["tree"], { XDG_RUNTIME_DIR: runtime });
    expect(code).toBe(2);
    expect(stderr).toContain("Run: chmod 700 ");
  });

  it("but with several lists them, with exit code 1", async () => {
    const { directory, env } = await place();
    await serve(directory);
    await serve(directory, lobby("shop"));
    const { code, stderr } = await runs(["tree"], env);
    expect(code).toBe(1);
    expect(stderr).toContain(`--pid ${process.pid}  --name lobby`);
    expect(stderr).toContain(`--pid ${process.pid}  --name shop`);
  });

  it.each([
    ["is no reply", "SSH-2.0-OpenSSH\u001b[2J\r\n"],
    ["is no tree", '{"v":1,"id":1,"ok":true,"result":{}}\n'],
    ["is an error", '{"v":1,"id":1,"ok":false,"error":{"code":"internal","message":"broken \\u001b[2J"}}\n'],
  ])("but with something whose answer %s has exit code 3", async (_, answer) => {
    const path = await serveRaw((socket) => socket.once("data", () => socket.end(answer)));
    const { code, stdout, stderr } = await runs(["tree", "--socket", path]);
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).not.toContain("\u001b");
  });

  it("that answers has exit code 2", async () => {
    const path = await serveRaw((socket) => socket.once("data", () => socket.end()));
    expect(await runs(["tree", "--socket", path])).toMatchObject({ code: 2 });
  });
});

describe("holdfast info", () => {
  it("prints one actor by its name", async () => {
    const { directory, env } = await place();
    await serve(directory);
    const { code, stdout } = await runs(["info", "room:lobby"], env);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^ref {7}<0\.\d+>\nname {6}room:lobby\nclass {5}Room\nkind {6}worker\nlife {6}idle\nmailbox {3}0\nhandled {3}0 messages\nstatus\n {2}\{\n {4}"members": 2,\n/,
    );
  });

  it("takes a ref with and without its brackets", async () => {
    const actor = new FakeActor({ name: "a" });
    const path = await serve(await privateDirectory(), new FakeSystem(actor));
    for (const ref of [actor.ref, actor.ref.slice(1, -1)]) {
      const { stdout } = await runs(["info", ref, "--json", "--socket", path]);
      expect(JSON.parse(stdout)).toMatchObject({ ref: actor.ref, name: "a" });
    }
  });

  it("of nobody has exit code 3", async () => {
    const path = await serve(await privateDirectory());
    const { code, stderr } = await runs(["info", "nobody", "--socket", path]);
    expect(code).toBe(3);
    expect(stderr).toContain('No living actor has the name or the reference "nobody".');
  });
});

describe("holdfast list", () => {
  it("prints the servers that run here", async () => {
    const { directory, env } = await place();
    const path = await serve(directory);
    const { code, stdout } = await runs(["list"], env);
    expect(code).toBe(0);
    const [head, row, end] = stdout.split("\n");
    expect(head?.split(/ +/)).toEqual(["NAME", "PID", "STARTED", "SOCKET"]);
    expect(row?.split(/ +/)).toEqual(["lobby", String(process.pid), expect.stringMatching(/^\d{4}-.*Z$/), path]);
    expect(end).toBe("");
    const listed: unknown = JSON.parse((await runs(["list", "--json"], env)).stdout);
    expect(listed).toMatchObject([{ name: "lobby", pid: process.pid, socket: path }]);
  });

  it("of none is empty, and says on standard error where it looked", async () => {
    const { directory, env } = await place();
    expect(await runs(["list"], env)).toMatchObject({ code: 0, stdout: "" });
    expect((await runs(["list"], env)).stderr).toContain(directory);
    expect(await runs(["list", "--json"], env)).toMatchObject({ code: 0, stdout: "[]\n", stderr: "" });
  });
});

describe("holdfast", () => {
  it.each([
    [["--help"], "Usage: holdfast <command> [options]"],
    [["help"], "Exit codes"],
    [["tree", "--help"], "Usage: holdfast tree [options]"],
    [["help", "info"], "Usage: holdfast info ACTOR [options]"],
    [["list", "--help"], "Usage: holdfast list [options]"],
  ])("helps with %j", async (argv, text) => {
    const { code, stdout, stderr } = await runs(argv);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(text);
    expect(stdout.split("\n").every((line) => line.length <= 80)).toBe(true);
  });

  it("names in its help each option that a command takes", async () => {
    const { stdout } = await runs(["tree", "--help"]);
    for (const option of ["json", "name", "pid", "socket", "all", "watch", "ascii", "help"]) {
      expect(stdout).toContain(`--${option}`);
    }
  });

  it("knows its version", async () => {
    expect(await runs(["--version"])).toMatchObject({ code: 0, stdout: `${packageVersion()}\n` });
  });

  it.each([[[]], [["kill"]], [["tree", "--wat\u001b[2J"]], [["tree", "--pid", "x"]]])(
    "refuses %j with exit code 1 and the way to the help",
    async (argv) => {
      const { code, stdout, stderr } = await runs(argv);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/^holdfast: .+\nTry: holdfast --help\n$/);
      expect(stderr).not.toContain("\u001b");
    },
  );
});
