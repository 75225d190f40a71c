// Prints the closing line of a test run, `N passed, N failed`, from its result file (HOLDFAST_RESULTS in vitest.config.ts).
// Exit code 1 if a test failed or none ran. A file that failed before it ran a test (it could not be loaded) counts as one failure.
import { readFileSync } from "node:fs";

const path = process.argv[2];
if (path === undefined) {
  console.error("Expected the result file of a test run: node scripts/test-totals.mjs RESULTS.json");
  process.exit(2);
}

let passed = 0;
let failed = 0;
let leftOut = 0;
for (const file of JSON.parse(readFileSync(path, "utf8")).testResults) {
  const statuses = file.assertionResults.map((result) => result.status);
  const failures = statuses.filter((status) => status === "failed").length;
  passed += statuses.filter((status) => status === "passed").length;
  leftOut += statuses.filter((status) => status !== "passed" && status !== "failed").length;
  failed += failures === 0 && file.status === "failed" ? 1 : failures;
}

if (passed + failed === 0) console.error("No test ran.");
if (passed + failed === 0 || failed > 0) process.exitCode = 1;
console.log(`${passed} passed, ${failed} failed${leftOut === 0 ? "" : `, ${leftOut} skipped`}`);
