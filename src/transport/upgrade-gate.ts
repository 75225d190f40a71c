import type { IncomingMessage } from "node:http";
import { chooseSubprotocol } from "./bearer-subprotocol.js";
import type { CompressionOptions } from "./compression.js";
import { checkHandshake, type HttpRefusal } from "./handshake.js";
import type { OriginPolicy } from "./origin-policy.js";
import { parseQuery } from "./query-params.js";
import type { TransportKind, TransportSocket } from "./transport-socket.js";
import { pickHeaders, plainAddress, splitTarget, type UpgradeRequest } from "./upgrade-request.js";

/** A place where clients connect. */
export interface Mount {
  /** For `phoenix` the endpoint's path, `/socket`: clients connect to `/socket/websocket`. For `raw` the very path that clients connect to. */
  readonly path: string;

  /**
   * `phoenix`: the query must hold a version of Phoenix's protocol that is spoken (2.0.x), and subprotocols are its own. `raw`: the messages
   * are the app's business.
   */
  readonly protocol: "phoenix" | "raw";

  /** Subprotocols that a `raw` mount speaks, the one it likes best first; none by default. A client that asks for others is refused. */
  readonly subprotocols?: readonly string[];

  /** The largest message, in bytes; the server's `payloadLimitBytes` by default. */
  readonly payloadLimitBytes?: number;

  /** Whether and how messages over WebSocket are compressed for clients that offer it; not by default. */
  readonly compression?: boolean | CompressionOptions;

  /**
   * The ways to connect to a `phoenix` mount; all by default: `websocket` at `/socket/websocket`, `longpoll` at `/socket/longpoll`, `events`
   * at `/socket/events` and `/socket/send`. A `raw` mount has its WebSocket only.
   */
  readonly transports?: readonly TransportKind[];

  /**
   * Takes a connected client: sets `socket.owner` before it returns, or closes the socket.
   *
   * Closing is the refusal that a browser can see: the upgrade is complete, so code and reason reach the client's script.
   */
  accept(socket: TransportSocket, request: UpgradeRequest): void;
}

/**
 * Whether a client may connect.
 *
 * With `retryAfterMs` it is answered 503 and `Retry-After`, which costs the least and a browser's script cannot see; with `closeCode` the
 * upgrade is completed and the socket closed with code and reason.
 */
export type Admission =
  | { readonly ok: true }
  | { readonly ok: false; readonly retryAfterMs: number }
  | { readonly ok: false; readonly closeCode: number; readonly reason: string };

/** A request that may become a socket. */
export interface Passed {
  readonly ok: true;
  readonly key: string;
  readonly subprotocol: string | undefined;
  readonly request: UpgradeRequest;
}

/** Phoenix's `~> 2.0.0`. */
const SERVED_VERSION = /^2\.0\.\d+$/;
const PHOENIX_SUBPROTOCOLS: readonly string[] = ["phoenix"];
const NO_SUBPROTOCOLS: readonly string[] = [];

/** The path that clients of a mount connect to with a WebSocket. */
export function upgradePath(mount: Mount): string {
  return mount.protocol === "phoenix" ? pathBelow(mount, "websocket") : mount.path;
}

/** The path of one of the places of a `phoenix` mount. */
export function pathBelow(mount: Mount, place: "websocket" | "longpoll" | "events" | "send"): string {
  return `${mount.path === "/" ? "" : mount.path}/${place}`;
}

/** Tells whether clients may connect to a mount in this way. */
export function hasTransport(mount: Mount, kind: TransportKind): boolean {
  return mount.protocol === "raw" ? kind === "websocket" : (mount.transports ?? EVERY_TRANSPORT).includes(kind);
}

/** All ways to connect. */
export const EVERY_TRANSPORT: readonly TransportKind[] = ["websocket", "longpoll", "events"];

/** Checks an upgrade request that has come to a mount, in the order of what costs least. */
export function checkUpgrade(
  request: IncomingMessage,
  mount: Mount,
  allowsOrigin: OriginPolicy,
  keptHeaders: readonly string[],
): Passed | HttpRefusal {
  const { headers } = request;
  const handshake = checkHandshake(request.method, headers);
  if (!handshake.ok) return handshake;
  if (!allowsOrigin(headers.origin, headers.host)) {
    return forbidden(
      `pages of ${headers.origin ?? "no origin"} may not connect here: the server's option "origins" lists those that may`,
    );
  }
  const { path, query } = splitTarget(request.url);
  const parsed = parseQuery(query);
  if (!parsed.ok) return { ok: false, status: 400, message: parsed.reason };
  const { params } = parsed;
  if (mount.protocol === "phoenix" && !isServedVersion(params["vsn"])) {
    return forbidden("the query's vsn must be 2.0.x, the version of Phoenix's protocol that is spoken here");
  }
  const accepted = mount.protocol === "phoenix" ? PHOENIX_SUBPROTOCOLS : (mount.subprotocols ?? NO_SUBPROTOCOLS);
  const choice = chooseSubprotocol(headers["sec-websocket-protocol"], accepted);
  if (!choice.ok) return forbidden(choice.reason);
  return {
    ok: true,
    key: handshake.key,
    subprotocol: choice.subprotocol,
    request: {
      path,
      params,
      authToken: choice.authToken,
      origin: headers.origin,
      remoteAddress: plainAddress(request.socket.remoteAddress),
      headers: pickHeaders(request, keptHeaders),
    },
  };
}

/** Tells whether the version of Phoenix's protocol in a query is one that is spoken here. */
export function isServedVersion(vsn: unknown): boolean {
  return typeof vsn === "string" && SERVED_VERSION.test(vsn);
}

function forbidden(message: string): HttpRefusal {
  return { ok: false, status: 403, message };
}
