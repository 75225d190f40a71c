import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpRefusal } from "./handshake.js";
import type { OriginPolicy } from "./origin-policy.js";
import { parseQuery } from "./query-params.js";
import { type Admission, isServedVersion } from "./upgrade-gate.js";
import { pickHeaders, splitTarget, type UpgradeRequest } from "./upgrade-request.js";

/** How a server decides about clients that connect over HTTP. */
export interface ConnectRules {
  readonly allowsOrigin: OriginPolicy;
  readonly keptHeaders: readonly string[];
  readonly admit: (request: UpgradeRequest) => Admission;
  /** The address of the other end of a request's connection. */
  readonly addressOf: (request: IncomingMessage) => string;
  /** Whether the server takes no new clients any more. */
  readonly closing: () => boolean;
}

/** A client that may connect, or why not; `close` when it is refused as a closed socket would be. */
export type Connect =
  | { readonly ok: true; readonly request: UpgradeRequest }
  | (HttpRefusal & { readonly close?: { readonly code: number; readonly reason: string } });

const CLOSING_RETRY_SECONDS = 2;

/** Checks a request that is to begin a conversation, in the order of what costs least. */
export function checkConnect(request: IncomingMessage, rules: ConnectRules, needsVersion: boolean): Connect {
  const { headers } = request;
  if (rules.closing()) return overloaded("the server is closing", CLOSING_RETRY_SECONDS);
  if (!rules.allowsOrigin(headers.origin, headers.host)) return forbiddenOrigin(headers.origin);
  const { path, query } = splitTarget(request.url);
  const parsed = parseQuery(query);
  if (!parsed.ok) return refuse(400, parsed.reason);
  const { params } = parsed;
  const vsn = params["vsn"];
  if ((needsVersion || vsn !== undefined) && !isServedVersion(vsn)) {
    return refuse(403, "the query's vsn must be 2.0.x, the version of Phoenix's protocol that is spoken here");
  }
  const authToken = headers["x-phoenix-authtoken"];
  const asked: UpgradeRequest = {
    path,
    params,
    authToken: typeof authToken === "string" ? authToken : undefined,
    origin: headers.origin,
    remoteAddress: rules.addressOf(request),
    headers: pickHeaders(request, rules.keptHeaders),
  };
  const admission = rules.admit(asked);
  if (admission.ok) return { ok: true, request: asked };
  if ("retryAfterMs" in admission) return overloaded("overloaded", Math.ceil(admission.retryAfterMs / 1_000));
  return {
    ...refuse(403, admission.reason || "refused"),
    close: { code: admission.closeCode, reason: admission.reason },
  };
}

/** The refusal of a page whose origin is not allowed. */
export function forbiddenOrigin(origin: string | undefined): HttpRefusal {
  return refuse(
    403,
    `pages of ${origin ?? "no origin"} may not connect here: the server's option "origins" lists those that may`,
  );
}

/**
 * Sets the headers by which pages of other origins may read the answer, and by which nothing between may keep or change it.
 *
 * Any origin: whether it may connect is decided before, and there are no cookies to protect.
 */
export function setSharedHeaders(response: ServerResponse): void {
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Access-Control-Expose-Headers", "retry-after, x-stream-token");
  response.setHeader("Cache-Control", "no-store, no-transform");
}

/** Answers a browser that asks whether a page may send a request: any header, the methods named. */
export function answerPreflight(request: IncomingMessage, response: ServerResponse, methods: string): void {
  setSharedHeaders(response);
  response.setHeader("Access-Control-Allow-Methods", methods);
  const wanted = request.headers["access-control-request-headers"];
  if (wanted !== undefined) response.setHeader("Access-Control-Allow-Headers", wanted);
  response.setHeader("Access-Control-Max-Age", "3600");
  response.writeHead(200, { "Content-Length": 0 });
  response.end();
}

function overloaded(message: string, retryAfterSeconds: number): HttpRefusal {
  return { ...refuse(503, message), headers: { "Retry-After": String(retryAfterSeconds) } };
}

function refuse(status: number, message: string): HttpRefusal {
  return { ok: false, status, message };
}
