import { type ActorSystem, consoleReporter, createSystem, formatReason, limitReports, type Report } from "holdfast";
import { clusterOf, currentCore } from "holdfast/cluster";
import { InspectorError, openInspector } from "holdfast/inspector";
import type { Store, StoreFolder } from "holdfast/store";
import { openPort } from "./door.js";
import { Lobby } from "./lobby.js";
import { openStore } from "./open-store.js";
import { HELP, type LobbyOptions, readOptions, UsageError } from "./options.js";
import { forgetfulRoomStore, openRoomStore } from "./room-store.js";
import { servePage } from "./static-files.js";
import { startProblem } from "./start-problem.js";
import { stopOnSignals } from "./stop-on-signals.js";

/** With `--cores` this module runs in each of the cores as well, and once in their host. */
const core = currentCore();
/** What a line begins with, so that it is known who says it. */
const who = core === undefined ? "" : `${core.name}: `;

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
    // Its host tells, when it gives up.
    if (core !== undefined) throw error;
    const hint = error instanceof UsageError ? "\nTry: npm start -- --help" : "";
    process.stderr.write(`lobby: ${startProblem(error)}${hint}\n`);
    return 1;
  }
}

async function run(options: LobbyOptions): Promise<number> {
  // The host of several cores has nothing to keep: people are with the cores.
  const isHost = options.cores > 1 && core === undefined;
  const store = options.store === undefined || isHost ? undefined : await openStore(options.store);
  try {
    return await serve(options, store);
  } finally {
    // After the last session has said what it has to: else that would be lost.
    await store?.close();
  }
}

async function serve(options: LobbyOptions, store: Store | StoreFolder | undefined): Promise<number> {
  const { port, host, name, cores, limits } = options;
  let started = false;
  // Visitors may crash what they like, but not fill the log.
  const log = limitReports(consoleReporter);
  // Why a start failed is told below, in one sentence.
  const reporter = (report: Report): void => {
    if (started) log({ ...report, text: who + report.text });
  };
  const rooms =
    store === undefined ? forgetfulRoomStore : await openRoomStore("own" in store ? store.own : store, tellOfRooms);
  const rootArgs = { port, host, page: servePage(), store, rooms, limits };
  const system = await createSystem({
    root: Lobby,
    rootArgs,
    name,
    reporter,
    // Fewer attempts than usual: whoever sits before it wants to know what is wrong.
    ...(cores > 1 ? { cluster: { cores, restart: { maxAttempts: 3 } } } : {}),
  });
  started = true;
  let asked = false;
  stopOnSignals(system, () => {
    asked = true;
    say(core === undefined ? "\nStopping: clients are told to come back. Ctrl-C again stops at once.\n" : "stopping\n");
  });
  const tree = await inspect(system);
  if (core === undefined) await greet(system, options, tree);
  else say(`ready, pid ${process.pid}\n`);
  const reason = await system.done;
  log.stop();
  if (asked) {
    say(core === undefined ? "Stopped.\n" : "stopped\n");
    return 0;
  }
  process.stderr.write(`lobby: ${who}the server went down, its supervisor gave up: ${formatReason(reason)}\n`);
  return 1;
}

/** Opens the inspector's socket, with `holdfast drain`, and says how to look; a chat without inspector is better than none. */
async function inspect(system: ActorSystem): Promise<string> {
  try {
    await openInspector(system, { actions: { drain: true } });
    return system.name === "lobby" ? "npx holdfast tree" : `npx holdfast tree --name ${system.name}`;
  } catch (error) {
    if (error instanceof InspectorError) return `not available. ${error.message}`;
    throw error;
  }
}

function tellOfRooms(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`lobby: ${who}what was said could not be kept: ${text}\n`);
}

async function greet(system: ActorSystem, { host, store }: LobbyOptions, tree: string): Promise<void> {
  const port = await openPort(system);
  const shownHost = host === "127.0.0.1" || host === "0.0.0.0" || host === "::" ? "localhost" : host;
  const cores = clusterOf(system)
    .members()
    .map(({ node }) => node.name)
    .join(", ");
  say(`
  Holdfast lobby

  Open   http://${shownHost.includes(":") ? `[${shownHost}]` : shownHost}:${port}
  Tree   ${tree}
  Kept   ${store ?? "nothing: a restart begins anew"}
${cores === "" ? "" : `  Cores  ${cores}\n`}  Stop   Ctrl-C

`);
}

function say(text: string): void {
  process.stdout.write(who + text);
}
