import { type } from "arktype";
import type { StandardSchema } from "holdfast";
import * as v from "valibot";
import { z } from "zod";

/** The same schemas, made with one library. */
export interface Schemas {
  readonly library: string;
  readonly positive: StandardSchema<unknown, number>;
  /** An object with a text of at most 5 characters. */
  readonly said: StandardSchema<unknown, { text: string }>;
  /** An object whose `n` is text that stands for a number, and becomes one. */
  readonly parsed: StandardSchema<unknown, { n: number }>;
  readonly list: StandardSchema<unknown, string[]>;
}

/** What users write with zod, valibot and arktype. */
export const libraries: readonly Schemas[] = [
  {
    library: "zod",
    positive: z.number().positive(),
    said: z.object({ text: z.string().max(5) }),
    parsed: z.object({ n: z.string().transform(Number) }),
    list: z.array(z.string()),
  },
  {
    library: "valibot",
    positive: v.pipe(v.number(), v.minValue(1)),
    said: v.object({ text: v.pipe(v.string(), v.maxLength(5)) }),
    parsed: v.object({ n: v.pipe(v.string(), v.transform(Number)) }),
    list: v.array(v.string()),
  },
  {
    library: "arktype",
    positive: type("number > 0"),
    said: type({ text: "string <= 5" }),
    parsed: type({ n: "string.numeric.parse" }),
    list: type("string[]"),
  },
];

/** A schema that answers as told: for what no library does. */
export function schemaThat(answer: (value: unknown) => unknown): StandardSchema {
  const props = { version: 1, vendor: "test", validate: answer };
  return { "~standard": props as StandardSchema["~standard"] };
}

/** A schema whose answer comes when a test gives it. */
export function slowSchema(): { readonly schema: StandardSchema; readonly answer: ((value: unknown) => void)[] } {
  const answer: ((value: unknown) => void)[] = [];
  const schema = schemaThat(
    (value) => new Promise((resolve) => answer.push((instead) => resolve({ value: instead ?? value }))),
  );
  return { schema, answer };
}
