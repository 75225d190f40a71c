import { expect } from "vitest";
import type { StateAction } from "../../../actors/state-machine/state-action.js";
import type { StateEvent } from "../../../actors/state-machine/state-event.js";
import type { StateResult } from "../../../actors/state-machine/state-result.js";
import { sys } from "../../../src/kernel/sys.js";
import { inBothModes, lineOf, type Probe } from "./modes.js";

type Asked = Extract<StateEvent<Probe>, { type: "call"; name: "ask" }>;

function isAsk(event: StateEvent<Probe>): event is Asked {
  return event.type === "call" && event.name === "ask";
}

/** Answers each note with actions given for it, and logs every other event with the time. */
function scripted(script: Record<string, readonly StateAction<Probe>[]>, log: unknown[]) {
  return (event: StateEvent<Probe>): StateResult<Probe> => {
    if (event.type === "cast") {
      const [text] = event.args;
      return text.startsWith("to ") ? { next: text.slice(3), ...actionsOf(script[text]) } : actionsOf(script[text]);
    }
    log.push(lineOf(event));
    return {};
  };
}

function actionsOf(actions: readonly StateAction<Probe>[] | undefined) {
  return actions === undefined ? {} : { actions };
}

inBothModes<Probe>(
  "case 271: state time-outs, zero time-outs, inserted events and external ones come in OTP's order",
  (log) => {
    let asked: Asked | undefined;
    return {
      start: { state: "start", data: "" },
      states: (self) => ({
        start: (event) => {
          if (!isAsk(event)) return { stop: `start: ${lineOf(event)}` };
          asked = event;
          self().send("message_to_self");
          return {
            next: "state1",
            actions: [
              { type: "state_timeout", afterMs: 500, content: 1 },
              { type: "next_event", event: { type: "internal", content: 1 } },
            ],
          };
        },
        state1: (event) => {
          log.push(`state1: ${lineOf(event)}`);
          return {
            next: "state2",
            actions: [
              { type: "timeout", afterMs: 0, content: 2 },
              { type: "state_timeout", afterMs: 0, content: 2 },
              { type: "next_event", event: { type: "internal", content: 2 } },
            ],
          };
        },
        state2: (event) => {
          log.push(`state2: ${lineOf(event)}`);
          if (event.type === "internal") return { actions: [{ type: "timeout", afterMs: 0, content: 3 }] };
          // Set twice: the second replaces the first, also in the same state.
          const restarted: StateAction<Probe>[] = [
            { type: "state_timeout", afterMs: 100, content: 3 },
            { type: "generic_timeout", name: "n1", afterMs: 0 },
            { type: "generic_timeout", name: "n2", afterMs: 0 },
          ];
          return { next: "state3", actions: restarted };
        },
        state3: (event) => {
          log.push(`state3: ${lineOf(event)}`);
          if (event.type === "info") return { actions: [{ type: "state_timeout", afterMs: 500, content: 4 }] };
          if (event.type !== "state_timeout" || asked === undefined) return {};
          return { stop: "normal", replies: [{ type: "reply", from: asked.from, value: "ok" }] };
        },
      }),
    };
  },
  async ({ machine, clock, system }, log) => {
    const answer = machine.call.event("ask", "go");
    await clock.advance(499);
    expect(log).toEqual([
      "state1: internal 1",
      "state2: internal 2",
      "state2: state_timeout 2",
      "state3: {timeout,n1} undefined",
      "state3: {timeout,n2} undefined",
      "state3: info message_to_self",
    ]);
    await clock.advance(1);
    expect(await answer).toBe("ok");
    expect(log.at(-1)).toBe("state3: state_timeout 4");
    expect(system.isAlive(machine)).toBe(false);
  },
);

inBothModes<Probe>(
  "case 272: a cancelled time-out never comes, an updated one keeps its time, and one that does not run comes at once",
  (log) => ({
    start: { state: "start", data: "" },
    states: () => ({
      start: scripted(
        {
          set: [
            { type: "state_timeout", afterMs: 100, content: "state" },
            { type: "generic_timeout", name: "a", afterMs: 100, content: "old" },
          ],
          cancel: [
            { type: "state_timeout", cancel: true },
            { type: "generic_timeout", name: "a", update: "new" },
          ],
          expire: [{ type: "state_timeout", afterMs: 0, content: "old" }],
          none: [{ type: "generic_timeout", name: "b", update: "at once" }],
          plain: [{ type: "timeout", afterMs: 17_000 }],
          queued: [
            { type: "state_timeout", afterMs: 0, content: "old" },
            { type: "next_event", event: { type: "cast", name: "note", args: ["update queued"] } },
          ],
          "update queued": [{ type: "state_timeout", update: "new" }],
        },
        log,
      ),
    }),
  }),
  async ({ machine, clock, system }, log) => {
    machine.cast.event("note", "set");
    await clock.advance(50);
    machine.cast.event("note", "cancel");
    await clock.advance(49);
    expect(system.kernel.timers.size, "armed timers").toBe(1);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual(["{timeout,a} new"]);
    machine.cast.event("note", "none");
    machine.cast.event("note", "queued");
    await clock.settle();
    expect(log.slice(1)).toEqual(["{timeout,b} at once", "state_timeout new"]);
    machine.cast.event("note", "plain");
    await clock.settle();
    expect(await sys.getStatus(machine)).toMatchObject({
      state: { timeouts: { active: 1, list: [{ type: "timeout", content: undefined }] } },
    });
    await clock.advance(16_999);
    expect(log).toHaveLength(3);
    await clock.advance(1);
    expect(log.at(-1)).toBe("timeout undefined");
  },
);

inBothModes<Probe>(
  "case 272: a time-out that has fired, but is not handled yet, is cancelled and updated like one that runs",
  (log) => ({
    start: { state: "start", data: "" },
    states: () => ({
      start: (event) => {
        if (event.type !== "cast") {
          log.push(lineOf(event));
          return {};
        }
        const actions: StateAction<Probe>[] =
          event.args[0] === "set"
            ? [
                { type: "generic_timeout", name: "a", afterMs: 10, content: "old" },
                { type: "generic_timeout", name: "b", afterMs: 10, content: "old" },
              ]
            : [
                { type: "generic_timeout", name: "a", cancel: true },
                { type: "generic_timeout", name: "b", update: "new" },
              ];
        return { actions };
      },
    }),
  }),
  async ({ machine, clock }, log) => {
    machine.cast.event("note", "set");
    await clock.settle();
    await sys.suspend(machine);
    machine.cast.event("note", "change");
    await clock.advance(10);
    await sys.resume(machine);
    await clock.settle();
    expect(log).toEqual(["{timeout,b} new"]);
  },
);

inBothModes<Probe>(
  "the order after a state change: enter call, inserted, postponed, zero time-outs, external",
  (log) => ({
    start: { state: "a", data: "" },
    states: (self) => ({
      a: (event) => {
        if (event.type === "info") return { postpone: true };
        if (event.type !== "cast") return {};
        self().send("later");
        return {
          next: "b",
          actions: [
            { type: "state_timeout", afterMs: 0, content: "" },
            { type: "next_event", event: { type: "internal", content: "i1" } },
            { type: "generic_timeout", name: "n", afterMs: 0, content: "" },
            { type: "next_event", event: { type: "internal", content: "i2" } },
          ],
        };
      },
      b: {
        enter: () => {
          log.push("enter b");
        },
        handle: (event) => {
          log.push(lineOf(event).trim());
          return {};
        },
      },
    }),
  }),
  async ({ machine, clock }, log) => {
    machine.send("pp1");
    machine.send("pp2");
    machine.cast.event("note", "go");
    await clock.settle();
    expect(log).toEqual([
      "enter b",
      "internal i1",
      "internal i2",
      "info pp1",
      "info pp2",
      "state_timeout",
      "{timeout,n}",
      "info later",
    ]);
  },
);

inBothModes<Probe>(
  "an event time-out ends with any event, a state time-out with the state, a generic one with neither",
  (log) => ({
    start: { state: "a", data: "" },
    states: () => {
      const handle = scripted(
        {
          set: [
            { type: "timeout", afterMs: 10, content: "event" },
            { type: "state_timeout", afterMs: 10, content: "state" },
            { type: "generic_timeout", name: "g", afterMs: 20, content: "generic" },
          ],
          "event only": [{ type: "timeout", afterMs: 10, content: "event" }],
        },
        log,
      );
      return { a: handle, b: handle };
    },
  }),
  async ({ machine, clock }, log) => {
    machine.cast.event("note", "set");
    await clock.advance(5);
    machine.cast.event("note", "nothing");
    await clock.advance(5);
    expect(log).toEqual(["state_timeout state"]);
    machine.cast.event("note", "set");
    machine.cast.event("note", "to b");
    await clock.advance(30);
    expect(log.slice(1)).toEqual(["{timeout,g} generic"]);
    machine.cast.event("note", "event only");
    await clock.advance(10);
    expect(log.slice(2)).toEqual(["timeout event"]);
  },
);

inBothModes<Probe>(
  "an endless time-out cancels, one at an absolute time comes then, and one that is past comes at once",
  (log) => ({
    start: { state: "a", data: "" },
    states: () => ({
      a: scripted(
        {
          set: [
            { type: "state_timeout", afterMs: 10 },
            { type: "generic_timeout", name: "at", atMs: 30 },
            { type: "generic_timeout", name: "past", atMs: 1 },
          ],
          endless: [{ type: "state_timeout", afterMs: Number.POSITIVE_INFINITY }],
        },
        log,
      ),
    }),
  }),
  async ({ machine, clock }, log) => {
    await clock.advance(5);
    machine.cast.event("note", "set");
    machine.cast.event("note", "endless");
    await clock.advance(24);
    expect(log).toEqual(["{timeout,past} undefined"]);
    await clock.advance(1);
    expect(log.at(-1)).toBe("{timeout,at} undefined");
  },
);
