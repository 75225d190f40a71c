import { describe, expect, test } from "vitest";
import { endsSupervisor } from "../../../supervisors/strategy/auto-shutdown.js";

const significant = { significant: true, present: true };
const ended = { significant: true, present: false };
const other = { significant: false, present: true };

describe("auto shutdown", () => {
  test("never means never", () => {
    expect(endsSupervisor("never", significant, [])).toBe(false);
  });

  test("a child that is not significant never ends its supervisor", () => {
    expect(endsSupervisor("any_significant", other, [])).toBe(false);
    expect(endsSupervisor("all_significant", other, [])).toBe(false);
  });

  test("any_significant: the first significant child decides", () => {
    expect(endsSupervisor("any_significant", ended, [ended, significant, other])).toBe(true);
  });

  test("all_significant: the last significant child decides, others do not matter", () => {
    expect(endsSupervisor("all_significant", ended, [ended, significant, other])).toBe(false);
    expect(endsSupervisor("all_significant", ended, [ended, ended, other])).toBe(true);
  });
});
