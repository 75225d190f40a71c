import { describe, expect, it } from "vitest";
import { formatBytes, formatCount, formatDuration } from "../../src/cli/quantities.js";

describe("quantities", () => {
  it.each([
    [0, "0ms"],
    [-5, "0ms"],
    [999.4, "999ms"],
    [999.6, "1s"],
    [1_250, "1.2s"],
    [5_000, "5s"],
    [59_999, "59s"],
    [60_000, "1m"],
    [192_000, "3m 12s"],
    [7_500_000, "2h 5m"],
    [273_600_000, "3d 4h"],
  ])("%d ms are %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it.each([
    [0, "0 B"],
    [1_023, "1023 B"],
    [3_482, "3.4 KB"],
    [14 * 1_024 * 1_024, "14 MB"],
    [3 * 1_024 ** 3, "3.0 GB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0, "0"],
    [999, "999"],
    [9_950, "9,950"],
    [1_048_576, "1,048,576"],
  ])("%d is %s", (count, text) => {
    expect(formatCount(count)).toBe(text);
  });
});
