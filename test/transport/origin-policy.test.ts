import { describe, expect, it } from "vitest";
import { compileOrigins } from "../../src/transport/origin-policy.js";

describe("the origin policy", () => {
  it("same-host compares host and port, not the scheme", () => {
    const allows = compileOrigins("same-host", true);
    expect(allows("http://example.com", "example.com")).toBe(true);
    expect(allows("https://EXAMPLE.com", "example.com")).toBe(true);
    expect(allows("https://example.com", "example.com:443")).toBe(true);
    expect(allows("http://localhost:4000", "localhost:4000")).toBe(true);
    expect(allows("http://[::1]:4000", "[::1]:4000")).toBe(true);
    expect(allows("http://localhost:4001", "localhost:4000")).toBe(false);
    expect(allows("http://evil.com", "example.com")).toBe(false);
    expect(allows("http://example.com.evil.com", "example.com")).toBe(false);
    expect(allows("http://example.com", undefined)).toBe(false);
  });

  it("an exact origin is compared as a whole, with the scheme's own port", () => {
    const allows = compileOrigins(["https://app.example.com", "http://localhost:8080", "capacitor://localhost"], true);
    expect(allows("https://app.example.com", "x")).toBe(true);
    expect(allows("https://app.example.com:443", "x")).toBe(true);
    expect(allows("http://app.example.com", "x")).toBe(false);
    expect(allows("https://app.example.com:8443", "x")).toBe(false);
    expect(allows("http://localhost:8080", "x")).toBe(true);
    expect(allows("capacitor://localhost", "x")).toBe(true);
    expect(allows("https://example.com", "x")).toBe(false);
  });

  it("a wildcard stands for one or more labels in front, never for none", () => {
    const allows = compileOrigins(["https://*.example.com"], true);
    expect(allows("https://a.example.com", "x")).toBe(true);
    expect(allows("https://a.b.example.com", "x")).toBe(true);
    expect(allows("https://example.com", "x")).toBe(false);
    expect(allows("https://notexample.com", "x")).toBe(false);
    expect(allows("https://a.example.com.evil.com", "x")).toBe(false);
    expect(allows("https://*.example.com", "x")).toBe(false);
  });

  it("same-host can stand in a list", () => {
    const allows = compileOrigins(["same-host", "https://app.example.com"], true);
    expect(allows("http://here.test", "here.test")).toBe(true);
    expect(allows("https://app.example.com", "here.test")).toBe(true);
    expect(allows("https://there.test", "here.test")).toBe(false);
  });

  it("the opaque origin and nonsense pass only when any may", () => {
    for (const origin of ["null", "", "https://", "https://a/b", "https://a b", "https://user@host"]) {
      expect(compileOrigins("same-host", true)(origin, "a")).toBe(false);
      expect(compileOrigins(["https://a"], true)(origin, "a")).toBe(false);
      expect(compileOrigins("any", true)(origin, "a")).toBe(true);
    }
  });

  it("a missing origin passes only when that is allowed", () => {
    expect(compileOrigins("same-host", true)(undefined, "a")).toBe(true);
    expect(compileOrigins("same-host", false)(undefined, "a")).toBe(false);
    expect(compileOrigins("any", false)(undefined, "a")).toBe(false);
    expect(compileOrigins([], false)("https://a", "a")).toBe(false);
  });

  it("an entry that is not an origin is refused with the forms that are", () => {
    for (const entry of ["example.com", "https://example.com/", "https://a.*.com", "*", "https://*"]) {
      expect(() => compileOrigins([entry], true)).toThrow(expect.objectContaining({ code: "bad_option" }));
      expect(() => compileOrigins([entry], true)).toThrow(/is not an origin. Expected "same-host"/);
    }
  });
});
