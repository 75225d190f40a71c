import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DeadlineList, Deadlines, type Timed } from "../../../actors/lease/deadlines.js";

class Entry implements Timed<Entry> {
  deadline = 0;
  dueList: DeadlineList<Entry> | undefined;
  dueNext: Entry | undefined;
  duePrevious: Entry | undefined;
}

describe("deadlines", () => {
  test("the first is always the earliest, whatever is added and removed in between", () => {
    const step = fc.oneof(
      // Few durations share lists, many make many.
      fc.record({ add: fc.oneof(fc.constantFrom(10, 20), fc.integer({ min: 1, max: 500 })) }),
      fc.record({ remove: fc.nat() }),
      fc.record({ advance: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const deadlines = new Deadlines<Entry>();
        const model: Entry[] = [];
        let now = 0;
        for (const next of steps) {
          if ("advance" in next) now += next.advance;
          else if ("add" in next) {
            const entry = new Entry();
            deadlines.add(entry, now, next.add);
            expect(entry.deadline).toBe(now + next.add);
            model.push(entry);
          } else {
            const [removed] = model.splice(next.remove % Math.max(1, model.length), 1);
            if (removed !== undefined) deadlines.remove(removed);
          }
          const earliest = model.length === 0 ? undefined : Math.min(...model.map(({ deadline }) => deadline));
          expect(deadlines.nextDeadline).toBe(earliest ?? Number.POSITIVE_INFINITY);
          expect(deadlines.first?.deadline).toBe(earliest);
        }
      }),
    );
  });

  test("an entry without an end is not kept, and removing it, or another one twice, does nothing", () => {
    const deadlines = new Deadlines<Entry>();
    const [never, once, other] = [new Entry(), new Entry(), new Entry()];
    deadlines.add(never, 0, Number.POSITIVE_INFINITY);
    deadlines.add(once, 0, 10);
    deadlines.add(other, 0, 10);
    deadlines.remove(never);
    deadlines.remove(once);
    deadlines.remove(once);
    expect(deadlines.first).toBe(other);
    deadlines.remove(other);
    expect(deadlines.first).toBeUndefined();
  });
});
