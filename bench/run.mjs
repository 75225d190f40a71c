/**
 * npm run bench: measures Holdfast beside its peers, in one run, and compares the ratios with the targets.
 *
 * See bench/README.md for what the figures mean.
 */
import { cpus, loadavg } from "node:os";
import { UsageError, describeOptions, readArguments } from "./harness/arguments.mjs";
import { ProgramError } from "./harness/child.mjs";
import { findPinning } from "./harness/cores.mjs";
import { build, compileBeam, hasGproc, installPackages, shippedFlags } from "./harness/prepare.mjs";
import { progress } from "./harness/progress.mjs";
import { readRow, rowTable } from "./harness/report.mjs";
import { table } from "./harness/table.mjs";
import { flagsScenario, runFlags } from "./flags.mjs";
import { groups, scenarios } from "./scenarios.mjs";
import { goals, history } from "./targets.mjs";

const RUNS = 3;

/** How long a program runs before it counts, and how long it counts. */
const WARM_MS = 500;
const RUN_MS = 1_000;

const OPTIONS = /** @type {const} */ ({
  only: { type: "text", help: "names of scenarios or groups, with commas between them; the same as naming them" },
  quick: {
    type: "flag",
    help: "one short run of each program and 1,000 connections: to see that it works, not to quote",
  },
  runs: { type: "number", value: RUNS, min: 1, max: 99, help: "runs of each program, in turn; the median counts" },
  connections: { type: "number", value: 10_000, min: 1, help: "connections of the connection rows" },
  json: { type: "flag", help: "print the results as JSON on stdout, with every run" },
  list: { type: "flag", help: "print the names of all scenarios and groups" },
  help: { type: "flag", help: "print this" },
});

const HELP = `Usage: npm run bench [-- scenario|group ...] [options]

Measures Holdfast beside its peers. Without names it runs all scenarios but "${flagsScenario.name}". A group stands for its scenarios:
${Object.keys(groups).join(", ")}.

${describeOptions(OPTIONS)}

Examples:
  npm run bench -- cast call
  npm run bench -- --only savina,supervision --quick
  npm run bench -- idle-connections --connections 2000
`;

/** @param {string[]} words */
async function main(words) {
  const { flags, numbers, texts, rest: named } = readArguments(words, OPTIONS);
  if (flags["help"]) return void process.stdout.write(HELP);
  if (flags["list"]) return void process.stdout.write(`${listing()}\n`);
  const rest = [...named, ...(texts["only"]?.split(",") ?? [])];
  const chosen = choose(rest);
  const quick = flags["quick"] === true;
  const line = progress("bench");
  await installPackages(line);
  line.show("building");
  await build();
  const pinning = findPinning();
  const beam = compileBeam();
  const gproc = beam !== undefined && hasGproc();
  line.done();
  const machine = {
    node: process.version,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    load: loadavg()[0] ?? 0,
    pinning: pinning.text,
    erlang: beam !== undefined,
    shippedFlags: shippedFlags(),
    date: new Date().toISOString(),
  };
  introduce(machine, quick);
  const context = {
    pinning,
    beam,
    shippedFlags: machine.shippedFlags,
    warmMs: quick ? 200 : WARM_MS,
    runMs: quick ? 400 : RUN_MS,
    connections: quick ? Math.min(1_000, numbers["connections"] ?? 0) : (numbers["connections"] ?? 0),
    show: (/** @type {string} */ _text) => {},
  };
  const runs = quick ? 1 : (numbers["runs"] ?? RUNS);
  const steps = chosen.reduce((sum, scenario) => sum + scenario.programs.length * runs, 0);
  /** @type {import("./harness/report.mjs").RowResult[]} */ const rows = [];
  let failures = 0;
  let step = 0;
  for (const scenario of chosen) {
    /** @type {import("./harness/report.mjs").Found} */ const found = new Map();
    for (let run = 0; run < runs; run++) {
      for (const program of scenario.programs) {
        const where = `${++step}/${steps} ${scenario.name}, ${program.name}, run ${run + 1} of ${runs}`;
        context.show = (text) => line.show(`${where}: ${text}`);
        line.show(where);
        const lacks = beam === undefined ? "no Erlang" : program.needs === "gproc" && !gproc ? "no gproc" : undefined;
        if ((program.needs === "beam" || program.needs === "gproc") && lacks !== undefined) {
          found.set(program.name, { missing: lacks });
          continue;
        }
        const before = found.get(program.name);
        if (before !== undefined && "missing" in before) continue;
        try {
          const values = await program.run(context);
          found.set(program.name, { runs: [...(before?.runs ?? []), values] });
        } catch (error) {
          if (!(error instanceof ProgramError)) throw error;
          failures++;
          found.set(program.name, { missing: "failed" });
          line.note(`${scenario.name}, ${program.name}: ${error.message}`);
        }
      }
    }
    for (const row of scenario.rows) rows.push(readRow(row, found, goals[row.name] ?? [], history[row.name] ?? {}));
  }
  line.done();
  const tried = rest.includes(flagsScenario.name) ? await runFlags(context, runs, line) : undefined;
  if (flags["json"])
    process.stdout.write(
      `${JSON.stringify({ machine, quick, runs, rows, ...(tried && { flags: tried.data }) }, null, 2)}\n`,
    );
  else
    process.stdout.write(
      `${[...(rows.length > 0 ? [rowTable(rows)] : []), ...(tried ? [tried.text] : [])].join("\n\n")}\n`,
    );
  if (failures > 0) process.exitCode = 1;
}

/** @param {string[]} names */
function choose(names) {
  const known = [...Object.keys(groups), ...scenarios.map((scenario) => scenario.name), flagsScenario.name];
  for (const name of names) {
    if (!known.includes(name))
      throw new UsageError(`There is no scenario or group ${JSON.stringify(name)}. Choose from:\n${listing()}`);
  }
  if (names.length === 0) return scenarios.filter((scenario) => !scenario.asked);
  const grouped = new Set(names.flatMap((name) => groups[name]?.scenarios ?? []));
  return scenarios.filter((scenario) => grouped.has(scenario) || names.includes(scenario.name));
}

function listing() {
  const lines = Object.entries(groups).flatMap(([group, { about, scenarios: list }]) => [
    [group, `all of: ${about}`],
    ...list.map((one) => [`  ${one.name}`, one.about]),
  ]);
  return table(["scenario or group", "what it measures"], [...lines, [flagsScenario.name, flagsScenario.about]]);
}

/**
 * @param {{ node: string, cpu: string, cores: number, load: number, pinning: string, erlang: boolean, shippedFlags: string[] }} machine
 * @param {boolean} quick
 */
function introduce({ node, cpu, cores, load, pinning, erlang, shippedFlags: shipped }, quick) {
  /** @param {string} text */
  const say = (text) => process.stderr.write(`${text}\n`);
  say(`Node ${node}, ${cores} x ${cpu}; ${pinning}.`);
  say(`Flags of npm start: ${shipped.length === 0 ? "none" : shipped.join(" ")}.`);
  if (!erlang) say("Erlang is missing: its figures are those of the machine where the targets were set, history only.");
  if (load > cores / 2) say(`This machine is busy (load ${load.toFixed(1)}): figures will be low and far apart.`);
  if (quick) say("Quick: one short run of each program. Not for quoting.");
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof ProgramError)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
