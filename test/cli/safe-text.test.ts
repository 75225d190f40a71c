import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutText, printable, printableJson, textWidth } from "../../src/cli/safe-text.js";

describe("a text from a server", () => {
  it.each([
    ["room:lobby", "room:lobby"],
    ["Zürich 東京 😀", "Zürich 東京 😀"],
    ["\u001b[2J\u001b]0;title\u0007", "\\x1b[2J\\x1b]0;title\\x07"],
    ["a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd"],
    ["\u009b31m", "\\x9b31m"],
    ["\u007f", "\\x7f"],
    ["abc\u202egnp.exe", "abc\\u{202e}gnp.exe"],
    ["zero\u200bwidth", "zero\\u{200b}width"],
    ["\u2028", "\\u{2028}"],
    ["\ud83d", "\\u{d83d}"],
    ["\u{e0041}", "\\u{e0041}"],
  ])("cannot command the terminal: %j", (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  it("holds no control character, whatever it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it("in JSON is the same data, without control characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const json = printableJson(JSON.stringify({ [text]: [text] }, null, 2));
        expect(JSON.parse(json)).toEqual({ [text]: [text] });
        expect(json.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it.each([
    ["abc", 3],
    ["東京", 4],
    ["e\u0301", 1],
    ["😀", 2],
    ["한글", 4],
  ])("takes the columns that the terminal gives it: %s", (text, width) => {
    expect(textWidth(text)).toBe(width);
  });

  it.each([
    ["room:lobby", 10, "room:lobby"],
    ["room:lobby", 9, "room:lob…"],
    ["東京都", 5, "東京…"],
    ["東京都", 4, "東…"],
    ["abc", 1, "…"],
    ["abc", 0, ""],
  ])("is cut: %s to %i", (text, width, expected) => {
    expect(cutText(text, width, "…")).toBe(expected);
  });
});
