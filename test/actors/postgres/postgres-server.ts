import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { PostgresConfig } from "holdfast/actors";
import { postgresBin } from "../../programs.js";

/** PostgreSQL refuses to run as root: then it runs as one of these users. */
const USERS = ["postgres", "nobody"];
const MOST_STARTS = 100;

/** A PostgreSQL server of the test's own: in a temporary directory, on a Unix socket there, and gone with {@link PostgresServer.remove}. */
export class PostgresServer {
  readonly #bin: string;
  readonly #directory: string;
  readonly #as: { readonly uid?: number; readonly gid?: number };
  #process: ChildProcess | undefined;

  private constructor(bin: string) {
    this.#bin = bin;
    this.#as = userToRunAs();
    this.#directory = mkdtempSync(join(tmpdir(), "holdfast-postgres-"));
    const { uid, gid } = this.#as;
    if (uid !== undefined && gid !== undefined) chownSync(this.#directory, uid, gid);
  }

  static async create(): Promise<PostgresServer> {
    const bin = postgresBin();
    if (bin === undefined) throw new Error("Expected PostgreSQL on this machine");
    const server = new PostgresServer(bin);
    await server.#run("initdb", [
      "-D",
      server.#data,
      "-U",
      "holdfast",
      "-A",
      "trust",
      "-E",
      "UTF8",
      "--no-sync",
      "--no-locale",
    ]);
    await server.start();
    return server;
  }

  /** How to connect to it. */
  get config(): PostgresConfig {
    return { host: this.#directory, port: 5432, user: "holdfast", database: "postgres" };
  }

  /** Starts the server and waits until it takes connections. */
  async start(): Promise<void> {
    for (let attempt = 1; attempt <= MOST_STARTS; attempt++) if (await this.#tryStart()) return;
    throw new Error(`PostgreSQL did not start in ${MOST_STARTS} attempts`);
  }

  /** Kills the server with SIGKILL, as the kernel does when memory is short; its backends follow by themselves. */
  async kill(): Promise<void> {
    const server = this.#process;
    if (server === undefined) return;
    this.#process = undefined;
    const exited = once(server, "exit");
    server.kill("SIGKILL");
    await exited;
  }

  /** Stops the server at once and removes its directory. */
  async remove(): Promise<void> {
    const server = this.#process;
    if (server !== undefined) {
      const exited = once(server, "exit");
      // Immediate shutdown: no good-byes, no checkpoint.
      server.kill("SIGQUIT");
      await exited;
    }
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  get #data(): string {
    return join(this.#directory, "data");
  }

  /** False when backends of a killed server still have its memory: they are about to end. */
  async #tryStart(): Promise<boolean> {
    const options = {
      listen_addresses: "",
      unix_socket_directories: this.#directory,
      fsync: "off",
      shared_buffers: "8MB",
      max_connections: "40",
    };
    const args = Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const server = this.#spawn("postgres", ["-D", this.#data, ...args]);
    const lines: string[] = [];
    const ready = new Promise<boolean>((resolve, reject) => {
      createInterface({ input: server.stderr }).on("line", (line) => {
        lines.push(line);
        if (line.includes("ready to accept connections")) resolve(true);
      });
      server.once("exit", () => {
        const text = lines.join("\n");
        if (/still in use|already exists|another server might be running/.test(text)) resolve(false);
        else reject(new Error(`PostgreSQL ended:\n${text}`));
      });
      server.once("error", reject);
    });
    if (!(await ready)) return false;
    this.#process = server;
    return true;
  }

  async #run(program: string, args: readonly string[]): Promise<void> {
    const child = this.#spawn(program, args);
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`${program} ended with ${code}:\n${output}`);
  }

  #spawn(program: string, args: readonly string[]) {
    // It must not write to a terminal, and the checkout may be closed to its user.
    return spawn(join(this.#bin, program), args, {
      ...this.#as,
      cwd: this.#directory,
      env: { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }
}

function userToRunAs(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const entries = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  for (const user of USERS) {
    const [, , uid, gid] = entries.find(([name]) => name === user) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    `Expected one of the users ${USERS.join(", ")} to run PostgreSQL as, because it refuses to run as root`,
  );
}
