import { InspectorError } from "../inspect/protocol/errors.js";
import { packageVersion } from "../inspect/protocol/version.js";
import { type Command, parseArguments } from "./arguments.js";
import type { CliIo } from "./cli-io.js";
import { cancelDrainCommand } from "./cancel-drain.js";
import { connectionsCommand } from "./connections-command.js";
import { drainCommand } from "./drain-command.js";
import { infoCommand } from "./info-command.js";
import { listCommand } from "./list-command.js";
import { printable } from "./safe-text.js";
import { treeCommand } from "./tree-command.js";
import { COMMAND_HELP, MAIN_HELP, UsageError } from "./usage.js";

/**
 * Runs the `holdfast` command and returns its exit code.
 *
 * 0 done, 1 wrong usage or several servers fit, 2 no server there or it cannot be connected to, 3 its answer was not understood or was an error;
 * `drain` has two more meanings, see its help. Everything expected to go wrong is a text on standard error; only a fault of the tool itself is thrown.
 */
export async function run(argv: readonly string[], io: CliIo): Promise<number> {
  try {
    return await execute(parseArguments(argv), io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`holdfast: ${safeText(error.message)}\nTry: holdfast --help\n`);
      return 1;
    }
    if (error instanceof InspectorError) {
      io.err(`holdfast: ${safeText(error.message)}\n`);
      return exitCodeOf(error);
    }
    throw error;
  }
}

async function execute(command: Command, io: CliIo): Promise<number> {
  switch (command.command) {
    case "help":
      io.out(command.about === undefined ? MAIN_HELP : COMMAND_HELP[command.about]);
      return 0;
    case "version":
      io.out(`${packageVersion()}\n`);
      return 0;
    case "list":
      await listCommand(command.json, io);
      return 0;
    case "info":
      await infoCommand(command, io);
      return 0;
    case "tree":
      await treeCommand(command, io);
      return 0;
    case "connections":
      await connectionsCommand(command, io);
      return 0;
    case "drain":
      return command.cancel ? cancelDrainCommand(command, io) : drainCommand(command, io);
  }
}

function exitCodeOf(error: InspectorError): number {
  switch (error.code) {
    case "several_servers":
      return 1;
    case "protocol":
    case "refused":
      return 3;
    default:
      return 2;
  }
}

// Lines stay lines; what a server or a path put into the text is made harmless.
function safeText(message: string): string {
  return message.split("\n").map(printable).join("\n");
}
