/**
 * npm run profile -- TOOL SCENARIO: runs Clinic on one program of a bench, without prompts, and says where its report lies.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { UsageError, describeOptions, readArguments } from "./harness/arguments.mjs";
import { Controlled, ProgramError, ended } from "./harness/child.mjs";
import { BENCH, programFile } from "./harness/context.mjs";
import { build, installPackages, shippedFlags } from "./harness/prepare.mjs";
import { progress } from "./harness/progress.mjs";
import { table } from "./harness/table.mjs";
import { servers } from "./scenario/measure-server.mjs";
import { scenarios } from "./scenarios.mjs";

const TOOLS = /** @type {const} */ ({
  doctor: "what is wrong: event loop, garbage collection, I/O",
  flame: "where the CPU time goes",
  bubbleprof: "where asynchronous time goes (slows the program down a lot)",
  heapprofiler: "what allocates the memory",
});

/** What may follow a scenario's name, behind a colon: whose program is profiled. */
const PEERS = ["holdfast", "comedy", "nact", "map", "ws", "raw"];

const OPTIONS = /** @type {const} */ ({
  seconds: { type: "number", value: 5, min: 1, help: "how long the program works" },
  connections: { type: "number", value: 2_000, min: 1, help: "connections of a connection scenario" },
  help: { type: "flag", help: "print this" },
});

const HELP = `Usage: npm run profile -- TOOL SCENARIO[:PEER] [options]

Runs a Clinic tool on one program of a bench. The report goes to bench/reports/; open it in a browser.

${table(
  ["tool", "what it shows"],
  Object.entries(TOOLS).map(([name, about]) => [name, about]),
)}

SCENARIO is a name of "npm run bench -- --list". PEER is ${PEERS.join(", ")}; holdfast when left out.

${describeOptions(OPTIONS)}

Examples:
  npm run profile -- flame cast
  npm run profile -- heapprofiler idle-connections:ws --connections 5000
`;

/** How long Clinic may take to read what it collected. */
const ANALYSIS_MS = 600_000;

/** @param {string[]} words */
async function main(words) {
  const { flags, numbers, rest } = readArguments(words, OPTIONS);
  if (flags["help"]) return void process.stdout.write(HELP);
  const [tool = "", chosen = ""] = rest;
  if (!Object.hasOwn(TOOLS, tool))
    throw new UsageError(
      `Expected one of the tools ${Object.keys(TOOLS).join(", ")}, got ${JSON.stringify(tool)}\n\n${HELP}`,
    );
  const program = programOf(chosen, numbers["seconds"] ?? 0, numbers["connections"] ?? 0);
  const line = progress("profile");
  await installPackages(line);
  line.show("building");
  await build();
  line.done();
  const report = await runClinic(tool, program, line);
  process.stdout.write(`${report}\n`);
}

/**
 * What is profiled: words behind `node`, its environment, and the load that comes to it, if any.
 *
 * @typedef {{ title: string, words: string[], env: Record<string, string>, load?: (port: number) => string[], seconds: number }} Profiled
 */

/**
 * @param {string} chosen a scenario's name, with a peer or without
 * @param {number} seconds
 * @param {number} connections
 * @returns {Profiled}
 */
function programOf(chosen, seconds, connections) {
  const [name = "", peer = "holdfast"] = chosen.split(":");
  const scenario = scenarios.find((one) => one.name === name);
  if (scenario === undefined) {
    const list = table(
      ["scenario", "what it does"],
      scenarios.map((one) => [one.name, one.about]),
    );
    throw new UsageError(`Expected the name of a scenario, got ${JSON.stringify(name)}. Choose from:\n${list}`);
  }
  const title = `${name}-${peer}`;
  const file = programFile(name);
  if (file !== undefined) {
    const known = PEERS.filter((one) =>
      new RegExp(`export (async )?(function|\\{) ?${one}\\b`).test(readFileSync(file, "utf8")),
    );
    if (!known.includes(peer))
      throw new UsageError(`Expected ${known.join(" or ")} behind "${name}:", got ${JSON.stringify(peer)}`);
    const flags = name.startsWith("bytes") ? ["--expose-gc"] : [];
    const words = [
      ...flags,
      resolve(BENCH, "micro/main.mjs"),
      name,
      peer,
      "--warm-ms",
      "200",
      "--run-ms",
      String(seconds * 1_000),
    ];
    return { title, words, env: {}, seconds };
  }
  const server = servers[peer === "raw" ? "holdfast-raw" : peer];
  if (server === undefined)
    throw new UsageError(`Expected holdfast, raw or ws behind "${name}:", got ${JSON.stringify(peer)}`);
  const inFlight = /^echo-(\d+)$/.exec(name)?.[1];
  const work =
    inFlight === undefined
      ? ["--connections", String(connections), "--hold"]
      : ["--connections", "100", "--echo", inFlight, "--seconds", String(seconds)];
  /** @type {Record<string, string>} */ const env = { BENCH_ONCE: "1" };
  if (name === "broadcast" || name === "used-connections") env["BENCH_BROADCAST_EVERY_MS"] = "250";
  return {
    title,
    words: [...shippedFlags(), resolve(BENCH, server.file)],
    env,
    load: (port) => ["--port", String(port), "--url", server.path, `--${server.dialect}`, ...work],
    seconds,
  };
}

/**
 * @param {string} tool
 * @param {Profiled} program
 * @param {import("./harness/progress.mjs").ProgressLine} line
 * @returns {Promise<string>} path of the report
 */
async function runClinic(tool, program, line) {
  const reports = resolve(BENCH, "reports");
  mkdirSync(reports, { recursive: true });
  const stamp = new Date().toISOString().replace(/[-:]/g, "").slice(0, 15);
  const name = `${program.title}-${stamp}`;
  const data = resolve(reports, `${name}.clinic-${tool}`);
  const report = `${data}.html`;
  const port = program.load === undefined ? 0 : await freePort();
  const clinic = resolve(BENCH, "node_modules/clinic/bin.js");
  const words = [clinic, tool, "--open=false", "--dest", reports, "--name", name, "--", "node", ...program.words];
  // Without NO_INSIGHT Clinic asks a question, and ends with 0 having done nothing where nobody answers.
  // Bubbleprof writes at once but then never ends the process; the others end it when they have written.
  const patience = tool === "bubbleprof" ? { BENCH_PROFILER_MS: "2000" } : {};
  const env = {
    ...process.env,
    ...patience,
    NO_INSIGHT: "1",
    NO_UPDATE_NOTIFIER: "1",
    ...program.env,
    PORT: String(port),
  };
  const child = spawn(process.execPath, words, { cwd: reports, stdio: ["ignore", "pipe", "pipe"], env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output = (output + text).slice(-8_000);
    });
  }
  const startedAtMs = performance.now();
  const timer = setInterval(() => {
    const phase = output.includes("Analysing") ? "Clinic reads what it collected" : "collecting";
    line.show(`${tool} ${program.title}: ${phase}, ${Math.round((performance.now() - startedAtMs) / 1_000)} s`);
  }, 500);
  const ending = ended(child, program.seconds * 1_000 + ANALYSIS_MS);
  try {
    if (program.load !== undefined) await bringLoad(program, port, ending);
    await ending;
  } finally {
    clearInterval(timer);
    child.kill();
    line.done();
  }
  // The exit code says little: the report is there, or it is not.
  if (!existsSync(report) || statSync(report).size === 0) {
    throw new ProgramError(`Clinic ${tool} wrote no report to ${report}. It said:\n${output.trim()}`);
  }
  rmSync(data, { recursive: true, force: true });
  return report;
}

/**
 * Sends load to a profiled server for as long as it shall work.
 *
 * @param {Profiled} program
 * @param {number} port
 * @param {Promise<unknown>} ending settled when the server is gone
 */
async function bringLoad(program, port, ending) {
  await reachable(port, ending);
  const flood = new Controlled([process.execPath, resolve(BENCH, "load/flood.mjs"), ...(program.load?.(port) ?? [])]);
  try {
    const { failed, reasons } = await flood.next("ready", 120_000);
    if (failed > 0) throw new ProgramError(`${failed} connections failed: ${JSON.stringify(reasons)}`);
    await new Promise((done) => setTimeout(done, program.seconds * 1_000));
  } finally {
    await flood.stop();
  }
}

/**
 * Waits until somebody listens on a port.
 *
 * @param {number} port
 * @param {Promise<unknown>} ending
 */
async function reachable(port, ending) {
  let gone = false;
  const over = () => {
    gone = true;
  };
  ending.then(over, over);
  for (let i = 0; i < 300 && !gone; i++) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (answer) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new ProgramError(gone ? "The server ended before its load came" : `Nobody listens on port ${port} after 30 s`);
}

/** @returns {Promise<number>} a port that nobody holds at this moment */
function freePort() {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address !== null ? done(address.port) : fail(new Error("no port")),
      );
    });
  });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof ProgramError)) throw error;
  process.stderr.write(`profile: ${error.message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
