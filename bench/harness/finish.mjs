/** How a measured program ends. */

/** Long enough for a profiler to write down what it has collected; `BENCH_PROFILER_MS` overrides it. */
const PROFILER_MS = 60_000;

/**
 * Ends this process with exit code 0, after a profiler in it, if there is one, has written what it collected.
 *
 * Clinic's tools write on `beforeExit`, and end the process then. Timers that a peer keeps would let that never come.
 */
export function finish() {
  if (process.listenerCount("beforeExit") === 0) process.exit(0);
  setTimeout(() => process.exit(0), Number(process.env["BENCH_PROFILER_MS"] ?? PROFILER_MS));
  process.emit("beforeExit", 0);
}
