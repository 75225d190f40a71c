import { expect, test } from "vitest";
import { GroupScope } from "../../../actors/registry/group-scope.js";
import { groupsOf, type LocalGroups } from "../../../actors/registry/local-groups.js";
import { sys } from "../../../src/index.js";
import { child, Supervisor } from "../../../supervisors/index.js";
import { stageActors } from "../stage-actors.js";

class Scopes extends Supervisor {
  override init() {
    return {
      children: [
        child(GroupScope, { id: "pg", name: "pg.scope" }),
        child(GroupScope, { id: "other", name: "other.scope", args: { name: "other" } }),
      ],
    };
  }
}

async function stage() {
  const actors = await stageActors({ root: Scopes });
  const groups = groupsOf(actors.system);
  return { ...actors, groups, end: () => actors.end(() => expect(groups.groups()).toEqual([])) };
}

function membersOf(groups: LocalGroups, ...names: string[]): unknown[] {
  return names.map((name) => groups.members(name));
}

test("case 316: an actor is in a group as often as it has joined and not left", async () => {
  const { groups, actor, end } = await stage();
  const me = actor();
  groups.join("g", me);
  groups.join("g", [me, me]);
  expect(groups.localMembers("g")).toEqual([me, me, me]);
  expect(groups.leave("missing", me)).toBe("not_joined");
  expect(groups.leave("g", [me, me])).toBe("ok");
  expect(groups.leave("g", me)).toBe("ok");
  expect(groups.members("g")).toEqual([]);
  expect(groups.groups()).toEqual([]);
  expect(groups.leave("g", me)).toBe("not_joined");
  await end();
});

test("case 317: a death removes all joins of that actor", async () => {
  const { groups, actor, kill, end } = await stage();
  const [p, me] = [actor(), actor()];
  groups.join("g", [p, me, p]);
  groups.join(["g", 2], p);
  await kill(p);
  expect(groups.members("g")).toEqual([me]);
  expect(groups.groups()).toEqual(["g"]);
  expect(() => groups.join("g", [me, p])).toThrow(expect.objectContaining({ code: "not_alive" }));
  expect(groups.members("g")).toEqual([me]);
  await end();
});

test("case 319: a scope that crashes is restarted, and others are not affected", async () => {
  const { system, groups, actor, clock, end } = await stage();
  const other = groupsOf(system, "other");
  const [a, b] = [actor(), actor()];
  groups.join("g", a);
  other.join("g", b);
  const scope = system.whereis("pg.scope");
  if (scope !== undefined) system.exit(scope, "kill");
  await clock.settle();
  expect([groups.members("g"), other.members("g")]).toEqual([[], [b]]);
  groups.join("g", a);
  await end();
});

test("case 321: a monitor begins with the members there are, and is told who joins and leaves", async () => {
  const { groups, actor, kill, seen, end } = await stage();
  const [m, s, late, a, b] = [actor(), actor(), actor(), actor(), actor()];
  const group = groups.monitor("g", m);
  const scope = groups.monitorScope(s);
  expect([group.members, scope.groups]).toEqual([[], new Map()]);
  groups.join("g", a);
  groups.join("g", [b, b]);
  expect(groups.monitor("g", late).members).toEqual([a, b, b]);
  expect(groups.monitorScope(late).groups).toEqual(new Map([["g", [a, b, b]]]));
  groups.leave("g", a);
  groups.leave("g", b);
  await kill(b);
  expect(groups.demonitor(group.ref)).toBe(true);
  expect(groups.demonitor(group.ref)).toBe(false);
  groups.demonitor(scope.ref);
  groups.join("g", a);
  const message = (ref: unknown) => (event: string, members: unknown) => ({
    event,
    ref,
    scope: "pg",
    group: "g",
    members,
  });
  const expected = (ref: unknown) => [
    message(ref)("join", [a]),
    message(ref)("join", [b, b]),
    message(ref)("leave", [a]),
    message(ref)("leave", [b]),
    message(ref)("leave", [b]),
  ];
  expect(await seen(m)).toEqual(expected(group.ref));
  expect(await seen(s)).toEqual(expected(scope.ref));
  await end();
});

test("case 322: the monitors of an actor end with it", async () => {
  const { system, groups, actor, kill, end } = await stage();
  const [m, a] = [actor(), actor()];
  groups.monitor("g", m);
  groups.monitorScope(m);
  const scope = system.whereis("pg.scope");
  const monitors = async () => (scope === undefined ? undefined : (await sys.getStatus(scope)).state);
  expect(await monitors()).toMatchObject({ kind: "group-scope", name: "pg", monitors: 2 });
  await kill(m);
  expect(await monitors()).toMatchObject({ monitors: 0 });
  const letters = system.deadLetters.total;
  groups.join("g", a);
  expect(system.deadLetters.total).toBe(letters);
  await end();
});

test("case 324: memberships are lost with their scope, and members join again", async () => {
  const { system, groups, actor, clock, kill, end } = await stage();
  const a = actor();
  groups.join("g", a);
  const scope = system.whereis("pg.scope");
  if (scope !== undefined) await system.stopActor(scope);
  await clock.settle();
  expect(membersOf(groups, "g")).toEqual([[]]);
  groups.join("g", a);
  expect(membersOf(groups, "g")).toEqual([[a]]);
  await kill(a);
  expect(groups.groups()).toEqual([]);
  await end();
});

test("case 326: what is asked of a scope that does not run is refused with a code", async () => {
  const { system, actor, end } = await stage();
  const missing = groupsOf(system, "missing");
  const unknown = expect.objectContaining({ code: "unknown_scope", message: expect.stringContaining('"missing"') });
  expect(() => missing.join("g", actor())).toThrow(unknown);
  expect(() => missing.leave("g", actor())).toThrow(unknown);
  expect(() => missing.members("g")).toThrow(unknown);
  await end();
});

test("case 327: a join does not wait behind what is queued, whatever there is", async () => {
  const { system, groups, actor, end } = await stage();
  const a = actor();
  for (let n = 0; n < 10_000; n++) groups.join(n, a);
  const scope = system.whereis("pg.scope");
  for (let n = 0; n < 2_000; n++) scope?.send("noise");
  groups.join("g", a);
  expect(groups.members("g")).toEqual([a]);
  expect(groups.send("g", "hello")).toBe(1);
  await end();
});

test("a second scope of the same name does not start", async () => {
  const { system, groups, actor, end } = await stage();
  const a = actor();
  groups.join("g", a);
  await expect(system.start(GroupScope, undefined)).rejects.toMatchObject({ code: "already_started" });
  expect(groups.members("g")).toEqual([a]);
  await end();
});
