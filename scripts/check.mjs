// Runs everything that a change must pass and tells which step failed: `npm run check`. The tests come last, so that their summary is what stays on the screen.
import { spawnSync } from "node:child_process";

const steps = [
  ["format", "format:check"],
  ["lint", "lint"],
  ["types", "typecheck"],
  ["dead code", "dead-code"],
  ["build and package", "package-check"],
  ["tests", "test"],
];

const failed = [];
for (const [index, [name, script]] of steps.entries()) {
  console.log(`[${index + 1}/${steps.length}] ${name} (npm run ${script})`);
  const started = performance.now();
  const { status, error } = spawnSync("npm", ["run", "--silent", script], { stdio: "inherit" });
  if (error !== undefined) throw error;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (status === 0) continue;
  failed.push(name);
  console.error(`[${index + 1}/${steps.length}] ${name} failed after ${seconds} s, exit code ${status}`);
}

if (failed.length > 0) {
  console.error(`Check failed: ${failed.join(", ")}.`);
  process.exitCode = 1;
}
