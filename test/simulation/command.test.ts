import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const script = fileURLToPath(new URL("../../scripts/simulate.mjs", import.meta.url));

function simulate(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], { encoding: "utf8" });
  return { status, stdout, stderr };
}

it("explains itself", () => {
  expect(simulate("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("--seeds N") });
});

it("refuses what it does not know, and numbers that are none", () => {
  expect(simulate("--sead", "3")).toMatchObject({ status: 2, stderr: expect.stringContaining("--sead") });
  expect(simulate("--seeds", "many")).toMatchObject({ status: 2, stderr: expect.stringContaining('got "many"') });
  expect(simulate("--trace")).toMatchObject({ status: 2, stderr: expect.stringContaining("--seed") });
});

it("runs seeds and says how many passed", () => {
  const { status, stdout } = simulate("--first", "1000", "--seeds", "3", "--json");
  expect([status, JSON.parse(stdout)]).toEqual([0, { ok: true, first: 1_000, ran: 3, seconds: expect.any(Number) }]);
});

it("runs a cluster of so many nodes", () => {
  expect(simulate("--nodes", "1")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("--nodes expects 2 to 8"),
  });
  const { status, stdout } = simulate("--nodes", "2", "--first", "1000", "--seeds", "2", "--json");
  expect([status, JSON.parse(stdout)]).toEqual([0, { ok: true, first: 1_000, ran: 2, seconds: expect.any(Number) }]);
});

it("ends with what is known by then when it is interrupted", async () => {
  const running = spawn(process.execPath, [script, "--seeds", "1000000", "--jobs", "1"]);
  let said = "";
  running.stdout.on("data", (text: Buffer) => {
    said += text.toString();
  });
  // Its first progress line.
  await once(running.stderr, "data");
  running.kill("SIGINT");
  const [code] = await once(running, "close");
  expect(said).toMatch(/^\d+ seeds from 1 on passed in [\d.]+ s\. Interrupted: \d+ did not run\.\n$/);
  expect(code).toBe(130);
});
