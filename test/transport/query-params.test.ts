import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseQuery } from "../../src/transport/query-params.js";

const params = (query: string): unknown => {
  const parsed = parseQuery(query);
  return parsed.ok ? JSON.parse(JSON.stringify(parsed.params)) : parsed.reason;
};

describe("parsing a query", () => {
  it("reads names, values and what is percent-encoded", () => {
    expect(params("")).toEqual({});
    expect(params("a=1&b=&c&d=x%3Dy+z&vsn=2.0.0")).toEqual({ a: "1", b: "", c: "", d: "x=y z", vsn: "2.0.0" });
    expect(params("a=1=2")).toEqual({ a: "1=2" });
    expect(params("n%C3%A4me=%E2%82%AC")).toEqual({ näme: "€" });
    expect(params("a=1&&b=2&")).toEqual({ a: "1", b: "2" });
  });

  it("nests names in brackets as Phoenix clients write them, indexes too", () => {
    expect(params("a[b]=1&a[c][d]=2")).toEqual({ a: { b: "1", c: { d: "2" } } });
    expect(params("c[0]=1&c[1]=2")).toEqual({ c: { "0": "1", "1": "2" } });
    expect(params("a%5Bb%5D=1")).toEqual({ a: { b: "1" } });
    expect(params("e[]=4&e[]=5&f[g][]=6")).toEqual({ e: ["4", "5"], f: { g: ["6"] } });
    expect(params("c[4294967295]=1")).toEqual({ c: { "4294967295": "1" } });
  });

  it("counts the last when a name comes twice", () => {
    expect(params("a=1&a=2")).toEqual({ a: "2" });
    expect(params("a=1&a[b]=2")).toEqual({ a: { b: "2" } });
    expect(params("a[b]=2&a=1")).toEqual({ a: "1" });
    expect(params("a[]=1&a[b]=2")).toEqual({ a: { b: "2" } });
  });

  it("gives objects without a prototype, at every level", () => {
    const parsed = parseQuery("a[b]=1&toString=x");
    if (!parsed.ok) throw new Error(parsed.reason);
    expect(Object.getPrototypeOf(parsed.params)).toBeNull();
    expect(Object.getPrototypeOf(parsed.params["a"])).toBeNull();
    expect(parsed.params["toString"]).toBe("x");
    expect(parsed.params["hasOwnProperty"]).toBeUndefined();
  });

  it("refuses the names that pollute prototypes when merged", () => {
    for (const query of [
      "__proto__=1",
      "__proto__[x]=1",
      "a[__proto__][x]=1",
      "a[constructor][prototype][x]=1",
      "%5F_proto__[x]=1",
    ]) {
      expect(params(query)).toBe("the query has a name that is not allowed");
    }
    expect(Reflect.get({}, "x")).toBeUndefined();
  });

  it("is bounded in pairs and depth", () => {
    expect(params(Array.from({ length: 100 }, (_, i) => `p${i}=1`).join("&"))).toHaveProperty("p99", "1");
    expect(params(Array.from({ length: 101 }, (_, i) => `p${i}=1`).join("&"))).toBe(
      "the query has more than 100 parameters",
    );
    expect(params("a[b][c][d][e]=1")).toEqual({ a: { b: { c: { d: { e: "1" } } } } });
    expect(params("a[b][c][d][e][f]=1")).toBe("the query nests a name deeper than 5");
    expect(parseQuery("a[b]=1", { depth: 1 })).toEqual({ ok: false, reason: "the query nests a name deeper than 1" });
    expect(parseQuery("a=1&b=1", { pairs: 1 })).toEqual({ ok: false, reason: "the query has more than 1 parameters" });
  });

  it("refuses what it cannot read, with the reason", () => {
    expect(params("a=%E2%28")).toBe("the query is not percent-encoded UTF-8");
    expect(params("%=1")).toBe("the query is not percent-encoded UTF-8");
    for (const query of ["a[=1", "a]=1", "a[b=1", "a[b]c=1", "[a]=1", "a[b[c]]=1", "a[b]]=1"]) {
      expect(params(query)).toBe("the query has an unbalanced or misplaced bracket in a name");
    }
    expect(params("a[][b]=1")).toBe("the query has an empty name");
    expect(params("=1")).toBe("the query has an empty name");
  });

  it("never throws, whatever comes", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "[", "]", "=", "&", "%", "2", "+", "é", "\0") }), (query) => {
        expect(typeof parseQuery(query).ok).toBe("boolean");
      }),
    );
  });
});
