import { type ApplicationDefinition, dependenciesOf, partsOf } from "./definition.js";
import type { CircularDependency, NameConflict, UnknownApplication } from "./results.js";

/** In which order applications start: each after all that it depends on. */
export type StartOrder =
  | { readonly ok: true; readonly order: readonly ApplicationDefinition[] }
  | CircularDependency
  | NameConflict
  | UnknownApplication;

/**
 * Finds the order in which the wanted applications and all that they need are started; those that need nothing come as they are written.
 *
 * `find` gives the definition of a name that is loaded.
 */
export function startOrder(
  wanted: readonly (ApplicationDefinition | string)[],
  find: (name: string) => ApplicationDefinition | undefined,
): StartOrder {
  const known = new Map<string, ApplicationDefinition>();
  const conflict = wanted.map((each) => learn(each, known)).find((found) => found !== undefined);
  if (conflict !== undefined) return { ok: false, reason: "name_conflict", application: conflict };
  const order = new Set<ApplicationDefinition>();
  const path: string[] = [];
  const visit = (each: ApplicationDefinition | string): Exclude<StartOrder, { ok: true }> | undefined => {
    const name = nameOf(each);
    const definition = known.get(name) ?? find(name);
    if (definition === undefined)
      return { ok: false, reason: "unknown_application", application: name, path: [...path] };
    if (order.has(definition)) return undefined;
    const again = path.indexOf(name);
    if (again >= 0) return { ok: false, reason: "circular_dependency", cycle: [...path.slice(again), name] };
    path.push(name);
    for (const dependency of dependenciesOf(definition)) {
      const failure = visit(dependency);
      if (failure !== undefined) return failure;
    }
    path.pop();
    order.add(definition);
    return undefined;
  };
  for (const each of wanted) {
    const failure = visit(each);
    if (failure !== undefined) return failure;
  }
  return { ok: true, order: [...order] };
}

/** The name of an application that is given by its definition or by its name. */
export function nameOf(application: string | { readonly name: string }): string {
  return typeof application === "string" ? application : application.name;
}

/** Notes the definitions that can be reached from one; gives the name that two of them have. */
function learn(each: ApplicationDefinition | string, known: Map<string, ApplicationDefinition>): string | undefined {
  if (typeof each === "string") return undefined;
  const present = known.get(each.name);
  if (present !== undefined) return present === each ? undefined : each.name;
  known.set(each.name, each);
  for (const part of partsOf(each)) {
    for (const dependency of part.dependencies) {
      const conflict = learn(dependency, known);
      if (conflict !== undefined) return conflict;
    }
  }
  return undefined;
}
