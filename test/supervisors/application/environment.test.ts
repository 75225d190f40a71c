import {
  application,
  type ApplicationDefinition,
  getEnv,
  libraryApplication,
  setEnv,
  unsetEnv,
} from "holdfast/supervisors";
import { describe, expect, expectTypeOf, test } from "vitest";
import { sameValue } from "../../../supervisors/application/same-value.js";
import { scene, Written } from "./journal.js";

describe("the environment of an application", () => {
  test("case 314: values come from the definition, from setEnv before and after the start, and from a default", async () => {
    const { system, applications, stop } = await scene();
    const shop = libraryApplication({ name: "shop", environment: { port: 4_000, host: "localhost" } });
    expect(getEnv(system, shop, "port")).toBeUndefined();
    expect(getEnv(system, shop, "port", 1)).toBe(1);
    setEnv(system, shop, "host", "example.org");
    await applications.call.startApplication(shop);
    expect([getEnv(system, shop, "port", 1), getEnv(system, shop, "host")]).toEqual([4_000, "example.org"]);
    setEnv(system, "shop", "other", null);
    expect(getEnv(system, "shop", "other", 2)).toBeNull();
    unsetEnv(system, shop, "port");
    expect(getEnv(system, shop, "port")).toBeUndefined();
    await applications.call.stopApplication(shop);
    expect(getEnv(system, shop, "host")).toBe("example.org");
    await applications.call.unload(shop);
    expect(getEnv(system, shop, "host")).toBeUndefined();
    await stop();
  });

  test("the compiler knows the values of a definition", async () => {
    const { system, stop } = await scene();
    const shop = libraryApplication({ name: "shop", environment: { port: 4_000 } });
    expectTypeOf(shop).toEqualTypeOf<ApplicationDefinition<{ port: number }>>();
    expectTypeOf(getEnv(system, shop, "port", 1)).toEqualTypeOf<number>();
    expectTypeOf(getEnv(system, "shop", "port")).toBeUnknown();
    // @ts-expect-error -- it is a number
    setEnv(system, shop, "port", "4000");
    await stop();
  });

  test("case 314: a change tells the running application what is changed, added and removed, and only real differences", async () => {
    const journal: string[] = [];
    const { applications, happened, stop } = await scene(journal);
    const { call } = applications;
    const environment = { port: 1, hosts: ["a", "b"], old: true };
    const app = application(Written, { name: "app", args: { journal }, environment });
    expect(await call.changeEnv(app, {})).toEqual({ ok: false, reason: "not_loaded" });
    await call.ensureAllStarted(app);
    happened();
    const nothing = { ok: true, changed: [], added: [], removed: [] };
    expect(await call.changeEnv(app, { old: true, hosts: ["a", "b"], port: 1 })).toEqual(nothing);
    expect(happened()).toEqual([]);
    expect(await call.changeEnv(app, { port: 2, hosts: ["a", "b"], fresh: "new" })).toEqual({
      ok: true,
      changed: ["port"],
      added: ["fresh"],
      removed: ["old"],
    });
    expect(happened()).toEqual(['config [{"port":2},{"fresh":"new"},["old"]]']);
    await call.stopApplication(app);
    happened();
    expect(await call.changeEnv(app, { port: 3 })).toMatchObject({ ok: true, changed: ["port"] });
    expect(happened()).toEqual([]);
    await stop();
  });

  test("a configChange that throws is told, and the application goes on", async () => {
    const journal: string[] = [];
    const { applications, stop } = await scene();
    const app = application(Written, { name: "app", args: { journal, failing: ["configChange"] } });
    await applications.call.ensureAllStarted(app);
    expect(await applications.call.changeEnv("app", { a: 1 })).toMatchObject({
      ok: false,
      reason: "config_change_failed",
      error: { error: { message: "config boom" } },
    });
    expect(await applications.call.whichApplications()).toHaveLength(1);
    await stop();
  });

  test("a configChange that hangs is given up after 5,000 ms", async () => {
    const { applications, clock, stop } = await scene();
    class Hanging extends Written {
      override async configChange(): Promise<void> {
        await new Promise(() => undefined);
      }
    }
    const app = application(Hanging, { name: "app", args: { journal: [] }, shutdownTimeoutMs: 100 });
    await applications.call.ensureAllStarted(app);
    const changing = applications.call.changeEnv("app", { a: 1 });
    await clock.advance(5_000);
    expect(await changing).toEqual({ ok: false, reason: "config_change_failed", error: "timeout" });
    const stopping = applications.call.stopApplication("app");
    await clock.advance(100);
    expect(await stopping).toEqual({ ok: true, forced: true });
    await stop();
  });
});

describe("two values", () => {
  test.each([
    [1, 1, true],
    [Number.NaN, Number.NaN, true],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, true],
    [[1, 2], [1], false],
    [[1], { 0: 1 }, false],
    [{ a: undefined }, { b: undefined }, false],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [new Date(0), new Date(0), false],
    [null, {}, false],
  ])("%j and %j are the same: %s", (one, other, same) => {
    expect(sameValue(one, other)).toBe(same);
  });
});
