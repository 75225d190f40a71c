import { describe, expect, it, onTestFinished, vi } from "vitest";
import { inspectSystem } from "../../src/inspect/kernel-adapter.js";
import { openInspector } from "../../src/inspect/index.js";
import { FIRST_LOOK, takeSnapshot } from "../../src/inspect/snapshot.js";
import type { TreeSnapshot } from "../../src/inspect/protocol/tree.js";
import { Actor, type ActorSystem, createSystem } from "../../src/index.js";
import { createVirtualClock } from "../../src/testing/index.js";
import { privateDirectory } from "./private-directory.js";

class Counter extends Actor {
  static override readonly mailbox = { limit: 100 };
  #n = 0;

  add(k: number): number {
    this.#n += k;
    return this.#n;
  }

  waitFor(pending: Promise<void>): Promise<void> {
    return pending;
  }

  override formatStatus(): unknown {
    return { n: this.#n };
  }
}

class Top extends Actor {
  override init(): void {
    this.register("top");
    this.spawn(Counter, undefined, { name: "first" });
    this.spawn(Counter, undefined, { label: "second" });
  }

  grow(children: number): void {
    for (let child = 0; child < children; child++) this.spawn(Counter);
  }
}

async function start(): Promise<ActorSystem> {
  const clock = createVirtualClock();
  const system = await createSystem({ root: Top, name: "shop", clock, reporter: () => undefined });
  clock.attach(system);
  onTestFinished(() => system.stop());
  return system;
}

function look(system: ActorSystem): TreeSnapshot {
  return takeSnapshot(inspectSystem(system), FIRST_LOOK, undefined);
}

describe("the inspector's view of a running system", () => {
  it("has the root with its children in the order in which they started", async () => {
    const system = await start();
    await system.idle();
    const { root, orphans } = look(system);
    expect(root).toMatchObject({
      ref: String(system.root),
      behaviour: "Top",
      life: "idle",
      children: [
        {
          name: "first",
          behaviour: "Counter",
          life: "idle",
          mailbox: { length: 0, limit: 100 },
          status: { n: 0 },
          children: [],
        },
        { label: "second", behaviour: "Counter" },
      ],
    });
    expect(orphans).toEqual([]);
  });

  it("counts actors, messages and dead letters", async () => {
    const system = await start();
    const counter = system.whereis<Counter>("first");
    await counter?.call.add(2);
    await counter?.call.add(3);
    expect(look(system).root?.children[0]).toMatchObject({ messages: 2, status: { n: 5 } });
    const stray = await system.start(Counter);
    await system.stopActor(stray);
    stray.cast.add(1);
    expect(look(system).system).toMatchObject({
      name: "shop",
      actors: { alive: 3, spawned: 4, stopped: 1 },
      deadLetters: 1,
    });
  });

  it("shows what an actor is busy with, and since when, without asking it", async () => {
    const system = await start();
    const counter = system.whereis<Counter>("first");
    let finish: () => void = () => undefined;
    const pending = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const call = counter?.call.waitFor(pending);
    counter?.cast.add(1);
    await vi.waitFor(() => expect(look(system).root?.children[0]?.life).toBe("busy"));
    expect(look(system).root?.children[0]).toMatchObject({
      busy: { handler: "waitFor", forMs: 0 },
      mailbox: { length: 1 },
    });
    finish();
    await call;
    await system.idle();
    expect(look(system).root?.children[0]).toMatchObject({ life: "idle", mailbox: { length: 0 } });
  });

  it("shows apart what the program started besides the root", async () => {
    const system = await start();
    const stray = system.spawn(Counter, undefined, { name: "stray" });
    expect(look(system).orphans).toMatchObject([{ ref: String(stray), name: "stray" }]);
    for (let more = 0; more < 60; more++) system.spawn(Counter);
    await system.idle();
    expect(look(system).moreOrphans).toEqual({ count: 11, byLife: { idle: 11 } });
  });

  it("counts the children that it does not show", async () => {
    const system = await start();
    await system.whereis<Top>("top")?.call.grow(1_000);
    await system.idle();
    expect(look(system).root?.more).toEqual({ count: 952, byLife: { idle: 952 } });
  });

  it("finds an actor by its name and by its ref, while it lives", async () => {
    const system = await start();
    await system.idle();
    const view = inspectSystem(system);
    const second = look(system).root?.children[1]?.ref ?? "";
    expect(view.find("first")?.name).toBe("first");
    expect(view.find(second)?.label).toBe("second");
    expect(view.find("<0.0>")).toBeUndefined();
    expect(view.find("<0.999999>")).toBeUndefined();
    expect(view.find("nobody")).toBeUndefined();
  });
});

describe("the inspector of a system", () => {
  it("closes when the system has stopped", async () => {
    const system = await createSystem({ root: Top, name: "shop", reporter: () => undefined });
    const inspector = await openInspector(system, { directory: await privateDirectory() });
    const close = vi.spyOn(inspector, "close");
    await system.stop();
    await vi.waitFor(() => expect(close).toHaveBeenCalled());
    await close.mock.results[0]?.value;
  });
});
