import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { root } from "./source-files.js";

const passed = { status: "passed" };
const failed = { status: "failed" };
const skipped = { status: "skipped" };

describe("the closing line of a test run", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-totals-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ["every test passed", [{ status: "passed", assertionResults: [passed, passed] }], "2 passed, 0 failed", 0],
    ["a test failed", [{ status: "failed", assertionResults: [passed, failed] }], "1 passed, 1 failed", 1],
    ["a file could not be loaded", [{ status: "failed", assertionResults: [] }], "0 passed, 1 failed", 1],
    [
      "a test was left out",
      [{ status: "passed", assertionResults: [passed, skipped] }],
      "1 passed, 0 failed, 1 skipped",
      0,
    ],
    ["no test ran", [], "0 passed, 0 failed", 1],
    [
      "every test was left out",
      [{ status: "passed", assertionResults: [skipped] }],
      "0 passed, 0 failed, 1 skipped",
      1,
    ],
  ])("when %s", (_case, testResults, line, exitCode) => {
    const path = join(folder, "results.json");
    writeFileSync(path, JSON.stringify({ testResults }));
    const run = spawnSync(process.execPath, [join(root, "scripts/test-totals.mjs"), path], { encoding: "utf8" });
    expect({ line: run.stdout.trim(), exitCode: run.status }).toEqual({ line, exitCode });
  });
});
