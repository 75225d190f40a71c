import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DeadlineHeap, type HeapEntry } from "../../../actors/lease/deadline-heap.js";

const entry = (deadline: number): HeapEntry => ({ deadline, heapIndex: -1 });

describe("deadline heap", () => {
  test("the first entry is always the earliest, whatever is added and removed in between", () => {
    const operation = fc.oneof(fc.record({ add: fc.integer({ min: 0, max: 50 }) }), fc.record({ remove: fc.nat() }));
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const heap = new DeadlineHeap<HeapEntry>();
        const model: HeapEntry[] = [];
        for (const step of operations) {
          if ("add" in step) {
            const added = entry(step.add);
            heap.add(added);
            model.push(added);
          } else if (model.length > 0) {
            const [removed] = model.splice(step.remove % model.length, 1);
            if (removed !== undefined) heap.remove(removed);
          }
          expect(heap.size).toBe(model.length);
          expect(heap.first?.deadline).toBe(model.length === 0 ? undefined : Math.min(...model.map((e) => e.deadline)));
        }
      }),
    );
  });

  test("an entry without a deadline is not kept, and removing it does nothing", () => {
    const heap = new DeadlineHeap<HeapEntry>();
    const never = entry(Number.POSITIVE_INFINITY);
    heap.add(never);
    heap.remove(never);
    expect(heap.size).toBe(0);
  });

  test("removing an entry twice does nothing the second time", () => {
    const heap = new DeadlineHeap<HeapEntry>();
    const once = entry(1);
    heap.add(once);
    heap.add(entry(2));
    heap.remove(once);
    heap.remove(once);
    expect(heap.size).toBe(1);
  });
});
