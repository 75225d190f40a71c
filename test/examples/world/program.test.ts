import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Built, build } from "../built.js";
import { page, programs } from "../documents.js";
import { RunningProgram } from "../run-program.js";

let built: Built;
beforeAll(async () => {
  built = await build();
  return () => built.remove();
}, 60_000);

// Node 20 has the class, behind a flag.
const withWebSocket = globalThis.WebSocket === undefined ? ["--experimental-websocket"] : [];

function run(name: string, ...args: readonly string[]): RunningProgram {
  return new RunningProgram(built.root, [
    ...withWebSocket,
    join(built.root, `dist/examples/world/${name}.js`),
    ...args,
  ]);
}

describe("the guides' programs print what they say", () => {
  it.each(["worlds", "user-limits"])("%s", async (name) => {
    const guide = page(`docs/guides/${name}.md`);
    const [program = ""] = programs(guide);
    const [, printed = ""] = /It prints:\n\n```\n(.*?)```/s.exec(guide.text) ?? [];
    const script = join(await built.compile({ [name]: program }), `${name}.js`);
    const { code, stdout, stderr } = await new RunningProgram(built.root, [...withWebSocket, script]).ended;
    expect([code, stdout, stderr.replace(/^.*Warning.*\n|^\(Use .*\n/gm, "")]).toEqual([0, printed, ""]);
  });
});

describe("the world example as programs", () => {
  it("a server and its players, until Ctrl-C", async () => {
    const server = run("main", "--port", "0");
    const [, port = ""] = await server.wrote(/Listening on port (\d+)\. The tree: npx holdfast tree --name world\n/);
    const ada = run("player", "ada", "meadow", port);
    // Coins fall where they will: one may lie beside her.
    await ada.wrote(/ A [^]*meadow: ada 0/);
    const bob = run("player", "bob", "meadow", port);
    await bob.wrote(/ada \d/);
    await ada.wrote(/bob \d/);
    server.kill("SIGINT");
    expect(await server.ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining("error") });
    await ada.wrote(/The connection is gone \(code 4201\)/);
  });

  it("prints its options for --help, and how a player is started", async () => {
    const help = await run("main", "--help").ended;
    expect([help.code, help.stderr]).toEqual([0, ""]);
    for (const text of ["--port N", "--host H", "--name X", "player.js NAME WORLD"])
      expect(help.stdout).toContain(text);
    const player = await run("player", "ada").ended;
    expect([player.code, player.stderr]).toEqual([1, "Usage: player.js NAME WORLD [PORT]\n"]);
  });

  it.each([
    [["--prot", "4000"], "world: Unknown option '--prot'"],
    [["--port", "70000"], 'world: Expected --port to be a number from 0 to 65535, got "70000".'],
    [["--name", ""], "world: Expected --host and --name with a value, got an empty one."],
  ])("ends with 1 for %j and says what is wrong", async (args, text) => {
    const { code, stdout, stderr } = await run("main", ...args).ended;
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(text);
    expect(stderr).toContain("Try --help");
  });

  it("ends with 1 when the port is taken, and says so", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => {
      other.close();
    });
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { code, stderr } = await run("main", "--port", String(port)).ended;
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^world: cannot listen on .*another process has the port/),
    ]);
  });
});
