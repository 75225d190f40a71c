import {
  BadArgumentError,
  isSchema,
  type SchemaOutput,
  type StandardSchema,
  validate,
  type ValidateOptions,
  type Validation,
  whatCame,
} from "../../src/index.js";

/** What the clients of a channel may send: the schema of a join's params, and one for the payload of each event. */
export interface ChannelSchemas {
  readonly join?: StandardSchema;
  /** When it is there, an event that it does not name is refused. */
  readonly in?: Readonly<Record<string, StandardSchema>>;
}

/** What `join` gets in a channel with these schemas: `join(params: JoinParams<typeof Room.schemas>)`. */
export type JoinParams<Schemas extends ChannelSchemas> = Schemas extends {
  readonly join: infer Join extends StandardSchema;
}
  ? SchemaOutput<Join>
  : unknown;

/**
 * What `handleIn` gets in a channel with these schemas: `handleIn(...[event, payload]: Incoming<typeof Room.schemas>)`.
 *
 * A test of `event` narrows `payload`.
 */
export type Incoming<Schemas extends ChannelSchemas> = Schemas extends {
  readonly in: infer Events extends Readonly<Record<string, StandardSchema>>;
}
  ? { [Event in keyof Events & string]: [event: Event, payload: SchemaOutput<Events[Event]>] }[keyof Events & string]
  : [event: string, payload: unknown];

/** What a check says of a client's params or payload; `unknown_event` is for an event that has no schema. */
export type Checked = Validation<unknown> | "unknown_event";

/** The schemas of one channel class, ready for use. */
export class ChannelChecks {
  readonly #join: StandardSchema | undefined;
  // A map: an event may be called like anything that an object has.
  readonly #events: ReadonlyMap<string, StandardSchema> | undefined;

  constructor(join: StandardSchema | undefined, events: ReadonlyMap<string, StandardSchema> | undefined) {
    this.#join = join;
    this.#events = events;
  }

  join(params: unknown, options: ValidateOptions): Checked | Promise<Checked> {
    return this.#join === undefined ? { ok: true, value: params } : validate(this.#join, params, options);
  }

  incoming(event: string, payload: unknown, options: ValidateOptions): Checked | Promise<Checked> {
    if (this.#events === undefined) return { ok: true, value: payload };
    const schema = this.#events.get(event);
    return schema === undefined ? "unknown_event" : validate(schema, payload, options);
  }
}

/** A class as far as its schemas go. */
export interface Checking {
  readonly name: string;
  readonly schemas?: ChannelSchemas;
}

const known = new WeakMap<Checking, ChannelChecks | undefined>();

/**
 * The checks of a channel class; `undefined` when it has none. Read once per class.
 *
 * @throws {BadArgumentError} for schemas that are none
 */
export function checksOf(channelClass: Checking): ChannelChecks | undefined {
  if (!known.has(channelClass)) known.set(channelClass, readChecks(channelClass));
  return known.get(channelClass);
}

function readChecks({ name, schemas = {} }: Checking): ChannelChecks | undefined {
  const stranger = Object.keys(schemas).find((key) => key !== "join" && key !== "in");
  if (stranger !== undefined) {
    throw new BadArgumentError(`Expected ${name}.schemas to have join and in, got ${whatCame(stranger)}`);
  }
  if (schemas.join === undefined && schemas.in === undefined) return undefined;
  if (schemas.join !== undefined) checkSchema(schemas.join, `${name}.schemas.join`);
  if (schemas.in === undefined) return new ChannelChecks(schemas.join, undefined);
  const events = new Map(Object.entries(schemas.in));
  for (const [event, schema] of events) checkSchema(schema, `${name}.schemas.in.${event}`);
  return new ChannelChecks(schemas.join, events);
}

function checkSchema(schema: unknown, where: string): void {
  if (isSchema(schema)) return;
  throw new BadArgumentError(`Expected ${where} to be a schema (https://standardschema.dev), got ${whatCame(schema)}`);
}
