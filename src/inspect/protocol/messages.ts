import { describe, isRecord, type JsonRecord } from "./json.js";

/**
 * The version of the inspector's protocol. It rises when a reader of the old one could no longer understand an answer;
 * properties that are added do not change it.
 *
 * The protocol: lines of JSON in UTF-8 over a Unix domain socket, each ended by a line feed. The reader sends requests,
 * `{"v":1,"id":1,"method":"tree","params":{}}`; the server answers each in order with `{"v":1,"id":1,"ok":true,"result":…}` or
 * `{"v":1,"id":1,"ok":false,"error":{"code":"…","message":"…"}}`. It can only be read: no method changes anything.
 */
const PROTOCOL_VERSION = 1;

/** The most bytes a request line may have, its line feed not counted. */
export const MAX_REQUEST_BYTES = 4_096;

/** The most bytes a reply line may have; a reader gives up on a longer one. */
export const MAX_REPLY_BYTES = 32 * 1_024 * 1_024;

/** The methods of the protocol. */
const METHODS = ["tree", "info"] as const;

/**
 * What a reader may ask.
 *
 * - `tree`: the {@link TreeSnapshot}. `all` lists every child instead of the first of each parent; the bounds on rows still hold.
 * - `info`: one living actor as a {@link TreeNode}, with its direct children and more of its status. `actor` is its registered name, or its
 *   reference such as `<0.12>`.
 */
export type InspectorRequest =
  | { readonly id: number; readonly method: "tree"; readonly params: { readonly all: boolean } }
  | { readonly id: number; readonly method: "info"; readonly params: { readonly actor: string } };

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
 * | `internal` | the snapshot could not be made | stays |
 */
export type ReplyErrorCode =
  | "malformed"
  | "too_long"
  | "version"
  | "too_many_clients"
  | "unknown_method"
  | "bad_params"
  | "no_such_actor"
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
 * Params may be left out where each of them has a default.
 */
export function parseRequest(line: string): ParsedRequest {
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
  switch (value["method"]) {
    case "tree":
      return parseTree(id, params);
    case "info":
      return parseInfo(id, params);
    default:
      return refuse(
        id,
        "unknown_method",
        `Expected "method" to be ${METHODS.map((name) => `"${name}"`).join(" or ")}, got ${describe(value["method"])}.`,
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
