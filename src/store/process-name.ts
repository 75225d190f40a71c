/** Where a host of several processes notes in each which of them it is; see `becomeCore`. */
const key: unique symbol = Symbol.for("holdfast.core");

/** The name that this process has among those of its host, such as `core-1`; `undefined` in a process of its own. */
export function processName(): string | undefined {
  const place: unknown = Reflect.get(globalThis, key);
  const name: unknown = typeof place === "object" && place !== null ? Reflect.get(place, "name") : undefined;
  return typeof name === "string" && name !== "" ? name : undefined;
}
