import type { Ok, Refused } from "../results.js";
import { type ApplicationDefinition, dependenciesOf } from "./definition.js";
import type { ApplicationStartFailed } from "./results.js";
import { nameOf } from "./start-order.js";

/** Whether applications start one after another, or each as soon as its dependencies run. */
export type StartMode = "serial" | "concurrent";

/** Why an application of several did not start. */
export type StartFailure = ApplicationStartFailed | Refused<"stopping">;

/** What became of a start of several applications. */
export interface AllStarted {
  /** The names of those that run, in the order in which their starts ended. */
  readonly started: readonly string[];
  /** The first failure; after it nothing more is started. */
  readonly failure: StartFailure | undefined;
}

/** Starts applications that do not run, given in an order in which each comes after its dependencies. */
export async function startAll(
  order: readonly ApplicationDefinition[],
  mode: StartMode,
  start: (definition: ApplicationDefinition) => Promise<Ok | StartFailure>,
): Promise<AllStarted> {
  const started: string[] = [];
  const starts = new Map<string, Promise<void>>();
  let failure: StartFailure | undefined;
  const startOne = async (definition: ApplicationDefinition): Promise<void> => {
    if (mode === "concurrent") {
      // A dependency that is not among them runs already.
      const awaited = dependenciesOf(definition).map((each) => starts.get(nameOf(each)) ?? Promise.resolve());
      await Promise.all(awaited);
    }
    if (failure !== undefined) return;
    const result = await start(definition);
    if (result.ok) started.push(definition.name);
    else failure ??= result;
  };
  for (const definition of order) {
    const starting = startOne(definition);
    starts.set(definition.name, starting);
    if (mode === "serial") await starting;
  }
  await Promise.all(starts.values());
  return { started, failure };
}
