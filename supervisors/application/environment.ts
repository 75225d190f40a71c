import type { ActorSystem } from "../../src/index.js";
import type { ApplicationDefinition } from "./definition.js";
import { sameValue } from "./same-value.js";
import { nameOf } from "./start-order.js";

/** How an environment differs from the one before. */
export interface EnvironmentDifference {
  readonly changed: Readonly<Record<string, unknown>>;
  readonly added: Readonly<Record<string, unknown>>;
  readonly removed: readonly string[];
}

/** The values of one application. Those that were set win over those of its definition, also when they were set first. */
export class Environment {
  #defined = new Map<string, unknown>();
  #set = new Map<string, unknown>();

  get(key: string): unknown {
    return this.#set.has(key) ? this.#set.get(key) : this.#defined.get(key);
  }

  set(key: string, value: unknown): void {
    this.#set.set(key, value);
  }

  delete(key: string): void {
    this.#set.delete(key);
    this.#defined.delete(key);
  }

  /** All values, those that are not there left out. */
  all(): ReadonlyMap<string, unknown> {
    return new Map([...this.#defined, ...this.#set]);
  }

  /** Takes the values of a definition. */
  define(environment: object): void {
    this.#defined = new Map(Object.entries(environment));
  }

  /** Replaces all values, and says what differs. */
  replace(environment: object): EnvironmentDifference {
    const before = this.all();
    this.#defined.clear();
    this.#set = new Map(Object.entries(environment));
    const now = [...this.#set];
    return {
      changed: Object.fromEntries(now.filter(([key, value]) => before.has(key) && !sameValue(before.get(key), value))),
      added: Object.fromEntries(now.filter(([key]) => !before.has(key))),
      removed: [...before.keys()].filter((key) => !this.#set.has(key)),
    };
  }
}

// A table beside the actors, so that everybody reads it at once and without a message, as ETS does in OTP.
const environments = new WeakMap<ActorSystem, Map<string, Environment>>();

/** The environment of an application, made when it is first asked for. */
export function environmentOf(system: ActorSystem, name: string): Environment {
  const all = environmentsOf(system);
  let found = all.get(name);
  if (found === undefined) {
    found = new Environment();
    all.set(name, found);
  }
  return found;
}

/** Removes the environment of an application. */
export function dropEnvironment(system: ActorSystem, name: string): void {
  environmentsOf(system).delete(name);
}

/**
 * A value of an application's environment, at once; `fallback` where there is none, `undefined` without a fallback.
 *
 * ```ts
 * const port = getEnv(this.system, shop, "port", 4000);
 * ```
 *
 * With a definition the value has the type that it has there.
 */
export function getEnv<Env extends object, Key extends keyof Env & string>(
  system: ActorSystem,
  application: ApplicationDefinition<Env>,
  key: Key,
): Env[Key] | undefined;
export function getEnv<Env extends object, Key extends keyof Env & string>(
  system: ActorSystem,
  application: ApplicationDefinition<Env>,
  key: Key,
  fallback: Env[Key],
): Env[Key];
export function getEnv(system: ActorSystem, application: string, key: string, fallback?: unknown): unknown;
export function getEnv(
  system: ActorSystem,
  application: ApplicationDefinition | string,
  key: string,
  fallback?: unknown,
): unknown {
  const value = environmentsOf(system).get(nameOf(application))?.get(key);
  return value === undefined ? fallback : value;
}

/**
 * Sets a value of an application's environment, also before that is loaded or started. Nobody is told; see `changeEnv`.
 */
export function setEnv<Env extends object, Key extends keyof Env & string>(
  system: ActorSystem,
  application: ApplicationDefinition<Env>,
  key: Key,
  value: Env[Key],
): void;
export function setEnv(system: ActorSystem, application: string, key: string, value: unknown): void;
export function setEnv(
  system: ActorSystem,
  application: ApplicationDefinition | string,
  key: string,
  value: unknown,
): void {
  environmentOf(system, nameOf(application)).set(key, value);
}

/** Removes a value of an application's environment, that of its definition too. */
export function unsetEnv(system: ActorSystem, application: ApplicationDefinition | string, key: string): void {
  environmentsOf(system).get(nameOf(application))?.delete(key);
}

function environmentsOf(system: ActorSystem): Map<string, Environment> {
  let all = environments.get(system);
  if (all === undefined) {
    all = new Map();
    environments.set(system, all);
  }
  return all;
}
