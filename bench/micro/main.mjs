/**
 * Runs one micro program in this process: `node bench/micro/main.mjs ROW PEER [--warm-ms N] [--run-ms N]`.
 *
 * ROW is a file beside this one, PEER one of its exported functions. The last line of the output is `RESULT {"value": N}`.
 */
import { existsSync } from "node:fs";
import { UsageError, readArguments } from "../harness/arguments.mjs";
import { finish } from "../harness/finish.mjs";

try {
  const { rest, numbers } = readArguments(process.argv.slice(2), {
    "warm-ms": { type: "number", value: 500, help: "milliseconds before the count" },
    "run-ms": { type: "number", value: 1_500, min: 1, help: "milliseconds of the count" },
  });
  const [row = "", peer = "holdfast"] = rest;
  const file = new URL(`${row}.mjs`, import.meta.url);
  if (!/^[a-z0-9-]+$/.test(row) || !existsSync(file))
    throw new UsageError(`Expected the name of a micro row, got ${JSON.stringify(row)}`);
  const programs = await import(file.href);
  if (typeof programs[peer] !== "function") {
    throw new UsageError(`Expected one of ${Object.keys(programs).join(", ")} for ${row}, got ${JSON.stringify(peer)}`);
  }
  const value = await programs[peer]({ warmMs: numbers["warm-ms"], runMs: numbers["run-ms"] });
  process.stdout.write(`RESULT ${JSON.stringify({ value })}\n`, finish);
} catch (error) {
  process.stderr.write(
    `micro: ${error instanceof UsageError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(error instanceof UsageError ? 2 : 1);
}
