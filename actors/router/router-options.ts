import { BadArgumentError, whatCame } from "../../src/index.js";
import type { RouterLimits } from "./router-table.js";

/** What a router is given at its start. */
export interface RouterOptions {
  /** The name under which `routerOf` finds it, unique in the system; `"router"` by default. */
  readonly name?: string;
  /** Most actors under one id, the devices of one person for instance; 100 by default. */
  readonly actorsPerId?: number;
  /** Most ids of one actor; 100 by default. */
  readonly idsPerActor?: number;
  /** Most ids in all; 1,000,000 by default. */
  readonly maxIds?: number;
  /** What a login does where an id has its most actors: `"refuse"`, the default, or `"replace_oldest"`, which logs the oldest out and tells it. */
  readonly whenFull?: "refuse" | "replace_oldest";
}

/** Options of a router with every default filled in. */
export interface CheckedRouterOptions extends RouterLimits {
  readonly name: string;
}

/** The name of a router that is given none. */
export const DEFAULT_ROUTER = "router";

/**
 * Checks the options of a router and fills in the defaults.
 *
 * @throws {BadArgumentError} for the first that cannot be used
 */
export function checkRouterOptions(options: RouterOptions = {}): CheckedRouterOptions {
  if (typeof options !== "object" || options === null) throw wrong("an object", options);
  const { name = DEFAULT_ROUTER, actorsPerId = 100, idsPerActor = 100, maxIds = 1_000_000 } = options;
  const { whenFull = "refuse" } = options;
  if (typeof name !== "string" || name === "") throw wrong("a name that is not empty", name);
  for (const [option, value] of Object.entries({ actorsPerId, idsPerActor, maxIds })) {
    if (!Number.isSafeInteger(value) || value < 1) throw wrong(`${option} to be a whole number from 1`, value);
  }
  if (whenFull !== "refuse" && whenFull !== "replace_oldest") {
    throw wrong('whenFull to be "refuse" or "replace_oldest"', whenFull);
  }
  return { name, actorsPerId, idsPerActor, maxIds, whenFull };
}

function wrong(expected: string, value: unknown): BadArgumentError {
  return new BadArgumentError(`Expected of the options of a router ${expected}, got ${whatCame(value)}`);
}
