import { BadArgumentError, whatCame } from "../../src/index.js";
import type { RegistryCore } from "./registry-core.js";
import { RegistryError } from "./registry-error.js";

/** How long to wait for something of a registry. */
export interface WaitOptions {
  /** In milliseconds; 5,000 by default. 0 does not wait, `Infinity` waits for ever. */
  readonly timeoutMs?: number;
  /** Gives the wait up when it is aborted; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 5_000;

/** Settles a wait; only the first call counts. */
export interface Settle<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (reason: Error) => void;
}

/**
 * A promise that waits for something of a registry: bounded in time and number, and rejected when the registry is stopped.
 *
 * `begin` starts what is waited for and returns what gives it up; that is called however the wait ends.
 *
 * @throws {RegistryError} `timeout`, `busy`, `unknown_registry`
 */
export function waitFor<Value>(
  core: RegistryCore,
  options: WaitOptions,
  what: string,
  begin: (settle: Settle<Value>) => () => void,
): Promise<Value> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
  checkTimeout(timeoutMs);
  signal?.throwIfAborted();
  if (core.waiting >= core.options.maxWaiting) {
    throw new RegistryError(
      "busy",
      `Cannot wait for ${what}: ${core.waiting} wait in the registry ${core.name} already`,
    );
  }
  const timedOut = (): RegistryError =>
    new RegistryError("timeout", `Waited for ${what} for ${timeoutMs} ms in the registry ${core.name}`);
  // Whoever waits has looked before.
  if (timeoutMs === 0) throw timedOut();
  return new Promise<Value>((resolve, reject) => {
    const { clock } = core.system;
    let over = false;
    let giveUp: () => void = () => undefined;
    const end = (): boolean => {
      if (over) return false;
      over = true;
      core.waiting--;
      if (timer !== undefined) clock.clearTimer(timer);
      core.closing.delete(closed);
      signal?.removeEventListener("abort", aborted);
      giveUp();
      return true;
    };
    const settle: Settle<Value> = {
      resolve: (value) => void (end() && resolve(value)),
      reject: (reason) => void (end() && reject(reason)),
    };
    const closed = (): void => settle.reject(unknownRegistry(core.name));
    const aborted = (): void => settle.reject(abortReason(signal));
    const late = (): void => settle.reject(timedOut());
    const timer = timeoutMs === Number.POSITIVE_INFINITY ? undefined : clock.setTimer(timeoutMs, late);
    core.waiting++;
    core.closing.add(closed);
    signal?.addEventListener("abort", aborted, { once: true });
    giveUp = begin(settle);
    // What it waits for may have been there: then there was nothing yet to give up.
    if (over) giveUp();
  });
}

/** The error for a registry that does not run. */
export function unknownRegistry(name: string): RegistryError {
  return new RegistryError(
    "unknown_registry",
    `No registry ${JSON.stringify(name)} runs in this system: start one with child(Registry, …)`,
  );
}

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error("The wait was aborted", { cause: reason });
}

function checkTimeout(timeoutMs: number): void {
  if (typeof timeoutMs === "number" && timeoutMs >= 0) return;
  throw new BadArgumentError(
    `Expected timeoutMs to be a number of milliseconds from 0, or Infinity; got ${whatCame(timeoutMs)}`,
  );
}
