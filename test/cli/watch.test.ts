import { describe, expect, it, onTestFinished } from "vitest";
import { run } from "../../src/cli/run.js";
import { serveInspector, type Inspector } from "../../src/inspect/inspector-socket.js";
import { FakeActor, FakeSystem } from "../inspect/fake-system.js";
import { privateDirectory } from "../inspect/private-directory.js";
import { FakeIo } from "./fake-io.js";

const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";

async function serve(): Promise<Inspector> {
  const inspector = await serveInspector(new FakeSystem(new FakeActor({ name: "top" })), {
    directory: await privateDirectory(),
    minSnapshotIntervalMs: 0,
  });
  onTestFinished(() => inspector.close());
  return inspector;
}

describe("holdfast tree --watch", () => {
  it("draws each second on a screen of its own, until Ctrl-C, and leaves it", async () => {
    const io = new FakeIo({ TERM: "xterm", NO_COLOR: "1" }, true);
    io.onWait = (waits) => {
      if (waits === 3) io.interrupt();
    };
    expect(await run(["tree", "--watch", "--socket", (await serve()).path], io)).toBe(0);
    expect(io.stdout.startsWith(ENTER)).toBe(true);
    expect(io.stdout.endsWith(LEAVE)).toBe(true);
    const frames = io.stdout.slice(ENTER.length, -LEAVE.length).split("\u001b[H").slice(1);
    expect(frames).toHaveLength(3);
    for (const frame of frames)
      expect(frame).toMatch(/^lobby .*\u001b\[K\ntop {2}Worker {2}idle.*\u001b\[K\n\u001b\[J$/);
    expect(io.listeners).toBe(0);
    expect(io.stderr).toBe("");
  });

  it("cuts what the screen cannot show", async () => {
    const io = new FakeIo({ NO_COLOR: "1" }, true);
    io.rows = 2;
    io.onWait = () => io.interrupt();
    await run(["tree", "--watch", "--socket", (await serve()).path], io);
    expect(io.stdout).not.toContain("top");
  });

  it("elsewhere lets frames follow each other, as lines of JSON if wanted", async () => {
    const io = new FakeIo();
    io.onWait = (waits) => {
      if (waits === 2) io.interrupt();
    };
    await run(["tree", "--watch", "--json", "--socket", (await serve()).path], io);
    const lines = io.stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ root: { name: "top" } });
  });

  it("ends with exit code 2 and a clean screen when the server ends", async () => {
    const inspector = await serve();
    const io = new FakeIo({}, true);
    let closed: Promise<void> | undefined;
    io.onWait = () => {
      closed ??= inspector.close();
    };
    expect(await run(["tree", "--watch", "--socket", inspector.path], io)).toBe(2);
    await closed;
    expect(io.stdout.endsWith(LEAVE)).toBe(true);
    expect(io.stderr).toContain("closed the connection");
    expect(io.listeners).toBe(0);
  });

  it("needs no last answer to end", async () => {
    const io = new FakeIo();
    io.onWait = () => io.interrupt();
    expect(await run(["tree", "--watch", "--socket", (await serve()).path], io)).toBe(0);
  });
});
