import { expect, test } from "vitest";
import { Actor, type ActorRef, CallError, createSystem, type Deferred, realClock } from "../../src/index.js";
import { createTestSystem } from "../../src/testing/index.js";

class Counter extends Actor<{ from: number }> {
  #n = 0;

  override init({ from }: { from: number }): void {
    this.#n = from;
  }

  add(k: number): number {
    this.#n += k;
    return this.#n;
  }

  sum(...numbers: number[]): number {
    return numbers.reduce((one, other) => one + other, this.#n);
  }

  withDefault(k = 7): number {
    return k;
  }
}

test("a call answers with what the method returned", async () => {
  const { system, stop } = await createTestSystem();
  const counter = system.spawn(Counter, { from: 1 });
  expect(await counter.call.add(2)).toBe(3);
  counter.cast.add(10);
  expect(await counter.call.add(0)).toBe(13);
  await stop();
});

test("a method gets exactly the arguments that were sent, whatever their number", async () => {
  const { system, stop } = await createTestSystem();
  const counter = system.spawn(Counter, { from: 0 });
  expect(await counter.call.sum()).toBe(0);
  expect(await counter.call.sum(1)).toBe(1);
  expect(await counter.call.sum(1, 2)).toBe(3);
  expect(await counter.call.sum(1, 2, 3, 4, 5)).toBe(15);
  expect(await counter.call.withDefault()).toBe(7);
  await stop();
});

class Recorder extends Actor {
  readonly #seen: unknown[] = [];

  override handleInfo(message: unknown): void {
    this.#seen.push(message);
  }

  note(value: unknown): void {
    this.#seen.push(value);
  }

  seen(): unknown[] {
    return this.#seen;
  }
}

test("messages of one sender arrive in the order sent, across cast, send and call", async () => {
  const { system, stop } = await createTestSystem();
  const recorder = system.spawn(Recorder);
  for (let index = 0; index < 3_000; index++) {
    if (index % 3 === 0) recorder.send(index);
    else if (index % 3 === 1) recorder.cast.note(index);
    else void recorder.call.note(index);
  }
  expect(await recorder.call.seen()).toEqual(Array.from({ length: 3_000 }, (_, index) => index));
  await stop();
});

class Gate extends Actor<{ open: Promise<void> }> {
  readonly #log: string[] = [];
  #open: Promise<void> = Promise.resolve();

  override init({ open }: { open: Promise<void> }): void {
    this.#open = open;
  }

  async pass(): Promise<string> {
    this.#log.push("begin");
    await this.#open;
    this.#log.push("end");
    return "passed";
  }

  note(text: string): void {
    this.#log.push(text);
  }

  log(): string[] {
    return this.#log;
  }
}

test("no other message is handled while an async handler waits", async () => {
  const { system, clock, stop } = await createTestSystem();
  let open: () => void = () => undefined;
  const gate = system.spawn(Gate, { open: new Promise<void>((resolve) => (open = resolve)) });
  const passed = gate.call.pass();
  gate.cast.note("later");
  await clock.settle();
  open();
  expect(await passed).toBe("passed");
  expect(await gate.call.log()).toEqual(["begin", "end", "later"]);
  await stop();
});

class Forwarder extends Actor<{ to: ActorRef<Forwarder> | undefined; done: () => void }> {
  #to: ActorRef<Forwarder> | undefined;
  #done: () => void = () => undefined;

  override init({ to, done }: { to: ActorRef<Forwarder> | undefined; done: () => void }): void {
    this.#to = to;
    this.#done = done;
  }

  hop(): void {
    if (this.#to === undefined) this.#done();
    else this.#to.cast.hop();
  }
}

test("case 184: what a handler does after it has sent comes before what the receiver does", async () => {
  const order: string[] = [];
  class Receiver extends Actor {
    read(): void {
      order.push("read");
    }
  }
  class Sender extends Actor<ActorRef<Receiver>> {
    #to: ActorRef<Receiver> | undefined;

    override init(to: ActorRef<Receiver>): void {
      this.#to = to;
    }

    work(): void {
      this.#to?.cast.read();
      void this.#to?.call.read();
      order.push("flag set");
    }
  }
  const { system, clock, stop } = await createTestSystem();
  system.spawn(Sender, system.spawn(Receiver)).cast.work();
  await clock.settle();
  expect(order).toEqual(["flag set", "read", "read"]);
  await stop();
});

test("case 184, 454: a message is never delivered in the sender's stack, through 20,000 actors", async () => {
  const { system, stop } = await createTestSystem();
  await new Promise<void>((done) => {
    let next: ActorRef<Forwarder> | undefined;
    for (let index = 0; index < 20_000; index++) next = system.spawn(Forwarder, { to: next, done });
    let sent = false;
    next?.cast.hop();
    sent = true;
    expect(sent).toBe(true);
  });
  await stop();
});

test("a promise or a deferred around a reply is not seen by the caller", async () => {
  class Later extends Actor {
    #deferred: Deferred<string> | undefined;

    ask(): Deferred<string> {
      this.#deferred = this.defer<string>();
      return this.#deferred;
    }

    answer(text: string): void {
      this.#deferred?.reply(text);
    }

    at(text: string): Deferred<string> {
      const deferred = this.defer<string>();
      deferred.reply(text);
      return deferred;
    }
  }
  const { system, stop } = await createTestSystem();
  const later = system.spawn(Later);
  const asked = later.call.ask();
  later.cast.answer("now");
  expect(await asked).toBe("now");
  expect(await later.call.at("at once")).toBe("at once");
  await stop();
});

test("a deferred that is never answered fails when the actor ends, at once", async () => {
  class Never extends Actor {
    ask(): Deferred<string> {
      return this.defer<string>();
    }

    leave(): void {
      this.stop({ shutdown: "enough" });
    }
  }
  const { system, stop } = await createTestSystem();
  const never = system.spawn(Never);
  const asked = never.call.ask();
  never.cast.leave();
  await expect(asked).rejects.toMatchObject({ code: "exit", reason: { shutdown: "enough" } });
  await stop();
});

test("a call is still known as one when its caller has given up before it is handled", async () => {
  const seen: boolean[][] = [];
  class Late extends Actor<Promise<void>> {
    #open: Promise<void> = Promise.resolve();

    override init(open: Promise<void>): void {
      this.#open = open;
    }

    async block(): Promise<void> {
      await this.#open;
    }

    ask(): Deferred<string> {
      const deferred = this.defer<string>();
      seen.push([deferred.requested, deferred.waiting]);
      deferred.reply("answer");
      return deferred;
    }
  }
  const { system, clock, stop } = await createTestSystem();
  let open: () => void = () => undefined;
  const late = system.spawn(Late, new Promise<void>((resolve) => (open = resolve)));
  late.cast.block();
  const given = late
    .callWithin(10)
    .ask()
    .catch((error: unknown) => error);
  late.cast.ask();
  await clock.advance(10);
  expect(await given).toMatchObject({ code: "timeout" });
  open();
  expect(await late.call.ask()).toBe("answer");
  expect(seen).toEqual([
    [true, false],
    [false, false],
    [true, true],
  ]);
  await stop();
});

test("defer after the first await is refused with the reason", async () => {
  class Late extends Actor {
    async ask(): Promise<Deferred<string>> {
      await Promise.resolve();
      return this.defer<string>();
    }
  }
  const { system, stop } = await createTestSystem();
  await expect(system.spawn(Late).call.ask()).rejects.toMatchObject({ code: "exit", message: /before/ });
  await stop();
});

test("lifecycle hooks, private methods and inherited members are not messages", async () => {
  class Secretive extends Actor {
    #hidden(): string {
      return "hidden";
    }

    shown(): string {
      return this.#hidden();
    }
  }
  const { system, stop } = await createTestSystem();
  const ref = system.spawn(Secretive);
  for (const name of [
    "init",
    "terminate",
    "handleInfo",
    "constructor",
    "stop",
    "exit",
    "spawn",
    "toString",
    "__proto__",
  ]) {
    expect(Object.hasOwn(Object.getPrototypeOf(ref.call), name) && name !== "constructor", name).toBe(false);
  }
  expect(Object.keys(Object.getPrototypeOf(ref.call))).toEqual(["shown"]);
  expect(await ref.call.shown()).toBe("hidden");
  await stop();
});

test("case 226: an actor that calls itself is told at once", async () => {
  class Self extends Actor {
    ask(timeoutMs: number | undefined): Promise<number> {
      const me = this.self<Self>();
      return (timeoutMs === undefined ? me.call : me.callWithin(timeoutMs)).other();
    }

    other(): number {
      return 1;
    }
  }
  const { system, clock, stop } = await createTestSystem();
  for (const timeoutMs of [undefined, Number.POSITIVE_INFINITY]) {
    const asked = system.spawn(Self).call.ask(timeoutMs);
    await expect(asked).rejects.toMatchObject({ code: "exit", cause: { code: "calling_self" } });
  }
  expect(clock.now()).toBe(0);
  await stop();
});

test("a call times out after 5,000 ms by default, not before, and names what the callee is busy with", async () => {
  const { system, clock, stop } = await createTestSystem();
  const gate = system.spawn(Gate, { open: new Promise<void>(() => undefined) });
  const outcome = gate.call.pass().then(
    () => "passed",
    (error: unknown) => error,
  );
  let settled = false;
  void outcome.then(() => (settled = true));
  await clock.advance(4_999);
  expect(settled).toBe(false);
  await clock.advance(1);
  const error = await outcome;
  expect(error).toBeInstanceOf(CallError);
  expect(error).toMatchObject({ code: "timeout", method: "pass" });
  expect(String(error)).toMatch(/busy with pass since 5000 ms/);
  system.exit(gate, "kill");
  await stop();
});

test("callWithin sets the time-out of one call; Infinity waits; anything else is refused", async () => {
  const { system, clock, stop } = await createTestSystem();
  let open: () => void = () => undefined;
  const gate = system.spawn(Gate, { open: new Promise<void>((resolve) => (open = resolve)) });
  const short = gate
    .callWithin(100)
    .pass()
    .catch((error: unknown) => error);
  const endless = gate.callWithin(Number.POSITIVE_INFINITY).log();
  await clock.advance(100);
  expect(await short).toMatchObject({ code: "timeout" });
  await clock.advance(10_000_000);
  open();
  expect(await endless).toEqual(["begin", "end"]);
  expect(() => gate.callWithin(-1)).toThrow(/Expected a call time-out/);
  expect(() => gate.callWithin(Number.NaN)).toThrow(/Expected a call time-out/);
  await stop();
});

test("case 264: the reply to a call that timed out is dropped", async () => {
  const { system, clock, stop } = await createTestSystem();
  let open: () => void = () => undefined;
  const gate = system.spawn(Gate, { open: new Promise<void>((resolve) => (open = resolve)) });
  const late = gate
    .callWithin(10)
    .pass()
    .catch((error: unknown) => error);
  await clock.advance(10);
  expect(await late).toMatchObject({ code: "timeout" });
  open();
  expect(await gate.call.log()).toEqual(["begin", "end"]);
  await stop();
});

test("a flood to one actor keeps neither timers nor other actors waiting", async () => {
  const system = await createSystem({ sliceMs: 2 });
  class Flooded extends Actor {
    #left = 300_000;

    work(): void {
      if (--this.#left > 0) this.self<Flooded>().cast.work();
    }

    left(): number {
      return this.#left;
    }
  }
  const flooded = system.spawn(Flooded);
  const other = system.spawn(Counter, { from: 0 });
  for (let index = 0; index < 1_000; index++) flooded.cast.work();
  expect(await other.call.add(1)).toBe(1);
  expect(await flooded.call.left()).toBeGreaterThan(0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await flooded.call.left()).toBeGreaterThan(0);
  await system.stop();
});

test("actors that are spawned by the thousand, and whose init takes its time, keep the loop waiting for no more than a slice", async () => {
  let at = 0;
  const system = await createSystem({ sliceMs: 5, clock: { ...realClock, now: () => at } });
  class Slow extends Actor {
    override init(): void {
      at++;
    }
  }
  for (let index = 0; index < 1_000; index++) system.spawn(Slow);
  await new Promise((resolve) => setImmediate(resolve));
  expect(at).toBeGreaterThan(0);
  expect(at).toBeLessThan(50);
  await system.stop();
});

test("a view keeps its actor: a view taken before another actor was used still sends to its own", async () => {
  const { system, stop } = await createTestSystem();
  const [one, two] = [system.spawn(Counter, { from: 0 }), system.spawn(Counter, { from: 100 })];
  const view = one.call;
  await two.call.add(1);
  expect(await view.add(1)).toBe(1);
  expect(await two.call.add(0)).toBe(101);
  await stop();
});
