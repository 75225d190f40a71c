/**
 * Runs one program in this process: `node bench/micro/main.mjs ROW PEER [--warm-ms N] [--run-ms N]`.
 *
 * ROW is a file of `micro/`, `savina/`, `supervision/`, `registry/` or `leases/`, PEER one of its exported functions. The last line of the output is
 * `RESULT {"value": N}`, or the object that the program answered.
 */
import { pathToFileURL } from "node:url";
import { UsageError, readArguments } from "../harness/arguments.mjs";
import { programFile } from "../harness/context.mjs";
import { finish } from "../harness/finish.mjs";

try {
  const { rest, numbers } = readArguments(process.argv.slice(2), {
    "warm-ms": { type: "number", value: 500, help: "milliseconds before the count" },
    "run-ms": { type: "number", value: 1_500, min: 1, help: "milliseconds of the count" },
  });
  const [row = "", peer = "holdfast"] = rest;
  const file = programFile(row);
  if (file === undefined) throw new UsageError(`Expected the name of a program, got ${JSON.stringify(row)}`);
  const programs = await import(pathToFileURL(file).href);
  if (typeof programs[peer] !== "function") {
    throw new UsageError(`Expected one of ${Object.keys(programs).join(", ")} for ${row}, got ${JSON.stringify(peer)}`);
  }
  const found = await programs[peer]({ warmMs: numbers["warm-ms"], runMs: numbers["run-ms"] });
  process.stdout.write(`RESULT ${JSON.stringify(typeof found === "number" ? { value: found } : found)}\n`, finish);
} catch (error) {
  process.stderr.write(
    `micro: ${error instanceof UsageError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(error instanceof UsageError ? 2 : 1);
}
