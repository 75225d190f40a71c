import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { embeddedStore } from "../../src/store/embedded-store.js";
import { memoryStore } from "../../src/store/memory-store.js";
import { type Store, type StoreChange, StoreError } from "../../src/store/store-port.js";
import { head } from "./store-conformance.js";
import { PlainStore } from "./plain-store.js";
import { temporaryPath } from "./temporary-store.js";

const sid = fc.constantFrom("a", "b", "ü");
const topic = fc.constantFrom("t", "room:1", "x".repeat(600));
const number = fc.integer({ min: 1, max: 30 });
const frame = fc.oneof(fc.string({ unit: "binary", maxLength: 8 }), fc.uint8Array({ maxLength: 8 }));
const bytes = fc.uint8Array({ maxLength: 6 });

const change: fc.Arbitrary<StoreChange> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("put_session" as const), sid, head: fc.constant(head), meta: bytes }),
  },
  fc.record({ type: fc.constant("put_head" as const), sid, head: number.map((rx) => ({ ...head, rx })) }),
  fc.record({ type: fc.constant("delete_session" as const), sid }),
  { weight: 6, arbitrary: fc.record({ type: fc.constant("put_frame" as const), sid, seq: number, topic, frame }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("trim_frames" as const), sid, through: number }) },
  fc.record({ type: fc.constant("require_owner" as const), sid, version: fc.integer({ min: 0, max: 1 }) }),
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("append_log" as const),
      topic,
      epoch: fc.integer({ min: 1, max: 2 }),
      offset: number,
      frame,
      at: number,
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("trim_log" as const), topic, through: number }) },
  fc.record({ type: fc.constant("delete_log" as const), topic }),
  fc.record({ type: fc.constant("put_record" as const), key: topic, value: bytes }),
  fc.record({ type: fc.constant("delete_record" as const), key: topic }),
);

type Step =
  | { readonly do: "commit"; readonly changes: readonly StoreChange[] }
  | { readonly do: "claim"; readonly sid: string; readonly version: number }
  | { readonly do: "reopen" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant("commit" as const), changes: fc.array(change, { maxLength: 4 }) }),
  },
  fc.record({ do: fc.constant("claim" as const), sid, version: fc.integer({ min: 0, max: 1 }) }),
  fc.constant({ do: "reopen" as const }),
);

/** What a step answers, in a form that can be compared. */
async function answer(store: Store, step: Step): Promise<unknown> {
  try {
    if (step.do === "commit") return await store.commit(step.changes);
    if (step.do === "claim") return await store.claim(step.sid, step.version, "node");
    return undefined;
  } catch (error) {
    return error instanceof StoreError ? error.code : error;
  }
}

/** All that a store holds. */
async function contents(store: Store): Promise<unknown> {
  const sessions = await Promise.all(["a", "b", "ü"].map((each) => store.readSession(each)));
  const logs = await Promise.all(
    ["t", "room:1", "x".repeat(600)].flatMap((each) => [store.readLog(each, 1, 100), store.readLog(each, 5, 3)]),
  );
  const records = await Promise.all(["t", "room:1", "x".repeat(600)].map((each) => store.readRecord(each)));
  const listed: string[] = [];
  for await (const summary of store.sessions()) listed.push(JSON.stringify(summary));
  for await (const summary of store.logs()) listed.push(JSON.stringify(summary));
  return { sessions, logs, records, listed: listed.sort() };
}

describe("any commits, claims and restarts leave", () => {
  test("the memory store with what plain maps hold", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const model = new PlainStore();
        const store = memoryStore();
        for (const each of steps) expect(await answer(store, each)).toEqual(await answer(model, each));
        expect(await contents(store)).toEqual(await contents(model));
      }),
      { numRuns: 300 },
    );
  });

  test("the embedded store with what the memory store holds", async () => {
    const base = await temporaryPath();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, together) => {
        const model = memoryStore();
        const path = `${base}-${run++}`;
        let store = await embeddedStore({ path });
        // Together: without waiting for one commit before the next is called.
        let pending: Promise<unknown>[] = [];
        const settle = async (): Promise<void> => {
          const answers = await Promise.all(pending);
          expect(answers.filter((each) => each instanceof Error)).toEqual([]);
          pending = [];
        };
        for (const each of steps) {
          const compared = Promise.all([answer(store, each), answer(model, each)]).then(([got, wanted]) => {
            expect(got).toEqual(wanted);
          });
          pending.push(compared.catch((error: unknown) => error));
          if (each.do === "reopen" || !together) await settle();
          if (each.do !== "reopen") continue;
          await store.close();
          store = await embeddedStore({ path });
        }
        await settle();
        expect(await contents(store)).toEqual(await contents(model));
        await store.close();
      }),
      { numRuns: 60 },
    );
  });
});
