import { createSystem, limitReports, type Report, type ReportLevel } from "holdfast";
import { createVirtualClock } from "holdfast/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";

function stage(options: { perSecond?: number; burst?: number } = {}) {
  const clock = createVirtualClock();
  const passed: Report[] = [];
  const limited = limitReports((report) => passed.push(report), { clock, ...options });
  const report = (type: string, level: ReportLevel = "warning", count = 1): void => {
    for (let n = 0; n < count; n++) limited({ type, level, text: `${type} ${n}`, details: {} });
  };
  const summaries = (): unknown[] =>
    passed.filter(({ type }) => type === "reports_left_out").map(({ details }) => details);
  return { clock, passed, limited, report, summaries };
}

describe("a reporter with a limit", () => {
  it("lets few reports pass at once, in order and as they are", () => {
    const { passed, report } = stage();
    report("crash", "error", 20);
    report("supervisor", "error", 20);
    expect(passed.map(({ text }) => text).slice(0, 2)).toEqual(["crash 0", "crash 1"]);
    expect(passed).toHaveLength(40);
  });

  it("of a flood lets a burst and then so many a second pass, and counts the rest once a second", async () => {
    const { clock, passed, report, summaries } = stage({ perSecond: 10, burst: 50 });
    for (let second = 0; second < 10; second++) {
      report("protocol_error", "warning", 100_000);
      await clock.advance(1_000);
    }
    expect(passed.filter(({ type }) => type === "protocol_error")).toHaveLength(50 + 9 * 10);
    expect(summaries()).toHaveLength(10);
    const left = summaries().map((details) => (details as { count: number }).count);
    expect(left.reduce((sum, count) => sum + count, 0) + 140).toBe(1_000_000);
    expect(passed.at(-1)).toEqual({
      type: "reports_left_out",
      level: "warning",
      text: "99990 more reports of the type protocol_error left out of the log",
      details: { type: "protocol_error", count: 99_990 },
    });
  });

  it("counts each type apart: a flood of one hides nothing of the others", () => {
    const { passed, report } = stage({ burst: 5 });
    report("protocol_error", "warning", 1_000);
    report("crash", "error");
    expect(passed.map(({ type }) => type).at(-1)).toBe("crash");
  });

  it("tells of what was left out as loudly as the loudest of it", async () => {
    const { clock, passed, report } = stage({ burst: 1 });
    report("mixed", "info", 2);
    report("mixed", "error");
    report("mixed", "debug");
    await clock.advance(1_000);
    expect(passed.at(-1)).toMatchObject({ level: "error", details: { count: 3 } });
  });

  it("knows a bounded number of types", async () => {
    const { clock, passed, report, summaries } = stage({ perSecond: 1, burst: 1 });
    for (let n = 0; n < 10_000; n++) report(`made up ${n}`);
    expect(passed.length).toBeLessThan(250);
    await clock.advance(1_000);
    expect(summaries()).toEqual([{ type: "others", count: 10_000 - 201 }]);
  });

  it("has a timer only while something was left out, and tells the rest when it is stopped", async () => {
    const { clock, limited, report, summaries } = stage({ burst: 1 });
    report("crash");
    expect(clock.armed).toBe(0);
    report("crash");
    expect(clock.armed).toBe(1);
    limited.stop();
    expect(clock.armed).toBe(0);
    expect(summaries()).toEqual([{ type: "crash", count: 1 }]);
    await clock.advance(10_000);
    expect(summaries()).toHaveLength(1);
  });

  it("is what a system reports to by default: the console is not filled", async () => {
    const write = vi.spyOn(console, "error").mockImplementation(() => undefined);
    onTestFinished(() => write.mockRestore());
    const system = await createSystem({ clock: createVirtualClock() });
    for (let n = 0; n < 10_000; n++) system.report({ type: "noise", level: "warning", text: "noise", details: {} });
    expect(write.mock.calls.length).toBeLessThanOrEqual(50);
    await system.stop();
  });
});
