import { sys } from "holdfast";
import { createTestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { handler } from "../../../actors/event-manager/event-handler.js";
import { EventManager } from "../../../actors/event-manager/event-manager.js";
import { statusOf } from "../../supervisors/plans.js";
import { Plain, Recorder } from "./handlers.js";
import { scene } from "./scene.js";

describe("code change", () => {
  test("every handler brings its state into the new form; those without codeChange keep theirs", async () => {
    const { events, recorder, stop } = await scene();
    await events.call.addHandler(recorder({ title: "a" }));
    await events.call.addHandler(handler(Plain));
    await events.call.addHandler(recorder({ title: "b" }, "id"));
    await sys.suspend(events);
    await sys.changeCode(events, "1.0", { extra: "1.1" });
    expect(await sys.getState(events)).toMatchObject([
      { id: "id", state: "b since 1.1" },
      { handler: "Plain", state: { count: 0 } },
      { id: undefined, state: "a since 1.1" },
    ]);
    await sys.resume(events);
    await stop();
  });

  test("when one fails all keep their states, and nobody is removed", async () => {
    const { events, recorder, reports, stop } = await scene();
    await events.call.addHandler(recorder({ title: "a" }));
    await events.call.addHandler(recorder({ title: "b" }));
    await events.call.addHandler(recorder({ title: "c" }));
    await sys.suspend(events);
    await expect(sys.changeCode(events, "b", { extra: "1.1" })).rejects.toMatchObject({
      code: "callback_failed",
      cause: { message: "too old" },
    });
    await sys.resume(events);
    expect(await sys.getState(events)).toMatchObject([{ state: "c" }, { state: "b" }, { state: "a" }]);
    expect(reports).toEqual([]);
    await stop();
  });
});

describe("other messages and states", () => {
  test("case 294: a plain message goes to every handler; one without handleInfo reports it and stays", async () => {
    const { events, journal, recorder, reports, clock, stop } = await scene();
    await events.call.addHandler(recorder());
    await events.call.addHandler(handler(Plain));
    events.send("hello");
    await clock.settle();
    expect(journal).toEqual(["init", { info: "hello" }]);
    expect(reports).toMatchObject([{ type: "unexpected_message", level: "warning", details: { handler: "Plain" } }]);
    expect(await events.call.whichHandlers()).toHaveLength(2);
    await stop();
  });

  test("case 297: states are listed and replaced; where that fails the state stays", async () => {
    const { events, recorder, reports, stop } = await scene();
    await events.call.addHandler(recorder({ title: "a" }));
    await events.call.addHandler(recorder({ title: "b" }, "id"));
    expect(await events.call.getHandlerStates()).toEqual([
      { handler: "Recorder", id: "id", state: "b" },
      { handler: "Recorder", id: undefined, state: "a" },
    ]);
    const states = await events.call.replaceHandlerStates(({ state, id }) => {
      if (id === "id") throw new Error("not this one");
      return `${String(state)}!`;
    });
    expect(states.map(({ state }) => state)).toEqual(["b", "a!"]);
    expect(reports).toMatchObject([{ level: "warning", details: { id: "id", hook: "replaceState" } }]);
    await stop();
  });

  test("case 296: a handler may have the manager hibernate; the next event wakes it", async () => {
    const { events, system, recorder, stop } = await scene();
    await events.call.addHandler(recorder());
    await events.call.addHandler(handler(Plain));
    await events.call.syncNotify({ do: "hibernate" });
    expect(system.info(events)?.hibernated).toBe(true);
    await events.call.syncNotify("event");
    expect(system.info(events)?.hibernated).toBe(false);
    await stop();
  });

  test("case 297: sys sees and replaces the states too; by default they are the fields", async () => {
    const { events, recorder, reports, stop } = await scene();
    await events.call.addHandler(recorder());
    await events.call.addHandler(handler(Plain));
    const states = [
      { handler: "Plain", id: undefined, state: { count: 0 } },
      { handler: "Recorder", id: undefined, state: "recorder" },
    ];
    expect(await sys.getState(events)).toEqual(states);
    await sys.replaceState(events, () => [{ state: { count: 7 } }, { state: "renamed" }]);
    expect(await sys.getState(events)).toMatchObject([{ state: { count: 7 } }, { state: "renamed" }]);
    await sys.replaceState(events, () => [{ state: 8 }, { state: "again" }]);
    expect(await sys.getState(events)).toMatchObject([{ state: { count: 7 } }, { state: "again" }]);
    expect(reports).toMatchObject([{ details: { handler: "Plain", hook: "replaceState" } }]);
    await expect(sys.replaceState(events, () => [])).rejects.toThrow("Expected the states of 2 handlers");
    await stop();
  });

  test("case 297: the status shows what handlers show of themselves, and a text for one that cannot", async () => {
    const { events, recorder, stop } = await scene();
    await events.call.addHandler(recorder({ title: "secretive" }));
    await events.call.addHandler(recorder({}, "id"));
    events.cast.notify("event");
    await events.call.syncNotify({ do: "nothing" });
    expect(statusOf(events)).toEqual({
      kind: "event-manager",
      size: 2,
      events: 2,
      failed: 0,
      handlers: [
        { handler: "Recorder", id: "id", owner: undefined, state: { title: "recorder" } },
        { handler: "Recorder", id: undefined, owner: undefined, state: "formatStatus failed: Error: not shown" },
      ],
    });
    await stop();
  });

  test("a handler cannot be made with new, nor get events of another kind", async () => {
    const { events, stop } = await scene();
    expect(() => new Plain()).toThrow("give handler(Plain) to an EventManager");
    const numbers = await createTestSystem();
    const other = await numbers.system.start(EventManager<number>);
    // @ts-expect-error -- a recorder hears orders, not numbers
    void other.call.addHandler(handler(Recorder, { args: { journal: [] } }));
    // @ts-expect-error -- numbers are no orders
    events.cast.notify(7);
    // @ts-expect-error -- the journal is missing
    handler(Recorder, { args: {} });
    // @ts-expect-error -- the arguments are missing
    handler(Recorder);
    await numbers.stop();
    await stop();
  });
});
