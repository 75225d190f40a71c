import { type CorePlace, isCorePlace } from "./core-place.js";

/** What the host says to a core over the channel of its process. */
export type HostMessage =
  /** Load the application. */
  | { readonly kind: "begin"; readonly place: CorePlace }
  /** Stop in order, and end. */
  | { readonly kind: "stop" }
  /** A connection comes with the message, for the port of this key. */
  | { readonly kind: "socket"; readonly key: string }
  /** The host listens; answers `listen`. */
  | { readonly kind: "listening"; readonly number: number; readonly port: number }
  /** The host cannot listen; answers `listen`. */
  | { readonly kind: "not_listening"; readonly number: number; readonly code: string; readonly text: string };

/** What a core says to its host. */
export type CoreMessage =
  /** The root has started. */
  | { readonly kind: "ready"; readonly system: string }
  /** The application's module, or its root, has failed. */
  | { readonly kind: "failed"; readonly text: string }
  /** Listen for this core, together with those that ask for the same. */
  | {
      readonly kind: "listen";
      readonly number: number;
      readonly key: string;
      readonly port: number;
      readonly host: string | undefined;
    }
  /** No more connections of this key for this core. */
  | { readonly kind: "unlisten"; readonly key: string };

/** A message as it goes over the channel, which is comedy's as well: with a number and without an actor of comedy, it is ignored there. */
export function wrap(message: HostMessage | CoreMessage): object {
  return { id: 1, holdfast: message };
}

/** The message of the host; `undefined` for anything else. */
export function hostMessage(value: unknown): HostMessage | undefined {
  const fields = fieldsOf(value);
  switch (fields?.kind) {
    case "begin":
      return isCorePlace(fields.place) ? { kind: "begin", place: fields.place } : undefined;
    case "stop":
      return { kind: "stop" };
    case "socket":
      return typeof fields.key === "string" ? { kind: "socket", key: fields.key } : undefined;
    case "listening": {
      const { number, port } = fields;
      return typeof number === "number" && typeof port === "number" ? { kind: "listening", number, port } : undefined;
    }
    case "not_listening": {
      const { number, code, text } = fields;
      if (typeof number !== "number" || typeof code !== "string" || typeof text !== "string") return undefined;
      return { kind: "not_listening", number, code, text };
    }
    default:
      return undefined;
  }
}

/** The message of a core; `undefined` for anything else, as what comedy says. */
export function coreMessage(value: unknown): CoreMessage | undefined {
  const fields = fieldsOf(value);
  switch (fields?.kind) {
    case "ready":
      return typeof fields.system === "string" ? { kind: "ready", system: fields.system } : undefined;
    case "failed":
      return typeof fields.text === "string" ? { kind: "failed", text: fields.text } : undefined;
    case "listen": {
      const { number, key, port, host } = fields;
      if (typeof number !== "number" || typeof key !== "string" || typeof port !== "number") return undefined;
      return { kind: "listen", number, key, port, host: typeof host === "string" ? host : undefined };
    }
    case "unlisten":
      return typeof fields.key === "string" ? { kind: "unlisten", key: fields.key } : undefined;
    default:
      return undefined;
  }
}

interface Fields {
  readonly kind?: unknown;
  readonly place?: unknown;
  readonly key?: unknown;
  readonly number?: unknown;
  readonly port?: unknown;
  readonly host?: unknown;
  readonly code?: unknown;
  readonly text?: unknown;
  readonly system?: unknown;
}

function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== "object" || value === null || !("holdfast" in value)) return undefined;
  const { holdfast } = value;
  return typeof holdfast === "object" && holdfast !== null ? holdfast : undefined;
}
