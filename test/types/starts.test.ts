import { Actor, type ActorName, type ActorRef, type ActorSystem, actorName, BadArgumentError } from "holdfast";
import { child, childTemplate, type DynamicSupervisor, startChild } from "holdfast/supervisors";
import { createTestSystem } from "holdfast/testing";
import { expect, expectTypeOf, test } from "vitest";

interface CounterProtocol {
  add(k: number): number;
}
class Counter extends Actor<{ from: number }> {
  #n = 0;
  override init({ from }: { from: number }) {
    this.#n = from;
  }
  add(k: number): number {
    return (this.#n += k);
  }
}
class Plain extends Actor {
  say(_text: string): void {}
}
class Lenient extends Actor<{ from?: number } | undefined> {
  override init(_args: { from?: number } | undefined) {}
}
class Starter extends Actor {
  override async init(): Promise<void> {
    const started = await this.start(Counter, { from: 1 });
    if (started.ok) expectTypeOf(started.ref).toEqualTypeOf<ActorRef<Counter>>();
    // @ts-expect-error: there is a ref only when it started
    void started.ref;
    expectTypeOf(this.spawn(Plain)).toEqualTypeOf<ActorRef<Plain>>();
  }
}

const counterName = actorName<CounterProtocol>("counter");
const plainName = actorName<Plain>("plain");
const room = childTemplate(Counter);

// Never run: the compiler reads them, and each expectation is an error that must be there.
export function mustNotCompile(system: ActorSystem, supervisor: ActorRef<DynamicSupervisor>): void {
  // @ts-expect-error: the arguments of init are missing
  void system.start(Counter);
  // @ts-expect-error: the arguments of init are of the wrong type
  void system.start(Counter, { from: "1" });
  // @ts-expect-error: init takes none
  void system.start(Plain, { from: 1 });
  // @ts-expect-error: this is no option
  void system.start(Plain, undefined, { label: "a", nickname: "b" });
  // @ts-expect-error: this is no actor
  void system.start(Map);
  // @ts-expect-error: an abstract class cannot be started
  void system.start(Actor);
  // @ts-expect-error: a class is started, not one of its instances
  void system.spawn(new Plain());
  // @ts-expect-error: the arguments of init are of the wrong type
  child(Counter, { id: "a", args: { from: null } });
  // @ts-expect-error: init takes none
  child(Plain, { id: "a", args: 1 });
  // @ts-expect-error: the arguments of init are missing
  void startChild(supervisor, room);
  // @ts-expect-error: the arguments of init are of the wrong type
  void startChild(supervisor, room, { from: "1" });

  // @ts-expect-error: whoever holds this name adds
  void system.start(Plain, undefined, { name: counterName });
  // @ts-expect-error: whoever holds this name adds
  system.spawn(Plain, undefined, { name: counterName });
  // @ts-expect-error: whoever holds this name adds
  child(Plain, { id: "a", name: counterName });
  // @ts-expect-error: whoever holds this name is plain
  void startChild(supervisor, room, { from: 1 }, { name: plainName });
  // @ts-expect-error: one name is not another
  void (counterName satisfies ActorName<Plain>);
  // @ts-expect-error: text is no name with a type
  void ("counter" satisfies ActorName<CounterProtocol>);
  // @ts-expect-error: the name says who is there
  void system.whereis(counterName)?.cast.say;
  // @ts-expect-error: the name says who is there
  void system.whereis<Plain>(counterName);
  // @ts-expect-error: of the holder of mere text nothing is known
  void system.whereis("counter")?.cast.add;
  // @ts-expect-error: there may be nobody
  system.whereis(counterName).cast.add(1);
  // @ts-expect-error: of the members of a group nothing is known
  for (const member of system.members("all")) void member.cast.add;
}

test("a start knows its arguments, and gives the ref of its class", async () => {
  const { system, stop } = await createTestSystem();
  expectTypeOf(await system.start(Counter, { from: 1 })).toEqualTypeOf<ActorRef<Counter>>();
  expectTypeOf(await system.start(Lenient)).toEqualTypeOf<ActorRef<Lenient>>();
  expectTypeOf(await system.start(Lenient, { from: 1 })).toEqualTypeOf<ActorRef<Lenient>>();
  expectTypeOf(system.spawn(Plain, undefined, { name: "text" })).toEqualTypeOf<ActorRef<Plain>>();
  expectTypeOf(await system.start(Starter)).toEqualTypeOf<ActorRef<Starter>>();
  expectTypeOf(system.whereis<Plain>("text")).toEqualTypeOf<ActorRef<Plain> | undefined>();
  expectTypeOf(system.members<Plain>("all")).toEqualTypeOf<ActorRef<Plain>[]>();
  await stop();
});

test("a name with a type is text at run time, and finds the ref of its protocol", async () => {
  const { system, stop } = await createTestSystem();
  expect(counterName).toBe("counter");
  await system.start(Counter, { from: 1 }, { name: counterName });
  const counter = system.whereis(counterName);
  expectTypeOf(counter).toEqualTypeOf<ActorRef<CounterProtocol> | undefined>();
  expect(await counter?.call.add(2)).toBe(3);
  expect(child(Plain, { id: "a", name: plainName })).toEqual({ id: "a", start: Plain, name: "plain" });
  await stop();
});

test("a name has at least one character", () => {
  expect(() => actorName("")).toThrow(BadArgumentError);
  expect(() => actorName(JSON.parse("1"))).toThrow(/got 1/);
});
