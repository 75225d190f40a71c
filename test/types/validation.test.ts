import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type } from "arktype";
import {
  Actor,
  type MessageSchemas,
  type SchemaOutput,
  type StandardSchema,
  validate,
  type Validation,
} from "holdfast";
import {
  type Answer,
  Channel,
  type Credentials,
  type Incoming,
  type JoinParams,
  ok,
  withParams,
} from "holdfast/actors";
import * as v from "valibot";
import { expectTypeOf, test } from "vitest";
import { z } from "zod";

class Room extends Channel {
  static override readonly schemas = {
    join: z.object({ name: z.string() }),
    in: {
      say: v.object({ text: v.string() }),
      move: type({ x: "number", y: "number" }),
      count: z.string().transform(Number),
    },
  };

  override join(params: JoinParams<typeof Room.schemas>): Answer {
    expectTypeOf(params).toEqualTypeOf<{ name: string }>();
    return ok();
  }

  override handleIn(...[event, payload]: Incoming<typeof Room.schemas>): Answer {
    if (event === "say") expectTypeOf(payload).toEqualTypeOf<{ text: string }>();
    else if (event === "move") expectTypeOf(payload).toEqualTypeOf<{ x: number; y: number }>();
    else expectTypeOf(payload).toEqualTypeOf<number>();
    // @ts-expect-error: there is no such event
    if (event === "shout") return ok();
    return ok();
  }
}

export class Unchecked extends Channel {
  override join(params: JoinParams<typeof Unchecked.schemas>): Answer {
    expectTypeOf(params).toEqualTypeOf<unknown>();
    return ok();
  }
  override handleIn(...[event, payload]: Incoming<typeof Unchecked.schemas>): Answer {
    expectTypeOf(event).toEqualTypeOf<string>();
    expectTypeOf(payload).toEqualTypeOf<unknown>();
    return ok();
  }
}

// @ts-expect-error: this is no schema
export class Wrong extends Channel {
  static override readonly schemas = { join: { parse: () => 1 } };
}

export class Till extends Actor {
  static override readonly argumentSchemas = {
    book: z.number(),
    move: [v.string(), type("number")],
    maybe: z.number().optional(),
  } satisfies MessageSchemas<Till>;
  book(n: number): number {
    return n;
  }
  move(_to: string, n: number): number {
    return n;
  }
  maybe(_n?: number): void {}
}

// Never run: the compiler reads them, and each expectation is an error that must be there.
export function mustNotCompile(): void {
  // @ts-expect-error: the method takes a number
  void ({ book: z.string() } satisfies MessageSchemas<Till>);
  // @ts-expect-error: there is no such message
  void ({ bok: z.number() } satisfies MessageSchemas<Till>);
  // @ts-expect-error: the second argument has no schema
  void ({ move: [z.string()] } satisfies MessageSchemas<Till>);
  // @ts-expect-error: the method takes two arguments
  void ({ move: z.string() } satisfies MessageSchemas<Till>);
  // @ts-expect-error: the second argument is a number
  void ({ move: [z.string(), z.string()] } satisfies MessageSchemas<Till>);
  // @ts-expect-error: a hook is no message
  void ({ init: z.number() } satisfies MessageSchemas<Till>);
  // @ts-expect-error: the params are those of the schema
  withParams(z.object({ build: z.number() }), ({ params }: Credentials<{ build: string }>) => ({ user: params.build }));
  // @ts-expect-error: the params have no such member
  withParams(z.object({ build: z.number() }), ({ params }) => ({ user: params.name }));
  // @ts-expect-error: a room joined by a number
  void ({ name: 1 } satisfies JoinParams<typeof Room.schemas>);
}

test("a schema of each library is a schema, and its output is known", async () => {
  const fromZod = z.object({ n: z.string().transform(Number) });
  const fromValibot = v.object({ n: v.pipe(v.string(), v.transform(Number)) });
  const fromArktype = type({ n: "string.numeric.parse" });
  expectTypeOf<SchemaOutput<typeof fromZod>>().toEqualTypeOf<{ n: number }>();
  expectTypeOf<SchemaOutput<typeof fromValibot>>().toEqualTypeOf<{ n: number }>();
  expectTypeOf<SchemaOutput<typeof fromArktype>>().toEqualTypeOf<{ n: number }>();
  expectTypeOf(await validate(fromZod, {})).toEqualTypeOf<Validation<{ n: number }>>();
  const checked = await validate(fromArktype, {});
  if (checked.ok) expectTypeOf(checked.value).toEqualTypeOf<{ n: number }>();
  else if (checked.reason === "refused") expectTypeOf(checked.issues.length).toEqualTypeOf<number>();
});

test("the interface is that of the specification, in both directions", () => {
  expectTypeOf<StandardSchemaV1<string, number>>().toExtend<StandardSchema<string, number>>();
  expectTypeOf<StandardSchema<string, number>>().toExtend<StandardSchemaV1<string, number>>();
  expectTypeOf<SchemaOutput<StandardSchemaV1<string, number>>>().toEqualTypeOf<number>();
});
