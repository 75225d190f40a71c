import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type ActorSystem, consoleReporter, createSystem, formatReason, limitReports, type Report } from "holdfast";
import { InspectorError, openInspector } from "holdfast/inspector";
import { embeddedStore, type Store, StoreError } from "holdfast/store";
import { Lobby } from "./lobby.js";
import { HELP, type LobbyOptions, readOptions, UsageError } from "./options.js";
import { forgetfulRoomStore, openRoomStore, type RoomStore } from "./room-store.js";
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

async function run(options: LobbyOptions): Promise<number> {
  const store = await openStore(options.store);
  try {
    const rooms = store === undefined ? forgetfulRoomStore : await openRoomStore(store, tellOfRooms);
    return await serve(options, store, rooms);
  } finally {
    // After the last session has said what it has to: else that would be lost.
    await store?.close();
  }
}

async function serve(
  { port, host, name, store: place, limits }: LobbyOptions,
  store: Store | undefined,
  rooms: RoomStore,
): Promise<number> {
  let started = false;
  // Visitors may crash what they like, but not fill the log.
  const log = limitReports(consoleReporter);
  // Why a start failed is told below, in one sentence.
  const reporter = (report: Report): void => {
    if (started) log(report);
  };
  const rootArgs = { port, host, page: servePage(), store, rooms, limits };
  const system = await createSystem({ root: Lobby, rootArgs, name, reporter });
  started = true;
  let asked = false;
  stopOnSignals(system, () => {
    asked = true;
    say("\nStopping: clients are told to come back. Ctrl-C again stops at once.\n");
  });
  await greet(system, host, await inspect(system), place ?? "nothing: a restart begins anew");
  const reason = await system.done;
  log.stop();
  if (asked) {
    say("Stopped.\n");
    return 0;
  }
  process.stderr.write(`lobby: the server went down, its supervisor gave up: ${formatReason(reason)}\n`);
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

/** The part of the endpoint's listener that is used here. */
interface HasPort {
  port(): number;
}

/** Opens the store in a directory. @throws {UsageError} that says what to do when another server has it open */
async function openStore(path: string | undefined): Promise<Store | undefined> {
  if (path === undefined) return undefined;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await embeddedStore({ path });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== "in_use") throw error;
    const text = `another server has the store ${path} open: give this one a name or a directory of its own, with --name or --store, or --no-store.`;
    throw new UsageError(text, { cause: error });
  }
}

function tellOfRooms(error: unknown): void {
  process.stderr.write(`lobby: what was said could not be kept: ${error instanceof Error ? error.message : error}\n`);
}

async function greet(system: ActorSystem, host: string, tree: string, kept: string): Promise<void> {
  const port = await system.whereis<HasPort>("endpoint.listener")?.call.port();
  const shownHost = host === "127.0.0.1" || host === "0.0.0.0" || host === "::" ? "localhost" : host;
  say(`
  Holdfast lobby

  Open   http://${shownHost.includes(":") ? `[${shownHost}]` : shownHost}:${port}
  Tree   ${tree}
  Kept   ${kept}
  Stop   Ctrl-C

`);
}

function say(text: string): void {
  process.stdout.write(text);
}
