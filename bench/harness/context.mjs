/** What every run of a bench needs to know, and how micro programs are run with it. */
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

/**
 * Runs one micro program of bench/micro.
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
 * Runs one row of bench/peers/bench_beam.erl, with one scheduler because Node runs one loop.
 *
 * @param {Context} context
 * @param {string} row
 * @returns {Promise<Record<string, number>>}
 */
export function runBeam(context, row) {
  if (context.beam === undefined) throw new Error("Expected Erlang's programs to be compiled before one is run");
  const erl = ["erl", "+S", "1", "-noshell", "-pa", context.beam, "-run", "bench_beam", "main"];
  return runProgram([...context.pinning.server, ...erl, row, String(context.warmMs), String(context.runMs)]);
}
