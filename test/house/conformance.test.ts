import { describe, expect, test } from "vitest";
import { type CasesBySection, coreCases, edgeCases, withoutEquivalent } from "./conformance-cases.js";
import { filesBelow } from "./source-files.js";

/** A title that carries cases begins with their numbers: `case 12: …`, `case 12, 14: …`. */
const CARRIES = /["'`]cases? (\d+(?:(?:, and |, | and )\d+)*): /g;

const titlesOfCases = filesBelow("test", [".ts"])
  .filter(({ path }) => !path.startsWith("test/house/"))
  .flatMap(({ text }) => [...text.matchAll(CARRIES)]);

const carried = new Set(titlesOfCases.flatMap(([, numbers = ""]) => (numbers.match(/\d+/g) ?? []).map(Number)));

const explained = new Set(withoutEquivalent.map(({ number }) => number));

/** The cases that are neither carried by a title nor explained, a line per section. */
function missingFrom(cases: CasesBySection): string[] {
  return Object.entries(cases).flatMap(([section, numbers]) => {
    const missing = numbers.filter((number) => !carried.has(number) && !explained.has(number));
    return missing.length === 0 ? [] : [`section ${section}: ${missing.join(", ")}`];
  });
}

/** The rows under one heading of the page of differences. */
function rowsUnder(heading: string): readonly string[] {
  const [page] = filesBelow("docs", ["otp-differences.md"]);
  const section = page?.text.split("\n## ").find((each) => each.startsWith(`${heading}\n`)) ?? "";
  return section.split("\n").filter((line) => line.startsWith("| "));
}

describe("the conformance cases", () => {
  test("of the core contract and of parity each have a test that carries their number", () => {
    expect(missingFrom(coreCases)).toEqual([]);
  });

  test("at the edge have one too, or a row that says why not", () => {
    expect(missingFrom(edgeCases)).toEqual([]);
  });

  test.each(withoutEquivalent)("case $number has no test, and a row in the page of differences", (explanation) => {
    const { number, heading, row } = explanation;
    expect(carried.has(number)).toBe(false);
    expect(rowsUnder(heading).filter((line) => line.startsWith(`| ${row} |`))).toHaveLength(1);
  });

  test("are what tests carry: no number is invented", () => {
    const known = new Set([coreCases, edgeCases].flatMap((cases) => Object.values(cases).flat()));
    expect([...carried].filter((number) => !known.has(number))).toEqual([]);
  });
});
