import { describe, expect, it } from "vitest";
import { isStreamToken, makeStreamToken, StreamTable } from "../../src/transport/stream-token.js";

describe("a stream's token", () => {
  it("is 36 characters that a URL takes as they are, and another one each time", () => {
    const tokens = Array.from({ length: 100 }, makeStreamToken);
    expect(tokens.every((token) => isStreamToken(token) && encodeURIComponent(token) === token)).toBe(true);
    expect(new Set(tokens.map((token) => token.slice(0, 12))).size).toBe(100);
  });

  it("finds its stream whole, and nothing when a character differs or the stream is gone", () => {
    const table = new StreamTable<{ token: string }>();
    const stream = { token: makeStreamToken() };
    table.add(stream);
    table.add({ token: makeStreamToken() });
    expect(table.find(stream.token)).toBe(stream);
    for (let i = 0; i < 36; i += 1) {
      const other = stream.token[i] === "x" ? "y" : "x";
      expect(table.find(stream.token.slice(0, i) + other + stream.token.slice(i + 1))).toBeUndefined();
    }
    for (const wrong of ["", "x", `${stream.token}x`, stream.token.slice(1), `${stream.token}.0`, "__proto__"]) {
      expect(table.find(wrong)).toBeUndefined();
    }
    table.remove(stream);
    expect([table.find(stream.token), table.size]).toEqual([undefined, 1]);
  });
});
