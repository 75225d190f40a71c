import { expect, test } from "vitest";
import { formatReason, type Report } from "../../src/index.js";
import { createTestSystem } from "../../src/testing/index.js";
import { act, Doer } from "./doer.js";

/** The report of an actor that ends with a reason. */
async function reportOf(reason: unknown, options: { name?: string; label?: string }): Promise<Report | undefined> {
  const { system, reports, clock, stop } = await createTestSystem();
  const ref = system.spawn(Doer, undefined, options);
  await act(ref, (me) => me.stop(reason));
  await clock.settle();
  await stop();
  return reports.find(({ type }) => type === "crash");
}

test("case 262: a report is one line, shows the label, and has name and label in its details", async () => {
  const reason = { why: "first line\n  second line\r\nthird" };
  const labelled = await reportOf(reason, { label: "till 7" });
  expect(labelled?.text).toMatch(/^till 7 Doer <0\.\d+> crashed: {"why":"first line\\n  second line\\r\\nthird"}$/);
  expect(labelled?.details).toMatchObject({ label: "till 7" });
  const named = await reportOf("first line\n  second line\r\nthird", { name: "till", label: "till 7" });
  expect(named?.text).toMatch(/^till Doer <0\.\d+> crashed: first line second line third$/);
  expect(named?.details).toMatchObject({ name: "till", label: "till 7" });
  expect(formatReason({ error: new Error("first line\n  second line") })).toBe("Error: first line second line");
});

test("case 262: the report of an error has its stack, of bounded length", async () => {
  const short = await reportOf({ error: new Error("short") }, {});
  expect(short?.text).toMatch(/^Doer <0\.\d+> crashed: Error: short\n {4}at /);
  const long = await reportOf({ error: new Error("x".repeat(1e6)) }, {});
  expect(long?.text.length).toBeLessThan(4_100);
});

test("case 262: a reason of any size costs its first 300 characters", async () => {
  const deep: unknown[] = [];
  let inner = deep;
  for (let level = 0; level < 500; level++) {
    const next: unknown[] = [level];
    inner.push(next);
    inner = next;
  }
  let looked = 0;
  const counting = (): object => ({
    toJSON: () => {
      looked++;
      return "x".repeat(1_000);
    },
  });
  const wide = Array.from({ length: 10_000 }, () => Array.from({ length: 100 }, counting));
  for (const reason of [deep, wide, { wide }, "x".repeat(1e6), { text: "x".repeat(1e6) }]) {
    expect(formatReason(reason)).toHaveLength(301);
    expect((await reportOf(reason, { label: "l" }))?.text.length).toBeLessThan(400);
  }
  expect(looked).toBeLessThan(50_000);
});
