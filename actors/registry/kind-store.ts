import type { KeyId } from "./key.js";
import { KeyIndex } from "./key-index.js";
import { type Kind, UNIQUENESS, type Uniqueness } from "./kind.js";
import { Row } from "./row.js";
import { RowList } from "./row-list.js";

/** The rows of one owner under one key. */
type OwnRows<Owner> = Row<Owner> | Set<Row<Owner>>;

/** The rows under one key: most keys have one, which then costs no map. */
type Bucket<Owner> = Row<Owner> | Map<Owner, OwnRows<Owner>>;

/** The rows of one kind, by key, by key and owner, and in the order of registration. */
export class KindStore<Owner> {
  readonly kind: Kind;
  readonly rows = new RowList<Owner>();
  readonly #uniqueness: Uniqueness;
  readonly #index: KeyIndex<Bucket<Owner>>;

  constructor(kind: Kind, partitions: number) {
    this.kind = kind;
    this.#uniqueness = UNIQUENESS[kind];
    this.#index = new KeyIndex(partitions);
  }

  /** How many different keys there are. */
  get keys(): number {
    return this.#index.size;
  }

  /** The row under a key of a kind that has one at most. */
  findOnly(id: KeyId): Row<Owner> | undefined {
    const bucket = this.#index.get(id);
    return bucket instanceof Row ? bucket : undefined;
  }

  /** The first row of an owner under a key. */
  find(id: KeyId, owner: Owner): Row<Owner> | undefined {
    const bucket = this.#index.get(id);
    if (bucket === undefined) return undefined;
    if (bucket instanceof Row) return bucket.owner === owner ? bucket : undefined;
    const own = bucket.get(owner);
    if (own === undefined || own instanceof Row) return own;
    for (const row of own) return row;
    return undefined;
  }

  /** The row that stands in the way of a new one; `undefined` when there is room. */
  obstacle(id: KeyId, owner: Owner): Row<Owner> | undefined {
    if (this.#uniqueness === "one") return this.findOnly(id);
    return this.#uniqueness === "many" ? undefined : this.find(id, owner);
  }

  /** All rows of an owner under a key, the oldest first: a list of its own that later changes do not touch. */
  ofOwner(id: KeyId, owner: Owner): Row<Owner>[] {
    const bucket = this.#index.get(id);
    if (bucket === undefined) return [];
    if (bucket instanceof Row) return bucket.owner === owner ? [bucket] : [];
    return listOf(bucket.get(owner));
  }

  /** All rows under a key: owners in the order in which they came, the rows of each in the order of registration. */
  under(id: KeyId): Row<Owner>[] {
    const bucket = this.#index.get(id);
    if (bucket === undefined) return [];
    if (bucket instanceof Row) return [bucket];
    const rows: Row<Owner>[] = [];
    for (const own of bucket.values()) {
      if (own instanceof Row) rows.push(own);
      else rows.push(...own);
    }
    return rows;
  }

  /** How many owners have something under a key. */
  ownersUnder(id: KeyId): number {
    const bucket = this.#index.get(id);
    if (bucket === undefined) return 0;
    return bucket instanceof Row ? 1 : bucket.size;
  }

  /** Puts a row in; nothing may stand in its way. */
  add(row: Row<Owner>): void {
    this.rows.add(row);
    this.#put(row);
  }

  remove(row: Row<Owner>): void {
    this.rows.remove(row);
    this.#take(row);
  }

  #put(row: Row<Owner>): void {
    if (this.#uniqueness === "one") return this.#index.set(row.id, row);
    const bucket = this.#index.get(row.id);
    if (bucket === undefined) this.#index.set(row.id, row);
    else if (bucket instanceof Row) {
      const rows: Map<Owner, OwnRows<Owner>> = new Map([[bucket.owner, bucket]]);
      put(rows, row);
      this.#index.set(row.id, rows);
    } else put(bucket, row);
  }

  #take(row: Row<Owner>): void {
    if (this.#uniqueness === "one") return this.#index.delete(row.id);
    const bucket = this.#index.get(row.id);
    if (bucket === row) this.#index.delete(row.id);
    if (bucket === undefined || bucket instanceof Row) return;
    const own = bucket.get(row.owner);
    if (own instanceof Set) own.delete(row);
    if (own === row || (own instanceof Set && own.size === 0)) bucket.delete(row.owner);
    if (bucket.size === 0) this.#index.delete(row.id);
  }
}

function put<Owner>(rows: Map<Owner, OwnRows<Owner>>, row: Row<Owner>): void {
  const own = rows.get(row.owner);
  if (own === undefined) rows.set(row.owner, row);
  else if (own instanceof Row) rows.set(row.owner, new Set([own, row]));
  else own.add(row);
}

function listOf<Owner>(own: OwnRows<Owner> | undefined): Row<Owner>[] {
  if (own === undefined) return [];
  return own instanceof Row ? [own] : [...own];
}
