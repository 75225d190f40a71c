import type { Holder } from "./holder.js";
import type { CounterKey, Key, KeyId } from "./key.js";
import type { Kind } from "./kind.js";

/** What an entry may carry besides its value. */
export interface EntryOptions<Owner> {
  /** Data about the entry, replaced as a whole. */
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** Of a resource counter: who is told when it has come down to 0, an owner or whoever holds a name then. */
  readonly onZero?: Owner | Key;
}

/** One entry, as others see it. */
export interface EntryOf<Owner> {
  readonly kind: Kind;
  readonly key: CounterKey;
  readonly owner: Owner;
  readonly value: unknown;
}

/** One entry of a table. All kinds share one shape, which keeps scans fast. */
export class Row<Owner> implements EntryOf<Owner> {
  readonly kind: Kind;
  readonly key: CounterKey;
  readonly id: KeyId;
  owner: Owner;
  value: unknown;
  options: EntryOptions<Owner> | undefined;
  /** The list of all that its owner has, in which it hangs by `previous` and `next`. */
  holder: Holder<Owner>;
  previous: Row<Owner> | null = null;
  next: Row<Owner> | null = null;
  /** Its number in the order of registration, unique among the rows of its kind. */
  order = 0;
  /** Where it stands in the list of all rows of its kind. */
  slot = 0;
  /** False when it has been taken out of the table. */
  live = true;

  constructor(kind: Kind, key: CounterKey, id: KeyId, holder: Holder<Owner>, value: unknown) {
    this.kind = kind;
    this.key = key;
    this.id = id;
    this.owner = holder.owner;
    this.value = value;
    this.options = undefined;
    this.holder = holder;
  }
}
