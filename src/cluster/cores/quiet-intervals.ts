const original: unique symbol = Symbol.for("holdfast.setInterval");

/** From now on a repeating timer keeps no process alive, until {@link usualIntervals}. */
export function quietIntervals(): void {
  const { setInterval: begin } = globalThis;
  const quiet = (...args: Parameters<typeof begin>): NodeJS.Timeout => begin(...args).unref();
  Reflect.set(globalThis, original, begin);
  Reflect.set(globalThis, "setInterval", quiet);
}

/** Repeating timers are again what they are everywhere. */
export function usualIntervals(): void {
  const begin: unknown = Reflect.get(globalThis, original);
  if (typeof begin !== "function") return;
  Reflect.set(globalThis, "setInterval", begin);
  Reflect.deleteProperty(globalThis, original);
}
