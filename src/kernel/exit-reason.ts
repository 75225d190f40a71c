/**
 * Why an actor ended: data, never an exception.
 *
 * Shapes the runtime itself makes: `"normal"`, `"shutdown"`, `{ shutdown: detail }`, `"killed"` (an untrappable kill), `"noproc"` (the
 * target was already gone), `"timeout"`, `{ error: Error }` (a handler threw an error) and `{ nocatch: value }` (a handler threw something
 * else). An actor that calls `stop(reason)` may choose any other value. The words are Erlang/OTP's.
 */
export type ExitReason = unknown;

/** The exit reason of an actor whose handler threw an `Error`. */
export interface ErrorReason {
  readonly error: Error;
}

/**
 * Tells whether a reason is one of the three that count as an orderly end: `"normal"`, `"shutdown"` or `{ shutdown: detail }`.
 *
 * Links, restart decisions and crash reports all ask this one function.
 */
export function isNormalExit(reason: ExitReason): boolean {
  return (
    reason === "normal" ||
    reason === "shutdown" ||
    (typeof reason === "object" && reason !== null && "shutdown" in reason)
  );
}

/** Turns what a handler threw into an exit reason: `{ error }` for an `Error`, `{ nocatch }` for any other value. */
export function reasonOfThrown(thrown: unknown): ExitReason {
  return thrown instanceof Error ? { error: thrown } : { nocatch: thrown };
}

/** The `Error` inside a reason of the shape `{ error }`, or `undefined`. */
export function errorOfReason(reason: ExitReason): Error | undefined {
  if (typeof reason === "object" && reason !== null && "error" in reason && reason.error instanceof Error) {
    return reason.error;
  }
  return undefined;
}

const LONGEST_TEXT = 300;
/** Of data that a reason carries: so many elements of an array and so many values in all are looked at. */
const MOST_ELEMENTS = 100;
const MOST_VALUES = 1_000;

/**
 * One line that shows an exit reason to a person: `normal`, `shutdown(drain)`, `TypeError: x is not a function`.
 *
 * Never throws, and cuts after 300 characters. For the stack use {@link errorOfReason}.
 */
export function formatReason(reason: ExitReason): string {
  const text = describe(reason);
  const cut = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
  return cut.replaceAll(/\s*[\r\n]\s*/g, " ");
}

function describe(reason: ExitReason): string {
  if (typeof reason === "string") return reason;
  const error = errorOfReason(reason);
  if (error !== undefined) return `${error.name}: ${error.message}`;
  if (typeof reason === "object" && reason !== null) {
    if ("shutdown" in reason) return `shutdown(${describe(reason.shutdown)})`;
    if ("nocatch" in reason) return `nocatch(${describe(reason.nocatch)})`;
  }
  try {
    return JSON.stringify(reason, shortening()) ?? String(reason);
  } catch {
    // Cyclic data, a bigint or a throwing toJSON: the type is still worth more than a failure while reporting a failure.
    return Object.prototype.toString.call(reason);
  }
}

/** Cuts what would be cut from the text anyway, so that a huge reason costs no more than a small one. */
function shortening(): (key: string, value: unknown) => unknown {
  let left = MOST_VALUES;
  return (_, value) => {
    if (left-- <= 0) return "…";
    if (typeof value === "string") return value.slice(0, LONGEST_TEXT);
    return Array.isArray(value) ? value.slice(0, MOST_ELEMENTS) : value;
  };
}
