import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MOST_BYTES, MOST_DEPTH } from "../../../src/cluster/codec/tags.js";
import { carried, refusal } from "./codec-pair.js";

class Point {
  readonly x = 1;
}

const inWhole = (value: unknown): unknown => ({ items: [0, new Map([["k", { deep: value }]])] });

describe("what cannot be carried", () => {
  const refused: readonly (readonly [what: string, value: unknown])[] = [
    ["a function", () => 1],
    ["a class", Point],
    ["a symbol", Symbol("s")],
    ["an instance of a class", new Point()],
    ["a promise", Promise.resolve(1)],
    ["a WeakMap", new WeakMap()],
    ["a WeakSet", new WeakSet()],
    ["a WeakRef", new WeakRef({})],
    ["an object with a symbol among its keys", { [Symbol("k")]: 1 }],
    ["a map of a class of its own", new (class Bag extends Map<string, number> {})([["a", 1]])],
    ["a set of a class of its own", new (class Pile extends Set<number> {})([1])],
    ["an array of a class of its own", new (class List extends Array<number> {})(1, 2)],
    ["a date of a class of its own", new (class Day extends Date {})()],
    ["shared memory", new SharedArrayBuffer(4)],
    [
      "a generator",
      (function* one() {
        yield 1;
      })(),
    ],
    ["a boxed number", Object(1) as unknown],
    ["a URL", new URL("http://localhost/")],
  ];
  for (const [what, value] of refused) {
    it(`${what} is refused with the name of its field`, () => {
      expect(refusal(value)).toMatchObject({ code: "cannot_carry", field: "$" });
      expect(refusal(inWhole(value))).toMatchObject({ code: "cannot_carry", field: "$.items[1][0].deep" });
    });
  }

  it("a field of an error is named as well", () => {
    const error = new Error("m", { cause: Object.assign(new Error("n"), { retry: () => undefined }) });
    expect(refusal(error).field).toBe("$.cause.retry");
    expect(refusal(new AggregateError([1, Symbol("s")])).field).toBe("$.errors[1]");
  });

  it("the text says what came, where, and what to do", () => {
    expect(refusal({ at: new Point() }).message).toBe(
      "Cannot carry an instance of Point to another node, at $.at: send plain data, and keep what belongs to this process here",
    );
  });

  it("an object that contains itself is refused", () => {
    const loop: Record<string, unknown> = {};
    loop["me"] = { again: loop };
    expect(refusal(loop).message).toMatch(/in a cycle/);
    const list: unknown[] = [];
    list.push(list);
    expect(refusal(list).message).toMatch(/in a cycle/);
    const map = new Map<string, unknown>();
    expect(refusal(map.set("me", map)).message).toMatch(/in a cycle/);
    const error = new Error("m");
    error.cause = error;
    expect(refusal(error).message).toMatch(/in a cycle/);
  });

  it("the deepest value that is written can be read, and one that is deeper is refused", () => {
    const nest = (levels: number): unknown => {
      let value: unknown = 1;
      for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { in: value };
      return value;
    };
    expect(carried(nest(MOST_DEPTH + 1))).toStrictEqual(nest(MOST_DEPTH + 1));
    expect(refusal(nest(MOST_DEPTH + 2)).message).toMatch(/nested more than 200 deep/);
  });

  it("a value that is too large is refused, also one of which there is little", () => {
    expect(refusal({ blob: new Uint8Array(MOST_BYTES) })).toMatchObject({ field: "$.blob" });
    const sparse: unknown[] = [];
    sparse[4_000_000_000] = 1;
    expect(refusal({ sparse })).toMatchObject({ field: "$.sparse" });
  });
});

describe("code among the data", () => {
  it("a getter that throws is refused with its field", () => {
    const value = {
      a: 1,
      get b(): never {
        throw new TypeError("not now");
      },
    };
    expect(refusal({ list: [value] })).toMatchObject({
      field: "$.list[0].b",
      message: expect.stringMatching(/not now/),
    });
  });

  it("what changes while it is read is refused, or arrives whole", () => {
    const map = new Map<unknown, unknown>();
    map.set("a", {
      get grow() {
        map.set(map.size, 1);
        return 1;
      },
    });
    expect(refusal(map).message).toMatch(/changes while it is read/);
    const set = new Set<unknown>([]);
    set
      .add({
        get shrink() {
          set.clear();
          return 1;
        },
      })
      .add(2);
    expect(refusal(set).message).toMatch(/changes while it is read/);
    const list: unknown[] = [];
    list.push(
      {
        get cut() {
          list.length = 1;
          return 1;
        },
      },
      2,
    );
    expect(carried(list)).toEqual([{ cut: 1 }, undefined]);
  });

  it("wherever something that cannot cross is, nothing of the value is left, and the next one is carried", () => {
    const poison = Symbol("poison");
    const tree = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        fc.string(),
        fc.constant<unknown>(poison),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie("tree"), { maxKeys: 4 }),
      ),
    })).tree;
    fc.assert(
      fc.property(tree, tree, (value, next) => {
        expect(refusal([value, poison]).field).toMatch(/^\$/);
        const isPoisoned = (one: unknown): boolean =>
          one === poison || (typeof one === "object" && one !== null && Object.values(one).some(isPoisoned));
        if (!isPoisoned(next)) expect(carried(next)).toStrictEqual(next);
      }),
      { numRuns: 150 },
    );
  });
});
