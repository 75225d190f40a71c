import { CloseCode } from "./close-codes.js";
import { describe } from "./describe.js";
import { type AnnouncedLimits, DEFAULT_LIMITS } from "./limits.js";
import { SESSION_VERSION } from "./names.js";
import { isCount, isSeq } from "./sequence.js";

/** An object of JSON data with unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What a client asks of its session: a new one, or the one it had. */
export type Intent = "new" | "resume";

/** Where a client stands in the session that it wants to resume. */
export interface ResumeRequest {
  /** The session's public id. */
  readonly sid: string;
  /** The latest secret that the client was given. */
  readonly secret: string;
  /** The latest epoch that the client was told; the server's is higher if an answer was lost. */
  readonly epoch: number;
  /** The highest server number that the client has handled. */
  readonly rx: number;
  /** The lowest number that the client still keeps for sending again; equal to `txNext` if it keeps none. */
  readonly txFirst: number;
  /** The number that the client's next new frame will carry. */
  readonly txNext: number;
  /** Rises with each `hello` that the client writes for this session, from 1. Absent from a client that does not count. */
  readonly attempt?: number;
}

/** The payload of `hello`, the first frame of a client that wants a session. */
export interface Hello {
  readonly v: typeof SESSION_VERSION;
  readonly intent: Intent;
  /** The user's own authentication, checked on every attach. */
  readonly token?: string;
  /** What the app wants to tell when it connects. */
  readonly params?: JsonObject;
  /** How long the session shall outlive its socket, in whole milliseconds; the server may give less. Absent: as long as it may. */
  readonly ttlMs?: number;
  /** Present exactly if `intent` is `resume`. */
  readonly resume?: ResumeRequest;
}

/** Why a session could not be resumed. */
export type ResumeFailure = "expired" | "unknown" | "gap" | "auth" | "corrupt";

/** The response of an accepted `hello`: the session that the client has from now on. */
export interface Welcome {
  readonly v: typeof SESSION_VERSION;
  readonly sid: string;
  readonly secret: string;
  readonly epoch: number;
  /** Whether this is the session that the client asked for. */
  readonly resumed: boolean;
  /** Present if a resume was asked for and failed: the session is a fresh one. */
  readonly reason?: ResumeFailure;
  /** The highest client number that the server has taken. */
  readonly rx: number;
  /** The highest number that the server has given a frame so far; a replay ends with it. */
  readonly tx: number;
  /** How long the session outlives its socket, in milliseconds. */
  readonly ttlMs: number;
  /** The pause between the server's pings, in milliseconds. */
  readonly heartbeatMs: number;
  readonly limits: AnnouncedLimits;
  /** The topics that the session holds as joined, and whether all that was sent there can still be had. */
  readonly topics: Readonly<Record<string, "ok" | "gap">>;
}

/** The response of a refused `hello`; a close with the matching code follows. */
export interface Refusal {
  readonly reason: string;
  /** The earliest moment to try again, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** What reading a `hello` gives: it, or the close code and a reason that says what was expected and what came. */
export type ParsedHello =
  | { readonly ok: true; readonly hello: Hello }
  | {
      readonly ok: false;
      readonly code: typeof CloseCode.version | typeof CloseCode.protocolError;
      readonly reason: string;
    };

/** What reading the answer to a `hello` gives. */
export type ParsedAnswer =
  | { readonly kind: "welcome"; readonly welcome: Welcome }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "malformed"; readonly reason: string };

const RESUME_FAILURES: readonly ResumeFailure[] = ["expired", "unknown", "gap", "auth", "corrupt"];
const ANSWER = "the answer to hello";

/**
 * Reads the payload of `hello` strictly; unknown members are left out.
 *
 * Never throws. A version other than 1 gives close code 4006, anything else that does not fit 4005.
 */
export function parseHello(payload: unknown): ParsedHello {
  if (!isObject(payload)) return refuseHello("an object", payload);
  const { v, intent, token, params, ttlMs = null } = payload;
  if (v !== SESSION_VERSION) {
    return { ok: false, code: CloseCode.version, reason: misfit("hello", `v to be ${SESSION_VERSION}`, describe(v)) };
  }
  if (intent !== "new" && intent !== "resume") return refuseHello('intent to be "new" or "resume"', intent);
  if (token !== undefined && typeof token !== "string") return refuseHello("token to be a string", token);
  if (params !== undefined && !isObject(params)) return refuseHello("params to be an object", params);
  if (ttlMs !== null && !isDuration(ttlMs)) return refuseHello("ttlMs to be a number from 0, or null", ttlMs);
  const rest = {
    v: SESSION_VERSION,
    ...(token === undefined ? {} : { token }),
    ...(params === undefined ? {} : { params }),
    ...(ttlMs === null ? {} : { ttlMs: Math.floor(ttlMs) }),
  } as const;
  if (intent === "new") {
    if (payload["resume"] !== undefined) return refuseHello('no resume with intent "new"', payload["resume"]);
    return { ok: true, hello: { ...rest, intent } };
  }
  const resume = parseResume(payload["resume"]);
  return typeof resume === "string"
    ? { ok: false, code: CloseCode.protocolError, reason: resume }
    : { ok: true, hello: { ...rest, intent, resume } };
}

/**
 * Reads the payload of the reply to `hello`: `{status, response}`.
 *
 * Never throws. Status `ok` must carry a whole {@link Welcome}; status `error` a reason.
 */
export function parseAnswer(payload: unknown): ParsedAnswer {
  if (!isObject(payload)) return malformed("an object {status, response}", payload);
  const { status, response } = payload;
  if (status === "error") return { kind: "refused", refusal: parseRefusal(response) };
  if (status !== "ok") return malformed('status to be "ok" or "error"', status);
  if (!isObject(response)) return malformed("response to be an object", response);
  let reason = "";
  const complain = (expected: string, got: string): void => {
    reason = misfit(ANSWER, expected, got);
  };
  return follows(response, WELCOME, complain) ? { kind: "welcome", welcome: response } : { kind: "malformed", reason };
}

/** A member of an object: its name, what it has to be, in words and as a test. */
type Rule<T> = readonly [name: keyof T & string, expected: string, fits: (value: unknown) => boolean];

const COUNT = "a whole number from 0";
const SEQ = "a whole number from 1";
const sid = [`a string of 1 to ${DEFAULT_LIMITS.sidLength} characters`, isTextOf(DEFAULT_LIMITS.sidLength)] as const;
const secret = [
  `a string of 1 to ${DEFAULT_LIMITS.secretLength} characters`,
  isTextOf(DEFAULT_LIMITS.secretLength),
] as const;

const WELCOME: readonly Rule<Welcome>[] = [
  ["v", String(SESSION_VERSION), (value) => value === SESSION_VERSION],
  ["sid", ...sid],
  ["secret", ...secret],
  ["epoch", SEQ, isSeq],
  ["resumed", "true or false", (value) => typeof value === "boolean"],
  [
    "reason",
    `${RESUME_FAILURES.join(", ")} or absent`,
    (value) => value === undefined || RESUME_FAILURES.some((failure) => failure === value),
  ],
  ["rx", COUNT, isCount],
  ["tx", COUNT, isCount],
  ["ttlMs", COUNT, isCount],
  ["heartbeatMs", SEQ, isSeq],
  ["limits", "{payloadBytes, windowMessages, windowBytes} of whole numbers from 1", isLimits],
  ["topics", 'an object that maps each topic to "ok" or "gap"', isTopics],
];

const RESUME: readonly Rule<ResumeRequest>[] = [
  ["sid", ...sid],
  ["secret", ...secret],
  ["epoch", SEQ, isSeq],
  ["rx", COUNT, isCount],
  ["txFirst", SEQ, isSeq],
  ["txNext", SEQ, isSeq],
  ["attempt", `${COUNT} or absent`, (value) => value === undefined || isCount(value)],
];

/** Tells whether an object follows all rules; says of the first that it does not follow what was expected and what came. */
function follows<T>(
  data: JsonObject,
  rules: readonly Rule<T>[],
  complain: (expected: string, got: string) => void,
): data is JsonObject & T {
  for (const [name, expected, fits] of rules) {
    const value = data[name];
    if (fits(value)) continue;
    // A secret that came is never repeated: this text reaches logs and close frames.
    const hidden = name === "secret" && typeof value === "string";
    complain(`${name} to be ${expected}`, hidden ? `one of ${value.length}` : describe(value));
    return false;
  }
  return true;
}

function parseResume(value: unknown): ResumeRequest | string {
  if (!isObject(value)) return misfit("hello", 'resume to be an object with intent "resume"', describe(value));
  let problem = "";
  const complain = (expected: string, got: string): void => {
    problem = misfit("hello", `resume.${expected}`, got);
  };
  if (!follows(value, RESUME, complain)) return problem;
  const { sid, secret, epoch, rx, txFirst, txNext, attempt } = value;
  if (txNext < txFirst) return misfit("hello", "resume.txNext to be a whole number from txFirst", describe(txNext));
  const position = { sid, secret, epoch, rx, txFirst, txNext };
  return attempt === undefined ? position : { ...position, attempt };
}

function parseRefusal(response: unknown): Refusal {
  const reason = isObject(response) && typeof response["reason"] === "string" ? response["reason"] : "refused";
  const retryAfterMs = isObject(response) ? response["retryAfterMs"] : undefined;
  return isCount(retryAfterMs) ? { reason, retryAfterMs } : { reason };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isDuration(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isTextOf(longest: number): (value: unknown) => boolean {
  return (value) => typeof value === "string" && value.length > 0 && value.length <= longest;
}

function isLimits(value: unknown): boolean {
  return (
    isObject(value) && isSeq(value["payloadBytes"]) && isSeq(value["windowMessages"]) && isSeq(value["windowBytes"])
  );
}

function isTopics(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((state) => state === "ok" || state === "gap");
}

function refuseHello(expected: string, got: unknown): ParsedHello {
  return { ok: false, code: CloseCode.protocolError, reason: misfit("hello", expected, describe(got)) };
}

function malformed(expected: string, got: unknown): ParsedAnswer {
  return { kind: "malformed", reason: misfit(ANSWER, expected, describe(got)) };
}

function misfit(what: string, expected: string, got: string): string {
  return `Cannot read ${what}: expected ${expected}, got ${got}`;
}
