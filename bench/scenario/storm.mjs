/**
 * One run of each storm, as a table or as JSON: `npm run build && node bench/scenario/storm.mjs [--quick] [--only NAME] [--json]`.
 *
 * `npm run bench -- faults` runs the same, several times and with the targets beside.
 */
import { parseArgs } from "node:util";
import { findPinning } from "../harness/cores.mjs";
import { shippedFlags } from "../harness/prepare.mjs";
import { table } from "../harness/table.mjs";
import { stormScenarios } from "./storm-scenarios.mjs";

const HELP = `Usage: node bench/scenario/storm.mjs [--quick] [--connections N] [--only NAME] [--json]
NAME is one of ${stormScenarios.map(({ name }) => name).join(", ")}. 10,000 clients by default, 500 with --quick. Needs a build.
`;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    connections: { type: "string", default: "10000" },
    only: { type: "string" },
  },
});

/** @type {Record<string, Record<string, Record<string, number>>>} */ const results = {};
if (values.help) process.stdout.write(HELP);
else {
  const context = {
    pinning: findPinning(),
    beam: undefined,
    shippedFlags: shippedFlags(),
    warmMs: 0,
    runMs: values.quick ? 0 : 1_000,
    connections: Number(values.connections),
    show: (/** @type {string} */ text) => void process.stderr.write(`storm: ${text}\n`),
  };
  for (const { name, programs } of stormScenarios) {
    if (values.only !== undefined && values.only !== name) continue;
    for (const program of programs) (results[name] ??= {})[program.name] = await program.run(context);
  }
  process.stdout.write(values.json ? `${JSON.stringify(results, null, 2)}\n` : `${textOf()}\n`);
}

function textOf() {
  const lines = Object.entries(results).flatMap(([name, runs]) =>
    Object.entries(runs).map(([subject, run]) => {
      const of = (/** @type {string} */ value) => run[value] ?? 0;
      const bare = of("expected") === 0;
      return [
        name,
        subject,
        `${Math.round(of("acceptMs"))} ms`,
        `${Math.round(of("backMs"))} ms, CPU ${Math.round(of("backCpuMs"))} ms`,
        bare ? "" : `${of("notRecovered")} of ${of("cameBack")}`,
        bare ? "" : `${of("lost")} (${of("lostOfSeen")}) of ${of("expected")}, ${of("twice")} twice`,
        bare ? "" : `${of("pushesLost")} of ${of("pushes")}, ${of("pushesTwice")} twice`,
        bare ? "" : ["p99Before", "p99During", "p99After"].map((each) => of(each).toFixed(1)).join(" / "),
      ];
    }),
  );
  const heads = [
    "storm",
    "server",
    "first connect",
    "all back",
    "not recovered",
    "broadcasts lost (others have them)",
    "pushes lost",
    "p99 before / during / after, ms",
  ];
  return table(heads, lines);
}
