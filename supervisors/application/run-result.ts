import type { ExitReason } from "../../src/index.js";
import type { StopSignal } from "./host-process.js";
import type { EnsureAllStartedResult } from "./results.js";

/**
 * How a program ended, and with which exit code.
 *
 * `stopped`: in order, 0; `signal` asked for it, or the program itself. `terminated`: an application ended whose end stops the system, 1, or 0
 * if its reason is `"normal"`; `application` is `undefined` when the system's root was ended from outside. `start_failed`: 1.
 * `deadline`: the stop took too long, and what was left was killed, 124.
 */
export type RunResult =
  | { readonly ended: "stopped"; readonly signal: StopSignal | undefined; readonly exitCode: 0 }
  | {
      readonly ended: "terminated";
      readonly application: string | undefined;
      readonly reason: ExitReason;
      readonly exitCode: 0 | 1;
    }
  | { readonly ended: "start_failed"; readonly failure: ProgramStartFailed; readonly exitCode: 1 }
  | { readonly ended: "deadline"; readonly signal: StopSignal | undefined; readonly exitCode: 124 };

/** Why the applications of a program did not start. */
export type ProgramStartFailed = Exclude<EnsureAllStartedResult, { readonly ok: true }>;

/** The result of a program whose system has stopped, for this reason; `failure` is why it did not start, if it did not. */
export function resultOf(
  systemReason: ExitReason,
  { late, signal }: { readonly late: boolean; readonly signal: StopSignal | undefined },
  failure: ProgramStartFailed | undefined,
): RunResult {
  if (late) return { ended: "deadline", signal, exitCode: 124 };
  if (failure !== undefined) return { ended: "start_failed", failure, exitCode: 1 };
  const terminated = terminatedIn(systemReason);
  if (terminated !== undefined) {
    return { ended: "terminated", ...terminated, exitCode: terminated.reason === "normal" ? 0 : 1 };
  }
  if (systemReason === "shutdown" || systemReason === "normal") return { ended: "stopped", signal, exitCode: 0 };
  return { ended: "terminated", application: undefined, reason: systemReason, exitCode: 1 };
}

/** What the end of an application made of a system's reason to stop. */
export function terminatedReason(application: string, reason: ExitReason): ExitReason {
  return { shutdown: { application_terminated: application, reason } };
}

function terminatedIn(
  systemReason: ExitReason,
): { readonly application: string; readonly reason: ExitReason } | undefined {
  const detail = property(systemReason, "shutdown");
  const application = property(detail, "application_terminated");
  return typeof application === "string" ? { application, reason: property(detail, "reason") } : undefined;
}

function property(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
