import fc from "fast-check";
import { expect, test } from "vitest";
import { EventQueue } from "../../../actors/state-machine/event-queue.js";
import type { EnterAction, StateAction } from "../../../actors/state-machine/state-action.js";
import { StateEngine } from "../../../actors/state-machine/state-engine.js";
import type { StateEvent } from "../../../actors/state-machine/state-event.js";

interface Numbered {
  state: number;
  data: null;
  events: object;
  timeoutName: number;
}

/** What the callback does with one event. */
interface Move {
  readonly next: number | undefined;
  readonly repeat: boolean;
  readonly postpone: boolean;
  readonly inserts: number;
  readonly timeouts: readonly TimeoutMove[];
  readonly enterTimeouts: readonly TimeoutMove[];
  /** How many events come from outside before the next is taken. */
  readonly arrivals: number;
}

interface TimeoutMove {
  readonly which: "state" | "event" | 0 | 1;
  readonly what: "zero" | "start" | "cancel" | "update";
}

const timeoutMove: fc.Arbitrary<TimeoutMove> = fc.record({
  which: fc.constantFrom("state" as const, "event" as const, 0 as const, 1 as const),
  what: fc.constantFrom("zero" as const, "start" as const, "cancel" as const, "update" as const),
});

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.record({
    next: fc.option(fc.nat(2), { nil: undefined }),
    repeat: fc.boolean(),
    postpone: fc.boolean(),
    inserts: fc.nat(2),
    timeouts: fc.array(timeoutMove, { maxLength: 4 }),
    enterTimeouts: fc.array(timeoutMove, { maxLength: 2 }),
    arrivals: fc.nat(2),
  }),
  { maxLength: 40 },
);

function action({ which, what }: TimeoutMove, content: string): EnterAction<Numbered> {
  const kind =
    which === "state"
      ? ({ type: "state_timeout" } as const)
      : which === "event"
        ? ({ type: "timeout" } as const)
        : ({ type: "generic_timeout", name: which } as const);
  if (what === "cancel") return { ...kind, cancel: true };
  if (what === "update") return { ...kind, update: content };
  return { ...kind, afterMs: what === "zero" ? 0 : 10, content };
}

const textOf = (event: StateEvent<Numbered> | undefined): string | undefined =>
  event === undefined
    ? undefined
    : event.type === "internal" || event.type === "info"
      ? String(event.content)
      : text(event);

function text(event: StateEvent<Numbered>): string {
  if (event.type === "state_timeout") return `state ${String(event.content)}`;
  if (event.type === "timeout") return `event ${String(event.content)}`;
  return event.type === "generic_timeout" ? `${event.name} ${String(event.content)}` : event.type;
}

/** The same rules as plainly as they can be said: one list of what the machine has queued, one of what came from outside. */
class Model {
  state = 0;
  own: string[] = [];
  outside: string[] = [];
  postponed: string[] = [];
  /** Time-outs, the ones without a timer in the order in which they come. */
  timeouts: { which: TimeoutMove["which"]; zero: boolean; content: string }[] = [];

  take(): string | undefined {
    const own = this.own.shift();
    if (own !== undefined) return own;
    const zero = this.timeouts.find((each) => each.zero);
    if (zero === undefined) return this.outside.shift();
    this.timeouts = this.timeouts.filter((each) => each !== zero);
    return `${zero.which} ${zero.content}`;
  }

  move(event: string, move: Move, inserted: string[], contents: string[]): void {
    this.timeouts = this.timeouts.filter(({ which }) => which !== "event");
    if (move.postpone) this.postponed.push(event);
    const changes = !move.repeat && move.next !== undefined && move.next !== this.state;
    if (changes) {
      this.state = move.next ?? this.state;
      this.timeouts = this.timeouts.filter(({ which }) => which !== "state");
      this.own = [...this.postponed, ...this.own];
      this.postponed = [];
    }
    this.own = [...inserted, ...this.own];
    const all = changes || move.repeat ? [...move.timeouts, ...move.enterTimeouts] : move.timeouts;
    for (const [index, { which, what }] of all.entries()) this.timeout(which, what, contents[index] ?? "");
  }

  timeout(which: TimeoutMove["which"], what: TimeoutMove["what"], content: string): void {
    const present = this.timeouts.find((each) => each.which === which);
    if (what === "update" && present !== undefined) {
      present.content = content;
      return;
    }
    this.timeouts = this.timeouts.filter((each) => each !== present);
    if (what !== "cancel") this.timeouts.push({ which, zero: what !== "start", content });
  }
}

test("the engine does what the rules say, whatever the callbacks return", () => {
  fc.assert(
    fc.property(moves, (script) => {
      const engine = new StateEngine<Numbered>(0, null, 100);
      const model = new Model();
      const armed = new Set<unknown>();
      let count = 0;
      const arrive = (arrivals: number): void => {
        for (let each = 0; each < arrivals; each++) {
          const content = `outside ${count++}`;
          engine.arrive({ type: "info", content });
          model.outside.push(content);
        }
      };
      arrive(2);
      for (const move of script) {
        const event = engine.take();
        expect(textOf(event)).toBe(model.take());
        if (event === undefined) {
          arrive(1);
          continue;
        }
        const inserted = Array.from({ length: move.inserts }, () => `inserted ${count++}`);
        const contents = Array.from({ length: 6 }, () => `t${count++}`);
        const actions: StateAction<Numbered>[] = [
          ...inserted.map((content) => ({ type: "next_event", event: { type: "internal", content } }) as const),
          ...move.timeouts.map((each, index) => action(each, contents[index] ?? "")),
        ];
        const { postpone } = move;
        let step = move.repeat
          ? engine.handled({ repeat: true, actions, postpone })
          : engine.handled(move.next === undefined ? { actions, postpone } : { next: move.next, actions, postpone });
        if (step.kind === "enter") {
          const offset = move.timeouts.length;
          const enterActions = move.enterTimeouts.map((each, index) => action(each, contents[offset + index] ?? ""));
          step = engine.entered({ actions: enterActions });
        }
        expect(step.kind).toBe("finish");
        const changes = engine.finish();
        for (const timeout of changes.disarm) expect(armed.delete(timeout)).toBe(true);
        for (const { timeout } of changes.arm) armed.add(timeout);
        model.move(textOf(event) ?? "", move, inserted, contents);
        arrive(move.arrivals);
        expect(engine.state).toBe(model.state);
        expect(engine.postponed.map(textOf)).toEqual(model.postponed);
        expect(engine.waiting.map(textOf)).toEqual([...model.own, ...model.outside]);
        expect(engine.timeouts.map(({ content }) => content).sort()).toEqual(
          model.timeouts.map(({ content }) => content).sort(),
        );
        // Those with a timer are those that the timers were asked for: no timer is left behind.
        expect(armed.size).toBe(model.timeouts.filter(({ zero }) => !zero).length);
      }
    }),
    { numRuns: 500 },
  );
});

test("the queue keeps every event exactly once", () => {
  const command = fc.constantFrom("arrive", "insert", "postpone", "retry", "ready", "arrived");
  fc.assert(
    fc.property(fc.array(command, { maxLength: 100 }), (commands) => {
      const queue = new EventQueue<number>();
      let next = 0;
      const taken: number[] = [];
      const take = (event: number | undefined): void => {
        if (event !== undefined) taken.push(event);
      };
      for (const each of commands) {
        if (each === "arrive") queue.arrive(next++);
        else if (each === "insert") queue.insert([next++, next++]);
        else if (each === "postpone") queue.postpone(taken.pop() ?? next++);
        else if (each === "retry") queue.retryPostponed();
        else take(each === "ready" ? queue.takeReady() : queue.takeArrived());
        const all = [...taken, ...queue.waiting, ...queue.postponed];
        expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: next }, (_, index) => index));
      }
    }),
  );
});
