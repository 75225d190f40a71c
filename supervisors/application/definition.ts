import { Actor, type ActorClass, type ArgsOf, BadArgumentError, whatCame } from "../../src/index.js";
import type { AnyActorClass, ArgsOption } from "../child-spec.js";
import type { RestartType } from "../strategy/terms.js";
import {
  type AnyApplicationClass,
  type Application,
  type ApplicationContext,
  isApplicationClass,
} from "./application.js";

/** A step of an application's start, after its top supervisor; see {@link Application.startPhase}. */
export interface StartPhase {
  readonly phase: string;
  readonly args?: unknown;
}

/** What is said of an application besides its class and arguments. */
export interface ApplicationOptions<Env extends object> {
  /** Unique in a system. */
  readonly name: string;
  /** One line for people. */
  readonly description?: string;
  /** Any text; shown in lists. */
  readonly version?: string;
  /** The applications that must run before this one starts: their definitions, or the names of loaded ones. */
  readonly dependencies?: readonly (ApplicationDefinition | string)[];
  /**
   * Applications that are parts of this one: it starts their top supervisors in its own tree.
   *
   * Their `start`, `prepStop` and `stop` are not called. Their `startPhase` is, for the phases that both have; their dependencies are this one's.
   */
  readonly includes?: readonly ApplicationDefinition[];
  /** Values that `getEnv` gives, until `setEnv` sets others. */
  readonly environment?: Env;
  /**
   * What the end of the top supervisor by itself means: `permanent` (default), the system stops; `transient`, it stops unless the reason is
   * `"normal"`; `temporary`, that is reported and no more.
   */
  readonly restart?: RestartType;
  /** Steps of the start, in order, when the top supervisor runs; only with an {@link Application}. */
  readonly startPhases?: readonly StartPhase[];
  /**
   * How long a stop may take, in milliseconds; then what is left is killed. That of {@link Applications} by default, where it is `Infinity`:
   * the time-outs of the tree decide.
   */
  readonly shutdownTimeoutMs?: number;
}

/** An application: what to start, what must run before, and how it ends. Made with {@link application} or {@link libraryApplication}. */
export interface ApplicationDefinition<Env extends object = object> {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly dependencies: readonly (ApplicationDefinition | string)[];
  readonly includes: readonly ApplicationDefinition[];
  readonly environment: Env;
  readonly restart: RestartType;
  readonly startPhases: readonly StartPhase[];
  /** `undefined` for that of the system's {@link Applications}. */
  readonly shutdownTimeoutMs: number | undefined;
  /** The class of its top supervisor, or one that starts it; `undefined` for a library. */
  readonly start: AnyActorClass | AnyApplicationClass | undefined;
  readonly args: unknown;
}

/** A class that {@link application} takes: its constructor passes on what it is given. */
export interface ApplicationClass<A> {
  new (context: ApplicationContext): A;
  readonly prototype: object;
  readonly name: string;
}

/** What `start` of an application class takes. */
export type ApplicationArgs<A> = A extends { start(type: "normal", args: infer Args): unknown } ? Args : never;

type NoEnvironment = Record<never, never>;

/**
 * Defines an application by the class of its top supervisor, or by an {@link Application} that starts it.
 *
 * ```ts
 * const shop = application(ShopTree, { name: "shop", args: { port: 4000 }, dependencies: [database] });
 * ```
 *
 * @throws {BadArgumentError} for a value that cannot be used
 */
export function application<A extends Actor<never>, Env extends object = NoEnvironment>(
  start: ActorClass<A>,
  options: ApplicationOptions<Env> & ArgsOption<ArgsOf<A>>,
): ApplicationDefinition<Env>;
export function application<A extends Application<never, unknown>, Env extends object = NoEnvironment>(
  start: ApplicationClass<A>,
  options: ApplicationOptions<Env> & ArgsOption<ApplicationArgs<A>>,
): ApplicationDefinition<Env>;
export function application(
  start: AnyActorClass | AnyApplicationClass,
  options: ApplicationOptions<object> & { readonly args?: unknown },
): ApplicationDefinition {
  if (typeof start !== "function" || !(start.prototype instanceof Actor || isApplicationClass(start))) {
    const expected = "Expected an application to start with the class of an actor or of an Application";
    throw new BadArgumentError(`${expected}, got ${whatCame(start)}`);
  }
  return define(start, options, options.args);
}

/** Defines an application that runs nothing: it has dependencies, an environment and a name in lists. */
export function libraryApplication<Env extends object = NoEnvironment>(
  options: Omit<ApplicationOptions<Env>, "includes" | "startPhases" | "restart" | "shutdownTimeoutMs">,
): ApplicationDefinition<Env>;
export function libraryApplication(options: ApplicationOptions<object>): ApplicationDefinition {
  return define(undefined, options, undefined);
}

/** The application and all that it includes, directly or through others; itself first. */
export function partsOf(definition: ApplicationDefinition): ApplicationDefinition[] {
  const parts = new Set<ApplicationDefinition>();
  const add = (part: ApplicationDefinition): void => {
    if (parts.has(part)) return;
    parts.add(part);
    for (const included of part.includes) add(included);
  };
  add(definition);
  return [...parts];
}

/** What must run before it starts: its own dependencies, and those of its parts. */
export function dependenciesOf(definition: ApplicationDefinition): (ApplicationDefinition | string)[] {
  return partsOf(definition).flatMap((part) => part.dependencies);
}

function define(
  start: AnyActorClass | AnyApplicationClass | undefined,
  options: ApplicationOptions<object>,
  args: unknown,
): ApplicationDefinition {
  const { description = "", version = "", dependencies = [], includes = [], environment = {} } = options;
  const { name, restart = "permanent", startPhases = [], shutdownTimeoutMs } = options;
  check(typeof name === "string" && name !== "", "the name of an application to be text", name);
  const about = (what: string): string => `${what} of the application ${JSON.stringify(name)} to be`;
  check(isRestartType(restart), `${about("restart")} "permanent", "transient" or "temporary"`, restart);
  for (const dependency of dependencies) {
    const known = typeof dependency === "string" ? dependency !== "" : isDefinition(dependency);
    check(known, `${about("each dependency")} a definition, or the name of one that is loaded`, dependency);
  }
  for (const part of includes) check(isDefinition(part), `${about("each of includes")} a definition`, part);
  check(typeof environment === "object" && environment !== null, `${about("environment")} an object`, environment);
  for (const { phase } of startPhases) check(typeof phase === "string", `${about("each phase")} text`, phase);
  check(
    startPhases.length === 0 || isApplicationClass(start),
    `${about("start")} a class with startPhase, since it has start phases`,
    start,
  );
  checkTimeout(shutdownTimeoutMs, about("shutdownTimeoutMs"));
  const environmentCopy = { ...environment };
  const fixed = { name, description, version, restart, shutdownTimeoutMs, start, args, startPhases };
  return { ...fixed, dependencies, includes, environment: environmentCopy };
}

/** Checks a time for a stop. @throws {BadArgumentError} unless it is a number of milliseconds from 0, `Infinity` or `undefined` */
export function checkTimeout(timeoutMs: number | undefined, what: string): void {
  const good = timeoutMs === undefined || (typeof timeoutMs === "number" && timeoutMs >= 0);
  check(good, `${what} a number of milliseconds from 0, or Infinity`, timeoutMs);
}

function check(good: boolean, expected: string, came: unknown): void {
  if (!good) throw new BadArgumentError(`Expected ${expected}, got ${whatCame(came)}`);
}

function isRestartType(value: unknown): value is RestartType {
  return value === "permanent" || value === "transient" || value === "temporary";
}

function isDefinition(value: unknown): value is ApplicationDefinition {
  return typeof value === "object" && value !== null && "name" in value && "dependencies" in value && "start" in value;
}
