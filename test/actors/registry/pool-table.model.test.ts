import fc from "fast-check";
import { expect, test } from "vitest";
import { PoolTable } from "../../../actors/registry/pool-table.js";

const name = fc.constantFrom("a", "b", "c", "d", "e");
const step = fc.oneof(
  fc.record({
    do: fc.constantFrom("add" as const, "remove" as const, "connect" as const, "disconnect" as const),
    name,
  }),
  fc.record({ do: fc.constantFrom("next" as const, "claim" as const) }),
  fc.record({ do: fc.constant("near" as const), n: fc.integer({ min: -7, max: 12 }) }),
  fc.record({ do: fc.constant("unclaim" as const), name }),
);

interface Place {
  readonly name: string;
  active: boolean;
  claimed: boolean;
}

test("a pool chooses as a ring of places does that is walked step by step", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.constantFrom(3, 8), (steps, size) => {
      const table = new PoolTable<string>({ size, autoSize: false });
      const places: (Place | undefined)[] = Array.from({ length: size }, () => undefined);
      let free: Place[] = [];
      let last = size - 1;
      const walk = (from: number): Place | undefined => {
        for (let step = 0; step < size; step++) {
          const at = (((from + step) % size) + size) % size;
          const place = places[at];
          if (place?.active !== true) continue;
          last = at;
          return place;
        }
        return undefined;
      };
      for (const each of steps) {
        const place = "name" in each ? places.find((one) => one?.name === each.name) : undefined;
        const slot = "name" in each ? table.slot(each.name) : undefined;
        expect(slot?.name).toBe(place?.name);
        switch (each.do) {
          case "add": {
            const at = place === undefined ? places.indexOf(undefined) : -1;
            expect(table.add(each.name)?.position).toBe(at === -1 ? undefined : at + 1);
            if (at !== -1) places[at] = { name: each.name, active: false, claimed: false };
            break;
          }
          case "remove":
            if (slot === undefined || place === undefined || place.active) break;
            table.remove(slot);
            places[places.indexOf(place)] = undefined;
            break;
          case "connect":
            if (slot === undefined || place === undefined || place.active) break;
            table.connect(slot, each.name);
            place.active = true;
            free.push(place);
            break;
          case "disconnect":
            if (slot === undefined || place === undefined) break;
            table.disconnect(slot);
            Object.assign(place, { active: false, claimed: false });
            free = free.filter((one) => one !== place);
            break;
          case "next":
            expect(table.next()?.name).toBe(walk(last + 1)?.name);
            break;
          case "near":
            expect(table.near(each.n)?.name).toBe(walk(each.n - 1)?.name);
            break;
          case "claim": {
            const claimed = free.shift();
            expect(table.claim()?.name).toBe(claimed?.name);
            if (claimed === undefined) break;
            claimed.claimed = true;
            last = places.indexOf(claimed);
            break;
          }
          case "unclaim":
            if (slot === undefined || place?.claimed !== true) break;
            table.unclaim(slot);
            place.claimed = false;
            free.push(place);
        }
        expect(table.active.map((one) => one.name)).toEqual(
          places.flatMap((one) => (one?.active === true ? [one.name] : [])),
        );
      }
    }),
    { numRuns: 500 },
  );
});
