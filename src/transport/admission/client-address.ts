import { isIP } from "node:net";
import type { AddressTest } from "./address-list.js";

/** The header in which the trusted proxies write for whom they speak. */
export type ForwardedHeader = "x-forwarded-for" | "forwarded";

/** Who may say for whom a connection is. */
export interface ProxyTrust {
  readonly isTrusted: AddressTest;
  readonly header: ForwardedHeader;
}

/** More hops than anybody has; what stands before them is not looked at. */
const MOST_HOPS = 32;

/**
 * The address of the client behind trusted proxies.
 *
 * `peer` is the other end of the TCP connection. Only if that is a trusted proxy is the header read: from its end, which the nearest proxy
 * wrote, back to the first address that is no trusted proxy. Whatever stands before it is the client's own word and counts for nothing. An
 * entry that is no address ends the way back at the proxy that passed it on. Headers other than the configured one are never read.
 */
export function clientAddress(peer: string, headers: Readonly<Record<string, string>>, trust: ProxyTrust): string {
  if (!trust.isTrusted(peer)) return peer;
  const value = headers[trust.header];
  if (value === undefined) return peer;
  const hops = value.split(",").slice(-MOST_HOPS);
  let address = peer;
  for (let hop = hops.pop(); hop !== undefined; hop = hops.pop()) {
    const named = trust.header === "forwarded" ? forwardedFor(hop) : addressIn(hop);
    if (named === undefined) return address;
    address = named;
    if (!trust.isTrusted(address)) return address;
  }
  return address;
}

/** The `for` of one element of a `Forwarded` header, RFC 7239. */
function forwardedFor(element: string): string | undefined {
  const [, quoted, plain] = /(?:^|;)\s*for=(?:"([^"]*)"|([^;\s]*))/i.exec(element) ?? [];
  return addressIn(quoted ?? plain ?? "");
}

/** Reads `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` and `[2001:db8::1]:4711`. */
function addressIn(text: string): string | undefined {
  const trimmed = text.trim();
  const [, bracketed] = /^\[([0-9a-f:.]+)\](?::\d{1,5})?$/i.exec(trimmed) ?? [];
  const [, dotted] = /^([\d.]+):\d{1,5}$/.exec(trimmed) ?? [];
  const address = bracketed ?? dotted ?? trimmed;
  if (isIP(address) === 0 || address.includes("%")) return undefined;
  return address.toLowerCase().startsWith("::ffff:") && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}
