import { describe, isRecord, type JsonRecord } from "./json.js";

/**
 * The version of the inspector's protocol. It rises when a reader of the old one could no longer understand an answer;
 * properties that are added do not change it.
 *
 * The protocol: lines of JSON in UTF-8 over a Unix domain socket, each ended by a line feed. The reader sends requests,
 * `{"v":1,"id":1,"method":"tree","params":{}}`; the server answers each in order with `{"v":1,"id":1,"ok":true,"result":…}` or
 * `{"v":1,"id":1,"ok":false,"error":{"code":"…","message":"…"}}`. Of itself it can only be read. Methods that change something exist only where
 * the server's program has opened that action; elsewhere they are unknown methods like any other word.
 */
const PROTOCOL_VERSION = 1;

/** The most bytes a request line may have, its line feed not counted. */
export const MAX_REQUEST_BYTES = 4_096;

/** The most bytes a reply line may have; a reader gives up on a longer one. */
export const MAX_REPLY_BYTES = 32 * 1_024 * 1_024;

/** The methods that every server has: they change nothing. */
export const READING_METHODS = ["tree", "info"] as const;

/** The methods of a server whose program has opened the action `drain`, besides {@link READING_METHODS}. */
export const DRAIN_METHODS = ["drain.look", "drain.start", "drain.cancel"] as const;

/** The name of a method. */
export type MethodName = (typeof READING_METHODS)[number] | (typeof DRAIN_METHODS)[number];

/** The slowest pace of a drain, in clients a second. */
export const SLOWEST_DRAIN = 0.1;

/** The fastest pace of a drain, in clients a second. */
export const FASTEST_DRAIN = 100_000;

/**
 * What a reader may ask.
 *
 * - `tree`: the {@link TreeSnapshot}. `all` lists every child instead of the first of each parent; the bounds on rows still hold.
 * - `info`: one living actor as a {@link TreeNode}, with its direct children and more of its status. `actor` is its registered name, or its
 *   reference such as `<0.12>`.
 * - `drain.look`: the {@link DrainView} of an endpoint. It changes nothing.
 * - `drain.start`: begins to hand over all clients of an endpoint, and gives the {@link DrainView} of that. `by` is who asks, in the asker's own
 *   words: it is noted, and not believed.
 * - `drain.cancel`: ends that where it is, and has the endpoint take new connections again; gives the {@link DrainView} of that.
 */
export type InspectorRequest =
  | { readonly id: number; readonly method: "tree"; readonly params: { readonly all: boolean } }
  | { readonly id: number; readonly method: "info"; readonly params: { readonly actor: string } }
  | DrainRequest;

/** What a reader may ask of a server that has opened the action `drain`. */
export type DrainRequest =
  | { readonly id: number; readonly method: "drain.look"; readonly params: { readonly endpoint: string } }
  | { readonly id: number; readonly method: "drain.start"; readonly params: DrainOrder }
  | { readonly id: number; readonly method: "drain.cancel"; readonly params: DrainCancel };

/** Which clients are to be handed over, and how fast. */
export interface DrainOrder {
  /** The endpoint's name. */
  readonly endpoint: string;
  /** Clients a second, from {@link SLOWEST_DRAIN} to {@link FASTEST_DRAIN}. */
  readonly perSecond: number;
  /** Whether the endpoint takes nobody afterwards either; `false` by default. */
  readonly stayClosed?: boolean;
  /** Who asks, as far as they say so. */
  readonly by?: ClaimedOrigin;
}

/** Which drain is to be cancelled. */
export interface DrainCancel {
  /** The endpoint's name. */
  readonly endpoint: string;
  /** Who asks, as far as they say so. */
  readonly by?: ClaimedOrigin;
}

/** Who a reader says that it is. Nothing vouches for it but the mode of the socket. */
export interface ClaimedOrigin {
  readonly pid: number;
  readonly uid: number;
}

/**
 * Why a request was not answered with a result.
 *
 * | code | meaning | the connection |
 * |---|---|---|
 * | `malformed` | the line is not a request of this protocol | is closed |
 * | `too_long` | the line exceeds {@link MAX_REQUEST_BYTES} | is closed |
 * | `version` | `v` is not a version this server speaks | is closed |
 * | `too_many_clients` | the server already has as many readers as it takes | is closed |
 * | `unknown_method` | no such method | stays |
 * | `bad_params` | the method does not take such params | stays |
 * | `no_such_actor` | no living actor has that name or reference | stays |
 * | `no_such_endpoint` | no endpoint of that name runs | stays |
 * | `already_draining` | the endpoint's clients are being handed over already | stays |
 * | `internal` | the answer could not be made | stays |
 */
export type ReplyErrorCode =
  | "malformed"
  | "too_long"
  | "version"
  | "too_many_clients"
  | "unknown_method"
  | "bad_params"
  | "no_such_actor"
  | "no_such_endpoint"
  | "already_draining"
  | "internal";

/** The error part of a reply. */
export interface ReplyError {
  readonly code: ReplyErrorCode;
  readonly message: string;
}

/** A request line that was understood, or the error to answer with. `id` is null when the line's own could not be read. */
export type ParsedRequest =
  | { readonly ok: true; readonly request: InspectorRequest }
  | { readonly ok: false; readonly id: number | null; readonly error: ReplyError };

/** The request as one line, its line feed included. */
export function encodeRequest(request: InspectorRequest): string {
  return `${JSON.stringify({ v: PROTOCOL_VERSION, ...request })}\n`;
}

/** A successful reply as one line. `resultJson` is the result as JSON text, so that several readers can share one encoding. */
export function encodeResult(id: number, resultJson: string): string {
  return `{"v":${PROTOCOL_VERSION},"id":${id},"ok":true,"result":${resultJson}}\n`;
}

/** A reply that carries an error, as one line. */
export function encodeError(id: number | null, error: ReplyError): string {
  return `${JSON.stringify({ v: PROTOCOL_VERSION, id, ok: false, error })}\n`;
}

/** Whether the server closes the connection after such an error: the two ends do not speak the same protocol. */
export function endsConnection(code: ReplyErrorCode): boolean {
  return code === "malformed" || code === "too_long" || code === "version" || code === "too_many_clients";
}

/**
 * Reads one request line, strictly: unknown properties are refused too, so that a misspelt one does not go unnoticed.
 *
 * Params may be left out where each of them has a default. A method that is not among `methods` does not exist.
 */
export function parseRequest(line: string, methods: readonly MethodName[] = READING_METHODS): ParsedRequest {
  const value = parseJson(line);
  if (!isRecord(value)) return refuse(null, "malformed", `Expected a JSON object on one line, got ${describe(value)}.`);
  const id = value["id"];
  if (!isRequestId(id)) {
    return refuse(null, "malformed", `Expected "id" to be an integer from 0 to 2^53 - 1, got ${describe(id)}.`);
  }
  if (value["v"] !== PROTOCOL_VERSION) {
    return refuse(
      id,
      "version",
      `Expected "v" to be ${PROTOCOL_VERSION}, got ${describe(value["v"])}. Use the holdfast command of the server's own version.`,
    );
  }
  const stranger = unknownKey(value, ["v", "id", "method", "params"]);
  if (stranger !== undefined) return refuse(id, "malformed", `Unknown property ${describe(stranger)} in the request.`);
  const params = value["params"] ?? {};
  if (!isRecord(params)) return refuse(id, "bad_params", `Expected "params" to be an object, got ${describe(params)}.`);
  const method = methods.find((name) => name === value["method"]);
  switch (method) {
    case "tree":
      return parseTree(id, params);
    case "info":
      return parseInfo(id, params);
    case "drain.look":
      return parseDrainLook(id, params);
    case "drain.start":
      return parseDrainStart(id, params);
    case "drain.cancel":
      return parseDrainCancel(id, params);
    case undefined:
      return refuse(
        id,
        "unknown_method",
        `Expected "method" to be ${methods.map((name) => `"${name}"`).join(" or ")}, got ${describe(value["method"])}.`,
      );
  }
}

/** A reply as the reader sees it. */
export type ParsedReply =
  | { readonly ok: true; readonly id: number; readonly result: unknown }
  | { readonly ok: false; readonly id: number | null; readonly code: string; readonly message: string };

/** Reads one reply line; a text says what is wrong with a line that is no reply of this protocol. */
export function parseReply(line: string): ParsedReply | string {
  const value = parseJson(line);
  if (!isRecord(value)) return `expected a JSON object on one line, got ${describe(value)}`;
  if (value["v"] !== PROTOCOL_VERSION)
    return `expected protocol version ${PROTOCOL_VERSION}, got ${describe(value["v"])}`;
  const id = value["id"];
  if (value["ok"] === true) {
    if (!isRequestId(id)) return `expected "id" to be the request's, got ${describe(id)}`;
    return { ok: true, id, result: value["result"] };
  }
  const error = value["error"];
  if (value["ok"] !== false || !isRecord(error) || (id !== null && !isRequestId(id))) {
    return `expected "ok" with a result or an error, got ${describe(value["ok"])}`;
  }
  const { code, message } = error;
  if (typeof code !== "string" || typeof message !== "string") return "expected an error with a code and a message";
  return { ok: false, id, code, message };
}

function parseTree(id: number, params: JsonRecord): ParsedRequest {
  const stranger = unknownKey(params, ["all"]);
  if (stranger !== undefined) return refuse(id, "bad_params", `Method "tree" takes "all", got ${describe(stranger)}.`);
  const all = params["all"] ?? false;
  if (typeof all !== "boolean")
    return refuse(id, "bad_params", `Expected "all" to be a boolean, got ${describe(all)}.`);
  return { ok: true, request: { id, method: "tree", params: { all } } };
}

function parseInfo(id: number, params: JsonRecord): ParsedRequest {
  const stranger = unknownKey(params, ["actor"]);
  if (stranger !== undefined)
    return refuse(id, "bad_params", `Method "info" takes "actor", got ${describe(stranger)}.`);
  const actor = params["actor"];
  if (typeof actor !== "string" || actor.length === 0 || actor.length > 256) {
    return refuse(
      id,
      "bad_params",
      `Expected "actor" to be a name or a reference such as "<0.12>", got ${describe(actor)}.`,
    );
  }
  return { ok: true, request: { id, method: "info", params: { actor } } };
}

const LONGEST_ENDPOINT_NAME = 128;

function parseDrainLook(id: number, params: JsonRecord): ParsedRequest {
  const stranger = unknownKey(params, ["endpoint"]);
  if (stranger !== undefined) {
    return refuse(id, "bad_params", `Method "drain.look" takes "endpoint", got ${describe(stranger)}.`);
  }
  const endpoint = params["endpoint"];
  if (!isEndpointName(endpoint)) return refuseEndpoint(id, endpoint);
  return { ok: true, request: { id, method: "drain.look", params: { endpoint } } };
}

function parseDrainStart(id: number, params: JsonRecord): ParsedRequest {
  const stranger = unknownKey(params, ["endpoint", "perSecond", "stayClosed", "by"]);
  if (stranger !== undefined) {
    const text = `Method "drain.start" takes "endpoint", "perSecond", "stayClosed" and "by", got ${describe(stranger)}.`;
    return refuse(id, "bad_params", text);
  }
  const { endpoint, perSecond, stayClosed } = params;
  if (!isEndpointName(endpoint)) return refuseEndpoint(id, endpoint);
  if (typeof perSecond !== "number" || perSecond < SLOWEST_DRAIN || perSecond > FASTEST_DRAIN) {
    const text = `Expected "perSecond" to be a number from ${SLOWEST_DRAIN} to ${FASTEST_DRAIN}, got ${describe(perSecond)}.`;
    return refuse(id, "bad_params", text);
  }
  if (stayClosed !== undefined && typeof stayClosed !== "boolean") {
    return refuse(id, "bad_params", `Expected "stayClosed" to be a boolean, got ${describe(stayClosed)}.`);
  }
  const by = originIn(params);
  if (by === "none") return refuseOrigin(id, params);
  const order = { endpoint, perSecond, ...(stayClosed === undefined ? {} : { stayClosed }), ...by };
  return { ok: true, request: { id, method: "drain.start", params: order } };
}

function parseDrainCancel(id: number, params: JsonRecord): ParsedRequest {
  const stranger = unknownKey(params, ["endpoint", "by"]);
  if (stranger !== undefined) {
    return refuse(id, "bad_params", `Method "drain.cancel" takes "endpoint" and "by", got ${describe(stranger)}.`);
  }
  const { endpoint } = params;
  if (!isEndpointName(endpoint)) return refuseEndpoint(id, endpoint);
  const by = originIn(params);
  if (by === "none") return refuseOrigin(id, params);
  return { ok: true, request: { id, method: "drain.cancel", params: { endpoint, ...by } } };
}

/** Who asks, if that is said; `"none"` if it is said in no form that is known. */
function originIn({ by }: JsonRecord): { readonly by?: ClaimedOrigin } | "none" {
  if (by === undefined) return {};
  const { pid, uid } = isRecord(by) ? by : {};
  return isRequestId(pid) && isRequestId(uid) ? { by: { pid, uid } } : "none";
}

function refuseOrigin(id: number, { by }: JsonRecord): ParsedRequest {
  return refuse(id, "bad_params", `Expected "by" to be an object with "pid" and "uid", got ${describe(by)}.`);
}

function isEndpointName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= LONGEST_ENDPOINT_NAME;
}

function refuseEndpoint(id: number, endpoint: unknown): ParsedRequest {
  const text = `Expected "endpoint" to be a name of at most ${LONGEST_ENDPOINT_NAME} characters, got ${describe(endpoint)}.`;
  return refuse(id, "bad_params", text);
}

function refuse(id: number | null, code: ReplyErrorCode, message: string): ParsedRequest {
  return { ok: false, id, error: { code, message } };
}

function isRequestId(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function unknownKey(record: JsonRecord, known: readonly string[]): string | undefined {
  return Object.keys(record).find((key) => !known.includes(key));
}

// Text that is no JSON is reported as what it is, a string: the caller's error then quotes the start of it.
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}
