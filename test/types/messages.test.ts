import {
  Actor,
  type ActorRef,
  type AnyRef,
  type CallView,
  type CastView,
  type Deferred,
  type lastSignatures,
  type MessageName,
  type NotAMessage,
} from "holdfast";
import { createTestSystem } from "holdfast/testing";
import { describe, expect, expectTypeOf, test } from "vitest";
import type { OwnName } from "../../src/kernel/actor-ref.js";

interface Item {
  readonly id: string;
}

class Cart extends Actor<{ owner: string }> {
  readonly items: Item[] = [];
  #total = 0;

  add(item: Item, count = 1): number {
    this.items.push(...Array.from({ length: count }, () => item));
    return (this.#total += count);
  }
  tag(label: string, ...more: readonly string[]): readonly string[] {
    return [label, ...more];
  }
  note(_text?: string): void {}
  find(id: string): Item | undefined {
    return this.items.find((item) => item.id === id);
  }
  price(id: string): number | "unknown" {
    return id === "" ? "unknown" : 1;
  }
  async stock(id: string): Promise<{ left: number }> {
    return { left: id.length };
  }
  later(): Deferred<number> {
    return this.defer<number>();
  }
  async lateDeferral(): Promise<Deferred<boolean>> {
    return this.defer<boolean>();
  }
  maybeLater(now: boolean): number | Deferred<number> {
    return now ? 1 : this.defer<number>();
  }
  give(to: ActorRef<Cart>): void {
    to.cast.note();
  }
  protected guarded(): void {}
  private hidden(): void {}
  touch(): void {
    this.guarded();
    this.hidden();
  }
  override terminate(): void {}
}

type Calls = CallView<Cart>;
type Casts = CastView<Cart>;

// Never run: the compiler reads them, and each expectation is an error that must be there.
export function mustNotCompile(cart: ActorRef<Cart>, other: ActorRef<Note>, any: AnyRef): unknown {
  // @ts-expect-error: there is no such message
  void cart.cast.remove;
  // @ts-expect-error: an argument is missing
  void cart.call.add();
  // @ts-expect-error: an argument is of the wrong type
  void cart.call.add("a");
  // @ts-expect-error: a later argument is of the wrong type
  cart.cast.add({ id: "a" }, "2");
  // @ts-expect-error: there is one argument too many
  cart.cast.note("a", "b");
  // @ts-expect-error: a rest argument is of the wrong type
  cart.cast.tag("a", 1);
  // @ts-expect-error: the reply is a promise
  void (cart.call.add({ id: "a" }) satisfies number);
  // @ts-expect-error: the reply is of another type
  void (cart.call.add({ id: "a" }) satisfies Promise<string>);
  // @ts-expect-error: one of the values that the reply may have is not expected
  void (cart.call.price("a") satisfies Promise<number>);
  // @ts-expect-error: there may be no item
  void (cart.call.find("a") satisfies Promise<Item>);
  // @ts-expect-error: a cast gives nothing
  const none: number = cart.cast.add({ id: "a" });
  // @ts-expect-error: a protected method is no message
  void cart.cast.guarded;
  // @ts-expect-error: a private method is no message
  void cart.cast.hidden;
  // @ts-expect-error: a field is no message
  void cart.call.items;
  // @ts-expect-error: a hook is no message
  void cart.call.init;
  // @ts-expect-error: a hook that the class overrides is no message
  void cart.cast.terminate;
  // @ts-expect-error: what an actor does for itself is no message
  void cart.cast.stop;
  // @ts-expect-error: nor is it with a time-out of one's own
  void cart.callWithin(10).stop;
  // @ts-expect-error: a view cannot be changed
  cart.call.note = async () => undefined;
  // @ts-expect-error: the ref of an actor of another class
  cart.cast.give(other);
  // @ts-expect-error: a ref of which nothing is known
  cart.cast.give(any);
  // @ts-expect-error: a ref of which nothing is known has no messages
  void any.cast.note;
  // @ts-expect-error: the instance is not its ref
  cart.cast.give(new Cart());
  return none;
}

class Note extends Actor {
  read(): string {
    return "";
  }
}

describe("a view", () => {
  test("has the public methods, whatever way they reply, and nothing else", () => {
    expectTypeOf<keyof Calls>().toEqualTypeOf<
      "add" | "tag" | "note" | "find" | "price" | "stock" | "later" | "lateDeferral" | "maybeLater" | "give" | "touch"
    >();
    expectTypeOf<keyof Casts>().toEqualTypeOf<keyof Calls>();
    expectTypeOf<MessageName<Cart>>().toEqualTypeOf<keyof Calls>();
    expectTypeOf<keyof AnyRef["call"]>().toBeNever();
  });

  test("keeps optional, default and rest arguments", () => {
    expectTypeOf<Parameters<Calls["add"]>>().toEqualTypeOf<[item: Item, count?: number | undefined]>();
    expectTypeOf<Parameters<Calls["note"]>>().toEqualTypeOf<[text?: string | undefined]>();
    expectTypeOf<Parameters<Casts["tag"]>>().toEqualTypeOf<[label: string, ...more: string[]]>();
  });

  test("replies with what the method returns, without promise and deferred", () => {
    expectTypeOf<ReturnType<Calls["add"]>>().toEqualTypeOf<Promise<number>>();
    expectTypeOf<ReturnType<Calls["note"]>>().toEqualTypeOf<Promise<void>>();
    expectTypeOf<ReturnType<Calls["find"]>>().toEqualTypeOf<Promise<Item | undefined>>();
    expectTypeOf<ReturnType<Calls["price"]>>().toEqualTypeOf<Promise<number | "unknown">>();
    expectTypeOf<ReturnType<Calls["stock"]>>().toEqualTypeOf<Promise<{ left: number }>>();
    expectTypeOf<ReturnType<Calls["later"]>>().toEqualTypeOf<Promise<number>>();
    expectTypeOf<ReturnType<Calls["lateDeferral"]>>().toEqualTypeOf<Promise<boolean>>();
    expectTypeOf<ReturnType<Calls["maybeLater"]>>().toEqualTypeOf<Promise<number>>();
  });

  test("casts a request as well as a message, and gives nothing", () => {
    expectTypeOf<ReturnType<Casts["stock"]>>().toEqualTypeOf<void>();
    expectTypeOf<ReturnType<Casts["note"]>>().toEqualTypeOf<void>();
    expectTypeOf<Parameters<Casts["stock"]>>().toEqualTypeOf<[id: string]>();
  });
});

/** Members that a ref cannot carry, and one that it can although it looks alike. */
class Odd extends Actor {
  pick(by: string): string;
  pick(by: number): number;
  pick(by: string | number): string | number {
    return by;
  }
  widened(by: string): void;
  widened(by: string | number): void;
  widened(_by: string | number): void {}
  narrowed(by: string | number): void;
  narrowed(by: string): void;
  narrowed(_by: string | number): void {}
  echo<Value>(value: Value): Value {
    return value;
  }
  each<Value>(values: readonly Value[], run: (value: Value) => Value): void {
    for (const value of values) run(value);
  }
  count<Value>(values: readonly Value[]): number {
    return values.length;
  }
  override link(): void {}
}

interface Sketch {
  maybe?(): void;
  // oxlint-disable-next-line typescript/no-explicit-any -- what must be refused
  loose: any;
  stop(): void;
  register(name: string): void;
}

export function cannotBeMessages(odd: ActorRef<Odd>, sketch: ActorRef<Sketch>): void {
  // @ts-expect-error: it has overloads
  odd.cast.pick(1);
  // @ts-expect-error: also with the arguments of the first
  void odd.call.pick("a");
  // @ts-expect-error: the last overload takes less than the first
  odd.cast.narrowed("a");
  // @ts-expect-error: it has a type parameter that decides the reply
  void odd.call.echo(1);
  // @ts-expect-error: it has a type parameter that ties its arguments together
  odd.cast.each([1], (n: number) => n);
  // @ts-expect-error: a name that Actor keeps for itself, made public
  odd.cast.link();
  // @ts-expect-error: an actor has a method or has it not
  sketch.cast.maybe();
  // @ts-expect-error: nothing is known of its arguments
  sketch.cast.loose(1);
  // @ts-expect-error: a name that Actor keeps for itself
  sketch.cast.stop();
  // @ts-expect-error: a name that Actor keeps for itself
  sketch.cast.register("a");
  // The last overload takes all that the others take, and the type parameter decides nothing: nothing is lost.
  odd.cast.widened("a");
  void odd.call.count([1, "a"]);
}

describe("a member that cannot be a message", () => {
  test("is not lost in silence: its type says why", () => {
    type Why<Name extends keyof CallView<Odd>> = CallView<Odd>[Name];
    expectTypeOf<Why<"pick">>().toEqualTypeOf<
      NotAMessage<'"pick" has overloads, of which a ref could carry the last alone: give it one signature, or one name each'>
    >();
    expectTypeOf<Why<"narrowed">>().toExtend<NotAMessage<`"narrowed" has overloads${string}`>>();
    expectTypeOf<Why<"echo">>().toEqualTypeOf<
      NotAMessage<'"echo" has type parameters, which a ref cannot carry: give it a signature without them'>
    >();
    expectTypeOf<Why<"each">>().toExtend<NotAMessage<`"each" has type parameters${string}`>>();
    expectTypeOf<Why<"link">>().toEqualTypeOf<
      NotAMessage<'"link" is a name that Actor keeps for itself: choose another name'>
    >();
    expectTypeOf<CastView<Sketch>["maybe"]>().toEqualTypeOf<
      NotAMessage<'"maybe" is optional: an actor has a method or has it not'>
    >();
    expectTypeOf<CastView<Sketch>["loose"]>().toEqualTypeOf<
      NotAMessage<'"loose" is of type any: declare its parameters and what it returns'>
    >();
    expectTypeOf<MessageName<Odd>>().toEqualTypeOf<"widened" | "count">();
    expectTypeOf<MessageName<Sketch>>().toBeNever();
  });

  test("that is never in a view is never in the view at run time either", async () => {
    // The two names of the views themselves are not the actor's.
    const kept: Readonly<Record<Exclude<OwnName, "cell" | "timeoutMs">, true>> = {
      constructor: true,
      self: true,
      system: true,
      parent: true,
      caller: true,
      signal: true,
      trapExit: true,
      link: true,
      unlink: true,
      monitor: true,
      demonitor: true,
      alias: true,
      unalias: true,
      suspend: true,
      resume: true,
      spawn: true,
      start: true,
      exit: true,
      stop: true,
      continueWith: true,
      defer: true,
      sendAfter: true,
      sendAt: true,
      startTimer: true,
      sendEvery: true,
      cancelTimer: true,
      readTimer: true,
      idleTimeout: true,
      hibernate: true,
      register: true,
      setLabel: true,
      joinGroup: true,
      leaveGroup: true,
    };
    const hooks: Readonly<Record<keyof Actor<never> & string, true>> = {
      init: true,
      handleContinue: true,
      handleInfo: true,
      handleDown: true,
      handleExit: true,
      terminate: true,
      codeChange: true,
      formatStatus: true,
    };
    expect(Object.keys({ ...kept, ...hooks }).sort()).toEqual(Object.getOwnPropertyNames(Actor.prototype).sort());
    const { system, stop } = await createTestSystem();
    const odd = await system.start(Odd);
    const names: string[] = [];
    for (const name in odd.call) if (name !== "cell" && name !== "timeoutMs") names.push(name);
    expect(names.sort()).toEqual(["count", "each", "echo", "narrowed", "pick", "widened"]);
    await stop();
  });
});

class Machine extends Actor {
  declare readonly [lastSignatures]?: { readonly step: true };
  step<Name extends "a" | "b">(name: Name): Name;
  step(name: "a" | "b"): "a" | "b";
  step(name: "a" | "b"): "a" | "b" {
    return name;
  }
}

test("the author of a behaviour may say that the last signature is the message", () => {
  expectTypeOf<CallView<Machine>["step"]>().toEqualTypeOf<(name: "a" | "b") => Promise<"a" | "b">>();
});

class Box<Value> extends Actor {
  #value: Value | undefined;
  put(value: Value): void {
    this.#value = value;
  }
  get(): Value | undefined {
    return this.#value;
  }
  refill(value: Value): void {
    this.self<Box<Value>>().cast.put(value);
  }
}

export function generic(box: ActorRef<Box<number>>): void {
  // @ts-expect-error: it is a box of numbers
  box.cast.put("a");
}

test("the messages of a generic class follow its type argument", () => {
  expectTypeOf<CallView<Box<number>>["get"]>().toEqualTypeOf<() => Promise<number | undefined>>();
  expectTypeOf<CastView<Box<string>>["put"]>().toEqualTypeOf<(value: string) => void>();
});
