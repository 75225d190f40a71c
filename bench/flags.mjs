/**
 * The scenario `flags`: what Node's flags give in memory of an idle connection, and what they cost in accepting, broadcasting and
 * echoing. The choice for `npm start` is read off it.
 */
import { ProgramError } from "./harness/child.mjs";
import { median } from "./harness/statistics.mjs";
import { figure, table } from "./harness/table.mjs";
import { measureServer } from "./scenario/measure-server.mjs";

/** @type {readonly (readonly string[])[]} */
const FLAG_SETS = [
  [],
  ...[1, 2, 4, 8, 16, 64].map((mib) => [`--max-semi-space-size=${mib}`]),
  ["--heap-growing-percent=30"],
  ...[2, 4, 8].map((mib) => [`--max-semi-space-size=${mib}`, "--heap-growing-percent=30"]),
  ["--optimize-for-size"],
  ["--optimize-for-size", "--max-semi-space-size=2"],
  ["--lite-mode"],
];

/** Broadcasts before the reading of used connections, and those that are timed after it. */
const BROADCASTS = 6;
const TIMED_BROADCASTS = 20;
const ECHO = { clients: 100, inFlight: 16 };

/** What is shown of each set: title, unit, value of the run, and whether more of it is better. */
const COLUMNS = /** @type {const} */ ([
  ["RSS/conn", "bytes", "rssBytes"],
  ["after use", "bytes", "usedRssBytes"],
  ["accept CPU", "us", "acceptUs"],
  ["broadcast", "ms", "broadcastMs"],
  ["its CPU/client", "us", "broadcastUs"],
  ["echo", "per second", "echoesPerSecond"],
  ["its CPU", "us", "echoUs"],
]);

export const flagsScenario = {
  name: "flags",
  about: "Node's flags: memory of an idle connection, and what they cost under load (takes long; runs only when named)",
};

/**
 * Tries every set of flags on both servers.
 *
 * @param {import("./harness/context.mjs").Context} context
 * @param {number} runs of each, in turn; the median counts
 * @param {import("./harness/progress.mjs").ProgressLine} line
 * @returns {Promise<{ text: string, data: object[] }>}
 */
export async function runFlags(context, runs, line) {
  const shipped = context.shippedFlags;
  const known = FLAG_SETS.some((flags) => flags.join(" ") === shipped.join(" "));
  const sets = known ? FLAG_SETS : [...FLAG_SETS, shipped];
  const cases = ["holdfast", "ws"].flatMap((server) =>
    sets.map((flags) => ({ server, flags, found: /** @type {Record<string, number>[]} */ ([]) })),
  );
  let step = 0;
  for (let run = 0; run < runs; run++) {
    for (const one of cases) {
      const where = `${++step}/${runs * cases.length} flags, ${one.server}, ${one.flags.join(" ") || "none"}`;
      const show = (/** @type {string} */ text) => line.show(`${where}: ${text}`);
      try {
        const { connections } = context;
        const load = {
          server: one.server,
          flags: one.flags,
          connections,
          broadcasts: BROADCASTS,
          used: true,
          warmBroadcasts: TIMED_BROADCASTS,
          echo: ECHO,
        };
        one.found.push(await measureServer({ ...context, show }, load));
      } catch (error) {
        if (!(error instanceof ProgramError)) throw error;
        line.note(`${where}: ${error.message}`);
      }
    }
  }
  line.done();
  const results = cases.map(({ server, flags, found }) => ({
    server,
    flags,
    values: Object.fromEntries(COLUMNS.map(([, , name]) => [name, middle(found, name)])),
  }));
  const lines = results.map(({ server, flags, values }) => [
    server,
    flags.join(" ") || "none",
    ...COLUMNS.map(([, unit, name]) => (values[name] === undefined ? "-" : figure(values[name], unit))),
  ]);
  const head = ["server", "flags", ...COLUMNS.map(([title]) => title)];
  return {
    text: table(
      head,
      lines,
      COLUMNS.map((_, i) => i + 2),
    ),
    data: results,
  };
}

/**
 * @param {readonly Record<string, number>[]} found
 * @param {string} name
 */
function middle(found, name) {
  const values = found.map((run) => run[name]).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}
