import type { MachineTypes } from "./machine-types.js";
import type { MachineTimeout, StateEngine } from "./state-engine.js";
import type { StateEvent } from "./state-event.js";

/** Most events that a status lists of each kind. */
const MOST_LISTED = 100;

/** One event in a status: its type, which one it is and what it carries. */
interface EventStatus {
  readonly type: string;
  readonly name?: PropertyKey;
  readonly content: unknown;
}

/** What `formatStatus` of a machine shows. */
export interface StateMachineStatus<State = unknown, Data = unknown> {
  readonly kind: "state-machine";
  readonly mode: "state_functions" | "handle_event_function";
  readonly state: State;
  readonly data: Data;
  /** The event that is handled, or was the last; a crash report shows what the machine crashed of. */
  readonly event: EventStatus | undefined;
  /** Events that wait within the machine, the next one first; the first 100. */
  readonly queue: readonly EventStatus[];
  readonly postponedCount: number;
  /** Events that wait for the next state, the oldest first; the first 100. */
  readonly postponed: readonly EventStatus[];
  /** Time-outs that are active, and the first 100 of them. */
  readonly timeouts: { readonly active: number; readonly list: readonly EventStatus[] };
}

/** The status of a machine as its engine knows it. */
export function statusOf<M extends MachineTypes>(
  engine: StateEngine<M>,
  mode: StateMachineStatus["mode"],
): StateMachineStatus<M["state"], M["data"]> {
  const { state, data, event, waiting, postponed, timeouts } = engine;
  return {
    kind: "state-machine",
    mode,
    state,
    data,
    event: event === undefined ? undefined : eventStatus(event),
    queue: waiting.slice(0, MOST_LISTED).map(eventStatus),
    postponedCount: postponed.length,
    postponed: postponed.slice(0, MOST_LISTED).map(eventStatus),
    timeouts: { active: timeouts.length, list: timeouts.slice(0, MOST_LISTED).map(timeoutStatus) },
  };
}

// Without who waits for an answer.
function eventStatus<M extends MachineTypes>(event: StateEvent<M>): EventStatus {
  if (event.type === "call" || event.type === "cast") {
    return { type: event.type, name: event.name, content: event.args };
  }
  if (event.type === "generic_timeout") return { type: event.type, name: event.name, content: event.content };
  return { type: event.type, content: event.content };
}

function timeoutStatus<M extends MachineTypes>({ kind, content }: MachineTimeout<M>): EventStatus {
  return kind.type === "generic_timeout" ? { type: kind.type, name: kind.name, content } : { type: kind.type, content };
}
