import type { TransportKind } from "../../src/transport/transport-socket.js";
import type { UpgradeRequest } from "../../src/transport/upgrade-request.js";

/** One message of a client, or for one: a text or bytes. */
export type RelayFrame = string | Uint8Array;

/** Messages in their order, and how many bytes of those of the other direction this side has got rid of so far. */
export interface RelayFrames {
  readonly kind: "frames";
  readonly relay: number;
  readonly frames: readonly RelayFrame[];
  readonly taken: number;
}

/** How many bytes this side has got rid of so far. */
export interface RelayTaken {
  readonly kind: "taken";
  readonly relay: number;
  readonly taken: number;
}

/** What the node with the client's socket says to that with its session. Relays are numbered by the former. */
export type ToSession =
  /** A client has come, and has said so much. */
  | {
      readonly kind: "open";
      readonly relay: number;
      readonly transport: TransportKind;
      readonly request: UpgradeRequest;
      readonly frames: readonly RelayFrame[];
    }
  | RelayFrames
  | RelayTaken
  /** The client's socket stands. */
  | { readonly kind: "alive"; readonly relay: number }
  /** The node with the socket is being drained: the client is to be told to come back when all that it sent is handled. */
  | { readonly kind: "drain"; readonly relay: number; readonly retryAfterMs: number }
  /** The client's socket is closed. */
  | { readonly kind: "gone"; readonly relay: number; readonly code: number; readonly reason: string };

/** What the node with the session says to that with the client's socket. */
export type ToClient =
  /** The client was taken; that it may speak is said apart. */
  | { readonly kind: "opened"; readonly relay: number }
  | RelayFrames
  | RelayTaken
  /** Whether the client's socket is to be read. */
  | { readonly kind: "reading"; readonly relay: number; readonly on: boolean }
  /** Is the client's socket there? */
  | { readonly kind: "ping"; readonly relay: number }
  | { readonly kind: "close"; readonly relay: number; readonly code: number; readonly reason: string }
  /** The client's socket is to be cut. */
  | { readonly kind: "cut"; readonly relay: number }
  /** There is no such relay, or not any more: the client is to come back. */
  | { readonly kind: "lost"; readonly relay: number };

/** What is said between the relays of two nodes. `over`: every relay between the two, in whichever direction, has ended. */
export type RelayMessage =
  | { readonly to: "session"; readonly says: ToSession }
  | { readonly to: "client"; readonly says: ToClient }
  | { readonly to: "both" };

/** All relays between two nodes are over. */
export const OVER: RelayMessage = { to: "both" };

/** Reads what another node has sent; `undefined` for anything that is no message, as of a later release. */
export function relayMessageOf(value: unknown): RelayMessage | undefined {
  const message = fieldsOf(value);
  if (message?.["to"] === "both") return OVER;
  const says = fieldsOf(message?.["says"]);
  const relay = says?.["relay"];
  if (says === undefined || !isWhole(relay)) return undefined;
  if (message?.["to"] === "session") return toSession(says, relay);
  return message?.["to"] === "client" ? toClient(says, relay) : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function toSession(says: Fields, relay: number): RelayMessage | undefined {
  const { kind } = says;
  const traffic = trafficOf(says, relay);
  if (traffic !== undefined) return { to: "session", says: traffic };
  switch (kind) {
    case "open": {
      const { transport, frames } = says;
      const request = requestOf(says["request"]);
      if (!isTransport(transport) || !isFrames(frames) || request === undefined) return undefined;
      return { to: "session", says: { kind, relay, transport, request, frames } };
    }
    case "alive":
      return { to: "session", says: { kind, relay } };
    case "drain": {
      const { retryAfterMs } = says;
      return isWhole(retryAfterMs) ? { to: "session", says: { kind, relay, retryAfterMs } } : undefined;
    }
    case "gone": {
      const { code, reason } = says;
      return isEnd(code, reason) ? { to: "session", says: { kind, relay, code, reason: String(reason) } } : undefined;
    }
    default:
      return undefined;
  }
}

function toClient(says: Fields, relay: number): RelayMessage | undefined {
  const { kind } = says;
  const traffic = trafficOf(says, relay);
  if (traffic !== undefined) return { to: "client", says: traffic };
  switch (kind) {
    case "opened":
    case "ping":
    case "cut":
    case "lost":
      return { to: "client", says: { kind, relay } };
    case "reading": {
      const { on } = says;
      return typeof on === "boolean" ? { to: "client", says: { kind, relay, on } } : undefined;
    }
    case "close": {
      const { code, reason } = says;
      return isEnd(code, reason) ? { to: "client", says: { kind, relay, code, reason: String(reason) } } : undefined;
    }
    default:
      return undefined;
  }
}

function trafficOf({ kind, frames, taken }: Fields, relay: number): RelayFrames | RelayTaken | undefined {
  if (!isWhole(taken)) return undefined;
  if (kind === "taken") return { kind, relay, taken };
  return kind === "frames" && isFrames(frames) ? { kind, relay, frames, taken } : undefined;
}

function requestOf(value: unknown): UpgradeRequest | undefined {
  const fields = fieldsOf(value);
  if (fields === undefined) return undefined;
  const { path, params, authToken, origin, remoteAddress, headers } = fields;
  if (typeof path !== "string" || typeof remoteAddress !== "string") return undefined;
  if (!isParams(params) || !isOptionalText(authToken) || !isOptionalText(origin) || !isTexts(headers)) return undefined;
  return { path, params, authToken, origin, remoteAddress, headers };
}

function isParams(value: unknown): value is UpgradeRequest["params"] {
  const fields = fieldsOf(value);
  return fields !== undefined && Object.values(fields).every((one) => isText(one) || isTextList(one) || isParams(one));
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  const fields = fieldsOf(value);
  return fields !== undefined && Object.values(fields).every(isText);
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

function isFrames(value: unknown): value is RelayFrame[] {
  return Array.isArray(value) && value.every((one) => isText(one) || one instanceof Uint8Array);
}

function isTransport(value: unknown): value is TransportKind {
  return value === "websocket" || value === "longpoll" || value === "events";
}

function isEnd(code: unknown, reason: unknown): code is number {
  return isWhole(code) && isText(reason);
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || isText(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldsOf(value: unknown): Fields | undefined {
  return isFields(value) ? value : undefined;
}
