import { expect, test } from "vitest";
import { Actor, type ActorRef } from "../../src/index.js";
import { createTestSystem, forEachSeed } from "../../src/testing/index.js";

class Recorder extends Actor {
  readonly #seen: string[] = [];

  note(text: string): void {
    this.#seen.push(text);
  }

  seen(): readonly string[] {
    return this.#seen;
  }
}

class Sender extends Actor<{ to: ActorRef<Recorder>; name: string }> {
  #to: ActorRef<Recorder> | undefined;
  #name = "";

  override init({ to, name }: { to: ActorRef<Recorder>; name: string }): void {
    this.#to = to;
    this.#name = name;
  }

  say(n: number): void {
    this.#to?.cast.note(`${this.#name}${n}`);
  }

  async sayLater(n: number): Promise<void> {
    await Promise.resolve();
    this.#to?.cast.note(`${this.#name}${n}`);
  }
}

async function interleaving(seed: number): Promise<readonly string[]> {
  const { system, clock, stop } = await createTestSystem({ seed });
  const to = await system.start(Recorder);
  const [a, b] = [system.spawn(Sender, { to, name: "a" }), system.spawn(Sender, { to, name: "b" })];
  for (let n = 0; n < 4; n++) {
    a.cast.say(n);
    b.cast.sayLater(n);
  }
  await clock.settle();
  const seen = await to.call.seen();
  await stop();
  return seen;
}

test("the same seed makes the same order, and seeds make many orders", async () => {
  const orders = new Set<string>();
  for (let seed = 1; seed <= 40; seed++) {
    const order = (await interleaving(seed)).join(" ");
    expect((await interleaving(seed)).join(" ")).toBe(order);
    orders.add(order);
  }
  expect(orders.size).toBeGreaterThan(15);
});

test("every order keeps that of each pair", async () => {
  await forEachSeed(60, async (seed) => {
    const seen = await interleaving(seed);
    expect(seen.filter((each) => each.startsWith("a"))).toEqual(["a0", "a1", "a2", "a3"]);
    expect(seen.filter((each) => each.startsWith("b"))).toEqual(["b0", "b1", "b2", "b3"]);
  });
});

/** Reads, waits, writes: two of them at once lose an update. */
class Careless extends Actor<{ get(): number; set(n: number): void }> {
  #store: { get(): number; set(n: number): void } | undefined;

  override init(store: { get(): number; set(n: number): void }): void {
    this.#store = store;
  }

  read(): void {
    const n = this.#store?.get() ?? 0;
    this.self<Careless>().cast.write(n);
  }

  write(n: number): void {
    this.#store?.set(n + 1);
  }
}

test("a race that the normal order hides is found, and its seed finds it again", async () => {
  const lost = async (seed: number | undefined): Promise<boolean> => {
    const { system, clock, stop } = await createTestSystem(seed === undefined ? {} : { seed });
    let value = 0;
    const store = { get: () => value, set: (n: number) => void (value = n) };
    const actors = [system.spawn(Careless, store), system.spawn(Careless, store)];
    for (const actor of actors) actor.cast.read();
    await clock.settle();
    await stop();
    return value !== 2;
  };
  expect(await lost(undefined)).toBe(false);
  const failure = await forEachSeed(50, async (seed) => expect(await lost(seed)).toBe(false), {
    only: undefined,
  }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: "SeedError" });
  const { seed } = failure as { seed: number };
  expect(await lost(seed)).toBe(true);
});

test("timers, time-outs and a stop work under every order", async () => {
  await forEachSeed(10, async (seed) => {
    const { system, clock, stop } = await createTestSystem({ seed });
    class Silent extends Actor {
      ask(): Promise<void> {
        return new Promise<void>(() => undefined);
      }
    }
    const silent = system.spawn(Silent);
    const late = silent.call.ask().catch((error: unknown) => error);
    await clock.advance(5_000);
    expect(await late).toMatchObject({ code: "timeout" });
    system.exit(silent, "kill");
    await stop();
  });
});
