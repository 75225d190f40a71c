import { type ActorSystem, consoleReporter, createSystem, formatReason, type Report } from "holdfast";
import { InspectorError, openInspector } from "holdfast/inspector";
import { Lobby } from "./lobby.js";
import { HELP, type LobbyOptions, readOptions, UsageError } from "./options.js";
import { servePage } from "./static-files.js";
import { startProblem } from "./start-problem.js";
import { stopOnSignals } from "./stop-on-signals.js";

process.exitCode = await main(process.argv.slice(2));

/** Runs the lobby until it is stopped, and gives the exit code: 0 after an orderly stop, 1 when it could not start or went on no longer. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options === "help") {
      process.stdout.write(HELP);
      return 0;
    }
    return await run(options);
  } catch (error) {
    const hint = error instanceof UsageError ? "\nTry: npm start -- --help" : "";
    process.stderr.write(`lobby: ${startProblem(error)}${hint}\n`);
    return 1;
  }
}

async function run({ port, host, name }: LobbyOptions): Promise<number> {
  let started = false;
  // Why a start failed is told below, in one sentence.
  const reporter = (report: Report): void => {
    if (started) consoleReporter(report);
  };
  const rootArgs = { port, host, page: servePage() };
  const system = await createSystem({ root: Lobby, rootArgs, name, reporter });
  started = true;
  let asked = false;
  stopOnSignals(system, () => {
    asked = true;
    say("\nStopping: clients are told to come back. Ctrl-C again stops at once.\n");
  });
  await greet(system, host, await inspect(system));
  const reason = await system.done;
  if (asked) {
    say("Stopped.\n");
    return 0;
  }
  process.stderr.write(`lobby: the server went down, its supervisor gave up: ${formatReason(reason)}\n`);
  return 1;
}

/** Opens the inspector's socket and says how to look; a chat without inspector is better than none. */
async function inspect(system: ActorSystem): Promise<string> {
  try {
    await openInspector(system);
    return system.name === "lobby" ? "npx holdfast tree" : `npx holdfast tree --name ${system.name}`;
  } catch (error) {
    if (error instanceof InspectorError) return `not available. ${error.message}`;
    throw error;
  }
}

/** The part of the endpoint's listener that is used here. */
interface HasPort {
  port(): number;
}

async function greet(system: ActorSystem, host: string, tree: string): Promise<void> {
  const port = await system.whereis<HasPort>("endpoint.listener")?.call.port();
  const shownHost = host === "127.0.0.1" || host === "0.0.0.0" || host === "::" ? "localhost" : host;
  say(`
  Holdfast lobby

  Open   http://${shownHost.includes(":") ? `[${shownHost}]` : shownHost}:${port}
  Tree   ${tree}
  Stop   Ctrl-C

`);
}

function say(text: string): void {
  process.stdout.write(text);
}
