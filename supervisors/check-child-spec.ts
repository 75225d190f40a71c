import { Actor, whatCame } from "../src/index.js";
import { type AnyActorClass, type CheckedChildSpec, type ChildPolicy, supervising } from "./child-spec.js";
import { checkBackoff } from "./check-backoff.js";
import { SupervisorSpecError, unexpected } from "./spec-error.js";
import type { BackoffRule } from "./strategy/backoff.js";
import type { AutoShutdown, ChildId, ChildType, RestartType, Shutdown } from "./strategy/terms.js";

const DEFAULT_WORKER_SHUTDOWN_MS = 5_000;

/** A specification as it came: JavaScript may send anything. */
type Unchecked = { readonly [Key in keyof CheckedChildSpec]?: unknown };

/** A checked policy and the class it is for. */
export type CheckedPolicy = Required<Omit<ChildPolicy, "backoff">> & {
  readonly start: AnyActorClass;
  readonly backoff?: BackoffRule;
};

/**
 * Checks child specifications and fills in the defaults, without starting anything. Unknown keys are ignored.
 *
 * @throws {SupervisorSpecError} for the first specification that cannot be used; the text says which one it is
 */
export function checkChildSpecs(specs: unknown, autoShutdown: AutoShutdown = "never"): CheckedChildSpec[] {
  if (!Array.isArray(specs)) {
    throw unexpected("invalid_child_spec", "children", "an array of child specifications", specs);
  }
  const checked = specs.map((spec: unknown, index) => checkChildSpec(spec, autoShutdown, `child ${index + 1}`));
  const ids = new Set<ChildId>();
  for (const { id } of checked) {
    if (ids.has(id)) {
      const text = `Expected every child to have an id of its own; got ${whatCame(id)} twice`;
      throw new SupervisorSpecError("duplicate_child_name", text);
    }
    ids.add(id);
  }
  return checked;
}

/**
 * Checks one child specification and fills in the defaults.
 *
 * @throws {SupervisorSpecError} when it cannot be used; the text calls it `which`
 */
export function checkChildSpec(spec: unknown, autoShutdown: AutoShutdown, which = "the child"): CheckedChildSpec {
  const given = checkObject(spec, which);
  const id = checkId(given.id, which);
  const at = `${which} (id ${whatCame(id)})`;
  const policy = checkPolicy(given, at);
  const significant = checkSignificant(given.significant, at, policy.restart, autoShutdown);
  return {
    id,
    ...policy,
    significant,
    ...titlesOf(given, at),
    ...(given.args === undefined ? {} : { args: given.args }),
  };
}

/** Checks what a specification says of the class and of its treatment, and fills in the defaults. */
export function checkPolicy(given: Unchecked, at: string): CheckedPolicy {
  const start = checkStart(given.start, at);
  const { restart = "permanent", type = defaultType(start) } = given;
  if (!isRestartType(restart)) {
    throw unexpected("invalid_restart_type", `restart of ${at}`, '"permanent", "transient" or "temporary"', restart);
  }
  if (!isChildType(type)) throw unexpected("invalid_child_type", `type of ${at}`, '"worker" or "supervisor"', type);
  const { shutdown = type === "supervisor" ? "infinity" : DEFAULT_WORKER_SHUTDOWN_MS } = given;
  if (!isShutdown(shutdown)) {
    const expected = 'a number of milliseconds from 0, "infinity" or "brutal_kill"';
    throw unexpected("invalid_shutdown", `shutdown of ${at}`, expected, shutdown);
  }
  const policy = { start, restart, shutdown, type };
  return given.backoff === undefined ? policy : { ...policy, backoff: checkBackoff(given.backoff, at, restart) };
}

/** Refuses what is not an object. */
function checkObject(spec: unknown, which: string): Unchecked {
  if (typeof spec === "object" && spec !== null && !Array.isArray(spec)) return spec;
  throw unexpected("invalid_child_spec", which, "a child specification made with child(Class, { id, ... })", spec);
}

/** The name and the label that a specification gives, where it gives one. */
function titlesOf(given: Unchecked, at: string): { readonly name?: string; readonly label?: string } {
  const { name, label } = given;
  if (name !== undefined && (typeof name !== "string" || name === "")) {
    throw unexpected("invalid_name", `name of ${at}`, "a text that is not empty", name);
  }
  if (label !== undefined && typeof label !== "string") {
    throw unexpected("invalid_name", `label of ${at}`, "a text", label);
  }
  return { ...(name === undefined ? {} : { name }), ...(label === undefined ? {} : { label }) };
}

function checkId(id: unknown, which: string): ChildId {
  if (typeof id === "string" || typeof id === "number") return id;
  if (id === undefined) throw unexpected("missing_id", `id of ${which}`, "a text or a number", id);
  throw unexpected("invalid_id", `id of ${which}`, "a text or a number", id);
}

function checkStart(start: unknown, at: string): AnyActorClass {
  if (isActorClass(start)) return start;
  throw unexpected(start === undefined ? "missing_start" : "invalid_start", `start of ${at}`, "an actor class", start);
}

function checkSignificant(significant: unknown, at: string, restart: RestartType, autoShutdown: AutoShutdown): boolean {
  if (significant === undefined || significant === false) return false;
  if (significant !== true)
    throw unexpected("invalid_significant", `significant of ${at}`, "true or false", significant);
  if (autoShutdown === "never") {
    const text = `Expected ${at} not to be significant, because autoShutdown of its supervisor is "never"; got significant: true`;
    throw new SupervisorSpecError("bad_combination", text);
  }
  if (restart === "permanent") {
    const text = `Expected ${at} not to be significant, because it is permanent and always restarted; got significant: true`;
    throw new SupervisorSpecError("bad_combination", text);
  }
  return true;
}

function defaultType(start: AnyActorClass): ChildType {
  return Reflect.get(start, supervising) === true ? "supervisor" : "worker";
}

function isActorClass(value: unknown): value is AnyActorClass {
  return typeof value === "function" && value.prototype instanceof Actor;
}

function isRestartType(value: unknown): value is RestartType {
  return value === "permanent" || value === "transient" || value === "temporary";
}

function isChildType(value: unknown): value is ChildType {
  return value === "worker" || value === "supervisor";
}

function isShutdown(value: unknown): value is Shutdown {
  if (value === "infinity" || value === "brutal_kill") return true;
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
