/** Writes a payload as JSON, or as the bytes of that. */
export function payloadOf(value: object, binary: boolean): object {
  return binary ? new TextEncoder().encode(JSON.stringify(value)) : value;
}

/** Reads what {@link payloadOf} has written. */
export function readPayload(payload: unknown): unknown {
  return payload instanceof Uint8Array ? JSON.parse(new TextDecoder().decode(payload)) : payload;
}

/** A number of a payload; `NaN` if there is none of that name. */
export function numberIn(payload: unknown, name: string): number {
  const read = readPayload(payload);
  const value: unknown = typeof read === "object" && read !== null ? Reflect.get(read, name) : undefined;
  return typeof value === "number" ? value : Number.NaN;
}

/** A text of a payload; `""` if there is none of that name. */
export function textIn(payload: unknown, name: string): string {
  const text: unknown = Reflect.get(Object(payload), name);
  return typeof text === "string" ? text : "";
}
