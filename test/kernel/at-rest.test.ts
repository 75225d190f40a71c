import { Actor, type ActorRef, type AnyRef, sys } from "holdfast";
import { createTestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { Cell } from "../../src/kernel/cell.js";
import { GUARDED } from "../../src/kernel/flags.js";
import type { RemoteSignals } from "../../src/kernel/remote.js";

class Worker extends Actor {
  running(): AnyRef | undefined {
    return this.system.running;
  }

  async runningLater(): Promise<AnyRef | undefined> {
    await Promise.resolve();
    return this.system.running;
  }

  async runningAfterCall(other: ActorRef<Worker>): Promise<AnyRef | undefined> {
    await other.call.running();
    return this.system.running;
  }

  isAtRest(): boolean {
    return this.system.isAtRest(this.self());
  }

  wait(): Promise<void> {
    return new Promise(() => undefined);
  }

  watch(ref: AnyRef): void {
    this.monitor(ref);
  }

  override handleDown(): void {}
}

async function scene() {
  const testSystem = await createTestSystem();
  const { system } = testSystem;
  const [worker, other] = [await system.start(Worker), await system.start(Worker)];
  return { ...testSystem, worker, other, isAtRest: () => system.isAtRest(worker) };
}

describe("an actor is at rest", () => {
  test("when it lives and has handled all that was sent to it", async () => {
    const { system, clock, worker, isAtRest, stop } = await scene();
    expect(isAtRest()).toBe(true);
    worker.cast.running();
    expect(isAtRest()).toBe(false);
    await clock.settle();
    expect(isAtRest()).toBe(true);
    system.exit(worker, "kill");
    expect(isAtRest()).toBe(false);
    await stop();
  });

  test("not while it handles something, in its own stack or later", async () => {
    const { clock, worker, isAtRest, stop } = await scene();
    expect(await worker.call.isAtRest()).toBe(false);
    worker.cast.wait();
    await clock.settle();
    expect(isAtRest()).toBe(false);
    await stop();
  });

  test("not when an end is on its way to it", async () => {
    const { system, worker, other, isAtRest, stop } = await scene();
    await worker.call.watch(other);
    system.exit(other, "kill");
    expect(isAtRest()).toBe(false);
    await stop();
  });

  test("not while it starts, is suspended, or is traced", async () => {
    const { system, worker, isAtRest, stop } = await scene();
    expect(system.isAtRest(system.spawn(Worker))).toBe(false);
    await sys.suspend(worker);
    expect(isAtRest()).toBe(false);
    await sys.resume(worker);
    await sys.statistics(worker, true);
    expect(isAtRest()).toBe(false);
    await sys.statistics(worker, false);
    expect(isAtRest()).toBe(true);
    await stop();
  });

  test("not when it holds something that may belong to another node by now", async () => {
    const { system, worker, isAtRest, stop } = await scene();
    let holdsPlace = true;
    const none = (): void => undefined;
    const remote: RemoteSignals = {
      deliver: none,
      exit: none,
      link: none,
      unlink: none,
      monitor: none,
      unmonitor: none,
      mayAct: () => holdsPlace,
      addressOf: () => "<1.1>",
    };
    system.kernel.remote = remote;
    if (worker instanceof Cell) worker.flags |= GUARDED;
    expect(isAtRest()).toBe(true);
    holdsPlace = false;
    expect(isAtRest()).toBe(false);
    if (worker instanceof Cell) worker.flags &= ~GUARDED;
    await stop();
  });
});

describe("the actor that runs", () => {
  test("is known until its first await, after the reply to a call, and nowhere else", async () => {
    const { system, worker, other, stop } = await scene();
    expect(system.running).toBeUndefined();
    expect(await worker.call.running()).toBe(worker);
    expect(await worker.call.runningLater()).toBeUndefined();
    expect(await worker.call.runningAfterCall(other)).toBe(worker);
    expect(system.running).toBeUndefined();
    await stop();
  });
});
