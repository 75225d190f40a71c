import { TransportError } from "./transport-error.js";

/**
 * Which pages may connect, by the `Origin` header that browsers send.
 *
 * `"same-host"`: those whose origin has the host and port of the request's `Host` header. `"any"`: all. A list: those named, each
 * `"same-host"`, an exact origin (`"https://app.example.com"`, with a port unless it is the scheme's own) or one with a wildcard for the
 * subdomain (`"https://*.example.com"`, which does not allow `https://example.com` itself).
 */
export type Origins = "same-host" | "any" | readonly string[];

/** Tells whether a request with these two headers may connect. */
export type OriginPolicy = (origin: string | undefined, host: string | undefined) => boolean;

const DEFAULT_PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };
const PATTERN = /^([a-z][a-z0-9+.-]*:)\/\/(\*\.)?([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d+)?$/i;

/**
 * Compiles a policy, once per server.
 *
 * `allowMissing` says whether a request without an `Origin` header passes. Browsers always send one, other clients hardly ever: the check
 * protects users of browsers from foreign pages and nothing from anybody else.
 *
 * @throws {TransportError} `bad_option` if an entry of the list is not an origin
 */
export function compileOrigins(origins: Origins, allowMissing: boolean): OriginPolicy {
  if (origins === "any") return (origin) => origin !== undefined || allowMissing;
  const entries = (typeof origins === "string" ? [origins] : origins).map(compileEntry);
  return (origin, host) => {
    if (origin === undefined) return allowMissing;
    const parsed = parseOrigin(origin);
    return parsed !== undefined && entries.some((matches) => matches(parsed, host));
  };
}

interface Origin {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
}

type Matcher = (origin: Origin, host: string | undefined) => boolean;

function compileEntry(entry: string): Matcher {
  if (entry === "same-host") return sameHost;
  const [, protocol = "", wildcard, hostname = "", port] = PATTERN.exec(entry) ?? [];
  if (hostname === "") {
    throw new TransportError(
      "bad_option",
      `origins: ${JSON.stringify(entry)} is not an origin. Expected "same-host", "https://host[:port]" or "https://*.host[:port]", ` +
        `or "any" in place of the list.`,
    );
  }
  const wanted: Origin = {
    protocol: protocol.toLowerCase(),
    hostname: hostname.toLowerCase(),
    port: port?.slice(1) ?? DEFAULT_PORTS[protocol.toLowerCase()] ?? "",
  };
  return (origin) =>
    origin.protocol === wanted.protocol &&
    origin.port === wanted.port &&
    (wildcard === undefined ? origin.hostname === wanted.hostname : origin.hostname.endsWith(`.${wanted.hostname}`));
}

// The scheme is not compared: behind a proxy that ends TLS the request does not show it.
function sameHost(origin: Origin, host: string | undefined): boolean {
  if (host === undefined) return false;
  const own = parseOrigin(`${origin.protocol}//${host}`);
  return own !== undefined && own.hostname === origin.hostname && own.port === origin.port;
}

function parseOrigin(text: string): Origin | undefined {
  const [, protocol = "", wildcard, hostname = "", port] = PATTERN.exec(text) ?? [];
  if (hostname === "" || wildcard !== undefined) return undefined;
  const scheme = protocol.toLowerCase();
  return { protocol: scheme, hostname: hostname.toLowerCase(), port: port?.slice(1) ?? DEFAULT_PORTS[scheme] ?? "" };
}
