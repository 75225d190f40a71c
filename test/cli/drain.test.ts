import { describe, expect, it, onTestFinished } from "vitest";
import { run } from "../../src/cli/run.js";
import { type Inspector, serveInspector } from "../../src/inspect/inspector-socket.js";
import type { DrainProgress, DrainView } from "../../src/inspect/protocol/drain.js";
import type { DrainRequest } from "../../src/inspect/protocol/messages.js";
import type { Answer } from "../../src/inspect/snapshot-source.js";
import { FakeActor, FakeSystem } from "../inspect/fake-system.js";
import { privateDirectory } from "../inspect/private-directory.js";
import { FakeIo } from "./fake-io.js";

const RUNNING: DrainProgress = { number: 1, state: "running", total: 5, left: 5, perSecond: 2, elapsedMs: 0 };

/** A drain that comes as far as the test says. */
class FakeDrain {
  readonly orders: DrainRequest[] = [];
  clients = 5;
  closed = false;
  drain: DrainProgress | undefined;
  /** What is seen by each look after the order, one after another. */
  steps: DrainProgress[] = [];

  answer(request: DrainRequest): Answer {
    if (request.method === "drain.cancel") {
      this.orders.push(request);
      this.steps = [
        { ...RUNNING, left: 2 },
        { ...RUNNING, state: "cancelled", left: 2, elapsedMs: 900 },
      ];
    } else if (request.method === "drain.start") {
      this.orders.push(request);
      this.drain = { ...RUNNING, perSecond: request.params.perSecond };
    } else if (this.drain !== undefined) this.drain = this.steps.shift() ?? this.drain;
    const { endpoint } = request.params;
    const view: DrainView = {
      system: { name: "lobby", pid: 4711 },
      endpoint,
      clients: this.clients,
      closed: this.closed,
    };
    return { ok: true, json: JSON.stringify(this.drain === undefined ? view : { ...view, drain: this.drain }) };
  }
}

interface Place {
  readonly inspector: Inspector;
  readonly drain: FakeDrain;
}

async function serve(): Promise<Place> {
  const drain = new FakeDrain();
  drain.steps = [
    { ...RUNNING, left: 3, elapsedMs: 1_000 },
    { ...RUNNING, state: "done", left: 0, elapsedMs: 2_500 },
  ];
  const directory = await privateDirectory();
  const inspector = await serveInspector(new FakeSystem(new FakeActor()), { directory }, { drain });
  onTestFinished(() => inspector.close());
  return { inspector, drain };
}

function drains(io: FakeIo, { inspector }: Place, ...args: string[]): Promise<number> {
  return run(["drain", "--socket", inspector.path, "--per-second", "2", ...args], io);
}

const PLAN = `lobby  pid 4711  endpoint  5 clients connected
At 2 a second all are told within 2.5s to come back, each at its own moment,
to whoever answers then. Until then this server takes no new connections.
`;

describe("holdfast drain", () => {
  it("says what will happen, does it, and tells how far it has come in lines", async () => {
    const [io, place] = [new FakeIo(), await serve()];
    expect(await drains(io, place, "--yes")).toBe(0);
    expect(io.stdout).toBe(
      `${PLAN}5 of 5 clients left, 2.5s to go\n3 of 5 clients left, 2.0 a second, 1.5s to go\nDone: 5 clients told to come back, in 2.5s.\n`,
    );
    expect(io.stderr).toBe("");
    const by = { pid: process.pid, uid: process.getuid?.() };
    expect(place.drain.orders).toMatchObject([{ params: { endpoint: "endpoint", perSecond: 2, by } }]);
    expect(io.listeners).toBe(0);
  });

  it("on a terminal asks, and shows one line that changes", async () => {
    const [io, place] = [new FakeIo({ TERM: "xterm" }, true), await serve()];
    io.answers = ["y"];
    expect(await drains(io, place)).toBe(0);
    expect(io.questions).toEqual(["Hand them over? [y/N] "]);
    expect(io.stdout).toBe(
      `${PLAN}\r5 of 5 clients left, 2.5s to go\u001b[K\r3 of 5 clients left, 2.0 a second, 1.5s to go\u001b[K\r\u001b[KDone: 5 clients told to come back, in 2.5s.\n`,
    );
  });

  it("on a terminal that cannot go back writes lines", async () => {
    const [io, place] = [new FakeIo({ TERM: "dumb" }, true), await serve()];
    expect(await drains(io, place, "--yes")).toBe(0);
    expect(io.stdout).toMatch(/clients left, 2.5s to go\n3 of 5/);
  });

  it.each([["n"], [""], ["yesterday"], [undefined]])(
    "does nothing when the answer is %j, with exit code 2",
    async (answer) => {
      const [io, place] = [new FakeIo({}, true), await serve()];
      io.answers = [answer];
      expect(await drains(io, place)).toBe(2);
      expect(io.stderr).toContain("holdfast: Not confirmed, nothing was done.\n");
      expect(place.drain.orders).toEqual([]);
    },
  );

  it("without a terminal and without --yes does nothing, says so, with exit code 2", async () => {
    const [io, place] = [new FakeIo(), await serve()];
    expect(await drains(io, place)).toBe(2);
    expect(io.stdout).toBe(PLAN);
    expect(io.stderr).toBe(
      "holdfast: Not confirmed, nothing was done: there is no terminal to ask on. To go on without being asked: --yes\n",
    );
    expect(place.drain.orders).toEqual([]);
  });

  it("with --json prints a line for the plan, each step, and the end", async () => {
    const [io, place] = [new FakeIo(), await serve()];
    expect(await drains(io, place, "--yes", "--json", "--endpoint", "admin")).toBe(0);
    const step = { type: "progress", total: 5, perSecond: 2 };
    const lines: unknown[] = io.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      {
        type: "plan",
        system: { name: "lobby", pid: 4711 },
        endpoint: "admin",
        clients: 5,
        perSecond: 2,
        takesMs: 2_500,
      },
      { ...step, left: 5, ratePerSecond: 0, elapsedMs: 0, leftMs: 2_500 },
      { ...step, left: 3, ratePerSecond: 2, elapsedMs: 1_000, leftMs: 1_500 },
      { type: "end", state: "done", total: 5, left: 0, elapsedMs: 2_500 },
    ]);
    expect(io.stderr).toBe("");
  });

  it("with --json on a terminal says on standard error what it asks for", async () => {
    const [io, place] = [new FakeIo({}, true), await serve()];
    io.answers = ["n"];
    expect(await drains(io, place, "--json")).toBe(2);
    expect(JSON.parse(io.stdout)).toMatchObject({ type: "plan" });
    expect(io.stderr.startsWith(PLAN)).toBe(true);
  });

  it("tells of a long drain in few lines", async () => {
    const [io, place] = [new FakeIo(), await serve()];
    const seconds = 600;
    place.drain.clients = 2 * seconds;
    place.drain.steps = Array.from({ length: seconds * 4 }, (_, at) => ({
      ...RUNNING,
      total: 2 * seconds,
      left: 2 * seconds - Math.floor(at / 2),
      elapsedMs: at * 250,
    }));
    place.drain.steps.push({ ...RUNNING, state: "done", left: 0, elapsedMs: seconds * 1_000 });
    expect(await drains(io, place, "--yes")).toBe(0);
    expect(io.stdout.split("\n").length).toBeLessThan(110);
  });

  it("watches one that is under way already, without asking or ordering", async () => {
    const [io, place] = [new FakeIo(), await serve()];
    place.drain.drain = { ...RUNNING, left: 4 };
    expect(await drains(io, place)).toBe(0);
    expect(io.stdout).toContain("A drain is under way already, of 5 clients at 2 a second. Watching it.\n");
    expect(place.drain.orders).toEqual([]);
  });

  it("with nobody connected does nothing, which is what was wanted", async () => {
    const [io, place] = [new FakeIo(), await serve()];
    place.drain.clients = 0;
    expect(await drains(io, place)).toBe(0);
    expect(io.stdout).toContain("Nobody is connected: there is nothing to do.\n");
    expect(place.drain.orders).toEqual([]);
  });

  it("at Ctrl-C stops watching, says that the drain goes on, and ends with 130", async () => {
    const [io, place] = [new FakeIo(), await serve()];
    place.drain.steps.length = 0;
    io.onWait = () => io.interrupt();
    expect(await drains(io, place, "--yes")).toBe(130);
    expect(io.stderr).toBe(
      "holdfast: Stopped watching. The drain goes on: 5 of 5 clients left. To see it again: holdfast drain --pid 4711\n",
    );
    expect(io.listeners).toBe(0);
  });

  it("that broke off says why, with exit code 3", async () => {
    const [io, place] = [new FakeIo(), await serve()];
    place.drain.steps = [{ ...RUNNING, state: "failed", left: 4, elapsedMs: 700, reason: "killed\u001b[2J" }];
    expect(await drains(io, place, "--yes")).toBe(3);
    expect(io.stderr).toBe("holdfast: The drain broke off after 700ms with about 4 clients left: killed\\x1b[2J\n");
  });

  it("says how far it was when the server ends, with exit code 2", async () => {
    const [io, place] = [new FakeIo({}, true), await serve()];
    io.onWait = () => place.inspector.close();
    expect(await drains(io, place, "--yes")).toBe(2);
    expect(io.stderr).toContain("When last seen, 5 of 5 clients were left; how it went on is not known.\n");
    expect(io.stdout.endsWith("\n")).toBe(true);
  });

  it("is refused where the program has not opened it, with the way to open it and exit code 3", async () => {
    const inspector = await serveInspector(new FakeSystem(), { directory: await privateDirectory() });
    onTestFinished(() => inspector.close());
    const io = new FakeIo();
    expect(await run(["drain", "--yes", "--socket", inspector.path], io)).toBe(3);
    expect([io.stdout, io.stderr]).toEqual([
      "",
      "holdfast: This server does not allow drain: its program has not opened that action, or has a holdfast that does not know it. To open it: openInspector(system, { actions: { drain: true } })\n",
    ]);
  });

  it("with --stay-closed orders that, and says how to open the server again", async () => {
    const [io, place] = [new FakeIo(), await serve()];
    place.drain.closed = true;
    expect(await drains(io, place, "--yes", "--stay-closed")).toBe(0);
    expect(io.stdout).toContain("to whoever answers then. This server takes no new connections any more.\n");
    expect(io.stdout).toMatch(/New connections are refused until the server stops, or: holdfast drain --cancel\n$/);
    expect(place.drain.orders).toMatchObject([{ params: { stayClosed: true } }]);
  });

  it("with --stay-closed closes a server to which nobody is connected", async () => {
    const [io, place] = [new FakeIo(), await serve()];
    place.drain.clients = 0;
    expect(await drains(io, place, "--yes", "--stay-closed")).toBe(0);
    expect(place.drain.orders).toHaveLength(1);
  });

  it("with --cancel ends the drain that is under way, waits until it has ended, and asks nothing", async () => {
    const [io, place] = [new FakeIo({}, true), await serve()];
    place.drain.drain = { ...RUNNING, left: 3 };
    expect(await run(["drain", "--socket", place.inspector.path, "--cancel"], io)).toBe(0);
    expect([io.stdout, io.stderr]).toEqual(["Cancelled: 2 of 5 clients stay. endpoint takes new connections.\n", ""]);
    expect(io.questions).toEqual([]);
    expect(place.drain.orders).toMatchObject([{ method: "drain.cancel", params: { endpoint: "endpoint" } }]);
  });

  it("with --cancel and --json prints one line", async () => {
    const [io, place] = [new FakeIo(), await serve()];
    expect(await run(["drain", "--socket", place.inspector.path, "--cancel", "--json"], io)).toBe(0);
    const system = { name: "lobby", pid: 4711 };
    expect(JSON.parse(io.stdout)).toEqual({
      type: "cancelled",
      system,
      endpoint: "endpoint",
      clients: 5,
      total: 0,
      left: 0,
    });
  });

  it("that somebody cancels while it is watched ends with 3, and says so", async () => {
    const [io, place] = [new FakeIo(), await serve()];
    place.drain.steps = [{ ...RUNNING, state: "cancelled", left: 4, elapsedMs: 700 }];
    expect(await drains(io, place, "--yes")).toBe(3);
    expect(io.stderr).toBe("holdfast: The drain was cancelled after 700ms with about 4 clients left\n");
  });

  it.each([
    ["--cancel", "--stay-closed"],
    ["--cancel", "--per-second=5"],
  ])("refuses %s with %s, with exit code 1", async (...args) => {
    const io = new FakeIo();
    expect(await run(["drain", ...args], io)).toBe(1);
    expect(io.stderr).toContain("Expected --cancel without --per-second and --stay-closed");
  });

  it.each(["0", "-1", "x", "1e3", "100001", ""])("refuses the pace %j with exit code 1", async (pace) => {
    const io = new FakeIo();
    expect(await run(["drain", `--per-second=${pace}`], io)).toBe(1);
    expect(io.stderr).toContain(
      `Expected --per-second to be a number from 0.1 to 100000, got ${JSON.stringify(pace)}.`,
    );
  });

  it("has a help that names its options and its exit codes", async () => {
    const io = new FakeIo();
    expect(await run(["drain", "--help"], io)).toBe(0);
    for (const word of [
      "--per-second",
      "--stay-closed",
      "--cancel",
      "--endpoint",
      "--yes",
      "--json",
      "--name",
      "  130  ",
    ]) {
      expect(io.stdout).toContain(word);
    }
    expect(io.stdout.split("\n").every((line) => line.length <= 80)).toBe(true);
  });
});
