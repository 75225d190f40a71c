import type { RegisterChange, RegisterEntry, WriteOutcome } from "../engine.js";

/**
 * The rules of the shared register as a table: compare-and-set, and revisions that only rise.
 *
 * One counter serves all keys, so a key that was deleted and written again has a higher revision than before, and a revision can be used as a
 * fencing token. Takes no clock and tells nobody; who watches is told by whoever holds the table.
 */
export class RegisterTable {
  readonly #entries = new Map<string, RegisterEntry>();
  #revision: number;

  /** A table whose first write gets the revision after `revision`. */
  constructor(revision = 0) {
    this.#revision = revision;
  }

  /** The latest revision that was given. */
  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): RegisterEntry | undefined {
    return this.#entries.get(key);
  }

  /** The entries whose keys begin with a prefix, in the order of their keys. */
  list(prefix: string): RegisterEntry[] {
    const found = [...this.#entries.values()].filter(({ key }) => key.startsWith(prefix));
    return found.sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  /** Writes if the entry has the expected revision; 0 expects none. */
  put(key: string, value: Uint8Array, expected: number): WriteOutcome {
    const current = this.#entries.get(key);
    if ((current?.revision ?? 0) !== expected) return { ok: false, current };
    const revision = ++this.#revision;
    this.#entries.set(key, { key, value, revision });
    return { ok: true, revision };
  }

  /** Deletes if the entry has the expected revision; that there is no entry, as expected, is a deletion as well. */
  delete(key: string, expected: number): WriteOutcome {
    const current = this.#entries.get(key);
    if ((current?.revision ?? 0) !== expected) return { ok: false, current };
    this.#entries.delete(key);
    return { ok: true, revision: ++this.#revision };
  }

  /** All entries under a prefix as the changes that a new watcher is told, in the order of their revisions. */
  replay(prefix: string): RegisterChange[] {
    return this.list(prefix).sort((one, other) => one.revision - other.revision);
  }
}
