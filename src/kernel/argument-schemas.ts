import type { MessageName } from "./actor-ref.js";
import type { Cell } from "./cell.js";
import { current } from "./current.js";
import { BadArgumentError, whatCame } from "./errors.js";
import { DEAD } from "./flags.js";
import type { Handler } from "./operation.js";
import type { PendingCall } from "./pending-call.js";
import { isSchema, type StandardSchema } from "./standard-schema.js";
import { type SchemaIssue, type ValidateOptions, type Validation, validate } from "./validate.js";

/** Schemas for the arguments of an actor's messages: by the name of the method, one for its only argument, or a list with one for each. */
export type ArgumentSchemas = Readonly<Record<string, StandardSchema | readonly StandardSchema[]>>;

/**
 * Schemas that fit the methods of a class: `static override readonly argumentSchemas = { … } satisfies MessageSchemas<Till>`.
 *
 * Not all methods need to have one. What a schema gives must be what the method takes.
 */
export type MessageSchemas<A> = {
  readonly [Name in MessageName<A>]?: A[Name] extends (...args: infer Args extends readonly unknown[]) => unknown
    ? SchemasOf<Args>
    : never;
};

type SchemasOf<Args extends readonly unknown[]> =
  | { readonly [Index in keyof Args]-?: StandardSchema<unknown, Args[Index]> }
  | (Required<Args> extends readonly [unknown] ? StandardSchema<unknown, Args[0]> : never);

/** The exit-reason-like data of a call whose arguments a schema refused. A path begins with the place of the argument, from 0. */
interface RefusedArguments {
  readonly badArgument: readonly SchemaIssue[];
  readonly omitted: number;
}

/** Whose message is being checked, and who waits for its reply. */
interface Receiver {
  readonly cell: Cell;
  readonly call: PendingCall | null;
  readonly run: number;
}

/**
 * Reads the schemas of a class.
 *
 * @throws {BadArgumentError} for a name that is no message of the class, or a value that is no schema
 */
export function readArgumentSchemas(
  declared: ArgumentSchemas,
  isMessage: (name: string) => boolean,
  className: string,
): ReadonlyMap<string, readonly StandardSchema[]> {
  const found = new Map<string, readonly StandardSchema[]>();
  for (const [name, given] of Object.entries(declared)) {
    if (!isMessage(name)) {
      throw new BadArgumentError(
        `Expected argumentSchemas of ${className} to name its messages; ${whatCame(name)} is none`,
      );
    }
    const schemas: readonly unknown[] = Array.isArray(given) ? given : [given];
    const stranger = schemas.find((schema) => !isSchema(schema));
    if (stranger !== undefined || schemas.includes(undefined)) {
      throw new BadArgumentError(
        `Expected argumentSchemas.${name} of ${className} to be a schema (https://standardschema.dev) or a list of them; got ${whatCame(stranger)}`,
      );
    }
    found.set(name, schemas.filter(isSchema));
  }
  return found;
}

/**
 * Puts a check of the arguments before a handler, which then gets what the schemas give.
 *
 * Arguments that do not fit never reach the handler and do no harm to the actor: a call rejects with `bad_argument`, a cast is a dead letter
 * of that reason. An async schema keeps the actor busy, like an async handler, so the order of messages stays; it may take as long
 * as a call.
 */
export function checkedHandler(
  name: string,
  schemas: readonly StandardSchema[],
  handler: Handler,
  options: ValidateOptions,
): Handler {
  const check = new ArgumentCheck(name, schemas, handler, options);
  return function checked(...args) {
    const { cell, call, run } = current;
    // Outside a handler there is no message, and nobody to be told.
    return cell === null ? handler.apply(this, args) : check.start({ cell, call, run }, this, args);
  };
}

class ArgumentCheck {
  readonly #name: string;
  readonly #schemas: readonly StandardSchema[];
  readonly #handler: Handler;
  readonly #options: ValidateOptions;

  constructor(name: string, schemas: readonly StandardSchema[], handler: Handler, options: ValidateOptions) {
    this.#name = name;
    this.#schemas = schemas;
    this.#handler = handler;
    this.#options = options;
  }

  /** Handles a message at once, or later if a schema is async. */
  start(receiver: Receiver, actor: unknown, args: readonly unknown[]): unknown {
    const most = this.#schemas.length;
    if (args.length > most) return refuse(receiver, this.#name, args, tooMany(args.length, most));
    const values: unknown[] = [];
    for (const [index, schema] of this.#schemas.entries()) {
      const validation = validate(schema, args[index], this.#options);
      if (validation instanceof Promise) return this.#goOn(receiver, actor, args, values, validation);
      if (!validation.ok) return refuse(receiver, this.#name, args, atArgument(index, validation));
      values.push(validation.value);
    }
    return this.#handler.apply(actor, values);
  }

  async #goOn(
    receiver: Receiver,
    actor: unknown,
    args: readonly unknown[],
    values: unknown[],
    pending: Promise<Validation<unknown>>,
  ): Promise<unknown> {
    let validation = await pending;
    for (;;) {
      // Ended meanwhile: its callers have been told, and no handler of it runs any more.
      if ((receiver.cell.flags & DEAD) !== 0) return undefined;
      if (!validation.ok) return refuse(receiver, this.#name, args, atArgument(values.length, validation));
      values.push(validation.value);
      const next = this.#schemas[values.length];
      if (next === undefined) return runAs(receiver, () => this.#handler.apply(actor, values));
      validation = await validate(next, args[values.length], this.#options);
    }
  }
}

/** Runs the synchronous part of a handler as if its message had arrived just now. */
function runAs({ cell, call, run }: Receiver, handle: () => unknown): unknown {
  const before = { ...current };
  Object.assign(current, { cell, call, run, resumed: false });
  try {
    return handle();
  } finally {
    Object.assign(current, before);
  }
}

function refuse(
  { cell, call }: Receiver,
  method: string,
  args: readonly unknown[],
  validation: Exclude<Validation<unknown>, { ok: true }>,
): undefined {
  const { kernel } = cell.behaviour;
  if (validation.reason === "refused") {
    const reason: RefusedArguments = { badArgument: validation.issues, omitted: validation.omitted };
    call?.fail("bad_argument", reason);
  } else {
    kernel.report({
      type: "schema_failed",
      level: "error",
      text: `The schema of ${method} of ${cell.describe()} failed, the message was refused: ${validation.error.message}`,
      details: { ref: cell.toString(), behaviour: cell.behaviour.name, method, error: validation.error },
    });
    call?.fail("schema_failed", { error: validation.error });
  }
  if (call === null) kernel.deadLetters.add(cell, method, "bad_argument", args);
  return undefined;
}

function atArgument<Failure extends Validation<unknown>>(index: number, validation: Failure): Failure {
  if (validation.ok || validation.reason !== "refused") return validation;
  return { ...validation, issues: validation.issues.map((issue) => ({ ...issue, path: [index, ...issue.path] })) };
}

function tooMany(came: number, most: number): Exclude<Validation<unknown>, { ok: true }> {
  const message = `expected at most ${most} argument${most === 1 ? "" : "s"}, got ${came}`;
  return { ok: false, reason: "refused", issues: [{ message, path: [most] }], omitted: 0 };
}
