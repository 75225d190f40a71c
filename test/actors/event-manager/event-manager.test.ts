import { Actor, type ActorRef, type AnyRef, type Down, type Exit } from "holdfast";
import { describe, expect, test } from "vitest";
import { callHandler } from "../../../actors/event-manager/call-handler.js";
import { handler } from "../../../actors/event-manager/event-handler.js";
import { EventManager } from "../../../actors/event-manager/event-manager.js";
import { Gate } from "../task/owner.js";
import { Plain, Recorder } from "./handlers.js";
import { HandlerOwner, scene } from "./scene.js";

describe("start and stop", () => {
  test("case 286: a manager starts without handlers, once by each name, and stops with its parent", async () => {
    const { events, system, stop } = await scene();
    expect(await events.call.whichHandlers()).toEqual([]);
    await expect(system.start(EventManager, undefined, { name: "events" })).rejects.toMatchObject({
      code: "already_started",
    });
    const anonymous = await system.start(EventManager);
    await system.stopActor(events, "shutdown", 10_000);
    expect(system.exitReason(events)).toBe("shutdown");
    system.exit(anonymous, "shutdown");
    expect(await system.exited(anonymous)).toBe("shutdown");
    await stop();
  });

  test("case 286: a manager ends with the shutdown that its parent sends, and the parent is told", async () => {
    class Parent extends Actor {
      #events: ActorRef<EventManager> | undefined;
      readonly #heard: unknown[] = [];

      override async init(): Promise<void> {
        this.trapExit();
        const started = await this.start(EventManager, undefined, { monitor: true });
        if (started.ok) this.#events = started.ref;
      }

      shutDown(): AnyRef | undefined {
        if (this.#events !== undefined) this.exit(this.#events, "shutdown");
        return this.#events;
      }

      heard(): unknown[] {
        return [...this.#heard];
      }

      override handleExit({ ref, reason }: Exit): void {
        this.#heard.push({ exit: ref, reason });
      }

      override handleDown({ ref, reason }: Down): void {
        this.#heard.push({ down: ref, reason });
      }
    }
    const { system, clock, stop } = await scene();
    const parent = await system.start(Parent);
    const events = await parent.call.shutDown();
    await clock.settle();
    const heard = await parent.call.heard();
    expect(heard).toHaveLength(2);
    expect(heard).toEqual(
      expect.arrayContaining([
        { exit: events, reason: "shutdown" },
        { down: events, reason: "shutdown" },
      ]),
    );
    await stop();
  });

  test("case 286: when the manager stops, its handlers have their last words and owners are told", async () => {
    const { events, system, journal, recorder, stop } = await scene();
    const owner = await system.start(HandlerOwner, events);
    await owner.call.add(recorder());
    await system.stopActor(events);
    expect(journal).toEqual(["init", { terminate: "stop" }]);
    expect(await owner.call.heard()).toEqual([{ handler: "Recorder", id: undefined, reason: "shutdown" }]);
    await stop();
  });
});

describe("add and delete", () => {
  test("case 287: a handler whose init refuses, fails or returns nonsense is not installed", async () => {
    const { events, recorder, stop } = await scene();
    const refused = (error: unknown) => ({ ok: false, reason: "init_failed", error });
    expect(await events.call.addHandler(recorder({ init: "stop" }))).toEqual(refused("my_error"));
    expect(await events.call.addHandler(recorder({ init: "throw" }))).toMatchObject(
      refused({ error: { message: "no init" } }),
    );
    expect(await events.call.addHandler(recorder({ init: "garbage" }))).toMatchObject(
      refused({ error: { code: "bad_return_value" } }),
    );
    expect(await events.call.whichHandlers()).toEqual([]);
    await stop();
  });

  test("case 287: handlers are listed newest first, and the same may be added twice", async () => {
    const { events, recorder, journal, stop } = await scene();
    expect(await events.call.addHandler(recorder())).toEqual({ ok: true });
    expect(await events.call.addHandler(recorder({ title: "b" }, "id"))).toEqual({ ok: true });
    expect(await events.call.whichHandlers()).toEqual([
      { handler: "Recorder", id: "id" },
      { handler: "Recorder", id: undefined },
    ]);
    expect(await events.call.addHandler(recorder({ title: "c" }))).toEqual({ ok: true });
    expect(await events.call.whichHandlers()).toHaveLength(3);
    journal.length = 0;
    await events.call.syncNotify("event");
    expect(journal).toEqual([["c", "event"], ["b", "event"], "event"]);
    await stop();
  });

  test("case 289: deleting answers what terminate returned; an unknown one is not found", async () => {
    const { events, recorder, journal, stop } = await scene();
    await events.call.addHandler(recorder());
    await events.call.addHandler(recorder({ title: "b" }, "id"));
    expect(await events.call.deleteHandler(Plain)).toEqual({ ok: false, reason: "module_not_found" });
    expect(await events.call.deleteHandler([Recorder, "other"])).toEqual({ ok: false, reason: "module_not_found" });
    expect(await events.call.deleteHandler([Recorder, "id"], "return_hej")).toEqual({ ok: true, result: "b is done" });
    expect(await events.call.deleteHandler(Recorder, [])).toEqual({ ok: true, result: "recorder is done" });
    expect(journal.slice(2)).toEqual([["b", { terminate: { args: "return_hej" } }], { terminate: { args: [] } }]);
    expect(await events.call.whichHandlers()).toEqual([]);
    await stop();
  });

  test("case 289: one that fails in terminate is gone all the same", async () => {
    const { events, recorder, reports, stop } = await scene();
    await events.call.addHandler(recorder());
    expect(await events.call.deleteHandler(Recorder, "throw")).toMatchObject({
      reason: "exit",
      error: { error: { message: "terminate failed" } },
    });
    expect(await events.call.whichHandlers()).toEqual([]);
    expect(reports).toMatchObject([{ type: "event_handler", level: "error" }]);
    await stop();
  });
});

describe("notify", () => {
  test("case 291: an event is handled; a handler may be swapped or remove itself", async () => {
    const { events, journal, recorder, clock, stop } = await scene();
    await events.call.addHandler(recorder());
    events.cast.notify("event");
    events.cast.notify({ do: "swap", title: "next" });
    events.cast.notify({ do: "remove" });
    events.cast.notify("unheard");
    await clock.settle();
    expect(journal).toEqual([
      "init",
      "event",
      "swap",
      { terminate: { args: "swap args" } },
      ["next", { init: { ok: true, result: "recorder is done" } }],
      ["next", "remove"],
      ["next", { terminate: "remove_handler" }],
    ]);
    expect(await events.call.whichHandlers()).toEqual([]);
    await stop();
  });

  test.each([
    ["throw", { error: expect.objectContaining({ message: "event failed" }) }],
    ["reject", { error: expect.objectContaining({ message: "event failed later" }) }],
    ["garbage", { error: expect.objectContaining({ code: "bad_return_value" }) }],
  ] as const)(
    "case 291: one that ends an event by %s is removed with a report, the others stay",
    async (what, reason) => {
      const { events, journal, recorder, reports, system, clock, stop } = await scene();
      const owner = await system.start(HandlerOwner, events);
      await events.call.addHandler(handler(Plain, { id: "other" }));
      await owner.call.add(recorder());
      events.cast.notify({ do: what });
      await clock.settle();
      expect(await events.call.whichHandlers()).toEqual([{ handler: "Plain", id: "other" }]);
      expect(journal).toEqual(["init", what, { terminate: { error: reason } }]);
      expect(await owner.call.heard()).toEqual([{ handler: "Recorder", id: undefined, reason }]);
      expect(reports).toMatchObject([
        {
          type: "event_handler",
          level: "error",
          details: { handler: "Recorder", hook: "handleEvent", state: { title: "recorder" } },
        },
      ]);
      await stop();
    },
  );

  test.each(["actor", "handler"])("case 291: when the %s goes the other is not held any more", async (who) => {
    const { events, journal, recorder, system, clock, stop } = await scene();
    const owner = await system.start(HandlerOwner, events);
    await owner.call.add(recorder());
    if (who === "actor") {
      owner.cast.end("bye");
      await clock.settle();
      expect(journal).toEqual(["init", { terminate: { stop: "bye" } }]);
      expect(await events.call.whichHandlers()).toEqual([]);
    } else {
      await events.call.deleteHandler(Recorder);
      system.exit(events, "kill");
      expect(await owner.call.heard()).toEqual([{ handler: "Recorder", id: undefined, reason: "normal" }]);
    }
    await stop();
  });

  test("case 291: a manager that is killed takes its owners along, as links do", async () => {
    const { events, recorder, system, stop } = await scene();
    const owner = await system.start(HandlerOwner, events);
    await owner.call.add(recorder());
    system.exit(events, "kill");
    expect(await owner.call.heard()).toEqual([{ exit: "killed" }]);
    await stop();
  });

  test("an owner must be known", async () => {
    const { events, recorder, stop } = await scene();
    expect(await events.call.addSupHandler(recorder())).toEqual({ ok: false, reason: "owner_required" });
    expect(await events.call.swapSupHandler(Recorder, [], recorder())).toEqual({ ok: false, reason: "owner_required" });
    await stop();
  });

  test("case 292: syncNotify is answered when all handlers have handled the event", async () => {
    const { events, journal, recorder, clock, stop } = await scene();
    await events.call.addHandler(recorder());
    await events.call.addHandler(recorder({ title: "slow" }, "slow"));
    const gate = new Gate();
    let done = false;
    const notified = events.call.syncNotify({ do: "wait", until: gate.opened }).then(() => {
      done = true;
    });
    events.cast.notify("next");
    await clock.settle();
    expect([done, journal.at(-1)]).toEqual([false, ["slow", "wait"]]);
    gate.open();
    await notified;
    await clock.settle();
    expect(journal.slice(2)).toEqual([
      ["slow", "wait"],
      ["slow", "waited"],
      "wait",
      "waited",
      ["slow", "next"],
      "next",
    ]);
    await stop();
  });

  test("case 292: it removes by the same rules", async () => {
    const { events, recorder, stop } = await scene();
    await events.call.addHandler(recorder());
    await events.call.syncNotify({ do: "throw" });
    await events.call.addHandler(recorder());
    await events.call.syncNotify({ do: "remove" });
    expect(await events.call.whichHandlers()).toEqual([]);
    await stop();
  });
});

describe("swap", () => {
  test("the new one gets what the old one's terminate returned, and keeps its place and its owner", async () => {
    const { events, journal, recorder, system, stop } = await scene();
    const owner = await system.start(HandlerOwner, events);
    await owner.call.add(recorder({}, "old"));
    await events.call.addHandler(handler(Plain));
    expect(await events.call.swapHandler([Recorder, "old"], "why", recorder({ title: "new" }, "new"))).toEqual({
      ok: true,
    });
    expect(journal.slice(1)).toEqual([
      { terminate: { args: "why" } },
      ["new", { init: { ok: true, result: "recorder is done" } }],
    ]);
    expect(await events.call.whichHandlers()).toEqual([
      { handler: "Plain", id: undefined },
      { handler: "Recorder", id: "new" },
    ]);
    await events.call.deleteHandler([Recorder, "new"]);
    expect(await owner.call.heard()).toEqual([
      { handler: "Recorder", id: "old", reason: { swapped: { handler: "Recorder", id: "new" } } },
      { handler: "Recorder", id: "new", reason: "normal" },
    ]);
    await stop();
  });

  test("without an old one the new one is installed, and told so; supervised, it is its caller's", async () => {
    const { events, journal, recorder, system, clock, stop } = await scene();
    const owner = await system.start(HandlerOwner, events);
    expect(await owner.call.swap(recorder())).toEqual({ ok: true });
    expect(journal).toEqual([{ init: { ok: false, reason: "module_not_found" } }]);
    owner.cast.end("bye");
    await clock.settle();
    expect(await events.call.whichHandlers()).toEqual([]);
    await stop();
  });

  test("when the new one is not installed the old one is gone too", async () => {
    const { events, recorder, stop } = await scene();
    await events.call.addHandler(recorder());
    expect(await events.call.swapHandler(Recorder, [], recorder({ init: "stop" }))).toMatchObject({
      error: "my_error",
    });
    expect(await events.call.whichHandlers()).toEqual([]);
    await stop();
  });
});

describe("call", () => {
  test("one handler answers, at once or later; its types are known", async () => {
    const { events, recorder, stop } = await scene();
    await events.call.addHandler(recorder({ title: "mine" }, 7));
    const answer = await callHandler(events, [Recorder, 7], "title");
    const title: string | undefined = answer.ok ? answer.reply : undefined;
    expect(title).toBe("mine");
    expect(await callHandler(events, [Recorder, 7], "later")).toEqual({ ok: true, reply: "later" });
    // @ts-expect-error -- a recorder is not asked for its age
    expect(await callHandler(events, Recorder, "age")).toEqual({ ok: false, reason: "bad_module" });
    await stop();
  });

  test("a handler without handleCall stays; one that fails is removed; one may remove or swap itself with its answer", async () => {
    const { events, recorder, reports, stop } = await scene();
    await events.call.addHandler(handler(Plain));
    expect(await callHandler(events, Plain, "what")).toEqual({ ok: false, reason: "bad_call" });
    await events.call.addHandler(recorder());
    expect(await callHandler(events, Recorder, "remove")).toEqual({ ok: true, reply: "recorder" });
    expect(reports).toEqual([]);
    await events.call.addHandler(recorder());
    expect(await callHandler(events, Recorder, "swap")).toEqual({ ok: true, reply: "recorder" });
    expect(await callHandler(events, Recorder, "title")).toEqual({ ok: true, reply: "next" });
    await events.call.deleteHandler(Recorder);
    await events.call.addHandler(recorder());
    expect(await callHandler(events, Recorder, "throw")).toMatchObject({ reason: "exit", error: { error: {} } });
    expect(await events.call.whichHandlers()).toEqual([{ handler: "Plain", id: undefined }]);
    expect(reports).toMatchObject([{ details: { hook: "handleCall" } }]);
    await stop();
  });
});
