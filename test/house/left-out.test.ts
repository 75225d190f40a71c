import { describe, expect, it } from "vitest";
import { leftOutLines } from "../left-out-reporter.js";
import { isRequired } from "../programs.js";

describe("tests that need a missing program", () => {
  it("are announced by file, with how to run them", () => {
    const lines = leftOutLines([
      { path: "test/browser/lobby.test.ts", skipped: ["needs chromium", "resumes", "replays"] },
      { path: "test/kernel/mailbox.test.ts", skipped: [] },
    ]);
    expect(lines).toEqual([
      "!!! LEFT OUT: this machine has no chromium, so these tests did not run:",
      "!!!   test/browser/lobby.test.ts (2 tests)",
      expect.stringContaining("apt-get install chromium"),
    ]);
  });

  it("are not announced when none was left out", () => {
    expect(leftOutLines([{ path: "test/kernel/mailbox.test.ts", skipped: [] }])).toEqual([]);
  });

  it.each([
    [undefined, false],
    ["", false],
    ["nats", false],
    ["chromium", true],
    ["nats, chromium", true],
  ])("are demanded by HOLDFAST_REQUIRE=%s: %s", (wanted, required) => {
    expect(isRequired("chromium", wanted)).toBe(required);
  });
});
