import type { AnyRef } from "../../src/index.js";
import type { CounterKey, KeyId } from "./key.js";
import type { Kind } from "./kind.js";
import { idFor, type RegistryCore } from "./registry-core.js";
import type { RegisterResult } from "./results.js";

/** One of several entries to register: its key and its value. */
export type NewEntry = readonly [key: CounterKey, value?: unknown];

/** Registers several entries for one owner, or none of them. */
export function registerAll(
  core: RegistryCore,
  kind: Kind,
  entries: readonly NewEntry[],
  owner: AnyRef,
): RegisterResult {
  const ids = entries.map(([key]) => idFor(kind, key));
  // Found out before, so that nobody is told of entries that are taken back at once.
  for (const [index, id] of ids.entries()) {
    const obstacle = core.obstacle(kind, id, owner);
    const key = entries[index]?.[0];
    if (obstacle !== undefined && key !== undefined) {
      return { ok: false, reason: "already_registered", key, owner: obstacle.owner };
    }
  }
  const made: KeyId[] = [];
  let complete = false;
  try {
    for (const [index, [key, value]] of entries.entries()) {
      const result = core.register(kind, key, owner, value);
      if (!result.ok) return result;
      const id = ids[index];
      if (id !== undefined) made.push(id);
    }
    complete = true;
    return { ok: true };
  } finally {
    // A value that cannot be, or a key that is there twice.
    if (!complete) undo(core, kind, made, owner);
  }
}

function undo(core: RegistryCore, kind: Kind, made: readonly KeyId[], owner: AnyRef): void {
  for (const id of made) {
    const last = core.table.store(kind).ofOwner(id, owner).at(-1);
    if (last !== undefined) core.remove(last);
  }
}
