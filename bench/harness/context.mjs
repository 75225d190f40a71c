/** What every run of a bench needs to know, and how micro programs are run with it. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { runProgram } from "./child.mjs";

/** The bench's own folder. */
export const BENCH = resolve(import.meta.dirname, "..");

/**
 * @typedef {object} Context
 * @property {import("./cores.mjs").Pinning} pinning
 * @property {string | undefined} beam folder of the compiled Erlang programs; `undefined` where Erlang is missing
 * @property {readonly string[]} shippedFlags Node flags of `npm start`
 * @property {number} warmMs how long a program runs before it counts
 * @property {number} runMs how long it counts
 * @property {number} connections how many connections a connection row opens
 * @property {(text: string) => void} show tells what is going on within a run
 */

/** Folders with programs that one process runs; no name occurs in two of them. */
const FOLDERS = ["micro", "savina", "supervision", "registry", "leases", "cluster"];

/**
 * Finds a program.
 *
 * @param {string} row
 * @returns {string | undefined} path of its file; `undefined` when there is none of this name
 */
export function programFile(row) {
  if (!/^[a-z0-9-]+$/.test(row)) return undefined;
  return FOLDERS.map((folder) => resolve(BENCH, folder, `${row}.mjs`)).find((file) => existsSync(file));
}

/**
 * Runs one program of bench/micro, bench/savina, bench/supervision, bench/registry or bench/leases.
 *
 * @param {Context} context
 * @param {string} row name of its file
 * @param {string} peer name of the function in it
 * @param {readonly string[]} nodeFlags
 * @returns {Promise<Record<string, number>>}
 */
export function runMicro(context, row, peer, nodeFlags) {
  const program = [resolve(BENCH, "micro/main.mjs"), row, peer];
  const durations = ["--warm-ms", String(context.warmMs), "--run-ms", String(context.runMs)];
  return runProgram([...context.pinning.server, process.execPath, ...nodeFlags, ...program, ...durations]);
}

/**
 * Runs one row of bench/peers, with one scheduler because Node runs one loop.
 *
 * @param {Context} context
 * @param {string} row
 * @returns {Promise<Record<string, number>>}
 */
export function runBeam(context, row) {
  if (context.beam === undefined) throw new Error("Expected Erlang's programs to be compiled before one is run");
  const erl = ["erl", "+S", "1", "-noshell", "-pa", context.beam, "-run", "bench_beam", "main"];
  const durations = [String(context.warmMs), String(context.runMs)];
  // A program that finds a wrong count crashes on purpose; nobody reads the dump.
  const env = { ...process.env, ERL_CRASH_DUMP_SECONDS: "0" };
  return runProgram([...context.pinning.server, ...erl, row, ...durations], { env });
}
