import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Built, build } from "../examples/built.js";
import { openLobby, visitor } from "../examples/lobby/lobby-server.js";
import { type Ended, RunningProgram } from "../examples/run-program.js";

let built: Built;
beforeAll(async () => {
  built = await build();
  return () => built.remove();
}, 60_000);

const SLOW = { timeout: 60_000 };
const MANY = 10;

/** What is looked at here of what `holdfast connections --json` prints. */
interface Counts {
  readonly sessions: { readonly online: number };
}

interface Host {
  readonly program: RunningProgram;
  /** The codes with which clients were closed, and how often one was connected. */
  readonly closes: number[];
  opens: number;
  opened(count: number): Promise<void>;
}

async function hostWithClients(): Promise<Host> {
  const { program, url } = await openLobby(built, 0, ["--cores", "2"]);
  let wake: () => void = () => undefined;
  const host: Host = {
    program,
    closes: [],
    opens: 0,
    async opened(count) {
      while (host.opens < count) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
  for (let index = 0; index < MANY; index++) {
    const socket = visitor(url, `Guest ${index}`);
    socket.onClose(({ code }) => host.closes.push(code));
    socket.onOpen(() => {
      host.opens++;
      wake();
    });
  }
  await host.opened(MANY);
  return host;
}

function holdfast({ program }: Host, ...args: readonly string[]): Promise<Ended> {
  const cli = join(built.root, "dist/src/cli/main.js");
  return new RunningProgram(built.root, [cli, ...args, "--pid", `${program.pid}`]).ended;
}

function lastLine(stdout: string): unknown {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
}

describe("the commands on a host of two cores", SLOW, () => {
  it("drain hands the clients of both over, as one drain", async () => {
    const host = await hostWithClients();
    const { code, stdout, stderr } = await holdfast(host, "drain", "--per-second", "1000", "--yes", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const [plan] = stdout.split("\n");
    expect(JSON.parse(plan ?? "")).toMatchObject({ type: "plan", clients: MANY, system: { pid: host.program.pid } });
    expect(lastLine(stdout)).toMatchObject({ type: "end", state: "done", total: MANY, left: 0 });
    // All come back by themselves.
    await host.opened(2 * MANY);
    expect(host.closes.filter((close) => close === 4201)).toHaveLength(MANY);
  });

  it("drain --cancel ends it on both", async () => {
    const host = await hostWithClients();
    const drain = new RunningProgram(built.root, [
      join(built.root, "dist/src/cli/main.js"),
      ...["drain", "--per-second", "0.5", "--yes", "--json", "--pid", `${host.program.pid}`],
    ]);
    await drain.wrote(/"type":"progress"/);
    const again = await holdfast(host, "drain", "--cancel", "--json");
    expect([again.code, again.stderr]).toEqual([0, ""]);
    expect(lastLine(again.stdout)).toMatchObject({ type: "cancelled", endpoint: "endpoint", total: MANY });
    expect(lastLine((await drain.ended).stdout)).toMatchObject({ type: "end", state: "cancelled", total: MANY });
    const counts = JSON.parse((await holdfast(host, "connections", "--json")).stdout);
    expect(counts).toMatchObject({
      closed: false,
      cores: { "core-1": { closed: false }, "core-2": { closed: false } },
    });
  });

  it("connections sums up what both count, and says what each does", async () => {
    const host = await hostWithClients();
    const { stdout } = await holdfast(host, "connections", "--json");
    const { sessions, cores } = JSON.parse(stdout) as Counts & { readonly cores: Readonly<Record<string, Counts>> };
    expect(sessions.online).toBe(MANY);
    const [one = 0, two = 0] = ["core-1", "core-2"].map((core) => cores[core]?.sessions.online ?? 0);
    expect(one + two).toBe(MANY);
    expect(one).toBeGreaterThan(0);
    expect(two).toBeGreaterThan(0);
    const text = await holdfast(host, "connections");
    expect(text.stdout).toMatch(/^core-1 {7}open \d+ {2}online \d+ {2}detached 0\ncore-2 {7}open /m);
  });

  it("info of a name that both have shows the one, and says of the other", async () => {
    const host = await hostWithClients();
    const { stdout } = await holdfast(host, "info", "rooms");
    expect(stdout).toMatch(/^ref +<core-1\.\d+>\nname +rooms\nalso +<core-2\.\d+>\n/);
    const [, ref = ""] = /also +(\S+)/.exec(stdout) ?? [];
    expect((await holdfast(host, "info", ref)).stdout).toContain(`ref       ${ref}\n`);
  });

  it("drain of an endpoint that no core has is refused", async () => {
    const host = await hostWithClients();
    const { code, stderr } = await holdfast(host, "drain", "--endpoint", "back-door", "--yes");
    expect(code).toBe(3);
    expect(stderr).toContain('No endpoint has the name "back-door". Running now: endpoint.');
  });
});
