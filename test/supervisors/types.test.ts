import { Actor, type ActorRef } from "holdfast";
import {
  child,
  childTemplate,
  DynamicSupervisor,
  Supervisor,
  type SupervisorInit,
  startChild,
} from "holdfast/supervisors";
import { createTestSystem } from "holdfast/testing";
import { expect, expectTypeOf, test } from "vitest";

class Counter extends Actor<{ from: number }> {
  #n = 0;
  override init({ from }: { from: number }) {
    this.#n = from;
  }
  add(k: number): number {
    this.#n += k;
    return this.#n;
  }
}
class Plain extends Actor {}

// Never run: the compiler reads them, and each expectation is an error that must be there.
export function mustNotCompile(supervisor: ActorRef<DynamicSupervisor>): void {
  // @ts-expect-error: the arguments of init are missing
  child(Counter, { id: "counter" });
  // @ts-expect-error: the arguments of init are of the wrong type
  child(Counter, { id: "counter", args: { from: "1" } });
  // @ts-expect-error: a child has an id
  child(Counter, { args: { from: 1 } });
  // @ts-expect-error: this is no restart type
  child(Plain, { id: "plain", restart: "sometimes" });
  // @ts-expect-error: this is no way to shut down
  child(Plain, { id: "plain", shutdown: "softly" });
  // @ts-expect-error: this is no actor
  child(Date, { id: "date" });
  // @ts-expect-error: the arguments of init are missing
  void startChild(supervisor, childTemplate(Counter));
  // @ts-expect-error: the arguments of init are of the wrong type
  void startChild(supervisor, childTemplate(Counter), { from: "1" });
  // @ts-expect-error: hooks are not messages
  void supervisor.call.handleExit;
  // @ts-expect-error: what a supervisor does for itself is no message
  void supervisor.call.start;
}

// @ts-expect-error: a supervisor says which children it has
export class WithoutChildren extends Supervisor {}

export class WrongStrategy extends Supervisor {
  // @ts-expect-error: this is no strategy
  override init() {
    return { strategy: "two_for_one", children: [] } as const;
  }
}

test("a child of a dynamic supervisor has the ref of its class", async () => {
  const { system, stop } = await createTestSystem();
  const supervisor = await system.start(DynamicSupervisor, {});
  const started = await startChild(supervisor, childTemplate(Counter), { from: 1 });
  if (!started.ok) throw new Error(started.reason);
  expectTypeOf(started.ref).toEqualTypeOf<ActorRef<Counter>>();
  expect(await started.ref.call.add(2)).toBe(3);
  await stop();
});

test("arguments may be left out where init takes none", () => {
  expect(child(Plain, { id: "plain" })).toEqual({ id: "plain", start: Plain });
});

test("an init may have a declared result, be async, or take arguments", async () => {
  class Declared extends Supervisor<number> {
    override async init(count: number): Promise<SupervisorInit> {
      return { children: Array.from({ length: count }, (_, id) => child(Plain, { id })) };
    }
  }
  const { system, stop } = await createTestSystem();
  const declared = await system.start(Declared, 3);
  const { active } = await declared.call.countChildren();
  expectTypeOf(active).toEqualTypeOf<number>();
  expect(active).toBe(3);
  await stop();
});
