import { BadArgumentError, BadReturnError, type InitResult, whatCame } from "../../src/index.js";

/** What an `init` returned: options, an answer of its own, or both where it only wants to continue. */
export interface StagePlan<Options> {
  readonly answer: InitResult | undefined;
  /** `undefined` when the stage is not to run. */
  readonly options: Options | undefined;
}

/** Tells what the `init` of a stage returned. @throws {BadReturnError} for what it may not return */
export function planOf<Options extends object>(
  behaviour: string,
  returned: void | InitResult | Options,
  none: Options,
): StagePlan<Options> {
  if (returned === undefined) return { answer: undefined, options: none };
  if (typeof returned !== "object" || returned === null || Array.isArray(returned)) {
    throw new BadReturnError(
      `${behaviour}.init returned ${whatCame(returned)}. A stage's init may return nothing, its options, { ignore: true }, { stop: reason }, ` +
        "{ continue: term }, or a promise of one of these.",
    );
  }
  if (!isInitResult(returned)) return { answer: undefined, options: returned };
  return { answer: returned, options: "continue" in returned ? none : undefined };
}

/** The events that a hook returned, none for nothing. @throws {BadReturnError} for what is no array */
export function returnedEvents<Event>(hook: string, returned: void | readonly Event[]): readonly Event[] {
  if (returned === undefined) return [];
  const isArray: boolean = Array.isArray(returned);
  if (isArray) return returned;
  throw new BadReturnError(
    `${hook} returned ${whatCame(returned)}. It may return nothing, an array of events, or a promise of one of these.`,
  );
}

/** The events given to `emit`. @throws {BadArgumentError} for what is no array */
export function emittedEvents<Event>(events: readonly Event[]): readonly Event[] {
  const isArray: boolean = Array.isArray(events);
  if (isArray) return events;
  throw new BadArgumentError(`Expected the events to emit in an array, got ${whatCame(events)}`);
}

function isInitResult(returned: object): returned is InitResult {
  return ("ignore" in returned && returned.ignore === true) || "stop" in returned || "continue" in returned;
}
