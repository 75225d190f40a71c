import type { JsonObject, Welcome } from "../protocol/handshake.js";

/** Gives the members of an object of JSON data; of anything else, none. */
export function asObject(value: unknown): JsonObject {
  return typeof value === "object" ? { ...value } : {};
}

/** Tells whether the answer to `hello` is a {@link Welcome}: one look, since it comes from a server of our own. */
export function isWelcome(value: JsonObject): value is JsonObject & Welcome {
  const { sid, heartbeatMs, limits, topics } = value;
  return !!(sid && heartbeatMs && limits && topics);
}
