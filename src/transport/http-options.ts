import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type Clock, realClock } from "../kernel/clock.js";
import { resolveCompression } from "./compression.js";
import { answerText } from "./http-answer.js";
import type { Origins } from "./origin-policy.js";
import type { ProcessPaths } from "./other-processes.js";
import { TransportError } from "./transport-error.js";
import { type Admission, EVERY_TRANSPORT, hasTransport, type Mount, pathBelow, upgradePath } from "./upgrade-gate.js";
import { DEFAULT_KEPT_HEADERS, type UpgradeRequest } from "./upgrade-request.js";

/** Whether the server wants traffic; `reason` is for the operator. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/** Connections that come from elsewhere than a port of this process: one that it shares with others. */
export interface SharedIncoming {
  /** Wants connections from now on, and gives the port. Rejects with the error of the system. */
  open(
    place: { readonly port: number; readonly host: string | undefined },
    take: (socket: Socket) => void,
  ): Promise<OpenIncoming>;
}

/** What is open of a {@link SharedIncoming}. */
export interface OpenIncoming extends ProcessPaths {
  readonly port: number;
  /** A path on which the server listens as well, for other processes of the machine. */
  readonly path: string;
  /** Wants no more connections. */
  close(): void;
}

/** Options of {@link createHttpServer}. Everything but `mounts` may be left out. */
export interface HttpServerOptions {
  /** The places where clients connect; each has a path of its own. */
  readonly mounts: readonly Mount[];
  /** 4000 by default; 0 takes any that is free. */
  readonly port?: number;
  /** The address to listen on; all of the machine's by default. */
  readonly host?: string;
  /** Where connections come from instead of a port of this process. */
  readonly incoming?: SharedIncoming;
  /** Which pages may connect; `"same-host"` by default. */
  readonly origins?: Origins;
  /** Whether a client without an `Origin` header may connect, as hardly any but browsers send one; `true` by default. */
  readonly allowMissingOrigin?: boolean;
  /** The largest message from a client; 65,536 by default. A larger one ends its connection with 1009. */
  readonly payloadLimitBytes?: number;
  /** How long a client may take to answer a close frame; 5,000 by default. */
  readonly closeTimeoutMs?: number;
  /** How long a poll, or a message that was sent by HTTP, waits; 10,000 by default, as in Phoenix. */
  readonly pollWindowMs?: number;
  /** How long an HTTP connection stays open between two requests; 65,000 by default, above the usual 60 s of load balancers. */
  readonly keepAliveTimeoutMs?: number;
  /** Where the time of polls and streams comes from; the machine's clock by default. */
  readonly clock?: Clock;
  /** How long a client may take for the headers of its request; 10,000 by default. */
  readonly headersTimeoutMs?: number;
  /** How long a client may take for its whole request; 30,000 by default. */
  readonly requestTimeoutMs?: number;
  /** TCP connections that have sent no whole request, those between two requests too; 10,000 by default. One too many is cut. */
  readonly waitingConnections?: number;
  /** The same of one address, or of one IPv6 /64; 500 by default. */
  readonly waitingPerAddress?: number;
  /** Addresses of which as many may wait as there is room for, as those of proxies; none by default. */
  readonly isExemptAddress?: (address: string) => boolean;
  /** The largest header of a request; 16,384 by default. A larger one is answered 431. */
  readonly headerLimitBytes?: number;
  /** Which headers `accept` and `admit` see, in lower case; {@link DEFAULT_KEPT_HEADERS} by default. Cookies are not among those. */
  readonly keepHeaders?: readonly string[];
  /** Asked on `GET /ready`; always ready by default. */
  readonly ready?: () => Readiness;
  /** Asked for every client that passed the other checks, before it is connected; all may by default. */
  readonly admit?: (request: UpgradeRequest) => Admission;
  /** Answers the requests that are not the server's own; 404 by default. */
  readonly requestListener?: (request: IncomingMessage, response: ServerResponse) => void;
  /** Told what a callback or an owner of a socket has thrown. By default it is thrown again, uncaught. */
  readonly onError?: (error: unknown) => void;
}

/** The options with their defaults. */
export type ResolvedHttpOptions = Required<Omit<HttpServerOptions, "host" | "incoming">> & {
  readonly host: string | undefined;
  readonly incoming: SharedIncoming | undefined;
};

/** Checks the options and fills in the defaults. */
export function resolveHttpOptions(options: HttpServerOptions): ResolvedHttpOptions {
  const resolved: ResolvedHttpOptions = {
    mounts: options.mounts,
    port: options.port ?? 4000,
    host: options.host,
    incoming: options.incoming,
    origins: options.origins ?? "same-host",
    allowMissingOrigin: options.allowMissingOrigin ?? true,
    payloadLimitBytes: options.payloadLimitBytes ?? 65_536,
    closeTimeoutMs: options.closeTimeoutMs ?? 5_000,
    pollWindowMs: options.pollWindowMs ?? 10_000,
    keepAliveTimeoutMs: options.keepAliveTimeoutMs ?? 65_000,
    clock: options.clock ?? realClock,
    headersTimeoutMs: options.headersTimeoutMs ?? 10_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    waitingConnections: options.waitingConnections ?? 10_000,
    waitingPerAddress: options.waitingPerAddress ?? 500,
    isExemptAddress: options.isExemptAddress ?? isNone,
    headerLimitBytes: options.headerLimitBytes ?? 16_384,
    keepHeaders: options.keepHeaders ?? DEFAULT_KEPT_HEADERS,
    ready: options.ready ?? alwaysReady,
    admit: options.admit ?? admitAll,
    requestListener: options.requestListener ?? notFound,
    onError: options.onError ?? throwUncaught,
  };
  checkNumber("port", resolved.port, 0, 65_535);
  checkNumber("payloadLimitBytes", resolved.payloadLimitBytes, 1, 0x3fff_ffff);
  checkNumber("closeTimeoutMs", resolved.closeTimeoutMs, 1, 0x7fff_ffff);
  checkNumber("pollWindowMs", resolved.pollWindowMs, 1, 0x7fff_ffff);
  checkNumber("keepAliveTimeoutMs", resolved.keepAliveTimeoutMs, 1, 0x7fff_ffff);
  checkNumber("headersTimeoutMs", resolved.headersTimeoutMs, 1, resolved.requestTimeoutMs);
  checkNumber("requestTimeoutMs", resolved.requestTimeoutMs, 1, 0x7fff_ffff);
  checkLimit("waitingConnections", resolved.waitingConnections);
  checkLimit("waitingPerAddress", resolved.waitingPerAddress);
  checkNumber("headerLimitBytes", resolved.headerLimitBytes, 256, 1024 * 1024);
  checkMounts(resolved.mounts);
  return resolved;
}

/** Answered by the server itself. */
export const HEALTH_PATH = "/health";
/** Answered by the server itself. */
export const READY_PATH = "/ready";

function checkMounts(mounts: readonly Mount[]): void {
  const taken = new Set([HEALTH_PATH, READY_PATH]);
  for (const mount of mounts) {
    if (!mount.path.startsWith("/") || /[?#\s]/.test(mount.path) || (mount.path !== "/" && mount.path.endsWith("/"))) {
      throw badOption(`mounts: the path ${JSON.stringify(mount.path)} must look like "/socket"`);
    }
    for (const path of pathsOf(mount)) {
      if (taken.has(path)) throw badOption(`mounts: two of them, or one and the server's own pages, are at ${path}`);
      taken.add(path);
    }
    const stranger = mount.transports?.find((kind) => !EVERY_TRANSPORT.includes(kind));
    if (stranger !== undefined) {
      throw badOption(
        `mounts: there is no transport ${JSON.stringify(stranger)}; there are ${EVERY_TRANSPORT.join(", ")}`,
      );
    }
    resolveCompression(mount.compression);
    if (mount.payloadLimitBytes !== undefined)
      checkNumber("payloadLimitBytes", mount.payloadLimitBytes, 1, 0x3fff_ffff);
  }
}

function pathsOf(mount: Mount): string[] {
  const paths = hasTransport(mount, "websocket") ? [upgradePath(mount)] : [];
  if (hasTransport(mount, "longpoll")) paths.push(pathBelow(mount, "longpoll"));
  if (hasTransport(mount, "events")) paths.push(pathBelow(mount, "events"), pathBelow(mount, "send"));
  return paths;
}

function checkNumber(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw badOption(`${name} must be a whole number from ${least} to ${most}, got ${value}`);
}

function checkLimit(name: string, value: number): void {
  if (typeof value === "number" && value >= 1) return;
  throw badOption(`${name} must be a number from 1, or Infinity, got ${value}`);
}

function badOption(message: string): TransportError {
  return new TransportError("bad_option", message);
}

function alwaysReady(): Readiness {
  return { ready: true };
}

function isNone(): boolean {
  return false;
}

function admitAll(): Admission {
  return { ok: true };
}

function notFound(_request: IncomingMessage, response: ServerResponse): void {
  answerText(response, { ok: false, status: 404, message: "nothing is served here" });
}

function throwUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
