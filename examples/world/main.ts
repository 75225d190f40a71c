import { consoleReporter, createSystem, formatReason, type Report } from "holdfast";
import { openInspector } from "holdfast/inspector";
import { startProblem } from "../lobby/start-problem.js";
import { stopOnSignals } from "../lobby/stop-on-signals.js";
import { Game } from "./game.js";
import { type GameOptions, HELP, readOptions, UsageError } from "./options.js";

process.exitCode = await main(process.argv.slice(2));

/** Runs the game until it is stopped, and gives the exit code: 0 after an orderly stop, 1 when it could not start or went on no longer. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options !== "help") return await run(options);
    process.stdout.write(HELP);
    return 0;
  } catch (error) {
    const hint = error instanceof UsageError ? "\nTry --help" : "";
    process.stderr.write(`world: ${startProblem(error)}${hint}\n`);
    return 1;
  }
}

/** The part of the endpoint's listener that is used here. */
interface HasPort {
  port(): number;
}

async function run({ port, host, name }: GameOptions): Promise<number> {
  let started = false;
  // Why a start failed is told by its error, in one sentence.
  const reporter = (report: Report): void => {
    if (started) consoleReporter(report);
  };
  const system = await createSystem({ root: Game, rootArgs: { port, host }, name, reporter });
  started = true;
  let asked = false;
  stopOnSignals(system, () => {
    asked = true;
    process.stdout.write("\nStopping: players are told to come back. Ctrl-C again stops at once.\n");
  });
  await openInspector(system, { actions: { drain: true } });
  const taken = await system.whereis<HasPort>("endpoint.listener")?.call.port();
  process.stdout.write(`Listening on port ${taken}. The tree: npx holdfast tree --name ${name}\n`);
  const reason = await system.done;
  if (asked) return 0;
  process.stderr.write(`world: the server went down, its supervisor gave up: ${formatReason(reason)}\n`);
  return 1;
}
