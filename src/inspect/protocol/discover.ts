import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { InspectorError, systemErrorCode } from "./errors.js";
import { checkPrivateDirectory, parseSocketFile, socketName } from "./runtime-directory.js";

/** A server that has an inspector socket and whose process is alive. */
export interface FoundServer {
  /** The system's name as it stands in the file name. */
  readonly name: string;
  readonly pid: number;
  /** The path of its socket. */
  readonly path: string;
  /** When it began to listen, in milliseconds of wall time since 1970. */
  readonly startedAt: number;
}

/** Which server is meant. Each given part must fit; none given fits every server. */
export interface ServerChoice {
  readonly name?: string | undefined;
  readonly pid?: number | undefined;
}

/**
 * Lists the servers whose sockets lie in the directories, oldest first. Absent directories are empty ones.
 *
 * Sockets whose process has ended are left out; the next server that starts removes them.
 *
 * @throws {InspectorError} `unsafe_directory` if nothing was found and in one of the directories someone else could have put sockets
 */
export async function listServers(directories: readonly string[]): Promise<readonly FoundServer[]> {
  const found: FoundServer[] = [];
  let unsafe: InspectorError | undefined;
  for (const directory of directories) {
    try {
      if (await checkPrivateDirectory(directory)) found.push(...(await serversIn(directory)));
    } catch (error) {
      // Anybody can make a directory of that name in /tmp: that must not hide the servers of a directory that is safe.
      if (!(error instanceof InspectorError)) throw error;
      unsafe ??= error;
    }
  }
  if (found.length === 0 && unsafe !== undefined) throw unsafe;
  return found.sort((left, right) => left.startedAt - right.startedAt || left.pid - right.pid);
}

/**
 * Picks the one server that fits the choice.
 *
 * @throws {InspectorError} `no_server` or `several_servers`; the text lists what there is, and where it was looked for
 */
export function chooseServer(
  servers: readonly FoundServer[],
  choice: ServerChoice,
  directories: readonly string[],
): FoundServer {
  const name = choice.name === undefined ? undefined : socketName(choice.name);
  const fitting = servers.filter(
    (server) => (name === undefined || server.name === name) && (choice.pid === undefined || server.pid === choice.pid),
  );
  const [first] = fitting;
  if (first !== undefined && fitting.length === 1) return first;
  const wanted = describeChoice(choice);
  if (fitting.length > 1) {
    throw new InspectorError(
      "several_servers",
      `Found ${fitting.length} servers${wanted}. Choose one with --pid or --name:\n${listing(fitting)}`,
    );
  }
  const others = servers.length === 0 ? "" : `\nRunning now:\n${listing(servers)}`;
  throw new InspectorError(
    "no_server",
    `Found no running server${wanted} in ${directories.join(" or ")}. A server shows its tree while its inspector is open; start one as the same user, for example with npm start.${others}`,
  );
}

/** Tells whether a process of that id exists, whoever owns it. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) !== "ESRCH";
  }
}

async function serversIn(directory: string): Promise<readonly FoundServer[]> {
  const found: FoundServer[] = [];
  for (const file of await readdir(directory)) {
    const parts = parseSocketFile(file);
    if (parts === undefined || !isProcessAlive(parts.pid)) continue;
    const path = join(directory, file);
    const startedAt = await socketTime(path);
    if (startedAt !== undefined) found.push({ ...parts, path, startedAt });
  }
  return found;
}

// The time a socket was bound is its modification time: neither a change of mode nor a connection alters that.
async function socketTime(path: string): Promise<number | undefined> {
  try {
    const found = await lstat(path);
    return found.isSocket() ? found.mtimeMs : undefined;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function describeChoice(choice: ServerChoice): string {
  const parts: string[] = [];
  if (choice.name !== undefined) parts.push(` named ${JSON.stringify(choice.name)}`);
  if (choice.pid !== undefined) parts.push(` with pid ${choice.pid}`);
  return parts.join("");
}

function listing(servers: readonly FoundServer[]): string {
  return servers.map((server) => `  --pid ${server.pid}  --name ${server.name}`).join("\n");
}
