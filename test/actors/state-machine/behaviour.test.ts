import { Actor, BadReturnError, CallError, type ExitReason, NoContextError, realClock, StartError } from "holdfast";
import { createTestSystem, type TestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { PostponedFullError } from "../../../actors/state-machine/machine-errors.js";
import type { StateEvent } from "../../../actors/state-machine/state-event.js";
import type { StateFunctions } from "../../../actors/state-machine/state-functions.js";
import { StateMachine } from "../../../actors/state-machine/state-machine.js";
import type { StateInit, StateResult } from "../../../actors/state-machine/state-result.js";
import { sys } from "../../../src/kernel/sys.js";
import { Asker, CodeLock } from "./code-lock.js";
import { classesOf, inBothModes, lineOf, type Probe } from "./modes.js";

async function inSystem(run: (scene: TestSystem) => Promise<void>): Promise<void> {
  const testSystem = await createTestSystem();
  await run(testSystem);
  await testSystem.stop();
}

describe("the lock of the guide", () => {
  test("opens with its code, answers a postponed call then, and locks again after ten seconds", () =>
    inSystem(async ({ system, clock }) => {
      const lock = await system.start(CodeLock, { code: "12" });
      const length = lock.callWithin(60_000).event("length");
      lock.cast.event("button", "1");
      await clock.advance(20_000);
      expect(await sys.getState(lock)).toEqual({ state: "locked", data: { code: "12", entered: "1" } });
      lock.cast.event("button", "2");
      expect(await length).toBe(2);
      expect(await lock.call.length()).toBe(2);
      await clock.advance(9_999);
      expect(await sys.getState(lock)).toMatchObject({ state: "open" });
      await clock.advance(1);
      expect(await sys.getState(lock)).toMatchObject({ state: "locked" });
    }));

  test("a method of its own that returns an event is a message like that of any actor", () =>
    inSystem(async ({ system }) => {
      const lock = await system.start(CodeLock, { code: "1" });
      const asker = await system.start(Asker, lock);
      lock.cast.event("button", "1");
      expect(await asker.call.ask()).toBe(1);
    }));

  test("what is no event is no message", () =>
    inSystem(async ({ system }) => {
      const lock = await system.start(CodeLock, { code: "1" });
      expect(Object.keys(Object.getPrototypeOf(lock.call)).sort()).toEqual(["event", "length"]);
    }));
});

inBothModes<Probe>(
  "async state functions and enter calls: the next event waits for them",
  (log) => {
    const turn = async (what: string): Promise<void> => {
      log.push(`${what} begins`);
      await Promise.resolve();
      await Promise.resolve();
      log.push(`${what} ends`);
    };
    return {
      start: { state: "a", data: "" },
      states: () => {
        const handle = async (event: StateEvent<Probe>): Promise<StateResult<Probe>> => {
          await turn(lineOf(event));
          if (event.type === "call" && event.name === "ask") event.from.reply("done");
          if (event.type !== "cast") return {};
          return { next: "b", actions: [{ type: "next_event", event: { type: "internal", content: "" } }] };
        };
        return { a: handle, b: { enter: () => turn("enter"), handle } };
      },
    };
  },
  async ({ machine }, log) => {
    machine.cast.event("note", "go");
    expect(await machine.call.event("ask", "?")).toBe("done");
    const begun = ["cast go", "enter", "internal ", "call ?"];
    expect(log).toEqual(begun.flatMap((what) => [`${what} begins`, `${what} ends`]));
  },
);

inBothModes<Probe>(
  "a crash fails the call at hand and the postponed ones, runs terminate with the state before, and leaves no timer",
  (log) => ({
    start: { state: "a", data: "kept" },
    states: () => ({
      a: (event) => {
        if (event.type === "call") {
          if (event.args[0] === "crash") throw new Error("crashed");
          return { postpone: true, actions: [{ type: "state_timeout", afterMs: 60_000 }] };
        }
        return {};
      },
    }),
    terminate: (reason, state, data) => log.push([reason, state, data]),
  }),
  async ({ machine, clock, system }, log) => {
    const outcomes = Promise.allSettled([machine.call.event("ask", "wait"), machine.call.event("ask", "crash")]);
    const failed = {
      status: "rejected",
      reason: expect.objectContaining({ code: "exit", message: expect.stringContaining("crashed") }),
    };
    expect(await outcomes).toEqual([failed, failed]);
    const error: ExitReason = { error: expect.objectContaining({ message: "crashed" }) };
    expect(log).toEqual([[error, "a", "kept"]]);
    await clock.settle();
    expect(system.kernel.timers.size).toBe(0);
  },
);

inBothModes<Probe>(
  "an enter call that crashes ends the machine in its new state; the start itself was good",
  (log) => ({
    start: { state: "a", data: "" },
    states: () => ({
      a: {
        enter: () => {
          throw new Error("no entry");
        },
        handle: () => ({}),
      },
    }),
    terminate: (_reason, state) => log.push(state),
  }),
  async ({ machine, system }, log) => {
    expect(await system.exited(machine)).toEqual({ error: expect.objectContaining({ message: "no entry" }) });
    expect(log).toEqual(["a"]);
  },
);

inBothModes<Probe>(
  "a result that is none crashes the machine with a text of those that are",
  () => ({
    start: { state: "a", data: "" },
    states: () => ({
      a: (event) => JSON.parse(event.type === "cast" ? event.args[0] : "{}"),
    }),
  }),
  async ({ machine, system }) => {
    machine.cast.event("note", `{"nxt":"b"}`);
    expect(await system.exited(machine)).toMatchObject({
      error: { code: "bad_return_value", message: expect.stringMatching(/the key "nxt".*A state function may return/) },
    });
  },
);

test("a machine that inserts events for ever leaves the others their turns, and can be stopped", async () => {
  // On the machine's clock: the virtual one stands still, and slices of time never end.
  const { system, stop } = await createTestSystem({ clock: realClock });
  const { state_functions: Endless } = classesOf<Probe>({
    start: { state: "a", data: "" },
    states: () => ({ a: () => ({ actions: [{ type: "next_event", event: { type: "internal", content: "" } }] }) }),
  });
  class Other extends Actor {
    ping(): string {
      return "pong";
    }
  }
  const machine = await system.start(Endless);
  const other = await system.start(Other);
  machine.cast.event("note", "go");
  for (let round = 0; round < 10; round++) expect(await other.call.ping()).toBe("pong");
  await system.stopActor(machine);
  expect(system.isAlive(machine)).toBe(false);
  await stop();
});

const badResults: readonly [string, string][] = [
  [`[1]`, "an array of 1"],
  [`{"next":"b","repeat":true}`, "both `next` and `repeat`"],
  [`{"replies":[]}`, "without `stop`"],
  [`{"stop":"normal","replies":[1]}`, "no array of reply actions"],
  [`{"actions":1}`, "Expected actions in an array"],
  [`{"actions":[{}]}`, "Expected an action"],
  [`{"actions":[{"type":"wait"}]}`, 'of the type "wait"'],
  [`{"actions":[{"type":"reply","from":1}]}`, 'of the type "reply"'],
  [`{"actions":[{"type":"next_event","event":1}]}`, "Expected an event with a type"],
  [`{"actions":[{"type":"timeout"}]}`, 'when "timeout" is due'],
  [`{"actions":[{"type":"timeout","afterMs":-1}]}`, "got -1"],
  [`{"actions":[{"type":"generic_timeout","afterMs":1}]}`, "to have a name"],
];
test.each(badResults)("%s is refused: %s", (returned, text) =>
  inSystem(async ({ system }) => {
    const { state_functions: Bad } = classesOf<Probe>({
      start: { state: "a", data: "" },
      states: () => ({ a: () => JSON.parse(returned) }),
    });
    const machine = await system.start(Bad);
    machine.send("go");
    expect(await system.exited(machine)).toMatchObject({
      error: { code: "bad_return_value", message: expect.stringContaining(text) },
    });
  }),
);

describe("the start", () => {
  interface Beginning {
    readonly returned: () => StateInit<Probe> | Promise<StateInit<Probe>>;
    readonly log: unknown[];
  }

  class Starting extends StateMachine<Probe, Beginning> {
    #log: unknown[] = [];
    override init({ returned, log }: Beginning) {
      this.#log = log;
      return returned();
    }
    override handleEnter(from: string, state: string): void {
      this.#log.push(`enter ${state} from ${from}`);
    }
    override handleEvent(event: StateEvent<Probe>): void {
      this.#log.push(lineOf(event));
    }
  }

  test("the first enter call and what init asked for come before any event", () =>
    inSystem(async ({ system, clock }) => {
      const log: unknown[] = [];
      const returned: StateInit<Probe> = {
        state: "a",
        data: "",
        actions: [
          { type: "state_timeout", afterMs: 0, content: "t" },
          { type: "next_event", event: { type: "internal", content: "i" } },
        ],
      };
      for (const each of [returned, Promise.resolve(returned)]) {
        const machine = system.spawn(Starting, { returned: () => each, log });
        machine.cast.event("note", "first");
        await clock.settle();
        expect(log.splice(0)).toEqual(["enter a from a", "internal i", "state_timeout t", "cast first"]);
      }
    }));

  test.each(["sync", "async"])("it may be ignored, refused, malformed or fail: %s", (when) =>
    inSystem(async ({ system, clock }) => {
      const start = async (returned: () => StateInit<Probe>): Promise<unknown> => {
        try {
          const init = when === "sync" ? returned : async () => returned();
          return await system.start(Starting, { returned: init, log: [] }, { name: "machine" });
        } catch (error) {
          expect(system.whereis("machine")).toBeUndefined();
          return error instanceof StartError ? [error.code, error.reason] : error;
        }
      };
      const wrong = ["init_failed", { error: expect.any(BadReturnError) }];
      expect(await start(() => ({ ignore: true }))).toEqual(["ignore", "ignore"]);
      expect(await start(() => ({ stop: "no" }))).toEqual(["init_failed", "no"]);
      for (const text of ["{}", "null", '{"data":1}', '{"continue":1}', '{"state":"a","actions":{}}']) {
        expect(await start(() => JSON.parse(text)), text).toEqual(wrong);
      }
      const failing = (): never => {
        throw new TypeError("no start");
      };
      expect(await start(failing)).toEqual(["init_failed", { error: expect.any(TypeError) }]);
      await clock.settle();
      expect(system.kernel.timers.size).toBe(0);
    }),
  );

  test("a machine without any callback crashes with a text that says what it needs", () =>
    inSystem(async ({ system }) => {
      class Empty extends StateMachine<Probe> {
        override init(): StateInit<Probe> {
          return { state: "a", data: "" };
        }
      }
      const machine = await system.start(Empty);
      machine.send("anything");
      expect(await system.exited(machine)).toMatchObject({ error: { code: "bad_return_value" } });
    }));

  test("a state without a function crashes with a text of those that have one", () =>
    inSystem(async ({ system }) => {
      const { state_functions: Lost } = classesOf<Probe>({
        start: { state: "a", data: "" },
        states: () => ({ a: () => ({ next: "toString" }) }),
      });
      const machine = await system.start(Lost);
      machine.send("go");
      expect(await system.exited(machine)).toMatchObject({
        error: { code: "bad_return_value", message: expect.stringContaining("one for each of: a.") },
      });
    }));
});

test("monitors and links are events of their own types, and postponed like others", () =>
  inSystem(async ({ system, clock }) => {
    const log: unknown[] = [];
    class Watcher extends StateMachine<Probe> {
      override init(): StateInit<Probe> {
        this.trapExit();
        const child = this.spawn(Child, undefined, { link: true });
        this.monitor(child);
        return { state: "a", data: "" };
      }
      override readonly states: StateFunctions<Probe> = {
        a: (event) => (event.type === "info" ? { next: "b" } : { postpone: true }),
        b: (event) => {
          if (event.type === "down" || event.type === "exit") log.push([event.type, event.content.reason]);
          return {};
        },
      };
    }
    class Child extends Actor {
      override init(): void {
        this.stop("gone");
      }
    }
    const machine = await system.start(Watcher);
    await clock.settle();
    expect(log).toEqual([]);
    machine.send("go");
    await clock.settle();
    expect(log.sort()).toEqual([
      ["down", "gone"],
      ["exit", "gone"],
    ]);
  }));

test("a state may be any value, and has changed when it is another value, not another object", () =>
  inSystem(async ({ system, clock }) => {
    interface Shape {
      state: { readonly at: number };
      data: string[];
      events: { go(at: number): void };
    }
    const log: string[] = [];
    class Walker extends StateMachine<Shape> {
      override init(): StateInit<Shape> {
        return { state: { at: 0 }, data: [] };
      }
      override handleEvent(event: StateEvent<Shape>): StateResult<Shape> {
        return event.type === "cast" ? { next: { at: event.args[0] } } : {};
      }
      override handleEnter(from: Shape["state"], state: Shape["state"]): void {
        log.push(`${from.at} to ${state.at}`);
      }
    }
    const machine = await system.start(Walker);
    for (const at of [0, 1, 1, 2]) machine.cast.event("go", at);
    await clock.settle();
    expect(log).toEqual(["0 to 0", "0 to 1", "1 to 2"]);
  }));

test("one postponed event too many crashes the machine", () =>
  inSystem(async ({ system }) => {
    class Small extends StateMachine<Probe> {
      static override readonly maxPostponed = 2;
      override init(): StateInit<Probe> {
        return { state: "a", data: "" };
      }
      override handleEvent(): StateResult<Probe> {
        return { postpone: true };
      }
    }
    class Smaller extends Small {}
    const machine = await system.start(Smaller);
    for (let sent = 0; sent < 3; sent++) machine.send(sent);
    expect(await system.exited(machine)).toEqual({ error: expect.any(PostponedFullError) });
  }));

test("a machine that gives itself an event while it handles one is told to insert it", () =>
  inSystem(async ({ system }) => {
    class Hasty extends StateMachine<Probe> {
      override init(): StateInit<Probe> {
        return { state: "a", data: "" };
      }
      override handleEvent(): StateResult<Probe> {
        void this.event("note", "again");
        return {};
      }
    }
    const machine = await system.start(Hasty);
    machine.send("go");
    expect(await system.exited(machine)).toEqual({ error: expect.any(NoContextError) });
  }));

test("a state put in by sys.replaceState is the state from then on, and a malformed one is refused", () =>
  inSystem(async ({ system }) => {
    const lock = await system.start(CodeLock, { code: "12" });
    await sys.suspend(lock);
    const replaced = { state: "open", data: { code: "345", entered: "" } };
    expect(await sys.replaceState(lock, () => replaced)).toEqual(replaced);
    await sys.resume(lock);
    expect(await lock.call.event("length")).toBe(3);
    await expect(sys.replaceState(lock, () => "open")).rejects.toThrow(/\{ state, data \}/);
    const failing = (): never => {
      throw new Error("cannot");
    };
    await expect(sys.replaceState(lock, failing)).rejects.toMatchObject({ code: "callback_failed" });
    expect(await sys.getState(lock)).toEqual(replaced);
    expect(await lock.call.event("length")).toBe(3);
  }));

inBothModes<Probe>(
  "a machine that asks for it hibernates when nothing waits, until the next event, a time-out among them",
  () => ({
    start: { state: "a", data: "", actions: [{ type: "hibernate" }] },
    states: () => ({
      a: (event) => {
        if (event.type === "call" && event.name === "ask") event.from.reply("awake");
        if (event.type !== "cast") return {};
        if (event.args[0] === "enter") return { next: "b" };
        const inserted = { type: "next_event", event: { type: "internal", content: "" } } as const;
        if (event.args[0] === "busy") return { actions: [{ type: "hibernate" }, inserted] };
        return { actions: [{ type: "hibernate" }, { type: "state_timeout", afterMs: 10 }] };
      },
      b: { enter: () => ({ actions: [{ type: "hibernate" }] }), handle: () => ({}) },
    }),
  }),
  async ({ machine, clock, system }) => {
    const asleep = (): boolean | undefined => system.info(machine)?.hibernated;
    const note = async (text: string): Promise<boolean | undefined> => {
      machine.cast.event("note", text);
      await clock.settle();
      return asleep();
    };
    await clock.settle();
    expect(asleep()).toBe(true);
    expect(await machine.call.event("ask", "?")).toBe("awake");
    expect(asleep()).toBe(false);
    expect(await note("sleep")).toBe(true);
    await sys.suspend(machine);
    await sys.resume(machine);
    expect(asleep()).toBe(true);
    await clock.advance(10);
    expect(asleep()).toBe(false);
    expect(await note("busy")).toBe(false);
    expect(await note("sleep")).toBe(true);
    machine.send("info");
    await clock.settle();
    expect(asleep()).toBe(false);
    expect(await note("enter")).toBe(true);
  },
);

test("case 281: a code change may go from state functions to handleEvent, and the state is kept", () =>
  inSystem(async ({ system }) => {
    class Upgraded extends StateMachine<Probe> {
      override states?: StateFunctions<Probe> = {
        a: (event) => {
          if (event.type === "call" && event.name === "ask") event.from.reply("state functions");
          return {};
        },
      };
      override init(): StateInit<Probe> {
        return { state: "a", data: "kept" };
      }
      override handleEvent(event: StateEvent<Probe>, state: string, data: string): StateResult<Probe> {
        if (event.type === "call" && event.name === "ask") event.from.reply(`handleEvent in ${state}: ${data}`);
        return {};
      }
      override codeChange(): void {
        delete this.states;
      }
    }
    const machine = await system.start(Upgraded);
    expect(await machine.call.event("ask", "")).toBe("state functions");
    await sys.suspend(machine);
    await sys.changeCode(machine, "1.0");
    await sys.resume(machine);
    expect(await machine.call.event("ask", "")).toBe("handleEvent in a: kept");
    expect(await sys.getStatus(machine)).toMatchObject({ state: { mode: "handle_event_function" } });
  }));

test("case 284: without a codeChange a code change is refused, and the machine goes on", () =>
  inSystem(async ({ system }) => {
    const lock = await system.start(CodeLock, { code: "1" });
    await sys.suspend(lock);
    await expect(sys.changeCode(lock, "1.0")).rejects.toMatchObject({ code: "undefined_hook" });
    await sys.resume(lock);
    lock.cast.event("button", "1");
    expect(await lock.call.event("length")).toBe(1);
  }));

test("a machine that has ended rejects calls", () =>
  inSystem(async ({ system }) => {
    const lock = await system.start(CodeLock, { code: "1" });
    await system.stopActor(lock);
    await expect(lock.call.event("length")).rejects.toBeInstanceOf(CallError);
  }));
