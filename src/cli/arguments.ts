import { parseArgs } from "node:util";
import { FASTEST_DRAIN, SLOWEST_DRAIN } from "../inspect/protocol/messages.js";
import { COMMAND_HELP, type CommandName, isCommandName, UsageError } from "./usage.js";

/** Which server is meant; `socket` wins over a search by name or pid. */
export interface Target {
  readonly name: string | undefined;
  readonly pid: number | undefined;
  readonly socket: string | undefined;
}

/** What a command line asks for. */
export type Command =
  | { readonly command: "help"; readonly about: CommandName | undefined }
  | { readonly command: "version" }
  | { readonly command: "list"; readonly json: boolean }
  | {
      readonly command: "info";
      readonly json: boolean;
      readonly ascii: boolean;
      readonly target: Target;
      readonly actor: string;
    }
  | {
      readonly command: "tree";
      readonly json: boolean;
      readonly ascii: boolean;
      readonly target: Target;
      readonly all: boolean;
      readonly watch: boolean;
    }
  | {
      readonly command: "drain";
      readonly json: boolean;
      readonly target: Target;
      readonly endpoint: string;
      readonly perSecond: number;
      readonly stayClosed: boolean;
      /** Ends the drain that is under way, in place of beginning one. */
      readonly cancel: boolean;
      readonly yes: boolean;
    }
  | {
      readonly command: "connections";
      readonly json: boolean;
      readonly target: Target;
      readonly endpoint: string;
    };

const HELP = { help: { type: "boolean", short: "h" } } as const;
const OUTPUT = { json: { type: "boolean" }, ascii: { type: "boolean" } } as const;
const TARGET = { name: { type: "string" }, pid: { type: "string" }, socket: { type: "string" } } as const;

/**
 * Reads the arguments after the program's name.
 *
 * @throws {UsageError} for anything that no command takes
 */
export function parseArguments(argv: readonly string[]): Command {
  const [word, ...rest] = argv;
  if (word === undefined) throw new UsageError(`Expected a command: ${commandList()}.`);
  if (word === "--help" || word === "-h" || word === "help") return parseHelp(rest);
  if (word === "--version" || word === "-v") return { command: "version" };
  if (!isCommandName(word)) throw new UsageError(`Expected a command (${commandList()}), got ${JSON.stringify(word)}.`);
  try {
    return parseCommand(word, rest);
  } catch (error) {
    // parseArgs throws a TypeError whose text is made for the user.
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function parseHelp([about]: readonly string[]): Command {
  if (about === undefined) return { command: "help", about: undefined };
  if (!isCommandName(about))
    throw new UsageError(`Expected a command (${commandList()}), got ${JSON.stringify(about)}.`);
  return { command: "help", about };
}

function parseCommand(command: CommandName, argv: readonly string[]): Command {
  const args = [...argv];
  switch (command) {
    case "list": {
      const { values } = parseArgs({ args, options: { ...HELP, json: OUTPUT.json } });
      if (values.help === true) return { command: "help", about: command };
      return { command, json: values.json === true };
    }
    case "info": {
      const { values, positionals } = parseArgs({
        args,
        options: { ...HELP, ...OUTPUT, ...TARGET },
        allowPositionals: true,
      });
      if (values.help === true) return { command: "help", about: command };
      const [actor, ...more] = positionals;
      if (actor === undefined || actor === "" || more.length > 0) {
        throw new UsageError(
          `Expected one actor, by its name or its ref, got ${positionals.length === 1 ? "an empty one" : positionals.length}.`,
        );
      }
      return { command, actor, ...outputOf(values), target: targetOf(values) };
    }
    case "tree": {
      const options = { ...HELP, ...OUTPUT, ...TARGET, all: { type: "boolean" }, watch: { type: "boolean" } } as const;
      const { values } = parseArgs({ args, options });
      if (values.help === true) return { command: "help", about: command };
      const { all, watch } = values;
      return { command, ...outputOf(values), target: targetOf(values), all: all === true, watch: watch === true };
    }
    case "drain": {
      const options = {
        ...HELP,
        ...TARGET,
        json: OUTPUT.json,
        "per-second": { type: "string" },
        endpoint: { type: "string", default: "endpoint" },
        "stay-closed": { type: "boolean" },
        cancel: { type: "boolean" },
        yes: { type: "boolean", short: "y" },
      } as const;
      const { values } = parseArgs({ args, options });
      if (values.help === true) return { command: "help", about: command };
      const {
        "per-second": pace,
        "stay-closed": stayClosed = false,
        cancel = false,
        yes = false,
        json = false,
      } = values;
      if (cancel && (pace !== undefined || stayClosed)) {
        throw new UsageError("Expected --cancel without --per-second and --stay-closed: it ends a drain.");
      }
      const endpoint = endpointOf(values.endpoint);
      const perSecond = paceOf(pace ?? "100");
      return { command, json, target: targetOf(values), endpoint, perSecond, stayClosed, cancel, yes };
    }
    case "connections": {
      const options = {
        ...HELP,
        ...TARGET,
        json: OUTPUT.json,
        endpoint: { type: "string", default: "endpoint" },
      } as const;
      const { values } = parseArgs({ args, options });
      if (values.help === true) return { command: "help", about: command };
      const { json = false } = values;
      return { command, json, target: targetOf(values), endpoint: endpointOf(values.endpoint) };
    }
  }
}

function endpointOf(name: string): string {
  if (name !== "") return name;
  throw new UsageError("Expected --endpoint to be a name, got an empty one.");
}

function paceOf(text: string): number {
  const pace = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (pace >= SLOWEST_DRAIN && pace <= FASTEST_DRAIN) return pace;
  throw new UsageError(
    `Expected --per-second to be a number from ${SLOWEST_DRAIN} to ${FASTEST_DRAIN}, got ${JSON.stringify(text)}.`,
  );
}

function outputOf(values: { json?: boolean; ascii?: boolean }): { json: boolean; ascii: boolean } {
  return { json: values.json === true, ascii: values.ascii === true };
}

function targetOf({ name, pid, socket }: { name?: string; pid?: string; socket?: string }): Target {
  if (pid !== undefined && !/^[1-9][0-9]{0,9}$/.test(pid)) {
    throw new UsageError(`Expected --pid to be a process id, got ${JSON.stringify(pid)}.`);
  }
  if (socket !== undefined && (name !== undefined || pid !== undefined)) {
    throw new UsageError("Expected either --socket, or --name and --pid: a socket is one server's already.");
  }
  return { name, pid: pid === undefined ? undefined : Number(pid), socket };
}

function commandList(): string {
  return Object.keys(COMMAND_HELP).join(", ");
}
