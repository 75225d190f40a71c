/** Runs the programs of a bench in fresh child processes. */
import { spawn } from "node:child_process";

/** What a program that never ends may cost. */
const TIMEOUT_MS = 300_000;
const KEPT_ERROR_BYTES = 4_000;

/** A program that failed; its message has the end of what it wrote to stderr. */
export class ProgramError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "ProgramError";
    this.code = "program_failed";
  }
}

/**
 * Runs a program to its end and reads its result: the last line of the form `RESULT {json}`.
 *
 * @param {readonly string[]} command words of the command line
 * @param {{ timeoutMs?: number, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<Record<string, number>>}
 * @throws {ProgramError} when it fails, prints no result or takes longer than `timeoutMs` (300,000)
 */
export async function runProgram(command, { timeoutMs = TIMEOUT_MS, env = process.env } = {}) {
  const [file = "", ...words] = command;
  const child = spawn(file, words, { stdio: ["ignore", "pipe", "pipe"], env });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors = (errors + text).slice(-KEPT_ERROR_BYTES);
  });
  const { code, signal } = await ended(child, timeoutMs);
  const results = [...output.matchAll(/^RESULT (\{.*\})$/gm)];
  const last = results.at(-1)?.[1];
  if (code === 0 && last !== undefined) return JSON.parse(last);
  const why = signal === null ? `exit code ${code}${code === 0 ? " but no result" : ""}` : `signal ${signal}`;
  throw new ProgramError(`${command.join(" ")} ended with ${why}\n${errors || output.slice(-KEPT_ERROR_BYTES)}`.trim());
}

/**
 * Waits for the end of a child, and kills it when that takes too long.
 *
 * @param {import("node:child_process").ChildProcess} child
 * @param {number} timeoutMs
 * @returns {Promise<{ code: number | null, signal: string | null }>}
 */
export function ended(child, timeoutMs) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new ProgramError(`${child.spawnargs.join(" ")} did not end within ${timeoutMs} ms and was killed`));
    }, timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(new ProgramError(`Cannot run ${child.spawnargs.join(" ")}: ${error.message}`));
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal });
    });
  });
}

/** @typedef {{ type: string, [option: string]: unknown }} Command */

/**
 * A child process that answers commands over an IPC channel, one answer of the same `type` for each.
 */
export class Controlled {
  /**
   * Starts it.
   *
   * @param {readonly string[]} command words of the command line
   * @param {NodeJS.ProcessEnv} [env]
   */
  constructor(command, env = process.env) {
    const [file = "", ...words] = command;
    this.#name = command.filter((word) => word.endsWith(".mjs")).join(" ");
    this.#child = spawn(file, words, { stdio: ["ignore", "ignore", "pipe", "ipc"], env });
    this.#child.stderr?.setEncoding("utf8").on("data", (text) => {
      this.#errors = (this.#errors + text).slice(-KEPT_ERROR_BYTES);
    });
    this.#child.on("message", (message) => this.#arrived(/** @type {{ type: string }} */ (message)));
    this.#end = ended(this.#child, 2 ** 31 - 1);
    this.#end.then(
      ({ code, signal }) => this.#failAll(`ended with ${signal ?? `exit code ${code}`}`),
      (error) => this.#failAll(String(error)),
    );
  }

  #name;
  #child;
  #errors = "";
  /** @type {string | undefined} */ #over;
  /** @type {Promise<{ code: number | null, signal: string | null }>} */ #end;
  /** @type {Map<string, { resolve: (message: any) => void, reject: (error: Error) => void }>} */ #waiting = new Map();
  /** @type {Map<string, { type: string }>} */ #early = new Map();

  /**
   * Waits for a message of a type; one that has come already counts, once.
   *
   * @param {string} type
   * @param {number} [timeoutMs]
   * @returns {Promise<any>} the message
   * @throws {ProgramError} when the child ends first, or the time is up
   */
  next(type, timeoutMs = TIMEOUT_MS) {
    const early = this.#early.get(type);
    if (early !== undefined) {
      this.#early.delete(type);
      return Promise.resolve(early);
    }
    if (this.#over !== undefined) return Promise.reject(this.#failure(this.#over));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(this.#failure(`did not answer with "${type}" within ${timeoutMs} ms`)),
        timeoutMs,
      );
      this.#waiting.set(type, {
        resolve: (message) => {
          clearTimeout(timer);
          resolve(message);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
  }

  /**
   * Sends a command and waits for its answer.
   *
   * @param {Command} command
   * @param {number} [timeoutMs]
   * @returns {Promise<any>}
   */
  ask(command, timeoutMs) {
    const answer = this.next(command.type, timeoutMs);
    this.tell(command);
    return answer;
  }

  /** The end of what it wrote to stderr. */
  get errors() {
    return this.#errors.trim();
  }

  /** @param {Command} command sent without waiting */
  tell(command) {
    if (this.#child.connected) this.#child.send(command);
  }

  /** Tells it to stop and waits until it is gone; kills it after ten seconds. */
  async stop() {
    if (this.#over !== undefined) return;
    this.tell({ type: "stop" });
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    await this.#end;
    clearTimeout(timer);
  }

  /** Kills it without a word, as a crash does, and waits until it is gone. */
  async kill() {
    this.#child.kill("SIGKILL");
    await this.#end;
  }

  /** @param {{ type: string }} message */
  #arrived(message) {
    const waiting = this.#waiting.get(message.type);
    if (waiting === undefined) this.#early.set(message.type, message);
    else {
      this.#waiting.delete(message.type);
      waiting.resolve(message);
    }
  }

  /** @param {string} why */
  #failAll(why) {
    this.#over = why;
    for (const { reject } of this.#waiting.values()) reject(this.#failure(why));
    this.#waiting.clear();
  }

  /** @param {string} why */
  #failure(why) {
    return new ProgramError(`${this.#name} ${why}\n${this.#errors}`.trim());
  }
}
