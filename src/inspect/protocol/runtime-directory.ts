import { lstat, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { InspectorError, systemErrorCode } from "./errors.js";

/** A socket's path may have this many bytes at most: the smaller of the limits of Linux (107) and macOS (103). */
const MAX_SOCKET_PATH_BYTES = 103;

const MAX_NAME_LENGTH = 32;
const SOCKET_FILE = /^([A-Za-z0-9._-]{1,32})-([1-9][0-9]{0,9})\.sock$/;

/**
 * The directories in which inspector sockets may lie, in the order in which a server tries them.
 *
 * `$XDG_RUNTIME_DIR/holdfast-<uid>` where that variable holds an absolute path, then `<temporary directory>/holdfast-<uid>`. Readers look in
 * all of them, because a service and a shell of the same person often differ in the variable.
 *
 * @throws {InspectorError} `unsupported_platform` where the process has no user id (Windows)
 */
export function runtimeDirectories(env: Readonly<Record<string, string | undefined>> = process.env): readonly string[] {
  const folder = `holdfast-${currentUid()}`;
  const xdg = env["XDG_RUNTIME_DIR"];
  const candidates = [join(tmpdir(), folder)];
  if (xdg !== undefined && isAbsolute(xdg)) candidates.unshift(join(xdg, folder));
  return [...new Set(candidates)];
}

/**
 * Makes the directory for sockets with mode 0700 if it is absent, and checks that it is private.
 *
 * @throws {InspectorError} `unsafe_directory` if it belongs to someone else, is not a directory, or others may enter it
 */
export async function preparePrivateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST") throw error;
  }
  await checkPrivateDirectory(path);
}

/**
 * Checks that a directory is the current user's own and closed to everybody else.
 *
 * In a directory that others can write to, a socket could be anyone's: a server would show its actors to them, and a reader would
 * believe theirs. A symbolic link is refused for the same reason.
 *
 * @returns false if there is no such directory
 * @throws {InspectorError} `unsafe_directory` with the reason and the command that mends it
 */
export async function checkPrivateDirectory(path: string): Promise<boolean> {
  const uid = currentUid();
  let found: Awaited<ReturnType<typeof lstat>>;
  try {
    found = await lstat(path);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw error;
  }
  const fix = "Remove it, or set XDG_RUNTIME_DIR to a directory of your own.";
  if (!found.isDirectory())
    throw new InspectorError(
      "unsafe_directory",
      `Cannot use ${path}: expected a directory, found another kind of file. ${fix}`,
    );
  if (found.uid !== uid) {
    throw new InspectorError(
      "unsafe_directory",
      `Cannot use ${path}: expected it to belong to user ${uid}, it belongs to user ${found.uid}. ${fix}`,
    );
  }
  const mode = found.mode & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new InspectorError(
      "unsafe_directory",
      `Cannot use ${path}: expected mode 0700, so that nobody else can enter, found 0${mode.toString(8)}. Run: chmod 700 ${path}`,
    );
  }
  return true;
}

/** A system's name as it stands in a socket's file name: other characters than letters, digits, `.`, `_` and `-` become `_`. */
export function socketName(systemName: string): string {
  const name = systemName.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, MAX_NAME_LENGTH);
  return name === "" ? "_" : name;
}

/**
 * The path of the socket of one process.
 *
 * @throws {InspectorError} `path_too_long` if the operating system would cut it
 */
export function socketPath(directory: string, systemName: string, pid: number): string {
  const path = join(directory, `${socketName(systemName)}-${pid}.sock`);
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    throw new InspectorError(
      "path_too_long",
      `Cannot listen on ${path}: a socket's path may have ${MAX_SOCKET_PATH_BYTES} bytes, this has ${bytes}. Set XDG_RUNTIME_DIR to a shorter directory.`,
    );
  }
  return path;
}

/** Reads a socket's file name; undefined for any other file. */
export function parseSocketFile(file: string): { readonly name: string; readonly pid: number } | undefined {
  const [, name, pid] = SOCKET_FILE.exec(file) ?? [];
  return name === undefined || pid === undefined ? undefined : { name, pid: Number(pid) };
}

function currentUid(): number {
  if (process.getuid === undefined) {
    throw new InspectorError(
      "unsupported_platform",
      `The inspector needs Unix domain sockets with file permissions, which ${process.platform} does not have.`,
    );
  }
  return process.getuid();
}
