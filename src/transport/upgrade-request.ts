import type { IncomingMessage } from "node:http";
import type { QueryParams } from "./query-params.js";

/** What is known of a client when it asks to be connected. Holds texts only, nothing of the HTTP request. */
export interface UpgradeRequest {
  /** The path of the request, without the query. */
  readonly path: string;
  /** The query, parsed; `vsn` included. Without a prototype: use `Object.hasOwn(params, name)`, or just read. */
  readonly params: QueryParams;
  /** The token that came as a subprotocol, decoded. Not checked: it is the client's word. */
  readonly authToken: string | undefined;
  /** The page that connects, when a browser says so. */
  readonly origin: string | undefined;
  /** The address of the other end of the TCP connection, a proxy's if there is one; IPv4 in its own form. */
  readonly remoteAddress: string;
  /** Those headers that the server was told to keep, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Headers that are kept unless the server's `keepHeaders` says otherwise. */
export const DEFAULT_KEPT_HEADERS: readonly string[] = [
  "host",
  "user-agent",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-request-id",
];

/** Splits a request's target into its path and its query. */
export function splitTarget(target: string | undefined): { readonly path: string; readonly query: string } {
  const url = target ?? "/";
  const mark = url.indexOf("?");
  return mark === -1 ? { path: url, query: "" } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/** Takes the named headers out of a request. */
export function pickHeaders(request: IncomingMessage, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = request.headers[name];
    if (value !== undefined) picked[name] = typeof value === "string" ? value : value.join(", ");
  }
  return picked;
}

/** The address of the other end, or `""`; an IPv4 address that came over an IPv6 socket in its own form. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return "";
  return address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
}
