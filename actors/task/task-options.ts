import { BadArgumentError, whatCame } from "../../src/index.js";
import type { Shutdown } from "../../supervisors/strategy/terms.js";

/** How a task appears in the system. */
export interface TaskOptions {
  /** What people see in the tree and in reports; the name of the function by default. */
  readonly label?: string;
}

/** How long the owner waits for a task, in milliseconds, unless it says otherwise. */
export const DEFAULT_WAIT_MS = 5_000;

/** Refuses a time-out that is not a number of milliseconds from 0, or `Infinity`. @throws {BadArgumentError} */
export function checkWait(name: string, timeoutMs: unknown): void {
  if (typeof timeoutMs === "number" && timeoutMs >= 0) return;
  throw new BadArgumentError(
    `Expected ${name} to be a number of milliseconds from 0, or Infinity; got ${whatCame(timeoutMs)}`,
  );
}

/** Refuses what says not how to shut a task down. @throws {BadArgumentError} */
export function checkShutdown(how: Shutdown): void {
  if (how === "brutal_kill" || how === "infinity" || (typeof how === "number" && how >= 0)) return;
  throw new BadArgumentError(
    `Expected a shutdown to be milliseconds from 0, "brutal_kill" or "infinity"; got ${whatCame(how)}`,
  );
}

/** Refuses what is not the function of a task. @throws {BadArgumentError} */
export function checkFunction(run: unknown): void {
  if (typeof run !== "function") throw new BadArgumentError(`Expected the function of a task; got ${whatCame(run)}`);
}
