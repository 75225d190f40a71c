import { parseArgs } from "node:util";

/** What the command line says. */
export interface GameOptions {
  readonly port: number;
  readonly host: string;
  readonly name: string;
}

/** What `--help` prints. */
export const HELP = `Game worlds, each an actor, on Holdfast.

Usage: node dist/examples/world/main.js [options]

Options
  --port N   the port to listen on; 0 takes any that is free. Default 4000
  --host H   the address to listen on. Default 127.0.0.1: this machine only
  --name X   the name that "holdfast tree" knows the server by. Default world
  --help     this text

Players come with: node dist/examples/world/player.js NAME WORLD [PORT]
Ctrl-C tells them to come back and stops; a second one stops at once.
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
export function readOptions(args: readonly string[]): GameOptions | "help" {
  const { help, port, host, name } = parse(args);
  if (help === true) return "help";
  const number = /^\d{1,5}$/.test(port) ? Number(port) : Number.NaN;
  if (!(number <= 65_535)) {
    throw new UsageError(`Expected --port to be a number from 0 to 65535, got ${JSON.stringify(port)}.`);
  }
  if (host === "" || name === "") throw new UsageError("Expected --host and --name with a value, got an empty one.");
  return { port: number, host, name };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: "string", default: "4000" },
        host: { type: "string", default: "127.0.0.1" },
        name: { type: "string", default: "world" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    // parseArgs throws a TypeError whose text is made for the user.
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
