import { StoreError } from "./store-port.js";

const MOST_LENGTH = 64;
const NAME = /^[A-Za-z0-9][A-Za-z0-9.-]*$/;
/** What lies beside the stores of a folder, or beside one that was damaged. */
const RESERVED = /^(lock|rescue|(data|lock)\.mdb)(\.|$)|\.damaged-/;

/** Whether a store of a folder may have this name: letters, digits, `-` and `.`, so that it is never a path. */
export function isStoreName(name: string): boolean {
  return name.length <= MOST_LENGTH && NAME.test(name) && !RESERVED.test(name);
}

/**
 * Checks the name of a store of a folder.
 *
 * @throws {StoreError} `bad_option`
 */
export function checkStoreName(name: unknown): string {
  if (typeof name === "string" && isStoreName(name)) return name;
  throw new StoreError(
    "bad_option",
    `Expected the name of a store to be letters, digits, "-" and ".", at most ${MOST_LENGTH}, and none of those that its files have, got ${JSON.stringify(name) ?? typeof name}`,
  );
}

/** The names that a store may have, the wanted one first: later ones are for while somebody else has the earlier. */
export function* namesFrom(name: string): Generator<string, void> {
  yield name;
  for (let number = 2; ; number++) yield `${name}.${number}`;
}
