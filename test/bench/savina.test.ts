import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { programFile } from "../../bench/harness/context.mjs";
import { checkCounts, nextRandom, timedProgram } from "../../bench/savina/check.mjs";
import { groups, scenarios } from "../../bench/scenarios.mjs";
import { goals, history } from "../../bench/targets.mjs";

const folder = (name: string): string => fileURLToPath(new URL(`../../bench/${name}`, import.meta.url));
const actorGroups = ["messages", "supervision", "registry", "savina"] as const;

describe("a Savina program", () => {
  it("fails when it counted something else than it should", () => {
    expect(() => checkCounts({ pings: 3, pongs: 3 }, { pings: 3, pongs: 4 })).toThrow("Expected 4 pongs, got 3");
    expect(() => checkCounts({ pings: 3 }, { pings: 3, pongs: 3 })).toThrow("Expected 3 pongs, got undefined");
    expect(() => checkCounts({ pings: 3, pongs: 3 }, { pings: 3, pongs: 3 })).not.toThrow();
  });

  it("has no figure then", async () => {
    const durations = { warmMs: 0, runMs: 0 };
    await expect(timedProgram(durations, { sum: 1 }, async () => ({ sum: 2 }))).rejects.toThrow(
      "Expected 1 sum, got 2",
    );
    await expect(timedProgram(durations, { sum: 1 }, async () => ({ sum: 1 }))).resolves.toBeGreaterThanOrEqual(0);
  });

  it("draws from a chain that does not repeat itself within 65,536 numbers", () => {
    const seen = new Set<number>();
    for (let random = nextRandom(1); !seen.has(random); random = nextRandom(random)) seen.add(random);
    expect(seen.size).toBe(65_536);
  });
});

describe("a scenario of actors", () => {
  it.each(actorGroups)("of %s has its program, with a function for each peer", (group) => {
    for (const { name, programs } of groups[group]?.scenarios ?? []) {
      const file = programFile(name);
      expect(file, name).toBeDefined();
      const source = readFileSync(file ?? "", "utf8");
      const peers = programs.filter(({ needs }) => needs !== "beam" && needs !== "gproc");
      for (const peer of peers) {
        const exported = peer.name === "JS Map" ? "map" : peer.name.toLowerCase();
        expect(source, `${name}: ${exported}`).toMatch(
          new RegExp(String.raw`export (async )?(function |\{ )${exported}\b`),
        );
      }
    }
  });

  it("has a name that no other has", () => {
    const names = [...Object.keys(groups), ...scenarios.map(({ name }) => name)];
    expect(new Set(names).size).toBe(names.length);
  });

  it("is found by a plain name only", () => {
    expect(programFile("../run")).toBeUndefined();
    expect(programFile("no-such-row")).toBeUndefined();
  });

  it("has a goal in each row, but where no target was set", () => {
    const rows = actorGroups.flatMap((group) => groups[group]?.scenarios ?? []).flatMap((one) => one.rows);
    const open = rows.filter(({ name }) => goals[name] === undefined).map(({ name }) => name);
    expect(open).toEqual(["spawn-raw", "crash-throw-many", "registry-groups-one"]);
  });

  it("has a row for every figure of history", () => {
    const rows = new Map(scenarios.flatMap((one) => one.rows).map((row) => [row.name, row.peers]));
    for (const [name, peers] of Object.entries(history)) {
      for (const peer of Object.keys(peers)) expect(rows.get(name), name).toContain(peer);
    }
  });
});

describe("the BEAM's programs", () => {
  it("are committed as sources only", () => {
    expect(readdirSync(folder("peers")).filter((name) => !name.endsWith(".erl"))).toEqual([]);
  });

  it("check every Savina program against the same parameters", () => {
    const beam = readFileSync(`${folder("peers")}/bench_savina.erl`, "utf8");
    for (const { name } of groups["savina"]?.scenarios ?? []) {
      expect(beam).toContain(`program(${name.replaceAll("-", "_")}, `);
      const source = readFileSync(programFile(name) ?? "", "utf8");
      // The constants at the head of the program: `const PINGS = 40_000;`. Percentages and single digits stand elsewhere in other forms.
      for (const [, constant, digits = ""] of source.matchAll(/^const ([A-Z_]+) = ([\d_]+);$/gm)) {
        if (constant === "WRITE_PERCENTAGE" || constant === "REQUESTS" || constant === "WORKERS") continue;
        expect(beam, `${name}: ${constant}`).toContain(digits.replaceAll("_", ""));
      }
    }
  });
});
