import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type LockFile, wrongEntries } from "./lock-file.js";
import { root } from "./source-files.js";

describe("the lock file", () => {
  it.each(["package-lock.json", "bench/package-lock.json"])("%s can be installed from on every machine", (path) => {
    const lock: LockFile = JSON.parse(readFileSync(join(root, path), "utf8"));
    expect(wrongEntries(lock)).toEqual([]);
  });
});

describe("the check of a lock file", () => {
  const tool = { version: "1.0.0", optionalDependencies: { "tool-linux": "1.0.0" } };

  it("passes an optional package that is locked beside its owner or below it", () => {
    expect(
      wrongEntries({ packages: { "node_modules/tool": tool, "node_modules/tool-linux": { version: "1.0.0" } } }),
    ).toEqual([]);
    expect(
      wrongEntries({
        packages: { "node_modules/tool": tool, "node_modules/tool/node_modules/tool-linux": { version: "1.0.0" } },
      }),
    ).toEqual([]);
  });

  it.each([
    ["an optional package that is not locked", { "node_modules/tool": tool }, "run node scripts/complete-lock.mjs"],
    ["a package without a version", { "node_modules/tool": {} }, "has no version"],
    [
      "the address of a registry",
      { "node_modules/tool": { version: "1.0.0", resolved: "https://registry.example/tool.tgz" } },
      "names a registry",
    ],
  ])("refuses %s", (_case, packages, reason) => {
    expect(wrongEntries({ packages })).toEqual([expect.stringContaining(reason)]);
  });
});
