import { type Clock, realClock } from "./clock.js";
import { HoldfastError, whatCame } from "./errors.js";
import type { SchemaOutput, StandardSchema } from "./standard-schema.js";

/** One thing that is wrong with a value: a text of at most 200 characters, and the way to the place, at most 8 keys. */
export interface SchemaIssue {
  readonly message: string;
  readonly path: readonly (string | number)[];
}

/**
 * What {@link validate} says of a value.
 *
 * With `ok` the value as the schema gives it. `refused`: the value does not fit; the first 10 issues, and how many more there were in
 * `omitted`. `schema_failed`: the schema could not tell, which is nobody's fault but the schema's.
 */
export type Validation<Value> =
  | { readonly ok: true; readonly value: Value }
  | {
      readonly ok: false;
      readonly reason: "refused";
      readonly issues: readonly SchemaIssue[];
      readonly omitted: number;
    }
  | { readonly ok: false; readonly reason: "schema_failed"; readonly error: SchemaError };

/** How long a schema may take. */
export interface ValidateOptions {
  /** How long an async schema may take, in milliseconds; 5,000 by default, `Infinity` waits for ever. */
  readonly timeoutMs?: number;
  /** Where time comes from; the machine's clock by default. Within an actor it is `this.system.clock`. */
  readonly clock?: Clock;
}

/**
 * Says of a schema that threw, took too long, or gave something that no schema gives. `code` is `schema_failed`, `cause` what it threw.
 *
 * Not of a value that does not fit, which is an answer and no error.
 */
export class SchemaError extends HoldfastError {
  override readonly name = "SchemaError";
  readonly code = "schema_failed";
}

const MOST_ISSUES = 10;
const LONGEST_MESSAGE = 200;
const LONGEST_PATH = 8;
const LONGEST_KEY = 64;
const DEFAULT_TIMEOUT_MS = 5_000;

/**
 * Checks a value with a schema of any library that keeps to https://standardschema.dev.
 *
 * The answer is there at once, or a promise of it when the schema is async; `await` fits both. Never throws, and the promise never rejects:
 * a schema that throws is answered with `schema_failed`. What comes of issues is bounded, however many and long they are, and
 * has nothing of them but message and path.
 *
 * ```ts
 * const checked = await validate(z.object({ text: z.string() }), payload);
 * if (checked.ok) say(checked.value.text);
 * ```
 */
export function validate<Schema extends StandardSchema>(
  schema: Schema,
  value: unknown,
  options?: ValidateOptions,
): Validation<SchemaOutput<Schema>> | Promise<Validation<SchemaOutput<Schema>>>;
export function validate(
  schema: StandardSchema,
  value: unknown,
  options: ValidateOptions = {},
): Validation<unknown> | Promise<Validation<unknown>> {
  let result: unknown;
  try {
    result = schema["~standard"].validate(value);
  } catch (thrown) {
    return failed("threw", thrown);
  }
  return isThenable(result) ? settledWithin(result, options) : readResult(result);
}

/** Waits for an async schema for as long as it may take. */
async function settledWithin(
  running: PromiseLike<unknown>,
  { timeoutMs = DEFAULT_TIMEOUT_MS, clock = realClock }: ValidateOptions,
): Promise<Validation<unknown>> {
  if (timeoutMs === Number.POSITIVE_INFINITY) return settled(running);
  let timer: object | undefined;
  const late = new Promise<Validation<unknown>>((resolve) => {
    timer = clock.setTimer(timeoutMs, () => resolve(failed(`gave no result within ${timeoutMs} ms`)));
  });
  const validation = await Promise.race([settled(running), late]);
  if (timer !== undefined) clock.clearTimer(timer);
  return validation;
}

async function settled(running: PromiseLike<unknown>): Promise<Validation<unknown>> {
  try {
    return readResult(await running);
  } catch (thrown) {
    return failed("rejected", thrown);
  }
}

function readResult(result: unknown): Validation<unknown> {
  if (typeof result !== "object" || result === null) return failed(`gave ${whatCame(result)}`);
  try {
    const issues = "issues" in result ? result.issues : undefined;
    if (Array.isArray(issues)) return refused(issues);
    if (issues) return failed(`gave issues that are no array: ${whatCame(issues)}`);
    return "value" in result ? { ok: true, value: result.value } : failed("gave neither a value nor issues");
  } catch (thrown) {
    // A result is foreign code as well: its properties may be getters.
    return failed("gave a result that cannot be read", thrown);
  }
}

function refused(issues: readonly unknown[]): Validation<never> {
  const shown = firstOf(issues, MOST_ISSUES, readIssue);
  return { ok: false, reason: "refused", issues: shown, omitted: issues.length - shown.length };
}

function readIssue(issue: unknown): SchemaIssue {
  const { message, path } = Object(issue) as Readonly<Record<string, unknown>>;
  return {
    message: cut(typeof message === "string" ? message : "does not fit", LONGEST_MESSAGE),
    path: Array.isArray(path) ? firstOf(path, LONGEST_PATH, readKey) : [],
  };
}

// Not slice and map: what a library gives may be of a subclass of arrays, with members of its own, and they would make another of these.
function firstOf<Item>(list: readonly unknown[], most: number, read: (item: unknown) => Item): Item[] {
  return Array.from({ length: Math.min(list.length, most) }, (_, index) => read(list[index]));
}

function readKey(step: unknown): string | number {
  const key: unknown = typeof step === "object" && step !== null && "key" in step ? step.key : step;
  return typeof key === "number" ? key : cut(String(key), LONGEST_KEY);
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function failed(how: string, cause?: unknown): Validation<never> {
  const shown = cause === undefined ? "" : `: ${cause instanceof Error ? cause.message : whatCame(cause)}`;
  const error = new SchemaError(
    `Expected the schema to answer with a value or with issues; it ${how}${shown}`,
    cause === undefined ? undefined : { cause },
  );
  return { ok: false, reason: "schema_failed", error };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
