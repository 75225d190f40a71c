import { BadReturnError, Deferred, whatCame } from "../../src/index.js";
import { BadStateEnterReturnError } from "./machine-errors.js";

const RESULT_KEYS = new Set(["next", "repeat", "data", "actions", "postpone", "stop", "replies"]);
const MODULES = new Set<unknown>(["change_callback_module", "push_callback_module", "pop_callback_module"]);
const TIMEOUTS = new Set<unknown>(["state_timeout", "timeout", "generic_timeout"]);

const LEGAL_RESULTS =
  "A state function may return nothing, { data, actions, postpone }, the same with `next: state` or `repeat: true`, " +
  "{ stop: reason, data, replies }, or a promise of one of these.";
const LEGAL_ENTER_RESULTS =
  "An enter call may return nothing, { data, actions }, the same with `repeat: true`, { stop: reason, data, replies }, or a promise of one " +
  "of these; its actions are replies, time-outs and hibernate.";
const LEGAL_ACTIONS =
  'An action is { type: "reply", from, value }, { type: "next_event", event }, { type: "hibernate" }, one of type "change_callback_module" or ' +
  '"push_callback_module" (with a module), { type: "pop_callback_module" }, or one of type "state_timeout", "timeout" or "generic_timeout" ' +
  "(with a name) that has one of `afterMs`, `atMs`, `cancel: true` and `update`.";

/** Refuses what a state function may not return, with a text that lists all it may. @throws {BadReturnError} */
export function checkStateResult(result: unknown): void {
  if (result === undefined) return;
  const wrong = wrongResult(result);
  if (wrong !== undefined) throw new BadReturnError(`A state function returned ${wrong}. ${LEGAL_RESULTS}`);
  if (typeof result === "object" && result !== null) checkActions("actions" in result ? result.actions : undefined);
}

/** Refuses what an enter call may not return; to name the state it is called for is no change. @throws {BadStateEnterReturnError} */
export function checkEnterResult(result: unknown, isCurrentState: (state: unknown) => boolean): void {
  if (result === undefined) return;
  const wrong = wrongResult(result) ?? wrongForEnter(result, isCurrentState);
  if (wrong !== undefined)
    throw new BadStateEnterReturnError(`An enter call returned ${wrong}. ${LEGAL_ENTER_RESULTS}`);
  if (typeof result === "object" && result !== null) checkActions("actions" in result ? result.actions : undefined);
}

/** Refuses a list that is none, or has something in it that is no action. @throws {BadReturnError} */
export function checkActions(actions: unknown): void {
  if (actions === undefined) return;
  if (!Array.isArray(actions)) throw new BadReturnError(`Expected actions in an array, got ${whatCame(actions)}`);
  for (const action of actions) {
    const wrong = wrongAction(action);
    if (wrong !== undefined) throw new BadReturnError(`${wrong}. ${LEGAL_ACTIONS}`);
  }
}

function wrongResult(result: unknown): string | undefined {
  if (typeof result !== "object" || result === null || Array.isArray(result)) return whatCame(result);
  const unknownKey = Object.keys(result).find((key) => !RESULT_KEYS.has(key));
  if (unknownKey !== undefined) return `an object with the key ${JSON.stringify(unknownKey)}`;
  if ("next" in result && "repeat" in result && result.repeat === true)
    return "an object with both `next` and `repeat`";
  if (!("replies" in result)) return undefined;
  if (!("stop" in result)) return "`replies` without `stop`";
  const { replies } = result;
  return Array.isArray(replies) && replies.every(isReply) ? undefined : "`replies` that are no array of reply actions";
}

function wrongForEnter(result: unknown, isCurrentState: (state: unknown) => boolean): string | undefined {
  if (typeof result !== "object" || result === null) return undefined;
  if ("next" in result && !isCurrentState(result.next)) return `another state, ${whatCame(result.next)}`;
  if ("postpone" in result && result.postpone === true) return "`postpone`, but there is no event to postpone";
  const actions: readonly unknown[] = "actions" in result && Array.isArray(result.actions) ? result.actions : [];
  const type = actions.map(typeOf).find((each) => each === "next_event" || MODULES.has(each));
  return type === undefined ? undefined : `the action ${whatCame(type)}`;
}

function wrongAction(action: unknown): string | undefined {
  if (typeof action !== "object" || action === null || !("type" in action)) {
    return `Expected an action, got ${whatCame(action)}`;
  }
  if (isReply(action)) return undefined;
  if (action.type === "hibernate") return undefined;
  if (MODULES.has(action.type)) return wrongModule(action);
  if (action.type === "next_event") {
    const typed =
      "event" in action && typeof action.event === "object" && action.event !== null && "type" in action.event;
    return typed ? undefined : "Expected an event with a type to insert";
  }
  if (!TIMEOUTS.has(action.type)) return `Expected an action, got one of the type ${whatCame(action.type)}`;
  if (action.type === "generic_timeout" && !("name" in action)) return "Expected a generic time-out to have a name";
  if (("cancel" in action && action.cancel === true) || "update" in action) return undefined;
  if ("afterMs" in action) return wrongTime(action.afterMs);
  return "atMs" in action ? wrongTime(action.atMs) : `Expected to know when ${whatCame(action.type)} is due`;
}

function wrongTime(time: unknown): string | undefined {
  return typeof time === "number" && time >= 0
    ? undefined
    : `Expected a time-out in milliseconds, 0 or more, or Infinity; got ${whatCame(time)}`;
}

function isReply(action: unknown): boolean {
  return (
    typeof action === "object" &&
    action !== null &&
    "type" in action &&
    action.type === "reply" &&
    "from" in action &&
    action.from instanceof Deferred
  );
}

function wrongModule(action: object): string | undefined {
  if (typeOf(action) === "pop_callback_module") return undefined;
  const module: unknown = "module" in action ? action.module : undefined;
  if (typeof module === "object" && module !== null) {
    if ("states" in module && typeof module.states === "object" && module.states !== null) return undefined;
    if ("handleEvent" in module && typeof module.handleEvent === "function") return undefined;
  }
  return `Expected a module with \`states\` or \`handleEvent\`, got ${whatCame(module)}`;
}

function typeOf(action: unknown): unknown {
  return typeof action === "object" && action !== null && "type" in action ? action.type : undefined;
}
