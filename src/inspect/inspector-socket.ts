import { unlinkSync } from "node:fs";
import { chmod, readdir, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import type { Clock } from "../kernel/clock.js";
import type { Branches } from "./branches.js";
import type { InspectableSystem } from "./inspectable.js";
import { inspectorClock } from "./clock.js";
import { isProcessAlive } from "./protocol/discover.js";
import { InspectorError, systemErrorCode } from "./protocol/errors.js";
import { encodeError } from "./protocol/messages.js";
import {
  parseSocketFile,
  preparePrivateDirectory,
  runtimeDirectories,
  socketPath,
} from "./protocol/runtime-directory.js";
import { type DrainAction, ReaderConnection } from "./reader-connection.js";
import { SnapshotSource } from "./snapshot-source.js";

/** What may be done to a system through its inspector, each action by itself. What is not opened does not exist in the protocol. */
export interface InspectorActions {
  /** Whether `holdfast drain` may hand the clients of an endpoint over. Default `false`. */
  readonly drain?: boolean;
}

/** Options of {@link serveInspector}. */
export interface InspectorOptions {
  /**
   * The directory of the socket; made with mode 0700 if absent, refused if it is not the user's own and closed to others. Default
   * `$XDG_RUNTIME_DIR/holdfast-<uid>`, or the same in the temporary directory. Readers look in the default places only.
   */
  readonly directory?: string;
  /** Readers connected at once. Default 8. */
  readonly maxClients?: number;
  /** How long a reader may stay silent. Default 60,000 ms. */
  readonly idleTimeoutMs?: number;
  /** Readers who ask for the tree within this time are given the same snapshot. Default 250 ms. */
  readonly minSnapshotIntervalMs?: number;
  /** Where the inspector takes its time from; default the machine's clock, because what it serves is real whatever the system's clock says. */
  readonly clock?: Clock;
}

/** What the opened actions are carried out by, and what the system's own tables do not show. */
export interface OpenActions {
  readonly drain?: DrainAction;
  /** The trees of other processes that belong to the system. */
  readonly branches?: Branches;
}

/**
 * Serves the system's tree on a Unix domain socket of its own, `<name>-<pid>.sock` with mode 0600 in a directory with mode 0700.
 *
 * Only the user who runs the process, and root, can connect. They can look, and do what `actions` has: without it nobody can change anything
 * through the socket. It does not keep the process alive, and costs nothing while nobody is connected. Sockets that ended processes left behind are removed.
 *
 * @throws {InspectorError} `unsafe_directory`, `path_too_long`, `address_in_use` or `unsupported_platform`
 */
export async function serveInspector(
  system: InspectableSystem,
  options: InspectorOptions = {},
  actions: OpenActions = {},
): Promise<Inspector> {
  const directory = options.directory === undefined ? await firstUsableDirectory() : options.directory;
  await preparePrivateDirectory(directory);
  await removeStaleSockets(directory);
  const inspector = new Inspector(system, socketPath(directory, system.name, process.pid), options, actions);
  await inspector.listen();
  return inspector;
}

/** An open inspector socket, made with {@link serveInspector}. */
export class Inspector {
  /** The path of the socket, for `holdfast tree --socket`. */
  readonly path: string;
  readonly #server: Server;
  readonly #source: SnapshotSource;
  readonly #actions: OpenActions;
  readonly #clock: Clock;
  readonly #idleTimeoutMs: number;
  readonly #maxClients: number;
  readonly #readers = new Set<ReaderConnection>();
  #closing: Promise<void> | undefined;
  #warned = false;

  /** @internal */
  constructor(system: InspectableSystem, path: string, options: InspectorOptions, actions: OpenActions) {
    this.path = path;
    this.#clock = options.clock ?? inspectorClock;
    this.#idleTimeoutMs = options.idleTimeoutMs ?? 60_000;
    this.#maxClients = options.maxClients ?? 8;
    this.#actions = actions;
    this.#source = new SnapshotSource(system, this.#clock, options.minSnapshotIntervalMs ?? 250, actions.branches);
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** How many readers are connected. */
  get readers(): number {
    return this.#readers.size;
  }

  /** @internal */
  async listen(): Promise<void> {
    try {
      await listenOn(this.#server, this.path);
    } catch (error) {
      if (systemErrorCode(error) !== "EADDRINUSE") throw error;
      await this.#replaceDeadSocket(error);
    }
    // Until here the directory's mode alone keeps others out; the file's own mode stands behind it.
    await chmod(this.path, 0o600);
    this.#server.unref();
    this.#server.on("error", (error) => this.#warn(error));
    process.once("exit", this.#removeAtExit);
  }

  /** Cuts all readers off and removes the socket. Closing twice does nothing more. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    process.removeListener("exit", this.#removeAtExit);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const reader of this.#readers) reader.close();
    await closed;
    await rm(this.path, { force: true });
  }

  readonly #removeAtExit = (): void => {
    try {
      unlinkSync(this.path);
    } catch (error) {
      if (systemErrorCode(error) !== "ENOENT") process.stderr.write(`Cannot remove ${this.path}: ${String(error)}\n`);
    }
  };

  #accept(socket: Socket): void {
    if (this.#readers.size >= this.#maxClients) {
      socket.on("error", () => socket.destroy());
      const message = `The inspector serves ${this.#maxClients} readers at once; close one.`;
      socket.end(encodeError(null, { code: "too_many_clients", message }), () => socket.destroy());
      return;
    }
    const reader = new ReaderConnection(socket, {
      source: this.#source,
      drain: this.#actions.drain,
      clock: this.#clock,
      idleTimeoutMs: this.#idleTimeoutMs,
      onClose: (closed) => this.#readers.delete(closed),
    });
    this.#readers.add(reader);
  }

  // Such as too many open files: the reader was not let in, the system itself must not suffer from that.
  #warn(error: Error): void {
    if (this.#warned) return;
    this.#warned = true;
    process.emitWarning(`The inspector could not take a connection: ${error.message}`, { code: "HOLDFAST_INSPECTOR" });
  }

  // The file carries this process's id. If nobody listens on it, it was left by an earlier process that had the same one.
  async #replaceDeadSocket(cause: unknown): Promise<void> {
    if (await isListening(this.path)) {
      throw new InspectorError(
        "address_in_use",
        `Cannot listen on ${this.path}: this process already serves an inspector for a system of that name. Give the systems different names.`,
        { cause },
      );
    }
    await rm(this.path, { force: true });
    await listenOn(this.#server, this.path);
  }
}

// The runtime directory that the variable names may not exist, as in containers; readers look in both places.
async function firstUsableDirectory(): Promise<string> {
  const candidates = runtimeDirectories();
  for (const candidate of candidates) {
    try {
      await readdir(dirname(candidate));
      return candidate;
    } catch (error) {
      const code = systemErrorCode(error);
      if (code !== "ENOENT" && code !== "EACCES") throw error;
    }
  }
  throw new InspectorError(
    "unsafe_directory",
    `Expected a directory for sockets at ${candidates.map((path) => dirname(path)).join(" or ")}, found none that can be entered. Set TMPDIR.`,
  );
}

function listenOn(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Exclusive: in a process of node:cluster the primary would listen instead, and answer for all of them.
    server.listen({ path, exclusive: true }, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}

// Asked of the socket itself and not only of the process table: the process may live where its id is not ours to see, as in a container.
async function removeStaleSockets(directory: string): Promise<void> {
  for (const file of await readdir(directory)) {
    const parts = parseSocketFile(file);
    if (parts === undefined || isProcessAlive(parts.pid)) continue;
    const path = join(directory, file);
    if (!(await isListening(path))) await rm(path, { force: true });
  }
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", (error) =>
      resolve(systemErrorCode(error) !== "ECONNREFUSED" && systemErrorCode(error) !== "ENOENT"),
    );
  });
}
