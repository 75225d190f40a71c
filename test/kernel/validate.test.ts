import { isSchema, SchemaError, validate } from "holdfast";
import { createVirtualClock } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { libraries, schemaThat } from "../schemas.js";

describe.each(libraries)("a schema of $library", ({ said, parsed, list, positive }) => {
  test("is one", () => {
    expect([said, parsed, list, positive].every(isSchema)).toBe(true);
  });

  test("gives the value that fits", async () => {
    expect(await validate(said, { text: "hello" })).toEqual({ ok: true, value: { text: "hello" } });
    expect(await validate(list, [])).toEqual({ ok: true, value: [] });
  });

  test("gives the value as it changes it", async () => {
    expect(await validate(parsed, { n: "12" })).toEqual({ ok: true, value: { n: 12 } });
  });

  test("says of a value that does not fit what and where", async () => {
    const checked = await validate(said, { text: 1 });
    expect(checked).toMatchObject({ ok: false, reason: "refused", omitted: 0 });
    expect(checked).toMatchObject({ issues: [{ message: expect.stringMatching(/string/), path: ["text"] }] });
    expect(await validate(list, ["a", 2])).toMatchObject({ issues: [{ path: [1] }] });
    expect(await validate(said, null)).toMatchObject({ issues: [{ path: [] }] });
  });

  test("gives of ten thousand issues the first ten, and their number", async () => {
    const values = Array.from({ length: 10_000 }, (_, index) => index);
    const checked = await validate(list, values);
    if (checked.ok || checked.reason !== "refused") throw new Error("expected a refusal");
    expect(checked.issues).toHaveLength(10);
    expect(checked.issues.at(-1)?.path).toEqual([9]);
    expect(checked.omitted).toBe(9_990);
  });

  test("takes prototype keys in its stride", async () => {
    const value: unknown = JSON.parse('{"text":"hi","__proto__":{"text":1},"constructor":{"prototype":{}}}');
    expect(await validate(said, value)).toMatchObject({ ok: true, value: { text: "hi" } });
    expect(await validate(said, JSON.parse('{"__proto__":{"text":"hi"}}'))).toMatchObject({ ok: false });
    expect({}).not.toHaveProperty("text");
  });
});

describe("what a schema says", () => {
  test("is cut to a bounded size, and has nothing but message and path", async () => {
    const key = Symbol("secret");
    const issue = {
      message: "x".repeat(5_000),
      path: [{ key: "k".repeat(500), value: "the input" }, key, 3, ..."a b c d e f g h".split(" ")],
      input: { password: "hunter2" },
    };
    const checked = await validate(
      schemaThat(() => ({ issues: [issue, null, { message: 4, path: "text" }] })),
      1,
    );
    expect(checked).toEqual({
      ok: false,
      reason: "refused",
      omitted: 0,
      issues: [
        {
          message: `${"x".repeat(200)}…`,
          path: [`${"k".repeat(64)}…`, "Symbol(secret)", 3, "a", "b", "c", "d", "e"],
        },
        { message: "does not fit", path: [] },
        { message: "does not fit", path: [] },
      ],
    });
  });

  test.each([
    ["nothing", () => undefined],
    ["text", () => "yes"],
    ["neither a value nor issues", () => ({})],
    ["issues that are no array", () => ({ issues: "many" })],
    ["a promise of nothing", async () => undefined],
    [
      "a result that cannot be read",
      () => ({
        get issues() {
          throw new Error("no");
        },
      }),
    ],
  ])("is no answer when it is %s", async (_, answer) => {
    const checked = await validate(schemaThat(answer), 1);
    expect(checked).toMatchObject({ ok: false, reason: "schema_failed", error: { code: "schema_failed" } });
  });
});

describe("a schema that fails", () => {
  const cause = new Error("boom");

  test.each([
    [
      "throws",
      () => {
        throw cause;
      },
    ],
    ["rejects", () => Promise.reject(cause)],
  ])("by one that %s is answered with its error", async (_, answer) => {
    const checked = await validate(schemaThat(answer), 1);
    if (checked.ok || checked.reason !== "schema_failed") throw new Error("expected a failure");
    expect(checked.error).toBeInstanceOf(SchemaError);
    expect(checked.error.cause).toBe(cause);
    expect(checked.error.message).toMatch(/boom/);
  });

  test("by never answering has 5,000 ms, or as long as one says", async () => {
    const clock = createVirtualClock();
    const never = schemaThat(() => new Promise(() => undefined));
    const seen: unknown[] = [];
    const watch = async (timeoutMs?: number): Promise<void> => {
      const checked = await validate(never, 1, timeoutMs === undefined ? { clock } : { clock, timeoutMs });
      seen.push(checked.ok || checked.reason);
    };
    void watch();
    void watch(10);
    await clock.advance(10);
    expect(seen).toEqual(["schema_failed"]);
    await clock.advance(4_989);
    expect(seen).toHaveLength(1);
    await clock.advance(1);
    expect(seen).toHaveLength(2);
  });

  test("leaves no timer behind when it answers in time, and an answer that is late is dropped", async () => {
    const clock = createVirtualClock();
    expect(
      await validate(
        schemaThat(async (value) => ({ value })),
        1,
        { clock },
      ),
    ).toEqual({ ok: true, value: 1 });
    expect(clock.armed).toBe(0);
    const late = schemaThat(() => new Promise((_, reject) => clock.setTimer(20, () => reject(new Error("late")))));
    const checked = validate(late, 1, { clock, timeoutMs: 10 });
    await clock.advance(30);
    expect(await checked).toMatchObject({ error: { message: expect.stringContaining("within 10 ms") } });
  });
});

test("what is no schema is told from one that is", () => {
  const odd = [null, 1, "x", {}, { "~standard": null }, { "~standard": { version: 2, validate() {} } }, () => true];
  expect(odd.filter(isSchema)).toEqual([]);
});
