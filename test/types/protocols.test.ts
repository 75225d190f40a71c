import { Actor, type ActorRef, type Deferred, type Handlers } from "holdfast";
import { createTestSystem } from "holdfast/testing";
import { expect, expectTypeOf, test } from "vitest";

// Two actors that ask each other, known to each other by what they can be sent.
interface PingProtocol {
  ping(from: ActorRef<PongProtocol>): number;
  note(text: string): void;
}
interface PongProtocol {
  pong(from: ActorRef<PingProtocol>, n: number): string;
}

class Ping extends Actor<{ start: number }> implements Handlers<PingProtocol> {
  #n = 0;
  override init({ start }: { start: number }) {
    this.#n = start;
  }
  async ping(from: ActorRef<PongProtocol>) {
    return (await from.call.pong(this.self(), this.#n)).length;
  }
  note(text: string) {
    this.#n += text.length;
  }
}

class Pong extends Actor implements Handlers<PongProtocol> {
  pong(from: ActorRef<PingProtocol>, n: number): Deferred<string> {
    from.cast.note("heard");
    const deferred = this.defer<string>();
    deferred.reply("o".repeat(n));
    return deferred;
  }
}

// Two classes that know each other as classes, in a circle: their methods say what they return.
class Left extends Actor {
  async ask(right: ActorRef<Right>, n: number): Promise<number> {
    return n === 0 ? 0 : 1 + (await right.call.answer(n));
  }
  hear(): number {
    return 1;
  }
}
class Right extends Actor {
  #left: ActorRef<Left> | undefined;
  meet(left: ActorRef<Left>): void {
    this.#left = left;
  }
  async answer(n: number): Promise<number> {
    this.#left?.cast.hear();
    return n + 1;
  }
}

// The same without: the compiler cannot know one reply before the other. That error is what an interface, or an annotation, is for.
export class Chicken extends Actor {
  // @ts-expect-error: TS7023, "lay" implicitly has return type "any" because it is referenced in one of its return expressions
  async lay(egg: ActorRef<Egg>) {
    // @ts-expect-error: TS2615, of the same circle
    // oxlint-disable-next-line typescript/no-unsafe-call -- the compiler has no type for it: that is the point
    return (await egg.call.hatch()) + 1;
  }
}
export class Egg extends Actor {
  #hen: ActorRef<Chicken> | undefined;
  // @ts-expect-error: TS7023
  async hatch() {
    // @ts-expect-error: TS2615
    // oxlint-disable-next-line typescript/no-unsafe-call -- the compiler has no type for it: that is the point
    return this.#hen === undefined ? 0 : (await this.#hen.call.lay(this.self<Egg>())) + 1;
  }
}

// Never run: the compiler reads them, and each expectation is an error that must be there.
// @ts-expect-error: a handler is missing
export class Silent extends Actor implements Handlers<PingProtocol> {
  note(_text: string): void {}
}
export class WrongReply extends Actor implements Handlers<PongProtocol> {
  // @ts-expect-error: a caller is told to get text
  pong(_from: ActorRef<PingProtocol>, n: number): number {
    return n;
  }
}
export class WrongLateReply extends Actor implements Handlers<PongProtocol> {
  // @ts-expect-error: a caller is told to get text, in the end
  async pong(_from: ActorRef<PingProtocol>, n: number): Promise<number> {
    return n;
  }
}
export class WrongDeferred extends Actor implements Handlers<PongProtocol> {
  // @ts-expect-error: a caller is told to get text, in the end
  pong(): Deferred<number> {
    return this.defer<number>();
  }
}
export class WrongArgument extends Actor implements Handlers<PongProtocol> {
  // @ts-expect-error: a number comes
  pong(_from: ActorRef<PingProtocol>, n: string): string {
    return n;
  }
}
// @ts-expect-error: a message is public
export class Hidden extends Actor implements Handlers<{ look(): number }> {
  protected look(): number {
    return 1;
  }
}

export function mustNotCompile(ping: ActorRef<PingProtocol>, pong: ActorRef<PongProtocol>): void {
  // @ts-expect-error: the wrong ref
  void ping.call.ping(ping);
  // @ts-expect-error: a wrong argument
  void pong.call.pong(ping, "1");
  // @ts-expect-error: another reply
  void (pong.call.pong(ping, 1) satisfies Promise<number>);
  // @ts-expect-error: what the class has besides its protocol is not in it
  void ping.cast.init;
}

test("actors that know each other by protocols ask each other", async () => {
  const { system, stop } = await createTestSystem();
  const ping = await system.start(Ping, { start: 3 });
  const pong = await system.start(Pong);
  expect(await ping.call.ping(pong)).toBe(3);
  expect(await ping.call.ping(pong)).toBe(8);
  expectTypeOf(ping).toExtend<ActorRef<PingProtocol>>();
  expectTypeOf(pong).toExtend<ActorRef<PongProtocol>>();
  await stop();
});

test("actors that know each other by class ask each other, when their methods say what they return", async () => {
  const { system, stop } = await createTestSystem();
  const left = await system.start(Left);
  const right = await system.start(Right);
  await right.call.meet(left);
  expect(await left.call.ask(right, 2)).toBe(4);
  await stop();
});

test("a protocol may be promised, deferred or plain, and callers see the same", () => {
  type Late = ActorRef<{ ask(): Promise<number> }>;
  type Plain = ActorRef<{ ask(): number }>;
  type Deferring = ActorRef<{ ask(): Deferred<number> }>;
  expectTypeOf<Late["call"]>().toEqualTypeOf<Plain["call"]>();
  expectTypeOf<Deferring["call"]>().toEqualTypeOf<Plain["call"]>();
  expectTypeOf<Handlers<{ ask(): Promise<number> }>["ask"]>().toEqualTypeOf<
    Handlers<{ ask(): Deferred<number> }>["ask"]
  >();
});
