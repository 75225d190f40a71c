import { describe, expect, test } from "vitest";
import { isShutdownError, isTerminationReported, shouldRestart } from "../../../supervisors/strategy/should-restart.js";

const normalReasons = ["normal", "shutdown", { shutdown: "info" }];
const otherReasons = ["killed", "noproc", "boom", { error: new Error("boom") }, { nocatch: 1 }, undefined];

describe("should restart", () => {
  test("a permanent child is always restarted, and always reported", () => {
    for (const reason of [...normalReasons, ...otherReasons]) {
      expect([shouldRestart("permanent", reason), isTerminationReported("permanent", reason)]).toEqual([true, true]);
    }
  });

  test("cases 46 and 47: a transient child is restarted and reported after an abnormal end only", () => {
    for (const reason of normalReasons) {
      expect([shouldRestart("transient", reason), isTerminationReported("transient", reason)]).toEqual([false, false]);
    }
    for (const reason of otherReasons) {
      expect([shouldRestart("transient", reason), isTerminationReported("transient", reason)]).toEqual([true, true]);
    }
  });

  test("a temporary child is never restarted; an abnormal end is reported", () => {
    for (const reason of [...normalReasons, ...otherReasons]) expect(shouldRestart("temporary", reason)).toBe(false);
    expect(isTerminationReported("temporary", "shutdown")).toBe(false);
    expect(isTerminationReported("temporary", "boom")).toBe(true);
  });
});

describe("shutdown error", () => {
  test("case 34: shutdown is silent, normal and shutdown(x) only for a child that is not permanent, the rest is an error", () => {
    for (const restart of ["permanent", "transient", "temporary"] as const) {
      expect(isShutdownError(restart, 1_000, "shutdown")).toBe(false);
      expect(isShutdownError(restart, 1_000, "other")).toBe(true);
      expect(isShutdownError(restart, 1_000, "killed")).toBe(true);
    }
    expect([isShutdownError("permanent", 1_000, "normal"), isShutdownError("transient", 1_000, "normal")]).toEqual([
      true,
      false,
    ]);
    const detail = { shutdown: "x" };
    expect([
      isShutdownError("permanent", "infinity", detail),
      isShutdownError("temporary", "infinity", detail),
    ]).toEqual([true, false]);
  });

  test("a child that is killed at once must end with killed", () => {
    expect(isShutdownError("permanent", "brutal_kill", "killed")).toBe(false);
    expect(isShutdownError("permanent", "brutal_kill", "shutdown")).toBe(true);
    expect(isShutdownError("transient", "brutal_kill", "shutdown")).toBe(false);
    expect(isShutdownError("transient", "brutal_kill", "boom")).toBe(true);
  });
});
