import type { ActorRef, Deferred } from "holdfast";
import { expectTypeOf, test } from "vitest";
import type { StateAction } from "../../../actors/state-machine/state-action.js";
import type { StateEvent } from "../../../actors/state-machine/state-event.js";
import type { StateFunctions } from "../../../actors/state-machine/state-functions.js";
import type { EnterResult, StateInit, StateResult } from "../../../actors/state-machine/state-result.js";
import type { CodeLock, Lock } from "./code-lock.js";

interface Timed extends Lock {
  internal: "tick";
  timeout: { readonly attempt: number };
  timeoutName: "retry";
}

// Never run: the compiler reads them, and each expectation is an error that must be there.
export function mustNotCompile(lock: ActorRef<CodeLock>, from: Deferred<number>): void {
  // @ts-expect-error: there is no such event
  lock.cast.event("knock");
  // @ts-expect-error: the argument is missing
  lock.cast.event("button");
  // @ts-expect-error: the argument is of the wrong type
  lock.cast.event("button", 1);
  // @ts-expect-error: length takes none
  void lock.call.event("length", "1");
  // @ts-expect-error: hooks are not messages
  void lock.call.handleEvent;
  // @ts-expect-error: hooks are not messages
  void lock.call.handleEnter;
  // @ts-expect-error: a state without a function
  void ({ locked: () => ({}) } satisfies StateFunctions<Lock>);
  // @ts-expect-error: there is no such state
  void ({ locked: () => ({ next: "ajar" }), open: () => ({}) } satisfies StateFunctions<Lock>);
  // @ts-expect-error: there is no such state
  void ({ state: "ajar", data: { code: "", entered: "" } } satisfies StateInit<Lock>);
  // @ts-expect-error: the data has another type
  void ({ data: { code: 1 } } satisfies StateResult<Lock>);
  // @ts-expect-error: a state is either kept or left
  void ({ next: "open", repeat: true } satisfies StateResult<Lock>);
  // @ts-expect-error: replies come with a stop; else they are actions
  void ({ replies: [] } satisfies StateResult<Lock>);
  // @ts-expect-error: an enter call does not leave the state
  void ({ next: "open" } satisfies EnterResult<Lock>);
  // @ts-expect-error: an enter call has no event to postpone
  void ({ postpone: true } satisfies EnterResult<Lock>);
  // @ts-expect-error: an enter call does not insert events
  void ({ actions: [{ type: "next_event", event: { type: "internal", content: 1 } }] } satisfies EnterResult<Lock>);
  // @ts-expect-error: an enter call does not change callbacks
  void ({ actions: [{ type: "pop_callback_module" }] } satisfies EnterResult<Lock>);
  // @ts-expect-error: callbacks for a state are missing
  void ({ type: "push_callback_module", module: { states: { open: () => ({}) } } } satisfies StateAction<Lock>);
  // @ts-expect-error: the call is answered with a number
  void ({ actions: [{ type: "reply", from, value: "three" }] } satisfies StateResult<Lock>);
  // @ts-expect-error: there is no generic time-out of this name
  void ({ actions: [{ type: "generic_timeout", name: "again", afterMs: 1 }] } satisfies StateResult<Timed>);
  // @ts-expect-error: time-outs carry attempts
  void ({ actions: [{ type: "state_timeout", afterMs: 1, content: "x" }] } satisfies StateResult<Timed>);
  // @ts-expect-error: a time-out is due some time
  void ({ actions: [{ type: "state_timeout" }] } satisfies StateResult<Lock>);
}

test("events narrow by type and name, down to arguments and replies", () => {
  type Call = Extract<StateEvent<Lock>, { type: "call" }>;
  expectTypeOf<Extract<Call, { name: "length" }>["from"]>().toEqualTypeOf<Deferred<number>>();
  expectTypeOf<Extract<Call, { name: "button" }>["args"]>().toEqualTypeOf<[digit: string]>();
  expectTypeOf<Extract<StateEvent<Timed>, { type: "internal" }>["content"]>().toEqualTypeOf<"tick">();
  expectTypeOf<Extract<StateEvent<Timed>, { type: "generic_timeout" }>["name"]>().toEqualTypeOf<"retry">();
});

test("a call resolves with what the event is answered with", () => {
  type Calls = ActorRef<CodeLock>["call"];
  expectTypeOf<ReturnType<Calls["event"]>>().resolves.toEqualTypeOf<number | void>();
  expectTypeOf<Parameters<Calls["event"]>>().toEqualTypeOf<["button", string] | ["length"]>();
  expectTypeOf<ReturnType<Calls["length"]>>().resolves.toEqualTypeOf<number>();
});
