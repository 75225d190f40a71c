import { describe, expect, it, onTestFinished } from "vitest";
import { run } from "../../src/cli/run.js";
import { serveInspector } from "../../src/inspect/inspector-socket.js";
import { FakeActor, FakeSystem } from "../inspect/fake-system.js";
import { privateDirectory } from "../inspect/private-directory.js";
import { FakeIo } from "./fake-io.js";

const STATUS = {
  kind: "clients",
  online: 1_041,
  detached: 2,
  evicted: 0,
  bytes: 2_048,
  limits: { windowMessages: 256 },
  admission: {
    open: 1_042,
    pending: 1,
    addresses: 3,
    users: 40,
    shielded: 7,
    turnedAway: { overloaded: 0, rate_limited: 3, address_limit: 12, user_limit: 0 },
  },
};

async function connections(status: unknown, ...args: string[]): Promise<FakeIo & { code: number }> {
  const clients = new FakeActor({ name: "endpoint.clients", behaviour: "Clients", status: () => status });
  const system = new FakeSystem(new FakeActor({ children: [clients] }));
  const inspector = await serveInspector(system, { directory: await privateDirectory() });
  onTestFinished(() => inspector.close());
  const io = new FakeIo();
  const code = await run(["connections", "--socket", inspector.path, ...args], io);
  return Object.assign(io, { code });
}

describe("holdfast connections", () => {
  it("prints who is connected, and how many were turned away, by reason", async () => {
    const { code, stdout, stderr } = await connections(STATUS);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(
      [
        "endpoint     endpoint  takes new connections",
        "connections  open 1,042  pending 1  addresses 3  users 40",
        "sessions     online 1,041  detached 2 (2.0 KB)  evicted 0",
        "turned away  before_upgrade 7  overloaded 0  rate_limited 3  address_limit 12  user_limit 0",
        "",
      ].join("\n"),
    );
  });

  it("says while a drain closes the endpoint, and how many are left", async () => {
    const { stdout } = await connections({ ...STATUS, closed: true, draining: 29 });
    expect(stdout).toContain("takes no new connections, hands its clients over: 29 left\n");
  });

  it("prints the same as JSON", async () => {
    const { stdout } = await connections({ ...STATUS, closed: true, draining: 29 }, "--json");
    expect(JSON.parse(stdout)).toEqual({
      endpoint: "endpoint",
      connections: { open: 1_042, pending: 1, addresses: 3, users: 40 },
      sessions: { online: 1_041, detached: 2, evicted: 0, bytes: 2_048 },
      turnedAway: { before_upgrade: 7, overloaded: 0, rate_limited: 3, address_limit: 12, user_limit: 0 },
      closed: true,
      draining: 29,
    });
  });

  it("of an endpoint that is not there, or is something else, ends with 3", async () => {
    const gone = await connections(STATUS, "--endpoint", "admin");
    expect([gone.code, gone.stderr]).toEqual([3, expect.stringContaining("admin.clients")]);
    const other = await connections({ kind: "room" });
    expect([other.code, other.stderr]).toEqual([3, 'holdfast: No endpoint has the name "endpoint".\n']);
  });

  it("does not take what a server makes up for counts", async () => {
    const { code, stderr } = await connections({ ...STATUS, admission: { ...STATUS.admission, open: "\u001b[2J" } });
    expect(code).toBe(3);
    expect(stderr).not.toContain("\u001b");
  });

  it("has a help, and refuses what it does not know with exit code 1", async () => {
    const help = new FakeIo();
    expect(await run(["connections", "--help"], help)).toBe(0);
    for (const word of ["--endpoint", "--json", "--name"]) expect(help.stdout).toContain(word);
    const io = new FakeIo();
    expect(await run(["connections", "--all"], io)).toBe(1);
  });
});
