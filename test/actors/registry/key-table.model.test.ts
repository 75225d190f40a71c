import fc from "fast-check";
import { expect, test } from "vitest";
import { counterIdOf, idOf, type CounterKey, type Key, wildcard } from "../../../actors/registry/key.js";
import type { Holder } from "../../../actors/registry/holder.js";
import { type Kind, KINDS } from "../../../actors/registry/kind.js";
import { KeyTable } from "../../../actors/registry/key-table.js";
import { compileQuery } from "../../../actors/registry/query.js";
import { countMatches, selectPage } from "../../../actors/registry/selection.js";
import { MapIndex } from "./map-index.js";

interface ModelEntry {
  readonly kind: Kind;
  readonly key: CounterKey;
  readonly owner: string;
  value: number;
}

const same = (one: CounterKey, other: CounterKey): boolean =>
  Array.isArray(one) || Array.isArray(other)
    ? Array.isArray(one) &&
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((part, at) => part === other[at])
    : one === other;

/** The rules in the most naive form: one array, searched from the front; sums and counts are counted when they are asked for. */
class Model {
  entries: ModelEntry[] = [];

  blocked(kind: Kind, key: CounterKey, owner: string): boolean {
    const under = this.entries.filter((entry) => entry.kind === kind && same(entry.key, key));
    if (kind === "duplicate") return false;
    if (kind === "name" || kind === "aggregated_counter" || kind === "resource_counter") return under.length > 0;
    return under.some((entry) => entry.owner === owner);
  }

  valueOf(entry: ModelEntry): number {
    const { kind, key, value } = entry;
    if (kind === "aggregated_counter") {
      return this.entries.reduce(
        (sum, each) => (each.kind === "counter" && same(each.key, key) ? sum + each.value : sum),
        0,
      );
    }
    if (kind !== "resource_counter") return value;
    return this.entries.filter((each) => each.kind === "resource" && counts(key, each.key)).length;
  }

  seen(): unknown[] {
    return this.entries.map((entry) => [entry.kind, entry.key, entry.owner, this.valueOf(entry)]);
  }
}

function counts(counter: CounterKey, resource: CounterKey): boolean {
  if (!Array.isArray(counter) || counter.at(-1) !== wildcard) return same(counter, resource);
  return (
    Array.isArray(resource) &&
    resource.length === counter.length &&
    counter.slice(0, -1).every((part, at) => part === resource[at])
  );
}

const key: fc.Arbitrary<Key> = fc.constantFrom<Key>(
  "a",
  "b",
  1,
  "1",
  true,
  ["a", 1],
  ["a", 2],
  ["a"],
  ["a", "1"],
  "\u0001la",
);
const owner = fc.constantFrom("o", "p", "q");
const kind = fc.constantFrom(...KINDS);
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("insert" as const),
      kind,
      key,
      wild: fc.boolean(),
      owner,
      value: fc.integer({ min: -9, max: 9 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("remove" as const), index: fc.nat(40) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("count" as const), index: fc.nat(40), by: fc.integer({ min: -9, max: 9 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("move" as const), index: fc.nat(40), owner }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("die" as const), owner }) },
);

test("the key table does what a list of entries does, whatever comes and goes", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), fc.constantFrom(1, 3), (steps, partitions) => {
      const holders = new MapIndex<Holder<string>>();
      const table: KeyTable<string> = new KeyTable<string>({
        partitions,
        holders,
        listener: {
          holderEnded(holder) {
            for (let row = holder.first; row !== null; row = holder.first) table.remove(row);
          },
        },
      });
      const model = new Model();
      const rowAt = (index: number) => {
        const entry = model.entries[index % Math.max(1, model.entries.length)];
        if (entry === undefined) return undefined;
        const id = entry.kind === "resource_counter" ? counterIdOf(entry.key) : idOf(entry.key as Key);
        const nth = model.entries
          .filter((each) => each.kind === entry.kind && each.owner === entry.owner && same(each.key, entry.key))
          .indexOf(entry);
        const row = table.store(entry.kind).ofOwner(id, entry.owner)[nth];
        return row === undefined ? undefined : { entry, row };
      };
      const without = (entry: ModelEntry): ModelEntry[] => model.entries.filter((each) => each !== entry);
      for (const each of steps) {
        if (each.do === "insert") {
          const isCounter = each.kind === "resource_counter";
          const wild: CounterKey =
            each.wild && isCounter && Array.isArray(each.key) ? [...each.key.slice(0, -1), wildcard] : each.key;
          const id = isCounter ? counterIdOf(wild) : idOf(each.key);
          const obstacle = table.store(each.kind).obstacle(id, each.owner);
          expect(obstacle !== undefined).toBe(model.blocked(each.kind, wild, each.owner));
          if (obstacle !== undefined) continue;
          table.insert(each.kind, wild, id, each.owner, each.value);
          model.entries.push({ kind: each.kind, key: wild, owner: each.owner, value: each.value });
        } else if (each.do === "die") {
          table.end(each.owner);
          model.entries = model.entries.filter((entry) => entry.owner !== each.owner);
        } else {
          const found = rowAt(each.index);
          if (found === undefined) continue;
          const { entry, row } = found;
          if (each.do === "remove") {
            const zeroed = table.remove(row);
            model.entries = without(entry);
            expect(zeroed.every(({ counter }) => counter.value === 0)).toBe(true);
          } else if (each.do === "count" && entry.kind === "counter") {
            expect(table.count(row, each.by)).toBe((entry.value += each.by));
          } else if (each.do === "move" && entry.kind === "name" && entry.owner !== each.owner) {
            table.move(row, each.owner);
            model.entries = [...without(entry), { ...entry, owner: each.owner }];
          }
        }
      }
      const all = compileQuery<string, unknown, unknown>({}, (row) => [row.kind, row.key, row.owner, row.value]);
      const expected = KINDS.flatMap((name) => model.seen().filter((row) => Array.isArray(row) && row[0] === name));
      const pages: unknown[] = [];
      let page = selectPage(table, [all], { limit: 7, after: undefined });
      pages.push(...page.rows);
      while (page.cursor !== undefined) {
        page = selectPage(table, [all], { limit: 7, after: page.cursor });
        pages.push(...page.rows);
      }
      expect(pages).toEqual(expected);
      expect(table.size).toBe(model.entries.length);
      expect(countMatches(table, [all])).toBe(model.entries.length);
      const owners = new Set(model.entries.map((entry) => entry.owner));
      expect(Array.from(holders, (holder) => holder.owner).sort()).toEqual([...owners].sort());
      expect(table.owners).toBe(owners.size);
      for (const name of KINDS) {
        const { rows } = table.store(name);
        expect(rows.slots).toBeLessThanOrEqual(Math.max(64, 2 * rows.size));
        if (rows.size === 0) expect(table.store(name).keys).toBe(0);
      }
    }),
    { numRuns: 300 },
  );
});

test("two keys have the same id if, and only if, they are the same", () => {
  const part = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.constantFrom("", "\u0001", "s1:a", "1", "true", "\u0001l"),
    fc.integer({ min: -2, max: 2 }),
    fc.boolean(),
    fc.bigInt({ min: -2n, max: 2n }),
  );
  const any = fc.oneof(part, fc.array(part, { maxLength: 3 }));
  fc.assert(
    fc.property(any, any, (one, other) => {
      expect(idOf(one) === idOf(other)).toBe(same(one, other));
    }),
    { numRuns: 2_000 },
  );
});
