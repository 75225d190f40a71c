import { Actor, type ActorRef, CallError, type Exit } from "holdfast";
import { createProbe, createTestSystem } from "holdfast/testing";
import { expect, test } from "vitest";
import { BadStateEnterReturnError } from "../../../actors/state-machine/machine-errors.js";
import type { StateAction } from "../../../actors/state-machine/state-action.js";
import type { StateEvent } from "../../../actors/state-machine/state-event.js";
import { StateMachine } from "../../../actors/state-machine/state-machine.js";
import type { StateInit, StateResult } from "../../../actors/state-machine/state-result.js";
import { sys } from "../../../src/kernel/sys.js";
import { inBothModes, lineOf, type Probe } from "./modes.js";

type CallOf = Extract<StateEvent<Probe>, { type: "call"; name: "ask" }>;

function isAsk(event: StateEvent<Probe>): event is CallOf {
  return event.type === "call" && event.name === "ask";
}

function isNote(event: StateEvent<Probe>, text: string): boolean {
  return event.type === "cast" && event.args[0] === text;
}

function internal(content: string): Extract<StateEvent<Probe>, { type: "internal" }> {
  return { type: "internal", content };
}

inBothModes<Probe>(
  "case 264: a call that times out is rejected, and its late reply is dropped",
  () => {
    const asked = new Map<string, CallOf>();
    return {
      start: { state: "start", data: "" },
      states: () => ({
        start: (event) => {
          if (event.type === "generic_timeout") asked.get(String(event.name))?.from.reply("late");
          if (!isAsk(event)) return {};
          const name = `call ${asked.size}`;
          asked.set(name, event);
          return { actions: [{ type: "generic_timeout", name, afterMs: 1_000 }] };
        },
      }),
    };
  },
  async ({ machine, clock, system }) => {
    const outcomes: unknown[] = [];
    class Caller extends Actor {
      async run(timeoutMs: number): Promise<void> {
        try {
          outcomes.push(await machine.callWithin(timeoutMs).event("ask", "x"));
        } catch (error) {
          outcomes.push(error instanceof CallError ? error.code : error);
        }
      }
      override handleInfo(message: unknown): void {
        outcomes.push(message);
      }
    }
    const caller = await system.start(Caller);
    for (const timeoutMs of [100, 10, 10]) caller.cast.run(timeoutMs);
    await clock.advance(1_100);
    expect(outcomes).toEqual(["timeout", "timeout", "timeout"]);
    expect(system.mailboxLength(caller)).toBe(0);
  },
);

inBothModes<Probe>(
  "case 266: stopping with { shutdown } is an orderly end and makes no report",
  (log) => ({
    start: { state: "start", data: "d" },
    states: () => ({ start: () => ({ stop: { shutdown: "r" } }) }),
    terminate: (reason, state, data) => log.push([reason, state, data]),
  }),
  async ({ machine, system, reports }, log) => {
    const ended = system.exited(machine);
    machine.cast.event("note", "stop");
    expect(await ended).toEqual({ shutdown: "r" });
    expect(log).toEqual([[{ shutdown: "r" }, "start", "d"]]);
    expect(reports).toEqual([]);
  },
);

class Owner extends Actor<{ machine: () => Promise<ActorRef<StateMachine<Probe>>>; log: unknown[] }> {
  #log: unknown[] = [];
  override async init({ machine, log }: { machine: () => Promise<ActorRef<StateMachine<Probe>>>; log: unknown[] }) {
    this.#log = log;
    this.trapExit();
    const ref = await machine();
    this.link(ref);
    void this.#ask(ref, "one");
    void this.#ask(ref, "two");
    ref.cast.event("note", "stop");
  }
  override handleExit({ reason }: Exit): void {
    this.#log.push(["EXIT", reason]);
  }
  async #ask(ref: ActorRef<StateMachine<Probe>>, text: string): Promise<void> {
    this.#log.push(await ref.call.event("ask", text));
  }
}

inBothModes<Probe>(
  "case 267: stop with replies sends them in order, then the exit signal",
  () => {
    const kept: StateAction<Probe>[] = [];
    return {
      start: { state: "start", data: "" },
      states: () => ({
        start: (event) => {
          if (isAsk(event)) kept.push({ type: "reply", from: event.from, value: `reply ${event.args[0]}` });
          return kept.length === 2 ? { next: "wait" } : {};
        },
        wait: () => ({ stop: "reason", replies: kept.filter((action) => action.type === "reply") }),
      }),
    };
  },
  async ({ machine, system, clock }, log) => {
    await system.start(Owner, { machine: () => Promise.resolve(machine), log });
    await clock.settle();
    expect(log).toEqual(["reply one", "reply two", ["EXIT", "reason"]]);
  },
);

inBothModes<Probe>(
  "case 269: inserted events come first, then postponed ones; an event time-out of 0 ends with any event",
  (log) => ({
    start: { state: "start", data: "" },
    states: () => ({
      start: (event) => {
        if (!isAsk(event)) return { postpone: true };
        return {
          next: "buffer",
          actions: [
            { type: "next_event", event: { type: "internal", content: "ok3" } },
            { type: "next_event", event: { type: "internal", content: "ok4" } },
            { type: "timeout", afterMs: 0, content: "ok5" },
            { type: "reply", from: event.from, value: "buffering" },
          ],
        };
      },
      buffer: (event) => {
        if (isAsk(event)) return { stop: "normal", replies: [{ type: "reply", from: event.from, value: log.join() }] };
        log.push(event.type === "cast" ? event.args[0] : lineOf(event));
        return {};
      },
    }),
  }),
  async ({ machine }) => {
    machine.cast.event("note", "ok1");
    machine.cast.event("note", "ok2");
    expect(await machine.call.event("ask", "buffer")).toBe("buffering");
    expect(await machine.call.event("ask", "stop")).toBe("internal ok3,internal ok4,ok1,ok2");
  },
);

inBothModes<Probe>(
  "case 274: an inserted event has exactly the type it was inserted with, and an inserted call can be answered",
  (log) => ({
    start: { state: "start", data: "" },
    states: () => ({
      start: (event) => {
        if (!isAsk(event)) return {};
        const events: StateEvent<Probe>[] = [
          { type: "internal", content: 1 },
          { type: "state_timeout", content: 2 },
          { type: "timeout", content: 3 },
          { type: "info", content: 4 },
          { type: "cast", name: "note", args: ["5"] },
          { type: "generic_timeout", name: 6, content: 6 },
          event,
        ];
        return { next: "undo", actions: events.map((each) => ({ type: "next_event", event: each })) };
      },
      undo: (event) => {
        log.push(lineOf(event));
        return isAsk(event) ? { actions: [{ type: "reply", from: event.from, value: "done" }] } : {};
      },
    }),
  }),
  async ({ machine }, log) => {
    expect(await machine.call.event("ask", "7")).toBe("done");
    expect(log).toEqual(["internal 1", "state_timeout 2", "timeout 3", "info 4", "cast 5", "{timeout,6} 6", "call 7"]);
  },
);

inBothModes<Probe>(
  "case 276: postponed events come again when the state changes, the oldest first, and not before",
  (log) => ({
    start: { state: "a", data: "" },
    states: () => ({
      a: {
        enter: () => {
          log.push("enter a");
        },
        handle: (event) => {
          log.push(`a: ${lineOf(event)}`);
          if (isNote(event, "keep")) return {};
          if (isNote(event, "same")) return { next: "a" };
          if (isNote(event, "repeat")) return { repeat: true };
          return isNote(event, "go") ? { next: "b" } : { postpone: true };
        },
      },
      b: (event) => {
        log.push(`b: ${lineOf(event)}`);
        return {};
      },
    }),
  }),
  async ({ machine, clock }, log) => {
    for (const note of ["p1", "p2", "p3", "keep", "same", "repeat", "go", "later"]) machine.cast.event("note", note);
    await clock.settle();
    expect(log).toEqual([
      "enter a",
      "a: cast p1",
      "a: cast p2",
      "a: cast p3",
      "a: cast keep",
      "a: cast same",
      "a: cast repeat",
      "enter a",
      "a: cast go",
      "b: cast p1",
      "b: cast p2",
      "b: cast p3",
      "b: cast later",
    ]);
  },
);

// What an enter call must not return has no type: it is written as data.
const forbidden: readonly [string, string][] = [
  ["next", JSON.stringify({ next: "other" })],
  ["postpone", JSON.stringify({ postpone: true })],
  ["next_event", JSON.stringify({ actions: [{ type: "next_event", event: { type: "internal" } }] })],
];
for (const [what, returned] of forbidden) {
  inBothModes<Probe>(
    `case 277: an enter call that returns ${what} crashes the machine`,
    () => ({
      start: { state: "a", data: "" },
      states: () => ({
        a: () => ({ next: "b" }),
        b: { enter: () => JSON.parse(returned), handle: () => ({}) },
      }),
    }),
    async ({ machine, system }) => {
      const ended = system.exited(machine);
      machine.cast.event("note", "go");
      expect(await ended).toEqual({ error: expect.any(BadStateEnterReturnError) });
    },
  );
}

inBothModes<Probe>(
  "case 277: an enter call may reply, set time-outs, name its own state, be repeated and change the data",
  (log) => {
    let asked: CallOf | undefined;
    return {
      start: { state: "a", data: "0" },
      states: () => ({
        a: (event) => {
          if (isAsk(event)) asked = event;
          return { next: "b", data: "1" };
        },
        b: {
          enter: (data, from) => {
            log.push([data, from]);
            if (data === "1") return { data: "2", repeat: true };
            return {
              actions: [
                ...(asked === undefined ? [] : [{ type: "reply", from: asked.from, value: "entered" } as const]),
                { type: "state_timeout", afterMs: 10 },
              ],
            };
          },
          handle: (event) => {
            log.push(event.type);
            return {};
          },
        },
      }),
    };
  },
  async ({ machine, clock }, log) => {
    expect(await machine.call.event("ask", "go")).toBe("entered");
    await clock.advance(10);
    expect(log).toEqual([["1", "a"], ["2", "b"], "state_timeout"]);
  },
);

inBothModes<Probe>(
  "case 279: a suspended machine answers nobody until it is resumed",
  () => ({
    start: { state: "start", data: "" },
    states: () => ({
      start: (event) => {
        if (isAsk(event)) event.from.reply("here");
        return {};
      },
    }),
  }),
  async ({ machine, clock }, log) => {
    await sys.suspend(machine);
    const asked = machine
      .callWithin(10_000)
      .event("ask", "?")
      .then((answer) => log.push(answer));
    await clock.advance(3_000);
    expect(log).toEqual([]);
    await sys.resume(machine);
    await asked;
    expect(log).toEqual(["here"]);
  },
);

inBothModes<Probe>(
  "case 282: the status shows state, data, queue, postponed events and time-outs, and can be rewritten; a crash reports it",
  () => ({
    start: { state: "start", data: "secret" },
    states: () => ({
      start: (event) => {
        if (isNote(event, "postpone")) {
          return { postpone: true, actions: [{ type: "generic_timeout", name: "t", afterMs: 1_000, content: "c" }] };
        }
        if (isNote(event, "insert")) {
          return { actions: ["crash", "waits"].map((content) => ({ type: "next_event", event: internal(content) })) };
        }
        if (event.type === "internal") throw new Error("crashed");
        return {};
      },
    }),
    status: (status) => ({
      ...status,
      data: "hidden",
      queue: status.queue.map((each) => ({ ...each, content: `${String(each.content)} in the queue` })),
    }),
  }),
  async ({ machine, clock, system, reports }) => {
    await sys.log(machine, true);
    machine.cast.event("note", "postpone");
    await clock.settle();
    const expected = {
      kind: "state-machine",
      state: "start",
      data: "hidden",
      queue: [],
      postponedCount: 1,
      postponed: [{ type: "cast", name: "note", content: ["postpone"] }],
      timeouts: { active: 1, list: [{ type: "generic_timeout", name: "t", content: "c" }] },
    };
    expect(await sys.getStatus(machine)).toMatchObject({
      state: expected,
      log: [{ type: "in", message: "event", payload: ["note", "postpone"] }],
    });
    const ended = system.exited(machine);
    machine.cast.event("note", "insert");
    await ended;
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({
      type: "crash",
      details: {
        reason: { error: expect.objectContaining({ message: "crashed" }) },
        state: {
          ...expected,
          event: { type: "internal", content: "crash" },
          queue: [{ type: "internal", content: "waits in the queue" }],
        },
      },
    });
  },
);

inBothModes<Probe>(
  "case 282: a status that cannot be formatted is replaced by a text in the report of a crash",
  () => ({
    start: { state: "start", data: "" },
    states: () => ({ start: () => ({ stop: "broken" }) }),
    status: () => {
      throw new Error("no status");
    },
  }),
  async ({ machine, system, reports }) => {
    const ended = system.exited(machine);
    machine.cast.event("note", "stop");
    expect(await ended).toBe("broken");
    expect(reports[0]?.details["state"]).toMatch(/formatStatus crashed/);
  },
);

test("case 284: a machine without terminate stops with the reason it was given", async () => {
  class Plain extends StateMachine<Probe> {
    override init(): StateInit<Probe> {
      return { state: "a", data: "" };
    }
    override handleEvent(): StateResult<Probe> {
      return { stop: "normal" };
    }
  }
  const { system, clock, stop } = await createTestSystem();
  const probe = createProbe(system);
  const [one, two, three] = [system.spawn(Plain), system.spawn(Plain), system.spawn(Plain)];
  for (const ref of [one, two, three]) probe.monitor(ref);
  one.cast.event("note", "stop");
  await system.stopActor(two);
  await system.stopActor(three, { error: "test" });
  await clock.settle();
  const reasons = probe.received.map((each) => (each.type === "down" ? each.down.reason : each));
  expect(reasons).toEqual(["normal", "normal", { error: "test" }]);
  await stop();
});
