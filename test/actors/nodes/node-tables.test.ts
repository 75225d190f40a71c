import { expect, it } from "vitest";
import { NodeTables } from "../../../actors/nodes/node-tables.js";
import { type TableMessage, tableMessageOf } from "../../../actors/nodes/table-message.js";

const [a, b] = [
  { name: "a", incarnation: "1" },
  { name: "b", incarnation: "2" },
];

/** A table at node a, what it says to b, and what b has of it. */
class Pair {
  readonly said: TableMessage<number>[] = [];
  readonly here = new NodeTables<number>({ tell: (_, message) => this.#tell(message), changed: () => undefined });
  readonly changes: string[] = [];
  isCut = false;
  readonly there = new NodeTables<number>({
    tell: (_, message) => this.here.take(b, message) || true,
    changed: (_, key, value) => void this.changes.push(`${key}=${value}`),
  });

  #tell(message: TableMessage<number>): boolean {
    if (this.isCut) return false;
    this.said.push(message);
    return true;
  }

  /** Lets arrive what was said; of it only what `passes`. */
  arrive(passes: (index: number) => boolean = () => true): boolean {
    let lost = false;
    for (const [index, message] of this.said.splice(0).entries()) {
      if (passes(index)) lost = this.there.take(a, message) || lost;
    }
    return lost;
  }

  get rows(): [string, number][] {
    return [...this.there.rowsOf(a)];
  }
}

it("tells all at first, then what changes", () => {
  const pair = new Pair();
  pair.here.set("x", 1);
  pair.here.up(b, false);
  pair.here.set("y", 2);
  pair.here.set("x", undefined);
  pair.here.set("y", 2);
  pair.arrive();
  expect([pair.rows, pair.changes]).toEqual([[["y", 2]], ["x=1", "y=2", "x=undefined"]]);
});

it("a large table comes in parts, and holds from the last of them on", () => {
  const pair = new Pair();
  for (let row = 0; row < 2_500; row++) pair.here.set(`${row}`, row);
  pair.here.up(b, false);
  expect(pair.said).toHaveLength(3);
  const messages = pair.said.splice(0);
  for (const message of messages.slice(0, 2)) pair.there.take(a, message);
  expect(pair.rows).toHaveLength(0);
  for (const message of messages.slice(2)) pair.there.take(a, message);
  expect(pair.rows).toHaveLength(2_500);
});

it("asks for all of it once, when a change or the beginning of a state was lost", () => {
  const pair = new Pair();
  pair.here.up(b, false);
  pair.arrive();
  for (const key of ["x", "y", "z"]) pair.here.set(key, 1);
  pair.arrive((index) => index > 0);
  expect(pair.said).toHaveLength(1);
  pair.arrive();
  expect(pair.rows).toHaveLength(3);
  for (let row = 0; row < 2_500; row++) pair.here.set(`${row}`, row);
  pair.said.length = 0;
  pair.here.up(b, false);
  pair.arrive((index) => index > 0);
  pair.arrive();
  expect(pair.rows).toHaveLength(2_503);
});

it("says that something else was lost, once it can be said", () => {
  const pair = new Pair();
  pair.here.up(b, false);
  pair.arrive();
  pair.isCut = true;
  pair.here.failed(b);
  pair.here.set("x", 1);
  pair.here.up(b, false);
  pair.isCut = false;
  pair.here.up(b, false);
  expect(pair.arrive()).toBe(true);
  pair.here.up(b, false);
  expect([pair.arrive(), pair.rows]).toEqual([false, [["x", 1]]]);
});

it("is empty for all when it is closed, and the rows of a node that is down are gone", () => {
  const pair = new Pair();
  pair.here.set("x", 1);
  pair.here.up(b, false);
  pair.arrive();
  pair.here.close();
  pair.arrive();
  expect([pair.rows, pair.here.nodes]).toEqual([[], []]);
  pair.here.set("x", 1);
  pair.here.up(b, false);
  pair.arrive();
  pair.there.down(a);
  expect([pair.rows, pair.changes.at(-1)]).toEqual([[], "x=undefined"]);
});

it("asks a node that comes for all of it, as what that has told by itself may have come before anybody listened", () => {
  const pair = new Pair();
  pair.there.set("y", 2);
  pair.here.up(b, false);
  pair.arrive();
  expect([...pair.here.rowsOf(b)]).toEqual([["y", 2]]);
  // It knows all that there is by now.
  pair.here.up(b, false);
  expect(pair.said.map((message) => message.kind === "state" && message.asks)).toEqual([false]);
});

it("what is no message of a table is none", () => {
  const isNumber = (value: unknown): value is number => typeof value === "number";
  for (const told of [null, 1, {}, { kind: "row", version: 1, row: ["x", "text"] }, { kind: "state", version: 1 }]) {
    expect(tableMessageOf(told, isNumber)).toBeUndefined();
  }
  expect(tableMessageOf({ kind: "row", version: 1, row: ["x", undefined] }, isNumber)).toEqual({
    kind: "row",
    version: 1,
    row: ["x", undefined],
  });
});
