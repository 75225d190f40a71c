import type { AnyRef } from "../../src/index.js";
import type { CounterKey } from "./key.js";
import type { EntryOf, EntryOptions as OptionsOf } from "./row.js";

/** One entry of a registry: who has registered what. */
export type Entry = EntryOf<AnyRef>;

/** What an entry may carry besides its value. */
export type EntryOptions = OptionsOf<AnyRef>;

/**
 * Why nothing was registered.
 *
 * `already_registered`: `owner` has it; where several may, that is the one who asked. `noproc`: the actor that was to own it has ended.
 */
export interface RegisterRefusal {
  readonly ok: false;
  readonly reason: "already_registered" | "noproc";
  readonly key: CounterKey;
  readonly owner: AnyRef;
}

/** What came of a registration. */
export type RegisterResult = { readonly ok: true } | RegisterRefusal;

/** What came of making sure that something is registered. */
export type EnsureResult = { readonly ok: true; readonly outcome: "new" | "updated" } | RegisterRefusal;

/** What came of changing a value by a function of the old one. */
export type UpdateResult =
  | { readonly ok: true; readonly value: unknown; readonly previous: unknown }
  | { readonly ok: false; readonly reason: "not_owner" };

/** A copy of an entry, for those outside. */
export function entryOf({ kind, key, owner, value }: Entry): Entry {
  return { kind, key, owner, value };
}
