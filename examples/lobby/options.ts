import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { FEWEST_MESSAGES, VISITOR_LIMITS, type VisitorLimits } from "./limits.js";

/** What the command line says. */
export interface LobbyOptions {
  readonly port: number;
  readonly host: string;
  readonly name: string;
  /** The directory in which sessions and what was said are kept; `undefined` to keep nothing across restarts. */
  readonly store: string | undefined;
  readonly limits: VisitorLimits;
  /** How many processes run the lobby; 1 is this one. */
  readonly cores: number;
}

/** Most cores: as many processes as Holdfast runs on one machine. */
const MOST_CORES = 256;

/** What `--help` prints. */
export const HELP = `A chat with rooms, on Holdfast.

Usage: npm start -- [options]

Options
  --port N    the port to listen on; 0 takes any that is free. Default 4000
  --host H    the address to listen on. Default 127.0.0.1: this machine only;
              0.0.0.0 is everybody who can reach it
  --name X    the name that "holdfast tree" knows the server by. Default lobby
  --cores N   how many cores of the machine run the lobby, a process each, on one
              port; people on all of them are in the same rooms. Default 1
  --store DIR the directory in which sessions and messages are kept, so that
              nobody loses anything when the server is killed. Default
              $XDG_STATE_HOME/holdfast/NAME, or ~/.local/state/holdfast/NAME.
              Several cores keep theirs in DIR/cores
  --no-store  keep nothing: whoever comes back after a restart begins anew
  --tabs N    most tabs of one address at a time; whoever comes then is told when
              to try again. Default ${VISITOR_LIMITS.tabs}. Tabs on this machine are not counted.
              One name has 50 at most
  --messages N  most messages of one tab a second, ${FEWEST_MESSAGES} at least; one name has
              twice that. Who sends more is told when to come back. Default ${VISITOR_LIMITS.messages}.
              Each core counts for itself
  --help      this text

How many are there, and how many were turned away: npx holdfast connections

Ctrl-C tells the clients to come back and stops; a second one stops at once.
`;

/** The command line was wrong; the text says what was expected and what came. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "usage";
}

/**
 * Reads the arguments after the program's name; `"help"` if they ask for it.
 *
 * @throws {UsageError} for anything else than {@link HELP} names
 */
export function readOptions(args: readonly string[]): LobbyOptions | "help" {
  const { help, port, host, name, cores, store, "no-store": none, tabs, messages } = parse(args);
  if (help === true) return "help";
  const known = readText("--name", name);
  if (none === true && store !== undefined) throw new UsageError("Expected --store or --no-store, got both.");
  return {
    port: readPort(port),
    host: readText("--host", host),
    name: known,
    cores: readCount("--cores", cores, 1, MOST_CORES) ?? 1,
    store: none === true ? undefined : store === undefined ? usualStore(known) : resolve(readText("--store", store)),
    limits: {
      tabs: readCount("--tabs", tabs, 1) ?? VISITOR_LIMITS.tabs,
      messages: readCount("--messages", messages, FEWEST_MESSAGES) ?? VISITOR_LIMITS.messages,
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: "string", default: "4000" },
        host: { type: "string", default: "127.0.0.1" },
        name: { type: "string", default: "lobby" },
        cores: { type: "string" },
        store: { type: "string" },
        "no-store": { type: "boolean" },
        tabs: { type: "string" },
        messages: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    // parseArgs throws a TypeError whose text is made for the user.
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** Where a program keeps what it has to remember, by the rules of the desktop. A relative path there counts for nothing. */
function usualStore(name: string): string {
  const state = process.env["XDG_STATE_HOME"];
  const base = state?.startsWith("/") === true ? state : join(homedir(), ".local", "state");
  // A name is anything; a directory's is not.
  return join(base, "holdfast", encodeURIComponent(name).replaceAll(".", "%2E"));
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 0 && port <= 65_535) return port;
  throw new UsageError(`Expected --port to be a number from 0 to 65535, got ${JSON.stringify(text)}.`);
}

function readCount(option: string, text: string | undefined, least: number, most = 999_999): number | undefined {
  if (text === undefined) return undefined;
  const count = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= least && count <= most) return count;
  throw new UsageError(`Expected ${option} to be a number from ${least} to ${most}, got ${JSON.stringify(text)}.`);
}

function readText(option: string, text: string): string {
  if (text.trim() !== "") return text;
  throw new UsageError(`Expected ${option} with a value, got an empty one.`);
}
