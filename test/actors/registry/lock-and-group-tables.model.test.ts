import fc from "fast-check";
import { expect, test } from "vitest";
import type { GroupMember } from "../../../actors/registry/group-member.js";
import { GroupTable } from "../../../actors/registry/group-table.js";
import { type LockClaim, LockTable } from "../../../actors/registry/lock-table.js";
import { MapIndex } from "./map-index.js";

const who = fc.constantFrom("a", "b", "c");
const what = fc.constantFrom("x", "y");

test("groups are lists of joins, in the order in which members came", () => {
  const step = fc.record({ do: fc.constantFrom("join", "join", "join", "leave", "leave", "forget"), who, what });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const index = new MapIndex<GroupMember<string, string>>();
      const table = new GroupTable(index, { memberEnded: () => undefined });
      let joins: { readonly group: string; readonly member: string }[] = [];
      for (const { do: doing, who: member, what: group } of steps) {
        const at = joins.findLastIndex((join) => join.group === group && join.member === member);
        if (doing === "join") {
          table.join(group, group, member);
          joins.push({ group, member });
        } else if (doing === "leave") {
          expect(table.leave(group, member)).toBe(at !== -1);
          if (at !== -1) joins.splice(at, 1);
        } else {
          let times = 0;
          const ended = index.find(member);
          for (let each = ended?.first ?? null; each !== null; each = ended?.first ?? null) {
            times += each.times;
            table.remove(each);
          }
          if (ended !== undefined) table.dropIdle(ended);
          expect(times).toBe(joins.filter((join) => join.member === member).length);
          joins = joins.filter((join) => join.member !== member);
        }
        for (const name of ["x", "y"]) {
          const members = joins.filter((join) => join.group === name).map((join) => join.member);
          const inOrder = [...new Set(members)].flatMap((each) => members.filter((one) => one === each));
          expect(table.members(name)).toEqual(inOrder);
        }
        expect(table.size).toBe(new Set(joins.map((join) => join.group)).size);
        expect(table.memberCount).toBe(new Set(joins.map((join) => join.member)).size);
      }
    }),
  );
});

test("a lock has one requester at a time, and those who wait get it in the order of asking", () => {
  const step = fc.record({ do: fc.constantFrom("ask", "ask", "release", "drop"), who, what, which: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = new LockTable<string>();
      const queues = new Map<string, { readonly who: string; claim: LockClaim<string> }[]>([
        ["x", []],
        ["y", []],
      ]);
      for (const { do: doing, who: requester, what: id, which } of steps) {
        const queue = queues.get(id) ?? [];
        const [first] = queue;
        if (doing === "ask") {
          const request = { requester, owner: requester };
          const held = table.trySet(id, request);
          expect(held !== undefined).toBe(first === undefined || first.who === requester);
          queue.push({ who: requester, claim: held ?? table.enqueue(id, request) });
          // What its holder sets again is with the first.
          if (held !== undefined)
            queue.splice(
              queue.findLastIndex((each) => each.claim.held && each.who === requester && each !== queue.at(-1)) + 1,
              0,
              ...queue.splice(-1),
            );
        } else if (doing === "release") {
          expect(table.release(id, requester)).toBe(first?.who === requester);
          if (first?.who === requester) queue.shift();
        } else {
          const dropped = queue[which % Math.max(1, queue.length)];
          if (dropped === undefined) continue;
          table.drop(dropped.claim);
          const isHeld = dropped.who === first?.who && dropped.claim === first.claim;
          queues.set(
            id,
            queue.filter((each) => (isHeld ? each.claim !== dropped.claim : each !== dropped)),
          );
        }
        const now = queues.get(id) ?? [];
        const holder = now[0]?.who;
        const mine = now.filter((each) => each.who === holder);
        const theirs = now.filter((each) => each.who !== holder);
        const claim = table.holder(id);
        expect(claim?.requester).toBe(holder);
        expect(claim?.count ?? 0).toBe(mine.length);
        // All claims of who has the lock are one.
        queues.set(id, [...mine.map((each) => ({ who: each.who, claim: claim ?? each.claim })), ...theirs]);
      }
      const all = [...queues.values()];
      expect(table.size).toBe(all.filter((queue) => queue.length > 0).length);
      expect(table.waiting).toBe(all.reduce((sum, queue) => sum + queue.filter((each) => !each.claim.held).length, 0));
    }),
    { numRuns: 500 },
  );
});
