/** What a channel answers to a join or to a push. */
export interface Answer {
  /** `"ok"` and `"error"` are what clients know; any other text is allowed. */
  readonly status: string;
  /** Any JSON object. */
  readonly response: object;
}

/** The answer that all went well. */
export function ok(response: object = {}): Answer {
  return { status: "ok", response };
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
