import { type ExitReason, formatReason, isNormalExit, type Report } from "../../src/index.js";
import type { ApplicationRun } from "./application-run.js";
import type { ProgramStartFailed } from "./run-result.js";

/** An application runs. */
export function startedReport({ name, restart }: ApplicationRun): Report {
  const text = `application ${name} started (${restart})`;
  return { type: "application", level: "debug", text, details: { application: name, restart, event: "started" } };
}

/** An application was stopped; an error when its time was over. */
export function stoppedReport({ name, restart, forced, shutdownTimeoutMs }: ApplicationRun): Report {
  const details = { application: name, restart, event: "stopped", forced };
  if (!forced) return { type: "application", level: "debug", text: `application ${name} stopped`, details };
  const limit = Number.isFinite(shutdownTimeoutMs) ? ` within ${shutdownTimeoutMs} ms` : " in time";
  const text = `application ${name} did not stop${limit}: what was left of it was killed`;
  return { type: "application", level: "error", text, details };
}

/** The top supervisor of an application ended by itself. */
export function endedReport({ name, restart }: ApplicationRun, reason: ExitReason, stopsSystem: boolean): Report {
  const level = stopsSystem || !isNormalExit(reason) ? "error" : "info";
  const consequence = stopsSystem ? ": the system stops" : "";
  const text = `application ${name} ended, ${formatReason(reason)} (${restart})${consequence}`;
  return { type: "application", level, text, details: { application: name, restart, event: "ended", reason } };
}

/** A callback failed whose failure changes nothing: the stop goes on. */
export function callbackReport(name: string, callback: string, reason: ExitReason): Report {
  const text = `application ${name}: ${callback} failed, and the stop goes on: ${formatReason(reason)}`;
  return { type: "application", level: "error", text, details: { application: name, callback, reason } };
}

/** A program could not start. */
export function notStartedReport(name: string, failure: ProgramStartFailed): Report {
  const text = `application ${name} did not start: ${whyNot(failure)}`;
  return { type: "application", level: "error", text, details: { application: name, event: "not_started", failure } };
}

/** A program did not stop within its deadline. */
export function lateReport(name: string, deadlineMs: number): Report {
  const text = `${name} did not stop within ${deadlineMs} ms: everything that is left is killed`;
  return { type: "application", level: "error", text, details: { system: name, event: "deadline", deadlineMs } };
}

function whyNot(failure: ProgramStartFailed): string {
  switch (failure.reason) {
    case "start_failed":
      return `${failure.application} failed, ${formatReason(failure.error)}`;
    case "circular_dependency":
      return `applications need each other: ${failure.cycle.join(" -> ")}`;
    case "name_conflict":
      return `there is more than one application ${failure.application}`;
    case "unknown_application":
      return `there is no application ${failure.application}, needed by ${failure.path.join(" -> ")}`;
    case "stopping":
      return "the system stops";
  }
}
