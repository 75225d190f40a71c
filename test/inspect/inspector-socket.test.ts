import { existsSync } from "node:fs";
import { chmod, rename, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Inspector, type InspectorOptions, serveInspector } from "../../src/inspect/inspector-socket.js";
import { socketPath } from "../../src/inspect/protocol/runtime-directory.js";
import { FakeActor, FakeSystem } from "./fake-system.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { privateDirectory } from "./private-directory.js";
import { RawReader } from "./raw-reader.js";
import { containing } from "./matchers.js";

// Above any pid that Linux gives.
const NOBODY = 4_194_305;

interface Opened {
  readonly inspector: Inspector;
  readonly system: FakeSystem;
  readonly clock: VirtualClock;
  readonly directory: string;
}

async function open(options: InspectorOptions = {}): Promise<Opened> {
  const directory = options.directory ?? (await privateDirectory());
  const system = new FakeSystem(new FakeActor({ name: "root" }));
  const clock = new VirtualClock();
  const inspector = await serveInspector(system, { clock, directory, ...options });
  onTestFinished(() => inspector.close());
  return { inspector, system, clock, directory };
}

/** Lets the event loop be measured for the moment that the first snapshot waits for. */
async function warmUp(clock: VirtualClock, inspector: Inspector): Promise<void> {
  await vi.waitFor(() => expect(inspector.readers).toBeGreaterThan(0));
  await clock.advance(100);
}

describe("the socket of an inspector", () => {
  it("carries the system's name and the pid, and is the user's alone", async () => {
    const { inspector, directory } = await open();
    expect(inspector.path).toBe(join(directory, `lobby-${process.pid}.sock`));
    const found = await stat(inspector.path);
    expect(found.isSocket()).toBe(true);
    expect(found.mode & 0o777).toBe(0o600);
  });

  it("is the user's alone although the umask takes nothing away", async () => {
    const before = process.umask(0);
    onTestFinished(() => {
      process.umask(before);
    });
    const directory = join(await privateDirectory(), "sockets");
    const { inspector } = await open({ directory });
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(inspector.path)).mode & 0o777).toBe(0o600);
  });

  it("is not opened in a directory that others can enter", async () => {
    const directory = await privateDirectory();
    await chmod(directory, 0o755);
    await expect(open({ directory })).rejects.toMatchObject({ code: "unsafe_directory" });
  });

  it("is below XDG_RUNTIME_DIR by default, or in the temporary directory where that does not exist", async () => {
    const directory = await privateDirectory();
    vi.stubEnv("XDG_RUNTIME_DIR", directory);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const folder = `holdfast-${process.getuid?.()}`;
    const first = await serveInspector(new FakeSystem());
    onTestFinished(() => first.close());
    expect(first.path).toBe(join(directory, folder, `lobby-${process.pid}.sock`));
    vi.stubEnv("XDG_RUNTIME_DIR", join(directory, "none"));
    vi.stubEnv("TMPDIR", directory);
    const second = await serveInspector(new FakeSystem(undefined, [], "second"));
    onTestFinished(() => second.close());
    expect(second.path).toBe(join(directory, folder, `second-${process.pid}.sock`));
  });

  it("is removed when the inspector closes, which cuts its readers off", async () => {
    const { inspector } = await open();
    const reader = await RawReader.connect(inspector.path);
    await vi.waitFor(() => expect(inspector.readers).toBe(1));
    await inspector.close();
    expect(existsSync(inspector.path)).toBe(false);
    expect(await reader.closed).toBe("");
    await inspector.close();
  });

  it("leaves nothing behind in the process", async () => {
    const before = process.listenerCount("exit");
    const { inspector } = await open();
    expect(process.listenerCount("exit")).toBe(before + 1);
    await inspector.close();
    expect(process.listenerCount("exit")).toBe(before);
  });

  it("that an ended process left is removed by the next inspector, a living one's is not", async () => {
    const directory = await privateDirectory();
    const [stale, foreign] = [join(directory, `old-${NOBODY}.sock`), join(directory, `other-${NOBODY + 1}.sock`)];
    await leaveStaleSocket(stale);
    // Its process is not to be seen from here, but it listens.
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(foreign, resolve));
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
    await open({ directory });
    expect(existsSync(stale)).toBe(false);
    expect(existsSync(foreign)).toBe(true);
  });

  it("replaces one that an earlier process with the same pid left", async () => {
    const directory = await privateDirectory();
    await leaveStaleSocket(socketPath(directory, "lobby", process.pid));
    const { inspector, clock } = await open({ directory });
    const reader = await RawReader.connect(inspector.path);
    await warmUp(clock, inspector);
    expect(await reader.ask(1, "tree")).toMatchObject({ ok: true });
  });

  it("cannot be had twice by systems of one name in one process", async () => {
    const { directory } = await open();
    await expect(open({ directory })).rejects.toMatchObject({
      code: "address_in_use",
      message: containing("Give the systems different names."),
    });
  });
});

describe("a reader of the inspector", () => {
  it("gets the tree as soon as the event loop has been measured for a moment", async () => {
    const { inspector, clock } = await open();
    const reader = await RawReader.connect(inspector.path);
    const answer = reader.ask(9, "tree");
    await vi.waitFor(() => expect(clock.armed).toBe(2));
    await clock.advance(100);
    expect(await answer).toMatchObject({
      v: 1,
      id: 9,
      ok: true,
      result: { system: { name: "lobby" }, root: { name: "root" } },
    });
  });

  it("shares a snapshot with all who ask within 250 ms", async () => {
    const { inspector, clock, system } = await open();
    const [first, second] = [await RawReader.connect(inspector.path), await RawReader.connect(inspector.path)];
    await warmUp(clock, inspector);
    expect(await first.ask(1, "tree")).toMatchObject({ ok: true });
    await clock.advance(249);
    expect(await second.ask(2, "tree")).toMatchObject({ id: 2, ok: true });
    expect(system.looks).toBe(1);
    await clock.advance(1);
    await first.ask(3, "tree");
    expect(system.looks).toBe(2);
  });

  it("gets an error for what is not there, and goes on", async () => {
    const { inspector, clock } = await open();
    const reader = await RawReader.connect(inspector.path);
    await warmUp(clock, inspector);
    expect(await reader.ask(1, "kill")).toMatchObject({ id: 1, ok: false, error: { code: "unknown_method" } });
    reader.send('{"v":1,"id":2,"method":"info","params":{"actor":"nobody"}}\n');
    await vi.waitFor(() => expect(reader.text).toContain("no_such_actor"));
    reader.send('{"v":1,"id":3,"method":"info","params":{"actor":"root"}}\n');
    await vi.waitFor(() => expect(reader.text).toContain('"id":3,"ok":true,"result":{"ref"'));
  });

  it("is answered in the order in which it asked, also when it asks all at once", async () => {
    const { inspector, clock } = await open();
    const reader = await RawReader.connect(inspector.path);
    reader.send(Array.from({ length: 50 }, (_, id) => `{"v":1,"id":${id},"method":"tree"}\n`).join(""));
    await vi.waitFor(() => expect(clock.armed).toBe(2));
    await clock.advance(100);
    await vi.waitFor(() => expect(reader.text.split("\n")).toHaveLength(51));
    const ids = reader.text
      .split("\n")
      .slice(0, 50)
      .map((line) => /"id":(\d+)/.exec(line)?.[1]);
    expect(ids).toEqual(Array.from({ length: 50 }, (_, id) => String(id)));
  });

  it.each([
    ["is no JSON", "GET / HTTP/1.1\r\n", "malformed"],
    ["is of another version", '{"v":9,"id":1,"method":"tree"}\n', "version"],
    ["is too long", `{"v":1,"id":1,"method":"${"x".repeat(4_096)}`, "too_long"],
  ])("is told and cut off when its request %s", async (_, request, code) => {
    const { inspector } = await open();
    const reader = await RawReader.connect(inspector.path);
    reader.send(request);
    expect(JSON.parse(await reader.closed)).toMatchObject({ v: 1, ok: false, error: { code } });
    await vi.waitFor(() => expect(inspector.readers).toBe(0));
  });

  it("is told and cut off when there are too many", async () => {
    const { inspector } = await open({ maxClients: 1 });
    await RawReader.connect(inspector.path);
    const second = await RawReader.connect(inspector.path);
    expect(JSON.parse(await second.closed)).toMatchObject({ id: null, ok: false, error: { code: "too_many_clients" } });
    expect(inspector.readers).toBe(1);
  });

  it("is cut off when it asks nothing for the idle time, and not earlier", async () => {
    const { inspector, clock } = await open({ idleTimeoutMs: 1_000 });
    const reader = await RawReader.connect(inspector.path);
    await warmUp(clock, inspector);
    await clock.advance(800);
    await reader.ask(1, "tree");
    await clock.advance(900);
    expect(await reader.ask(2, "tree")).toMatchObject({ ok: true });
    await clock.advance(1_000);
    await reader.closed;
    await vi.waitFor(() => expect(inspector.readers).toBe(0));
    expect(clock.armed).toBe(0);
  });

  it("that does not read what it asked for is served no further, and cut off", async () => {
    const { inspector, clock, system } = await open({ idleTimeoutMs: 1_000, minSnapshotIntervalMs: 0 });
    const reader = await RawReader.connect(inspector.path);
    await warmUp(clock, inspector);
    reader.pause();
    const requests = 20_000;
    for (let id = 0; id < requests; id++) reader.send(`{"v":1,"id":${id},"method":"tree"}\n`);
    await vi.waitFor(() => expect(system.looks).toBeGreaterThan(0));
    await settled(() => system.looks);
    expect(system.looks).toBeLessThan(requests);
    await clock.advance(1_000);
    await vi.waitFor(() => expect(inspector.readers).toBe(0));
  });

  it("may go away in the middle of an answer", async () => {
    const { inspector, clock } = await open();
    const reader = await RawReader.connect(inspector.path);
    reader.send('{"v":1,"id":1,"method":"tree"}\n');
    await vi.waitFor(() => expect(clock.armed).toBe(2));
    reader.close();
    await vi.waitFor(() => expect(inspector.readers).toBe(0));
    expect(clock.armed).toBe(0);
  });

  it("gets the failure of a snapshot as an error", async () => {
    const { inspector, clock, system } = await open();
    vi.spyOn(system, "counters").mockImplementation(() => {
      throw new Error("no counters");
    });
    const reader = await RawReader.connect(inspector.path);
    await warmUp(clock, inspector);
    expect(await reader.ask(1, "tree")).toMatchObject({
      ok: false,
      error: { code: "internal", message: "The snapshot failed: no counters" },
    });
  });
});

/** Leaves a socket file on which nobody listens, as a process does that was killed. */
async function leaveStaleSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.tmp`, resolve));
  // Closing removes the file under the name that was bound, so the renamed one stays.
  await rename(`${path}.tmp`, path);
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** Resolves when the number has stayed the same over some turns of the event loop in which sockets were read and written. */
async function settled(read: () => number): Promise<void> {
  for (let last = -1, same = 0; same < 20; ) {
    await new Promise((resolve) => setImmediate(resolve));
    same = read() === last ? same + 1 : 0;
    last = read();
  }
}
