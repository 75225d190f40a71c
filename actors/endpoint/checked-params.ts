import {
  BadArgumentError,
  isSchema,
  type SchemaOutput,
  type StandardSchema,
  validate,
  type ValidateOptions,
  whatCame,
} from "../../src/index.js";
import { type Refusal, refusalFor } from "../channel/refusal.js";
import type { Authenticate, AuthenticatedUser, Credentials } from "./context.js";

/** A client's params did not fit; what it is told of that. */
export class ParamsRefused {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    this.refusal = refusal;
  }
}

type Decide = (
  credentials: Credentials,
  options: ValidateOptions,
) => Promise<AuthenticatedUser | ParamsRefused | undefined>;

/** An `authenticate` whose params are checked before; made with {@link withParams}. */
export class CheckedAuthenticate {
  /** Checks the params, and asks who the client is if they fit. Throws what `authenticate` throws, and the error of a schema that failed. */
  readonly decide: Decide;

  /** @internal */
  constructor(decide: Decide) {
    this.decide = decide;
  }
}

/**
 * Checks what clients say when they connect, before `authenticate` is asked: the `authenticate` of an endpoint's socket.
 *
 * `authenticate` gets what the schema gives. A client whose params do not fit is refused with `invalid_params`, in the answer to its `hello`
 * with the issues, and its socket is closed with 4003. The params of a URL are all texts. An async schema may take as long as a
 * client may be silent, `helloTimeoutMs`. A schema that fails refuses the client, and is reported.
 *
 * ```ts
 * authenticate: withParams(z.object({ build: z.number() }), ({ params, token }) => userOf(token, params.build))
 * ```
 *
 * @throws {BadArgumentError} for what is no schema or no function
 */
export function withParams<Schema extends StandardSchema>(
  schema: Schema,
  authenticate: Authenticate<SchemaOutput<Schema>>,
): CheckedAuthenticate {
  if (!isSchema(schema)) {
    throw new BadArgumentError(`Expected a schema (https://standardschema.dev), got ${whatCame(schema)}`);
  }
  if (typeof authenticate !== "function") {
    throw new BadArgumentError(`Expected authenticate to be a function, got ${whatCame(authenticate)}`);
  }
  return new CheckedAuthenticate(async (credentials, options) => {
    const checked = await validate(schema, credentials.params, options);
    if (checked.ok) return authenticate({ ...credentials, params: checked.value });
    // Refused and reported like an authenticate that throws.
    if (checked.reason === "schema_failed") throw checked.error;
    return new ParamsRefused(refusalFor(checked, "invalid_params"));
  });
}
