import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { serveInspector } from "../../src/inspect/inspector-socket.js";
import { packageVersion } from "../../src/inspect/protocol/version.js";
import { FakeActor, FakeSystem, supervisorStatus } from "../inspect/fake-system.js";
import { privateDirectory } from "../inspect/private-directory.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
let place = "";

// The command is compiled alone, as it is published: so it is seen that it needs nothing but its own files, and no earlier build is taken for this one.
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "holdfast-cli-"));
  const compilerOptions = { rootDir: repository, outDir: join(place, "dist"), noEmit: false, incremental: false };
  const config = {
    extends: join(repository, "tsconfig.json"),
    compilerOptions: {
      ...compilerOptions,
      tsBuildInfoFile: null,
      declaration: false,
      typeRoots: [join(repository, "node_modules/@types")],
    },
    include: [],
    files: [join(repository, "src/cli/main.ts")],
  };
  await writeFile(join(place, "tsconfig.json"), JSON.stringify(config));
  await copyFile(join(repository, "package.json"), join(place, "package.json"));
  await promisify(execFile)(join(repository, "node_modules/.bin/tsc"), ["-p", place]);
}, 60_000);

afterAll(() => rm(place, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface HoldfastOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Called with what came so far each time that something came on standard output. */
  readonly onOutput?: (child: ReturnType<typeof spawn>, stdout: string) => void;
}

async function holdfast(args: readonly string[], options: HoldfastOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, [join(place, "dist/src/cli/main.js"), ...args], {
    env: { PATH: process.env["PATH"], TMPDIR: place, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    options.onOutput?.(child, stdout);
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  await once(child, "close");
  return { code: child.exitCode, stdout, stderr };
}

async function serve(children = 1): Promise<string> {
  const rows = Array.from(
    { length: children },
    (_, index) => new FakeActor({ name: `room:${index}`, behaviour: "Room" }),
  );
  const root = new FakeActor({ behaviour: "Lobby", children: rows, status: supervisorStatus({ inWindow: 1 }) });
  const inspector = await serveInspector(new FakeSystem(root), { directory: await privateDirectory() });
  onTestFinished(() => inspector.close());
  return inspector.path;
}

describe("the holdfast command as a process", () => {
  it("prints the tree of a server, without colours into a pipe", async () => {
    const { code, stdout, stderr } = await holdfast(["tree", "--socket", await serve()]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      new RegExp(`^lobby {2}pid ${process.pid} {2}up 3m 12s .*\\nLobby .*restarts 1/3 in 5s\\n└─ room:0 .*idle.*\\n$`),
    );
  });

  it("finds the server in the runtime directory", async () => {
    const runtime = await privateDirectory();
    const directory = join(runtime, `holdfast-${process.getuid?.()}`);
    await mkdir(directory, { mode: 0o700 });
    const inspector = await serveInspector(new FakeSystem(new FakeActor()), { directory });
    onTestFinished(() => inspector.close());
    const { code, stdout } = await holdfast(["tree", "--json"], { env: { XDG_RUNTIME_DIR: runtime } });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ system: { name: "lobby", pid: process.pid } });
  });

  it("ends with exit code 2 where no server is", async () => {
    const { code, stdout, stderr } = await holdfast(["tree"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`holdfast: Found no running server in ${place}/holdfast-${process.getuid?.()}.`);
  });

  it("ends with exit code 1 when it is used wrongly, and knows its version", async () => {
    expect(await holdfast(["tree", "--colour"])).toMatchObject({ code: 1, stdout: "" });
    expect(await holdfast(["--version"])).toEqual({ code: 0, stdout: `${packageVersion()}\n`, stderr: "" });
  });

  it("ends quietly when its reader has seen enough", async () => {
    const path = await serve(5_000);
    const onOutput: HoldfastOptions["onOutput"] = (child) => child.stdout?.destroy();
    expect(await holdfast(["tree", "--all", "--json", "--socket", path], { onOutput })).toMatchObject({
      code: 0,
      stderr: "",
    });
  });

  it("ends a watch quietly when its reader has seen enough", async () => {
    const onOutput: HoldfastOptions["onOutput"] = (child) => child.stdout?.destroy();
    expect(await holdfast(["tree", "--watch", "--socket", await serve()], { onOutput })).toMatchObject({
      code: 0,
      stderr: "",
    });
  });

  it("ends a watch at Ctrl-C", async () => {
    const onOutput: HoldfastOptions["onOutput"] = (child) => child.kill("SIGINT");
    expect(await holdfast(["tree", "--watch", "--socket", await serve()], { onOutput })).toMatchObject({
      code: 0,
      stderr: "",
    });
  });

  it("waits for nothing when it is done", async () => {
    const started = performance.now();
    await holdfast(["list"]);
    // Far below the time-outs of the command, far above what starting Node takes.
    expect(performance.now() - started).toBeLessThan(4_000);
  });
});
