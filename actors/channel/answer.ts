import type { Overflow } from "./overflow.js";

/** What a channel answers to a join or to a push. */
export interface Answer {
  /** `"ok"` and `"error"` are what clients know; any other text is allowed. */
  readonly status: string;
  /** Any JSON object. */
  readonly response: object;
}

/** What a channel answers to a join. */
export interface JoinAnswer extends Answer {
  /** What becomes of the topic's broadcasts that this client cannot take at once; else its class says so. The client is not told. */
  readonly overflow?: Overflow;
}

/** The answer that all went well. With `overflow` it is one to a join only. */
export function ok(response?: object): Answer;
export function ok(response: object, options: Pick<JoinAnswer, "overflow">): JoinAnswer;
export function ok(response: object = {}, { overflow }: Pick<JoinAnswer, "overflow"> = {}): JoinAnswer {
  return overflow === undefined ? { status: "ok", response } : { status: "ok", response, overflow };
}

/** The answer that it did not; the channel lives on, except when it answers a join: then it ends. */
export function error(response: object = {}): Answer {
  return { status: "error", response };
}

/** Tells whether a value has the shape of an {@link Answer}. */
export function isAnswer(value: unknown): value is Answer {
  return (
    typeof value === "object" &&
    value !== null &&
    "status" in value &&
    typeof value.status === "string" &&
    "response" in value &&
    typeof value.response === "object" &&
    value.response !== null
  );
}
