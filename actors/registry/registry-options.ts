import { BadArgumentError, whatCame } from "../../src/index.js";

/** What a registry is given at its start. */
export interface RegistryOptions {
  /** The name under which `registryOf` finds it, unique in the system. */
  readonly name: string;
  /** Into how many parts the keys are divided; 1 by default. Worth it above some hundred thousand keys. */
  readonly partitions?: number;
  /** The names of actors that are told of every entry that comes or goes. One that does not run is left out. */
  readonly listeners?: readonly string[];
  /** How many promises may wait for a key, a lock or a worker at a time; 10,000 by default. One more is refused with `busy`. */
  readonly maxWaiting?: number;
}

/** Options of a registry with every default filled in. */
export type CheckedRegistryOptions = Required<RegistryOptions>;

const MOST_PARTITIONS = 4_096;
const DEFAULT_MAX_WAITING = 10_000;

/**
 * Checks the options of a registry and fills in the defaults.
 *
 * @throws {BadArgumentError} for the first that cannot be used
 */
export function checkRegistryOptions(options: RegistryOptions): CheckedRegistryOptions {
  if (typeof options !== "object" || options === null) throw wrong("an object with a name", options);
  const { name, partitions = 1, listeners = [], maxWaiting = DEFAULT_MAX_WAITING } = options;
  if (typeof name !== "string" || name === "") throw wrong("name to be text", name);
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > MOST_PARTITIONS) {
    throw wrong(`partitions to be a whole number from 1 to ${MOST_PARTITIONS}`, partitions);
  }
  const names: unknown = listeners;
  if (!Array.isArray(names) || !names.every((each) => typeof each === "string")) {
    throw wrong("listeners to be a list of names", names);
  }
  if (!(Number.isInteger(maxWaiting) && maxWaiting >= 0) && maxWaiting !== Number.POSITIVE_INFINITY) {
    throw wrong("maxWaiting to be a whole number from 0, or Infinity", maxWaiting);
  }
  return { name, partitions, listeners: names, maxWaiting };
}

function wrong(expected: string, came: unknown): BadArgumentError {
  return new BadArgumentError(`Cannot start this registry: expected ${expected}, got ${whatCame(came)}`);
}
