import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ADMISSION_DEFAULTS, resolveAdmission } from "../../../src/transport/admission/admission-options.js";

describe("the options of an admission", () => {
  it("have defaults that leave room for a client's window", () => {
    const bounds = { windowMessages: 256, windowBytes: 262_144, payloadBytes: 65_536 };
    expect(resolveAdmission(undefined, bounds)).toMatchObject(ADMISSION_DEFAULTS);
  });

  it("are in the reference, each with its default", () => {
    const text = readFileSync("docs/reference/options.md", "utf8");
    const rows = Object.entries(ADMISSION_DEFAULTS).map(
      ([name, value]) => `| \`${name}\` | ${value.toLocaleString("en-US")} |`,
    );
    expect(rows.filter((row) => !text.includes(row))).toEqual([]);
    for (const name of ["trustedProxies", "forwardedHeader", "exemptAddresses"]) expect(text).toContain(`\`${name}\``);
  });

  it.each([
    ['{ "newPerSecnd": 1 }', /Unknown option "newPerSecnd"/],
    ['{ "__proto__": 1, "x": 1 }', /Unknown option/],
    ['{ "newBurst": 0 }', /newBurst .* a number from 1, or Infinity, got 0/],
    ['{ "newBurst": -1 }', /newBurst/],
    ['{ "connectionsPerUser": "10" }', /connectionsPerUser .* got "10"/],
    ['{ "loopDelayMs": null }', /loopDelayMs .* got null/],
    ['{ "trustedProxies": ["everybody"] }', /trustedProxies/],
    ['{ "trustedProxies": "10.0.0.1" }', /trustedProxies/],
    ['{ "trustedProxies": [7] }', /trustedProxies/],
    ['{ "exemptAddresses": ["10.0.0.0/99"] }', /exemptAddresses/],
    ['{ "forwardedHeader": "x-real-ip" }', /forwardedHeader/],
    ["null", /an object, got null/],
    ["7", /an object, got 7/],
  ])("%s are refused", (json, message) => {
    expect(() => resolveAdmission(JSON.parse(json))).toThrow(
      expect.objectContaining({ code: "bad_option", message: expect.stringMatching(message) }),
    );
  });

  it("may be Infinity, but no NaN", () => {
    expect(resolveAdmission({ newPerSecond: Infinity }).newPerSecond).toBe(Infinity);
    expect(() => resolveAdmission({ newPerSecond: Number.NaN })).toThrow(/got NaN/);
  });

  it("with a burst below the window are refused: a client that resumes would be turned away for ever", () => {
    const bounds = { windowMessages: 256, windowBytes: 262_144, payloadBytes: 65_536 };
    expect(() => resolveAdmission({ messagesBurst: 100 }, bounds)).toThrow(/messagesBurst .* windowMessages, 256/);
    expect(() => resolveAdmission({ bytesBurst: 65_536 }, bounds)).toThrow(/bytesBurst/);
  });
});
