import fc from "fast-check";
import { expect, test } from "vitest";
import { type RouterLimits, RouterTable } from "../../../actors/router/router-table.js";

const id = fc.constantFrom("a", "b", "c", "d");
const owner = fc.constantFrom("x", "y", "z", "w");
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("login" as const), id, owner }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("logout" as const), id, owner }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("end" as const), owner }) },
);
const limits: fc.Arbitrary<RouterLimits> = fc.record({
  actorsPerId: fc.integer({ min: 1, max: 3 }),
  idsPerActor: fc.integer({ min: 1, max: 3 }),
  maxIds: fc.integer({ min: 1, max: 3 }),
  whenFull: fc.constantFrom("refuse" as const, "replace_oldest" as const),
});

/** The rules in the most naive form: a list of logins, the oldest first. */
class Model {
  logins: { readonly id: string; readonly owner: string }[] = [];

  login(each: { readonly id: string; readonly owner: string }, limit: RouterLimits): string {
    const under = this.logins.filter((login) => login.id === each.id);
    if (under.some((login) => login.owner === each.owner)) return "known";
    if (this.logins.filter((login) => login.owner === each.owner).length >= limit.idsPerActor) return "too_many_ids";
    if (under.length === 0 && new Set(this.logins.map((login) => login.id)).size >= limit.maxIds) return "full";
    const replaced = under.length >= limit.actorsPerId ? under[0] : undefined;
    if (replaced !== undefined && limit.whenFull === "refuse") return "too_many_actors";
    this.logins = [...this.logins.filter((login) => login !== replaced), each];
    return replaced?.owner ?? "new";
  }
}

test("the router's table does what a list of logins does, whoever comes and goes", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), limits, (steps, limit) => {
      const table = new RouterTable<string>();
      const model = new Model();
      for (const each of steps) {
        if (each.do === "login") {
          const plan = table.plan(each.id, each.owner, limit);
          const outcome = plan.ok ? (plan.replaces ?? (plan.known ? "known" : "new")) : plan.reason;
          expect(outcome).toBe(model.login({ id: each.id, owner: each.owner }, limit));
          if (!plan.ok || plan.known) continue;
          if (plan.replaces !== undefined) table.remove(each.id, plan.replaces);
          table.add(each.id, each.owner);
        } else {
          const gone = model.logins.filter(
            (login) => login.owner === each.owner && (each.do === "end" || login.id === each.id),
          );
          model.logins = model.logins.filter((login) => !gone.includes(login));
          const ids = each.do === "end" ? [...(table.idsOf(each.owner) ?? [])] : [each.id];
          expect(ids.filter((one) => table.remove(one, each.owner))).toHaveLength(gone.length);
        }
      }
      for (const one of ["a", "b", "c", "d"]) {
        const expected = model.logins.filter((login) => login.id === one).map((login) => login.owner);
        expect([...(table.ownersOf(one) ?? [])]).toEqual(expected);
      }
      for (const one of ["x", "y", "z", "w"]) {
        const expected = model.logins.filter((login) => login.owner === one).map((login) => login.id);
        expect([...(table.idsOf(one) ?? [])]).toEqual(expected);
      }
      expect(table.idCount).toBe(new Set(model.logins.map((login) => login.id)).size);
      expect(table.ownerCount).toBe(new Set(model.logins.map((login) => login.owner)).size);
    }),
    { numRuns: 500 },
  );
});
