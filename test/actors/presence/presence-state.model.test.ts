import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PresenceChanges, PresenceData } from "../../../actors/presence/presence-data.js";
import { PresenceState } from "../../../actors/presence/presence-state.js";

interface Entry {
  readonly id: string;
}
type Data = PresenceData<Entry>;
type State = PresenceState<Entry>;

const NAMES = ["a", "b", "c"] as const;

/** What a state knows, in an order that does not depend on how it came to know it; without who it belongs to. */
function known(state: State): unknown {
  return [...state.extract()]
    .filter(({ name }) => name !== "observer")
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map((told) => {
      if (told.gone) return told;
      const entries = told.entries
        .map(([change, { id }]) => [change, id])
        .sort(([one], [other]) => Number(one) - Number(other));
      return { ...told, entries };
    });
}

const ids = (values: Iterable<Entry>): string[] => [...values].map(({ id }) => id).sort();

const copy = (data: Data): Data => JSON.parse(JSON.stringify(data)) as Data;

const observer = (...merged: readonly Data[]): State => {
  const state: State = new PresenceState({ name: "observer", incarnation: 1 });
  for (const name of NAMES) state.replicaUp({ name, incarnation: 1 });
  for (const data of merged) state.merge(copy(data));
  return state;
};

/** One thing that a replica does to itself, or tells. */
interface Step {
  readonly replica: number;
  readonly act: "join" | "leave" | "delta" | "whole" | "renew" | "bury";
  readonly index: number;
}
const act = fc.oneof(
  { weight: 4, arbitrary: fc.constant("join" as const) },
  { weight: 3, arbitrary: fc.constant("leave" as const) },
  { weight: 2, arbitrary: fc.constant("delta" as const) },
  { weight: 1, arbitrary: fc.constant("whole" as const) },
  { weight: 1, arbitrary: fc.constant("renew" as const) },
  { weight: 1, arbitrary: fc.constant("bury" as const) },
);
const step: fc.Arbitrary<Step> = fc.record({ replica: fc.nat(NAMES.length - 1), act, index: fc.nat(20) });
const history = fc.array(step, { maxLength: 60 });

/** Replicas that live through a history, and all that they told in it. */
class Life {
  readonly states: readonly State[] = NAMES.map((name) => new PresenceState({ name, incarnation: 1, deltas: true }));
  readonly own: Entry[][] = NAMES.map(() => []);
  readonly told: Data[] = [];
  #next = 0;

  constructor(steps: readonly Step[]) {
    for (const each of steps) this.#live(each);
  }

  #live({ replica: at, act: what, index }: Step): void {
    const [state, own] = [this.states[at], this.own[at]];
    if (state === undefined || own === undefined) return;
    if (what === "join") {
      const entry = { id: `${at}.${this.#next++}` };
      own.push(entry);
      state.join(entry);
    } else if (what === "delta") this.told.push(...[state.takeDelta()].filter((delta) => delta !== undefined));
    else if (what === "whole") this.told.push(state.extract());
    // Another one tells that this life of it is over, whether it is or not.
    else if (what === "bury") this.told.push([{ ...state.self, gone: true }]);
    else if (what === "renew") state.renew(state.self.incarnation + 1);
    else {
      const [entry] = own.splice(index % Math.max(1, own.length), 1);
      if (entry !== undefined) expect(state.leave(entry)).toBe(true);
    }
  }
}

const told = history.map((steps) => new Life(steps).told);
const toldTwice = told.chain((all) =>
  fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
);

describe("merging", () => {
  test("is commutative", () => {
    fc.assert(
      fc.property(toldTwice, ([all, shuffled]) => {
        expect(known(observer(...shuffled))).toEqual(known(observer(...all)));
      }),
      { numRuns: 400 },
    );
  });

  test("is associative: what two know together is what a third learns from them one by one", () => {
    fc.assert(
      fc.property(told, fc.nat(60), fc.nat(60), (all, first, second) => {
        const [from, to] = [Math.min(first, second), Math.max(first, second)];
        const parts = [all.slice(0, from), all.slice(from, to), all.slice(to)].map((part) =>
          observer(...part).extract(),
        );
        const [one = [], two = [], three = []] = parts;
        const left = observer(observer(one, two).extract(), three);
        const right = observer(one, observer(two, three).extract());
        expect(known(left)).toEqual(known(right));
        expect(known(left)).toEqual(known(observer(...all)));
      }),
      { numRuns: 400 },
    );
  });

  test("is idempotent: what is known already changes nothing and tells nothing", () => {
    fc.assert(
      fc.property(told, fc.nat(60), (all, index) => {
        const state = observer(...all);
        const before = known(state);
        const again = [...all.slice(index), state.extract()];
        for (const data of again) expect(state.merge(copy(data))).toMatchObject({ joins: [], leaves: [] });
        expect(known(state)).toEqual(before);
      }),
      { numRuns: 400 },
    );
  });

  test("all deltas together say what the whole says", () => {
    fc.assert(
      fc.property(history, (steps) => {
        const life = new Life(
          steps.map((each) =>
            each.act === "join" || each.act === "leave" ? each : { ...each, act: "delta" as const },
          ),
        );
        const deltas = [...life.told, ...life.states.map((state) => state.takeDelta() ?? [])];
        const whole = life.states.map((state) => state.extract());
        const byDeltas = observer(...deltas);
        expect(known(byDeltas)).toEqual(known(observer(...whole)));
        expect(byDeltas.lagging()).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  test("what joins and leaves are told add up to what is visible", () => {
    fc.assert(
      fc.property(told, (all) => {
        const state: State = new PresenceState({ name: "observer", incarnation: 1 });
        const seen = new Set<Entry>();
        const note = ({ joins, leaves }: PresenceChanges<Entry>): void => {
          for (const each of leaves) expect(seen.delete(each)).toBe(true);
          for (const each of joins) {
            expect(seen.has(each)).toBe(false);
            seen.add(each);
          }
        };
        for (const [index, data] of all.entries()) {
          const id = { name: NAMES[index % 3] ?? "a", incarnation: 1 + (index % 4) };
          if (index % 5 === 0) note(state.replicaUp(id));
          if (index % 7 === 6) note(state.replicaDown(id));
          if (index % 11 === 10) note(state.replicaGone(id));
          note(state.merge(copy(data)));
          expect(ids(seen)).toEqual(ids(state.visible()));
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe("replicas that tell each other everything", () => {
  test("see the same: what each of them holds itself", () => {
    fc.assert(
      fc.property(history, fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { maxLength: 20 }), (steps, exchanges) => {
        const life = new Life(steps);
        const { states } = life;
        const exchange = (from: number, to: number): void => {
          const [one, other] = [states[from], states[to]];
          if (one === undefined || other === undefined || from === to) return;
          // No more than what the other lacks.
          const lacking = one.extract(other.contexts());
          other.merge(copy(lacking));
        };
        for (const [from, to] of exchanges) exchange(from, to);
        for (const from of [0, 1, 2, 0, 1, 2]) for (const to of [0, 1, 2]) exchange(from, to);
        for (const state of states) for (const { self } of states) state.replicaUp(self);
        for (const state of states) expect(ids(state.visible())).toEqual(ids(life.own.flat()));
        // Nothing is left to tell.
        for (const one of states)
          for (const other of states) expect(one.extract(other.contexts()).filter((each) => !each.gone)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a node that is gone", () => {
  test("leaves no ghost, whatever is told of it later, by whomever, in whatever order", () => {
    fc.assert(
      fc.property(history, fc.nat(60), fc.nat(2), (steps, at, gone) => {
        const life = new Life(steps);
        const name = NAMES[gone] ?? "a";
        const incarnation = life.states[gone]?.self.incarnation ?? 1;
        const [early, late] = [life.told.slice(0, at), life.told.slice(at)];
        const state = observer(...early);
        state.replicaUp({ name, incarnation });
        state.replicaGone({ name, incarnation });
        // A third that has not heard of it tells all that it knows, the dead included.
        const third = observer(...life.told, ...life.states.map((each) => each.extract()));
        for (const data of [...late, third.extract(), ...life.told]) state.merge(copy(data));
        expect(ids(state.visible()).filter((id) => id.startsWith(`${gone}.`))).toEqual([]);
        expect(state.replicaUp({ name, incarnation }).outcast).toBe(true);
        expect(state.contexts().filter((context) => context.name === name)).toEqual([]);
        // And whoever hears from this one knows it as well.
        third.merge(copy(state.extract()));
        third.replicaUp({ name, incarnation });
        expect(ids(third.visible()).filter((id) => id.startsWith(`${gone}.`))).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });
});
