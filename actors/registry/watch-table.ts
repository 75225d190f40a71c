import type { Attachment, Holder } from "./holder.js";
import type { CounterKey, KeyId } from "./key.js";
import type { Kind } from "./kind.js";

/**
 * What one wants to hear of a key.
 *
 * `wait`: that it is registered, once. `info`: what becomes of its owner, until nobody holds it. `follow`: the same, and when somebody holds it
 * again. `standby`: like `info`, and the watcher takes the key over when the owner dies. `status`: who holds it, now and always.
 */
export type WatchType = "wait" | "info" | "follow" | "standby" | "status";

/** One who watches a key: it hangs on the key and on the list of the watcher, and leaves both at once. */
export class Watch<Owner, Teller> implements Attachment {
  readonly type: WatchType;
  readonly kind: Kind;
  readonly key: CounterKey;
  readonly id: KeyId;
  /** Whose end ends it; `undefined` for the program, which does not end. */
  readonly holder: Holder<Owner> | undefined;
  /** How it is told. */
  readonly teller: Teller;
  readonly #table: WatchTable<Owner, Teller>;

  constructor(
    table: WatchTable<Owner, Teller>,
    what: { readonly type: WatchType; readonly kind: Kind; readonly key: CounterKey; readonly id: KeyId },
    holder: Holder<Owner> | undefined,
    teller: Teller,
  ) {
    this.type = what.type;
    this.kind = what.kind;
    this.key = what.key;
    this.id = what.id;
    this.holder = holder;
    this.teller = teller;
    this.#table = table;
  }

  ownerEnded(): void {
    this.#table.remove(this);
  }
}

/** Who watches which key, in the order in which they came. Removing one costs constant time. */
export class WatchTable<Owner, Teller> {
  readonly #byKind = new Map<Kind, Map<KeyId, Set<Watch<Owner, Teller>>>>();
  #size = 0;

  /** How many watch anything. */
  get size(): number {
    return this.#size;
  }

  add(watch: Watch<Owner, Teller>): void {
    let byId = this.#byKind.get(watch.kind);
    if (byId === undefined) {
      byId = new Map();
      this.#byKind.set(watch.kind, byId);
    }
    const watches = byId.get(watch.id);
    if (watches === undefined) byId.set(watch.id, new Set([watch]));
    else watches.add(watch);
    watch.holder?.attach(watch);
    this.#size++;
  }

  /** Takes a watch off its key and its watcher; false when it was off already. */
  remove(watch: Watch<Owner, Teller>): boolean {
    const byId = this.#byKind.get(watch.kind);
    const watches = byId?.get(watch.id);
    if (watches?.delete(watch) !== true) return false;
    if (watches.size === 0) byId?.delete(watch.id);
    if (byId?.size === 0) this.#byKind.delete(watch.kind);
    watch.holder?.detach(watch);
    this.#size--;
    return true;
  }

  /** All who watch a key, the first first: a list of its own that later changes do not touch. */
  of(kind: Kind, id: KeyId): readonly Watch<Owner, Teller>[] {
    // Nearly always nobody does: nothing is searched for then.
    if (this.#size === 0) return NOBODY;
    return [...(this.#byKind.get(kind)?.get(id) ?? NOBODY)];
  }

  /** All watches there are. */
  *all(): Generator<Watch<Owner, Teller>, void, undefined> {
    for (const byId of this.#byKind.values()) for (const watches of byId.values()) yield* watches;
  }
}

const NOBODY: readonly never[] = [];
