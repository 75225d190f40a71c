import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type PlannedChild, plan } from "../../../supervisors/strategy/plan.js";
import type { RestartType, Strategy } from "../../../supervisors/strategy/terms.js";

function children(...ids: string[]): PlannedChild[] {
  return ids.map((id) => ({ id, restart: "permanent" }));
}

function ids(planned: readonly PlannedChild[]): string {
  return planned.map((child) => child.id).join(" ");
}

function summary(of: readonly PlannedChild[], failed: string, strategy: Strategy) {
  const { stop, start, drop } = plan(of, failed, strategy);
  return { stop: ids(stop), start: ids(start), drop: ids(drop) };
}

describe("plan", () => {
  test("one_for_one starts the failed child and nothing else", () => {
    expect(summary(children("a", "b", "c"), "b", "one_for_one")).toEqual({ stop: "", start: "b", drop: "" });
  });

  test("case 52: rest_for_one stops the later children in reverse and starts the failed and the later ones in order", () => {
    expect(summary(children("a", "b", "d", "e"), "b", "rest_for_one")).toEqual({
      stop: "e d",
      start: "b d e",
      drop: "",
    });
  });

  test("one_for_all stops all others in reverse and starts all in order", () => {
    expect(summary(children("a", "b", "c"), "b", "one_for_all")).toEqual({ stop: "c a", start: "a b c", drop: "" });
  });

  test("case 54: temporary siblings are stopped with their group and dropped", () => {
    const mixed: PlannedChild[] = [...children("a"), { id: "t", restart: "temporary" }, ...children("b")];
    expect(summary(mixed, "a", "one_for_all")).toEqual({ stop: "b t", start: "a b", drop: "t" });
    expect(summary(mixed, "a", "rest_for_one")).toEqual({ stop: "b t", start: "a b", drop: "t" });
    expect(summary(mixed, "b", "rest_for_one")).toEqual({ stop: "", start: "b", drop: "" });
  });

  test("case 56: a transient sibling comes back with its group", () => {
    const mixed: PlannedChild[] = [...children("a"), { id: "tr", restart: "transient" }];
    expect(summary(mixed, "a", "one_for_all")).toEqual({ stop: "tr", start: "a tr", drop: "" });
  });

  test("a temporary child takes no sibling with it, whatever the strategy", () => {
    const mixed: PlannedChild[] = [{ id: "t", restart: "temporary" }, ...children("a")];
    for (const strategy of ["one_for_one", "one_for_all", "rest_for_one"] as const) {
      expect(summary(mixed, "t", strategy)).toEqual({ stop: "", start: "", drop: "t" });
    }
  });

  test("an unknown child changes nothing", () => {
    expect(summary(children("a"), "z", "one_for_all")).toEqual({ stop: "", start: "", drop: "" });
  });

  test("stop is in reverse start order, start in start order, and whatever is not dropped and stopped is started", () => {
    const restart = fc.constantFrom<RestartType>("permanent", "transient", "temporary");
    const strategy = fc.constantFrom<Strategy>("one_for_one", "one_for_all", "rest_for_one");
    fc.assert(
      fc.property(fc.array(restart, { minLength: 1, maxLength: 12 }), fc.nat(), strategy, (types, pick, chosen) => {
        const of = types.map((type, id) => ({ id, restart: type }));
        const failed = pick % of.length;
        const { stop, start, drop } = plan(of, failed, chosen);
        const stopped = stop.map((child) => child.id);
        const started = start.map((child) => child.id);
        expect(stopped).toEqual([...stopped].sort((x, y) => y - x));
        expect(started).toEqual([...started].sort((x, y) => x - y));
        expect(stopped).not.toContain(failed);
        expect(drop.every((child) => child.restart === "temporary")).toBe(true);
        expect(start.every((child) => child.restart !== "temporary")).toBe(true);
        if (of[failed]?.restart !== "temporary") {
          const touched = new Set([...stopped, failed]);
          expect(new Set([...started, ...drop.map((child) => child.id)])).toEqual(touched);
        }
      }),
    );
  });
});
