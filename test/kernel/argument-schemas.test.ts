import { Actor, type ArgumentSchemas, BadArgumentError, type Deferred, type StandardSchema } from "holdfast";
import { createTestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { libraries, schemaThat, slowSchema } from "../schemas.js";

function tillWith(argumentSchemas: ArgumentSchemas) {
  return class Till extends Actor {
    static override readonly argumentSchemas = argumentSchemas;
    readonly seen: unknown[] = [];
    book(...args: unknown[]): number {
      this.seen.push(args);
      return args.length;
    }
    defers(n: unknown): Deferred<unknown> {
      const deferred = this.defer<unknown>();
      deferred.reply(n);
      return deferred;
    }
    fails(n: unknown): void {
      throw new Error(`handled ${String(n)}`);
    }
    free(...args: unknown[]): unknown {
      return args;
    }
    all(): readonly unknown[] {
      return this.seen;
    }
  };
}

async function scene(argumentSchemas: ArgumentSchemas) {
  const test = await createTestSystem();
  return { ...test, till: await test.system.start(tillWith(argumentSchemas)) };
}

const failureOf = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

describe.each(libraries)("argument schemas of $library", ({ positive, said, parsed }) => {
  test("let through what fits, as the schema gives it", async () => {
    const { till, stop } = await scene({ book: [positive, parsed] });
    expect(await till.call.book(1, { n: "2" })).toBe(2);
    expect(await till.call.all()).toEqual([[1, { n: 2 }]]);
    await stop();
  });

  test("refuse a call whose arguments do not fit, with the issues; the actor goes on", async () => {
    const { till, system, stop } = await scene({ book: [positive, said] });
    const failure = await failureOf(till.call.book(1, { text: 2 }));
    expect(failure).toMatchObject({
      name: "CallError",
      code: "bad_argument",
      method: "book",
      reason: { badArgument: [{ path: [1, "text"], message: expect.any(String) }], omitted: 0 },
      message: expect.stringContaining("its arguments do not fit their schema"),
    });
    expect(await till.call.book(1, { text: "ok" })).toBe(2);
    expect(await till.call.all()).toHaveLength(1);
    expect(system.deadLetters.total).toBe(0);
    await stop();
  });

  test("make a cast whose arguments do not fit a counted dead letter", async () => {
    const { till, system, stop } = await scene({ book: positive });
    till.cast.book("1");
    till.cast.book(0);
    till.cast.book(2);
    expect(await till.call.all()).toEqual([[2]]);
    expect(system.deadLetters.byReason.bad_argument).toBe(2);
    expect(system.deadLetters.recent[0]).toMatchObject({ message: "book", reason: "bad_argument" });
    await stop();
  });
});

const anything = schemaThat((value) => ({ value }));
const nothing = schemaThat(() => ({ issues: [{ message: "never" }] }));

describe("argument schemas", () => {
  test("check the methods that they name, and no other", async () => {
    const { till, stop } = await scene({ book: nothing });
    expect(await till.call.free(1, "2")).toEqual([1, "2"]);
    expect(await failureOf(till.call.book(1))).toMatchObject({ code: "bad_argument" });
    await stop();
  });

  test("refuse more arguments than there are schemas, and check those that are missing", async () => {
    const { till, stop } = await scene({ book: [anything, nothing] });
    expect(await failureOf(till.call.book(1, 2, 3))).toMatchObject({
      reason: { badArgument: [{ message: "expected at most 2 arguments, got 3", path: [2] }] },
    });
    expect(await failureOf(till.call.book(1))).toMatchObject({ reason: { badArgument: [{ path: [1] }] } });
    await stop();
  });

  test("put nothing before a method that they do not name", async () => {
    const { system, stop } = await createTestSystem();
    class Traced extends Actor {
      static override readonly argumentSchemas = { checked: [] };
      free(): string {
        return new Error().stack ?? "";
      }
      checked(): string {
        return new Error().stack ?? "";
      }
    }
    const traced = await system.start(Traced);
    expect(await traced.call.checked()).toContain("argument-schemas.ts");
    expect(await traced.call.free()).not.toContain("argument-schemas.ts");
    await stop();
  });

  test("of a base class hold for its subclasses", async () => {
    const { system, stop } = await createTestSystem();
    const Till = tillWith({ book: nothing });
    class Special extends Till {}
    const special = await system.start(Special);
    expect(await failureOf(special.call.book(1))).toMatchObject({ code: "bad_argument" });
    await stop();
  });

  test("let a method defer, and crash, as ever", async () => {
    const { till, system, reports, stop } = await scene({ defers: anything, fails: anything });
    expect(await till.call.defers(7)).toBe(7);
    expect(await failureOf(till.call.fails(8))).toMatchObject({ code: "exit", cause: { message: "handled 8" } });
    expect(system.isAlive(till)).toBe(false);
    expect(reports.filter(({ type }) => type === "crash")).toHaveLength(1);
    await stop();
  });

  test.each([
    [{ bok: anything }, /"bok" is none/],
    [{ handleInfo: anything }, /"handleInfo" is none/],
    [{ book: JSON.parse("1") }, /argumentSchemas.book of Till to be a schema .* got 1/],
    [{ book: [anything, JSON.parse("{}")] }, /got an object/],
    [{ book: [anything, undefined as unknown as StandardSchema] }, /got undefined/],
    [JSON.parse('{"__proto__":1}'), /"__proto__" is none/],
  ])("that cannot be used are refused when the class is first started: %o", async (schemas, text) => {
    const { system, stop } = await createTestSystem();
    const failure = await failureOf(system.start(tillWith(schemas)));
    expect(failure).toBeInstanceOf(BadArgumentError);
    expect(failure).toMatchObject({ message: expect.stringMatching(text) });
    await stop();
  });
});

describe("an async argument schema", () => {
  test("keeps the order of messages, and the context of the handler", async () => {
    const { schema, answer } = slowSchema();
    const { till, clock, stop } = await scene({ book: [anything, schema], defers: schema });
    const booked = till.call.book(1, 2);
    const deferred = till.call.defers(3);
    const seen = till.call.all();
    await clock.settle();
    expect(answer).toHaveLength(1);
    answer[0]?.(20);
    expect(await booked).toBe(2);
    await clock.settle();
    answer[1]?.(30);
    // defer() works only for a handler that has not awaited: the check before it does not count.
    expect(await deferred).toBe(30);
    expect(await seen).toEqual([[1, 20]]);
    await stop();
  });

  test("that refuses makes the call fail, and the actor goes on", async () => {
    const refusing = schemaThat(async () => ({ issues: [{ message: "no", path: ["a"] }] }));
    const { till, system, stop } = await scene({ book: refusing });
    expect(await failureOf(till.call.book(1))).toMatchObject({ reason: { badArgument: [{ path: [0, "a"] }] } });
    till.cast.book(1);
    expect(await till.call.all()).toEqual([]);
    expect(system.deadLetters.byReason.bad_argument).toBe(1);
    await stop();
  });

  test("that never answers has as long as a call; then the message is refused, and the actor goes on", async () => {
    const never = schemaThat(() => new Promise(() => undefined));
    const { till, clock, system, reports, stop } = await scene({ book: never });
    const patient = failureOf(till.callWithin(60_000).book(1));
    const impatient = failureOf(till.callWithin(1_000).all());
    till.cast.book(2);
    const later = till.callWithin(60_000).all();
    await clock.advance(1_000);
    expect(await impatient).toMatchObject({ code: "timeout" });
    await clock.advance(4_000);
    expect(await patient).toMatchObject({ code: "schema_failed", cause: { code: "schema_failed" } });
    await clock.advance(5_000);
    expect(await later).toEqual([]);
    expect(system.deadLetters.byReason.bad_argument).toBe(1);
    expect(reports.filter(({ type }) => type === "schema_failed")).toHaveLength(2);
    await stop();
  });

  test("runs no handler of an actor that was killed meanwhile", async () => {
    const { schema, answer } = slowSchema();
    const ran: unknown[] = [];
    class Victim extends Actor {
      static override readonly argumentSchemas = { book: schema };
      book(n: unknown): void {
        ran.push(n);
      }
    }
    const { system, clock, stop } = await createTestSystem();
    const victim = await system.start(Victim);
    const failure = failureOf(victim.call.book(1));
    await clock.settle();
    system.exit(victim, "kill");
    expect(await failure).toMatchObject({ code: "exit", reason: "killed" });
    answer[0]?.(1);
    await clock.settle();
    expect(ran).toEqual([]);
    await stop();
  });
});

test("a schema that throws fails the call with its error, is reported, and the actor goes on", async () => {
  const cause = new TypeError("boom");
  const { till, reports, stop } = await scene({
    book: schemaThat(() => {
      throw cause;
    }),
  });
  const failure = await failureOf(till.call.book(1));
  expect(failure).toMatchObject({ code: "schema_failed", cause: { name: "SchemaError", cause } });
  till.cast.book(2);
  expect(await till.call.all()).toEqual([]);
  expect(reports.filter(({ type, level }) => type === "schema_failed" && level === "error")).toHaveLength(2);
  await stop();
});
