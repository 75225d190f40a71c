import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
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

function run(...args: readonly string[]): RunningProgram {
  return new RunningProgram(built.root, [...withWebSocket, ...args]);
}

describe("the programs of the guides", () => {
  it("one person with several devices", async () => {
    const guide = page("docs/guides/devices.md");
    const [program = ""] = programs(guide);
    const [, printed = ""] = /It prints:\n\n```\n(.*?)```/s.exec(guide.text) ?? [];
    const { code, stdout } = await run(join(await built.compile({ devices: program }), "devices.js")).ended;
    expect(stdout.split("\n").sort()).toEqual(printed.split("\n").sort());
    expect(code).toBe(0);
  });

  it("presence in two lines", async () => {
    const [program = ""] = programs(page("docs/guides/presence.md"));
    const { code, stdout } = await run(join(await built.compile({ presence: program }), "presence.js")).ended;
    expect([code, stdout]).toEqual([0, "{}\n"]);
  });
});

describe("the example's programs", () => {
  it("a server and its devices", async () => {
    const at = (name: string): string => join(built.root, `dist/examples/devices/${name}.js`);
    const server = run(at("server"), "0");
    const [, port = ""] = await server.wrote(/Listening on port (\d+)/);
    const phone = run(at("device"), "ada", "phone", port);
    await phone.wrote(/Here: ada \(phone\)/);
    const bob = run(at("device"), "bob", "laptop", port);
    await phone.wrote(/Here: ada \(phone\), bob \(laptop\)/);
    await bob.wrote(/Here: ada \(phone\), bob \(laptop\)/);
    server.kill("SIGTERM");
    expect((await server.ended).code).toBe(0);
  });

  it("a device says how it is used", async () => {
    const { code, stderr } = await run(join(built.root, "dist/examples/devices/device.js")).ended;
    expect([code, stderr]).toEqual([1, "Usage: device.js NAME DEVICE [PORT]\n"]);
  });
});
