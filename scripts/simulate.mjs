// npm run simulate: clients, network and server on a virtual clock, one schedule of faults per seed, until one fails; see docs/guides/testing.md.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";

const HELP = `Usage: npm run simulate -- [options]

Lives through random schedules of traffic and faults, one for each seed, and checks what sessions promise. Stops at the first seed that fails,
makes its schedule as short as it can, and says how to see it again.

  --seeds N      how many seeds to run; 1,000 by default
  --first N      the first of them; 1 by default
  --nodes N      a cluster of so many nodes instead of one server: nodes are killed, stopped and cut off; "any" takes 2 to 4, as the seed says
  --seed N       one seed alone
  --steps LIST   with --seed: these of its steps alone, counted from 1, with commas between them
  --trace        with --seed: print all that happens
  --jobs N       how many run at a time; one less than the machine has cores by default
  --json         print the result as JSON on stdout; progress goes to stderr
  --help         print this

Ends with 0 when all seeds passed, 1 when one failed, 2 when it was asked for something that it does not know. Ctrl-C ends it after the seeds
that run at the moment, with what is known by then, and 130.
`;
const BATCH = 10;
const root = fileURLToPath(new URL("..", import.meta.url));
const target = join(root, "node_modules/.cache/holdfast-simulation");

class UsageError extends Error {}

/** Compiles the simulation, as what it tests is TypeScript; types are the business of \`npm run typecheck\`. */
function compile() {
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, "package.json"), '{ "type": "module" }\n');
  const config = join(target, "tsconfig.json");
  const compilerOptions = {
    rootDir: root,
    outDir: target,
    noEmit: false,
    noCheck: true,
    declaration: false,
    incremental: false,
    tsBuildInfoFile: null,
    typeRoots: [join(root, "node_modules/@types")],
  };
  const files = ["run", "worker"].map((name) => join(root, `test/simulation/${name}.ts`));
  writeFileSync(config, JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, files, include: [] }));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", config], { encoding: "utf8" });
  if (status !== 0) throw new Error(`The simulation does not compile.\n${stdout}${stderr}`);
}

/** @param {string} name */
function load(name) {
  return import(pathToFileURL(join(target, `test/simulation/${name}.js`)).href);
}

/**
 * A line on stderr that replaces itself in a terminal, and comes every ten seconds elsewhere.
 *
 * @returns {{ show: (text: string) => void, done: () => void }}
 */
function progressLine() {
  const { stderr } = process;
  const everyMs = stderr.isTTY ? 200 : 10_000;
  let shownAt = performance.now() - everyMs;
  return {
    show(text) {
      if (performance.now() - shownAt < everyMs) return;
      shownAt = performance.now();
      stderr.write(stderr.isTTY ? `\r\x1b[2K${text.slice(0, (stderr.columns ?? 80) - 1)}` : `${text}\n`);
    },
    done() {
      if (stderr.isTTY) stderr.write("\r\x1b[2K");
    },
  };
}

/** @param {string[]} words */
function readArguments(words) {
  const text = { type: /** @type {const} */ ("string") };
  const flag = { type: /** @type {const} */ ("boolean") };
  const options = {
    seeds: text,
    first: text,
    seed: text,
    nodes: text,
    steps: text,
    jobs: text,
    trace: flag,
    json: flag,
    help: flag,
  };
  try {
    const { values } = parseArgs({ args: words, options });
    const steps = values.steps?.split(",").map((step) => numberOf("steps", step));
    if ((steps !== undefined || values.trace) && values.seed === undefined) {
      throw new UsageError("--steps and --trace are for one seed: say which with --seed");
    }
    return {
      seeds: numberOf("seeds", values.seeds ?? "1000"),
      first: numberOf("first", values.first ?? "1"),
      jobs: numberOf("jobs", values.jobs ?? String(Math.max(1, availableParallelism() - 1))),
      seed: values.seed === undefined ? undefined : numberOf("seed", values.seed),
      nodes: nodesOf(values.nodes),
      steps,
      trace: values.trace === true,
      json: values.json === true,
      help: values.help === true,
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {string} name
 * @param {string} text
 */
function numberOf(name, text) {
  const value = Number(text.replaceAll(/[,_]/g, ""));
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new UsageError(`--${name} expects a whole number from 1, got ${JSON.stringify(text)}`);
}

/** @param {string | undefined} text */
function nodesOf(text) {
  if (text === undefined || text === "any") return text;
  const nodes = numberOf("nodes", text);
  if (nodes >= 2 && nodes <= 8) return nodes;
  throw new UsageError(`--nodes expects 2 to 8, or "any", got ${JSON.stringify(text)}`);
}

/** Whether somebody has pressed Ctrl-C; the second time the process ends at once. */
let interrupted = false;

/**
 * Runs all seeds, in batches, until one fails; of those that fail at the same time the lowest counts.
 *
 * @param {{ first: number, seeds: number, jobs: number, nodes: number | "any" | undefined }} wanted
 * @param {(ran: number) => void} show
 * @returns {Promise<{ ran: number, failed?: { seed: number, message: string } }>}
 */
async function runAll({ first, seeds, jobs, nodes }, show) {
  const end = first + seeds;
  let next = first;
  let ran = 0;
  /** @type {{ seed: number, message: string } | undefined} */ let failed;
  /** @param {Worker} worker */
  const work = async (worker) => {
    while (next < end && failed === undefined && !interrupted) {
      const batch = { from: next, to: Math.min(end, next + BATCH), nodes };
      next = batch.to;
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage(batch);
      // Rejects when the worker crashes.
      const [result] = await once(worker, "message");
      ran += result.ran;
      if (result.failed !== undefined && (failed === undefined || result.failed.seed < failed.seed))
        failed = result.failed;
      show(ran);
    }
  };
  const script = join(target, "test/simulation/worker.js");
  const workers = Array.from({ length: Math.min(jobs, Math.ceil(seeds / BATCH)) }, () => new Worker(script));
  try {
    await Promise.all(workers.map(work));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return failed === undefined ? { ran } : { ran, failed };
}

/**
 * @param {number} seed
 * @param {readonly number[]} steps
 * @param {{ nodes: number | "any" | undefined }} kind
 */
async function describeSteps(seed, steps, kind) {
  const [{ pick }, { describeStep }] = await Promise.all([load("run"), load("step")]);
  const { world, steps: kept } = pick(seed, steps, kind);
  return { world, steps: kept.map(describeStep), schedule: { seed, world, steps: kept } };
}

/**
 * @param {number} seed
 * @param {string} message
 * @param {ReturnType<typeof progressLine>} line
 * @param {{ nodes: number | "any" | undefined }} kind
 */
async function explain(seed, message, line, { nodes }) {
  const { shrink } = await load("run");
  const shown = (/** @type {number} */ left) => line.show(`simulate: seed ${seed} fails; ${left} steps left`);
  const steps = await shrink(seed, shown, { nodes });
  line.done();
  const described = await describeSteps(seed, steps, { nodes });
  const which = nodes === undefined ? `--seed ${seed}` : `--nodes ${nodes} --seed ${seed}`;
  const replay = `npm run simulate -- ${which} --steps ${steps.join(",")} --trace`;
  return { seed, message, ...described, replay, whole: `npm run simulate -- ${which} --trace` };
}

/** @param {Awaited<ReturnType<typeof explain>>} failure */
function textOf({ seed, message, world, steps, schedule, replay, whole }) {
  const about = Object.entries(world).map(([name, value]) => `${name} ${value}`);
  const list = steps.map((/** @type {string} */ step, /** @type {number} */ index) => `  ${index + 1}. ${step}`);
  return [
    `Seed ${seed} fails: ${message}`,
    `World: ${about.join(", ")}`,
    list.length === 0 ? "It fails without any step." : `What is left of its steps:\n${list.join("\n")}`,
    `See it again:    ${replay}`,
    `With all steps:  ${whole}`,
    `For the list of those that run always: test/simulation/${"nodes" in world ? "nodes/" : ""}failed-seeds.ts, ${JSON.stringify(schedule)}`,
  ].join("\n");
}

/** @param {string[]} words */
async function main(words) {
  const wanted = readArguments(words);
  if (wanted.help) return void process.stdout.write(HELP);
  const line = progressLine();
  process.once("SIGINT", () => {
    interrupted = true;
  });
  line.show("simulate: compiling");
  compile();
  const startedAt = performance.now();
  const elapsed = () => (performance.now() - startedAt) / 1_000;
  if (wanted.seed !== undefined) {
    line.done();
    const { pick, run } = await load("run");
    const trace = wanted.trace ? (/** @type {string} */ text) => void process.stdout.write(`${text}\n`) : undefined;
    const outcome = await run(pick(wanted.seed, wanted.steps, wanted), trace);
    if (wanted.json)
      process.stdout.write(
        `${JSON.stringify({ seed: wanted.seed, ok: outcome.ok, message: outcome.error?.message })}\n`,
      );
    else
      process.stdout.write(
        outcome.ok ? `Seed ${wanted.seed} passes.\n` : `Seed ${wanted.seed} fails: ${outcome.error.stack}\n`,
      );
    if (!outcome.ok) process.exitCode = 1;
    return;
  }
  const show = (/** @type {number} */ ran) =>
    line.show(`simulate: ${ran} of ${wanted.seeds} seeds, ${Math.round(ran / elapsed())}/s, none failed`);
  const { ran, failed } = await runAll(wanted, show);
  const failure = failed === undefined ? undefined : await explain(failed.seed, failed.message, line, wanted);
  line.done();
  const seconds = Number(elapsed().toFixed(1));
  if (wanted.json)
    process.stdout.write(
      `${JSON.stringify({ ok: failure === undefined, first: wanted.first, ran, seconds, failure, ...(interrupted ? { interrupted } : {}) })}\n`,
    );
  else if (failure === undefined) {
    const rest = interrupted ? ` Interrupted: ${wanted.seeds - ran} did not run.` : "";
    process.stdout.write(`${ran} seeds from ${wanted.first} on passed in ${seconds} s.${rest}\n`);
  } else process.stdout.write(`${textOf(failure)}\n`);
  if (failure !== undefined) process.exitCode = 1;
  else if (interrupted) process.exitCode = 130;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`simulate: ${error.message}\nSee --help.\n`);
  process.exitCode = 2;
}
