import type { ExitReason } from "holdfast";
import { createTestSystem, type TestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import type { StateAction } from "../../../actors/state-machine/state-action.js";
import type { StateEvent } from "../../../actors/state-machine/state-event.js";
import type { StateFunctions, StateModule } from "../../../actors/state-machine/state-functions.js";
import { StateMachine } from "../../../actors/state-machine/state-machine.js";
import type { StateInit, StateResult } from "../../../actors/state-machine/state-result.js";
import { sys } from "../../../src/kernel/sys.js";
import { lineOf, type Probe } from "./modes.js";

type Module = StateModule<Probe>;

/** Callbacks that note what they get under their own title, and do what a note asks for. */
function noting(title: string, log: unknown[], orders: () => Readonly<Record<string, StateResult<Probe>>>): Module {
  const handle = (event: StateEvent<Probe>): StateResult<Probe> => {
    log.push(`${title}: ${lineOf(event)}`);
    return event.type === "cast" ? orders()[event.args[0]] : {};
  };
  const enter = (_data: string, from: string): void => {
    log.push(`${title}: enter from ${from}`);
  };
  return { states: { a: { enter, handle }, b: { enter, handle } } };
}

interface Layers {
  readonly log: unknown[];
  readonly orders: Readonly<Record<string, StateResult<Probe>>>;
  readonly start?: readonly StateAction<Probe>[];
}

/** A machine in state a, whose own callbacks do what a note asks for. */
class Layered extends StateMachine<Probe, Layers> {
  #layers: Layers = { log: [], orders: {} };

  override init(layers: Layers): StateInit<Probe> {
    this.#layers = layers;
    const { start } = layers;
    return start === undefined ? { state: "a", data: "kept" } : { state: "a", data: "kept", actions: start };
  }

  override handleEvent(event: StateEvent<Probe>, state: string, data: string): StateResult<Probe> {
    this.#layers.log.push(`own: ${lineOf(event)} in ${state} with ${data}`);
    return event.type === "cast" ? this.#layers.orders[event.args[0]] : {};
  }

  override handleEnter(from: string): void {
    this.#layers.log.push(`own: enter from ${from}`);
  }

  override terminate(reason: ExitReason): void {
    this.#layers.log.push(`own: terminate ${JSON.stringify(reason)}`);
  }
}

async function inSystem(run: (scene: TestSystem) => Promise<void>): Promise<void> {
  const testSystem = await createTestSystem();
  await run(testSystem);
  await testSystem.stop();
}

const EMPTY: StateFunctions<Probe> = {};
const POP = { actions: [{ type: "pop_callback_module" }] } as const;

describe("callback modules", () => {
  test("a pushed one gets all events, the enter call of the transition included, until it is popped", () =>
    inSystem(async ({ system, clock }) => {
      const log: unknown[] = [];
      const guest: Module = noting("guest", log, () => ({ pop: { next: "a", ...POP } }));
      const push: StateResult<Probe> = {
        next: "b",
        actions: [
          { type: "push_callback_module", module: guest },
          { type: "next_event", event: { type: "internal", content: "inserted" } },
          { type: "state_timeout", afterMs: 10, content: "t" },
        ],
      };
      const machine = await system.start(Layered, { log, orders: { push, later: { postpone: true } } });
      for (const note of ["later", "push"]) machine.cast.event("note", note);
      await clock.advance(10);
      expect(await sys.getState(machine)).toEqual({ state: "b", data: "kept" });
      expect(await sys.getStatus(machine)).toMatchObject({ state: { mode: "state_functions" } });
      for (const note of ["pop", "end"]) machine.cast.event("note", note);
      await clock.settle();
      expect(log).toEqual([
        "own: enter from a",
        "own: cast later in a with kept",
        "own: cast push in a with kept",
        "guest: enter from a",
        "guest: internal inserted",
        "guest: cast later",
        "guest: state_timeout t",
        "guest: cast pop",
        "own: enter from b",
        "own: cast end in a with kept",
      ]);
      expect(await sys.getStatus(machine)).toMatchObject({ state: { mode: "handle_event_function" } });
    }));

  test("a changed one takes the place of the one in force; pops bring back what was pushed, the newest first", () =>
    inSystem(async ({ system, clock }) => {
      const log: unknown[] = [];
      const orders: Record<string, StateResult<Probe>> = { pop: POP };
      for (const title of ["one", "two", "three"]) {
        const module = noting(title, log, () => orders);
        orders[`push ${title}`] = { actions: [{ type: "push_callback_module", module }] };
        orders[`change ${title}`] = { actions: [{ type: "change_callback_module", module }] };
      }
      const machine = await system.start(Layered, { log, orders });
      for (const note of ["change one", "push two", "change three", "push one", "pop", "pop", "end"]) {
        machine.cast.event("note", note);
      }
      await clock.settle();
      expect(log.slice(1)).toEqual([
        "own: cast change one in a with kept",
        "one: cast push two",
        "two: cast change three",
        "three: cast push one",
        "one: cast pop",
        "three: cast pop",
        "one: cast end",
      ]);
    }));

  test("init may give one, and the machine's own terminate runs whichever is in force", () =>
    inSystem(async ({ system, clock }) => {
      const log: unknown[] = [];
      const module = noting("first", log, () => ({}));
      const machine = await system.start(Layered, {
        log,
        orders: {},
        start: [{ type: "push_callback_module", module }],
      });
      await clock.settle();
      await system.stopActor(machine, "shutdown");
      expect(log).toEqual(["first: enter from a", 'own: terminate "shutdown"']);
    }));

  test("a module may have one function for all states", () =>
    inSystem(async ({ system }) => {
      class Answering {
        readonly #prefix = "answer to";
        handleEvent(event: StateEvent<Probe>): StateResult<Probe> {
          if (event.type === "call" && event.name === "ask") event.from.reply(`${this.#prefix} ${event.args[0]}`);
          return {};
        }
      }
      const start = [{ type: "change_callback_module", module: new Answering() }] as const;
      const machine = await system.start(Layered, { log: [], orders: {}, start });
      expect(await machine.call.event("ask", "that")).toBe("answer to that");
    }));

  test.each<[string, StateResult<Probe>, RegExp]>([
    ["one pop too many", POP, /pop_callback_module: nothing was pushed/],
    [
      "one push too many",
      { actions: Array.from({ length: 1_001 }, () => ({ type: "push_callback_module", module: { states: EMPTY } })) },
      /1000 modules wait for a pop/,
    ],
    ["no module", { actions: JSON.parse(`[{"type":"change_callback_module"}]`) }, /a module with .* got undefined/],
    ["no callbacks", { actions: JSON.parse(`[{"type":"push_callback_module","module":{}}]`) }, /a module with/],
  ])("%s crashes the machine", (_, result, text) =>
    inSystem(async ({ system }) => {
      const machine = await system.start(Layered, { log: [], orders: { go: result } });
      machine.cast.event("note", "go");
      expect(await system.exited(machine)).toMatchObject({
        error: { code: "bad_return_value", message: expect.stringMatching(text) },
      });
    }),
  );
});
