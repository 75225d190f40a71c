import { whatCame } from "../src/index.js";
import { SupervisorSpecError, unexpected } from "./spec-error.js";
import type { BackoffOptions, BackoffRule } from "./strategy/backoff.js";
import type { RestartType } from "./strategy/terms.js";

const DEFAULTS: BackoffRule = {
  baseMs: 500,
  capMs: 20_000,
  factor: 2,
  jitter: 0.5,
  stableMs: 10_000,
  maxAttempts: Number.POSITIVE_INFINITY,
};

/** What each part may be. */
const PARTS: {
  readonly [Part in keyof BackoffRule]: { readonly expected: string; readonly fits: (value: number) => boolean };
} = {
  baseMs: { expected: "a number of milliseconds above 0", fits: (value) => value > 0 && Number.isFinite(value) },
  capMs: { expected: "a number of milliseconds from baseMs", fits: (value) => value > 0 && Number.isFinite(value) },
  factor: { expected: "a number from 1", fits: (value) => value >= 1 && Number.isFinite(value) },
  jitter: { expected: "a number from 0 to 1", fits: (value) => value >= 0 && value <= 1 },
  stableMs: { expected: "a number of milliseconds from 0", fits: (value) => value >= 0 },
  maxAttempts: {
    expected: "a whole number from 1, or Infinity",
    fits: (value) => value >= 1 && (Number.isSafeInteger(value) || value === Number.POSITIVE_INFINITY),
  },
};

/**
 * Checks the back-off of a child and fills in the defaults; the text of an error calls the child `at`.
 *
 * A part that does not exist is refused, unlike an unknown key of a child specification: that one is OTP's and may carry more.
 *
 * @throws {SupervisorSpecError} `invalid_backoff`; `bad_combination` for a temporary child, which is never restarted
 */
export function checkBackoff(given: unknown, at: string, restart: RestartType): BackoffRule {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw unexpected("invalid_backoff", `backoff of ${at}`, `an object with any of ${namesOfParts()}`, given);
  }
  if (restart === "temporary") {
    const text = `Expected ${at} to have no backoff, because it is temporary and never restarted; got ${whatCame(given)}`;
    throw new SupervisorSpecError("bad_combination", text);
  }
  const options: BackoffOptions = given;
  for (const [part, value] of Object.entries(options)) checkPart(part, value, at);
  const baseMs = options.baseMs ?? DEFAULTS.baseMs;
  const {
    capMs = Math.max(DEFAULTS.capMs, baseMs),
    factor = DEFAULTS.factor,
    jitter = DEFAULTS.jitter,
    stableMs = DEFAULTS.stableMs,
    maxAttempts = DEFAULTS.maxAttempts,
  } = options;
  if (capMs < baseMs)
    throw unexpected("invalid_backoff", `backoff.capMs of ${at}`, `at least baseMs, ${baseMs}`, capMs);
  return { baseMs, capMs, factor, jitter, stableMs, maxAttempts };
}

function checkPart(part: string, value: unknown, at: string): void {
  if (!isPart(part)) {
    throw unexpected("invalid_backoff", `each part of backoff of ${at}`, `one of ${namesOfParts()}`, part);
  }
  const { expected, fits } = PARTS[part];
  if (value === undefined || (typeof value === "number" && fits(value))) return;
  throw unexpected("invalid_backoff", `backoff.${part} of ${at}`, expected, value);
}

function isPart(part: string): part is keyof BackoffRule {
  return Object.hasOwn(PARTS, part);
}

function namesOfParts(): string {
  return Object.keys(PARTS).join(", ");
}
