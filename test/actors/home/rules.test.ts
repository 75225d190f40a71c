import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeHome,
  decodeStoredHomes,
  encodeHome,
  encodeStoredHomes,
  homesPrefix,
} from "../../../actors/home/home-record.js";
import type { HomeEntry } from "../../../actors/home/home-table.js";
import { leftStores, turnOf } from "../../../actors/home/left-stores.js";
import { homeOf, isHome, newHome, sidAt } from "../../../actors/home/sid-rule.js";
import { readStockToken } from "../../../actors/session/stock-token.js";
import { parseHello } from "../../../src/protocol/handshake.js";
import { seededRandom } from "../../../src/kernel/random.js";

const ID = "V1StGXR8_Z5jdHi6B-myT";

describe("a public id", () => {
  it("names its home, and one without a home names none", () => {
    const home = newHome(seededRandom(1));
    expect(home).toMatch(/^[a-z0-9]{12}$/);
    expect(homeOf(sidAt(home, ID))).toBe(home);
    for (const other of ["", ID, `~${ID}`, "short~x", `${"x".repeat(17)}~x`, "UPPERCASE~x", "with.dots~x"]) {
      expect(homeOf(other)).toBeUndefined();
    }
  });

  it("fits in a hello and in the token of a stock client", () => {
    const sid = sidAt("z".repeat(16), ID);
    const resume = { sid, secret: "s", epoch: 1, rx: 0, txFirst: 1, txNext: 1 };
    expect(parseHello({ v: 1, intent: "resume", resume })).toMatchObject({ ok: true, hello: { resume: { sid } } });
    expect(readStockToken(`${sid}.secret`)).toEqual({ sid, secret: "secret" });
    expect(encodeURIComponent(sid)).toBe(sid);
  });

  it("is never taken apart wrongly, whatever a client sends", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const home = homeOf(text);
        expect(home === undefined || (isHome(home) && text.startsWith(`${home}~`))).toBe(true);
      }),
    );
  });
});

describe("the records of homes", () => {
  it("come back as they were written, and nothing else does", () => {
    const record = { node: { name: "core-1", incarnation: "x-1" }, store: "core-1.2" };
    expect(decodeHome(encodeHome(record))).toEqual(record);
    expect(homesPrefix("endpoint")).toBe("home/endpoint/");
    for (const bytes of [new Uint8Array(), new Uint8Array([255, 1, 2]), encodeStoredHomes({ node: "a", homes: [] })]) {
      expect(decodeHome(bytes)).toBeUndefined();
    }
    const homes = { node: "core-1", homes: ["aaaaaaaaaaaa", "bbbbbbbbbbbb"] };
    expect(decodeStoredHomes(encodeStoredHomes(homes))).toEqual(homes);
    const text = (value: string): Uint8Array => new TextEncoder().encode(value);
    for (const bytes of [undefined, text("{"), text("null"), text('{"homes":1}'), text('{"homes":["?",1]}')]) {
      expect(decodeStoredHomes(bytes)).toEqual({ node: undefined, homes: [] });
    }
  });
});

describe("the stores that were left", () => {
  const entry = (name: string, store: string, revision: number): HomeEntry => ({
    record: { node: { name, incarnation: `${name}-1` }, store },
    revision,
  });

  it("are those of which no home has a living owner, each with its homes in one order", () => {
    const entries = new Map([
      ["home-2-of-dead", entry("dead", "d", 7)],
      ["home-1-of-dead", entry("dead", "d", 9)],
      ["home-of-living", entry("living", "l", 3)],
      ["home-half-taken", entry("living", "h", 5)],
      ["home-not-taken", entry("dead", "h", 2)],
      ["home-without", entry("dead", "", 1)],
      ["home-without-2", entry("living", "", 1)],
    ]);
    expect(leftStores(entries, ({ record }) => record.node.name === "living")).toEqual([
      {
        store: "d",
        homes: [
          ["home-1-of-dead", 9],
          ["home-2-of-dead", 7],
        ],
        owners: [{ name: "dead", incarnation: "dead-1" }],
      },
      { store: "", homes: [["home-without", 1]], owners: [{ name: "dead", incarnation: "dead-1" }] },
    ]);
  });

  it("are each one node's first, and every node has a turn of its own", () => {
    const nodes = ["a", "b", "c", "d"];
    for (const store of ["core-1", "core-2", "x"]) {
      const turns = nodes.map((self) =>
        turnOf(
          store,
          self,
          nodes.filter((name) => name !== self),
        ),
      );
      expect([...turns].sort()).toEqual([0, 1, 2, 3]);
    }
  });
});
