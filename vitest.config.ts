import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { LeftOutReporter } from "./test/left-out-reporter.js";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Where .ci/run wants the machine-readable results.
const results = process.env["HOLDFAST_RESULTS"];

export default defineConfig({
  resolve: {
    alias: [
      { find: /^holdfast$/, replacement: source("./src/index.ts") },
      { find: /^holdfast\/supervisors$/, replacement: source("./supervisors/index.ts") },
      { find: /^holdfast\/actors$/, replacement: source("./actors/index.ts") },
      { find: /^holdfast\/cluster$/, replacement: source("./src/cluster/index.ts") },
      { find: /^holdfast\/client$/, replacement: source("./src/client/index.ts") },
      { find: /^holdfast\/client\/fallback$/, replacement: source("./src/client/fallback.ts") },
      { find: /^holdfast\/inspector$/, replacement: source("./src/inspect/index.ts") },
      { find: /^holdfast\/store$/, replacement: source("./src/store/index.ts") },
      { find: /^holdfast\/testing$/, replacement: source("./src/testing/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    testTimeout: 20_000,
    hookTimeout: 20_000,
    teardownTimeout: 10_000,
    restoreMocks: true,
    // Ours first, so that the summary of the default reporter stays the last thing on the screen.
    reporters:
      results === undefined
        ? [new LeftOutReporter(), "default"]
        : [new LeftOutReporter(), "default", ["json", { outputFile: results }]],
  },
});
