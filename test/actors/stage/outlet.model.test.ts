import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BroadcastDispatcher } from "../../../actors/stage/broadcast-dispatcher.js";
import { DemandDispatcher } from "../../../actors/stage/demand-dispatcher.js";
import type { DispatcherFactory } from "../../../actors/stage/dispatcher.js";
import { Outlet } from "../../../actors/stage/outlet.js";
import { PartitionDispatcher } from "../../../actors/stage/partition-dispatcher.js";

type Kind = "demand" | "broadcast" | "partition";

const PARTITIONS = 3;

const factories: Record<Kind, DispatcherFactory<number, string>> = {
  demand: (port) => new DemandDispatcher(port),
  broadcast: (port) => new BroadcastDispatcher(port),
  partition: (port) => new PartitionDispatcher(port, { partitions: PARTITIONS, hash: (event) => event % PARTITIONS }),
};

/** What happened to one subscription. */
interface Track {
  readonly partition: number | undefined;
  readonly selector: ((event: number) => boolean) | undefined;
  asked: number;
  readonly got: number[];
  /** How many events had been emitted when it came. */
  readonly since: number;
  live: boolean;
}

const commands = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ emit: fc.integer({ min: 1, max: 12 }) }) },
    { weight: 3, arbitrary: fc.record({ ask: fc.nat(4), count: fc.integer({ min: 1, max: 10 }) }) },
    { weight: 1, arbitrary: fc.record({ subscribe: fc.nat(PARTITIONS - 1), selects: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ cancel: fc.nat(4) }) },
    { weight: 1, arbitrary: fc.constant({ info: true } as const) },
    { weight: 1, arbitrary: fc.record({ mode: fc.constantFrom("forward", "accumulate") }) },
    // The source meets the demand it is asked for.
    { weight: 3, arbitrary: fc.constant({ produce: true } as const) },
  ),
  { maxLength: 120 },
);

class Model {
  readonly tracks = new Map<string, Track>();
  readonly infos: number[] = [];
  readonly outlet: Outlet<number, string>;
  readonly kind: Kind;
  discarded = 0;
  emitted = 0;
  infoCount = 0;

  constructor(kind: Kind, bufferSize: number) {
    this.kind = kind;
    this.outlet = new Outlet({
      dispatcher: factories[kind],
      bufferSize,
      bufferKeep: "last",
      mode: "forward",
      port: {
        deliver: (name, events) => this.#delivered(name, events),
        info: (message) => this.infos.push(Number(message)),
        warn: () => undefined,
        discarded: (count) => {
          this.discarded += count;
        },
        random: () => 0.5,
      },
    });
  }

  run(command: (typeof commands extends fc.Arbitrary<infer Commands> ? Commands : never)[number]): void {
    if ("emit" in command) this.emit(command.emit);
    else if ("ask" in command) this.ask(command.ask, command.count);
    else if ("subscribe" in command) this.subscribe(command.subscribe, command.selects);
    else if ("cancel" in command) this.cancel(command.cancel);
    else if ("mode" in command) this.outlet.setMode(command.mode);
    else if ("info" in command) this.outlet.info(this.infoCount++);
    else this.produce();
  }

  emit(count: number): void {
    const first = this.emitted;
    this.emitted += count;
    this.outlet.emit(Array.from({ length: count }, (_, index) => first + index));
  }

  /** Does what is asked for, until nothing is. */
  produce(): void {
    for (let demand = this.outlet.nextDemand(), round = 0; demand > 0 && round < 50; round++) {
      expect(demand).toBeLessThanOrEqual(this.outlet.wanted);
      this.emit(demand);
      demand = this.outlet.nextDemand();
    }
  }

  ask(index: number, count: number): void {
    const found = this.#live(index);
    if (found === undefined) return;
    found[1].asked += count;
    this.outlet.ask(found[0], count);
  }

  subscribe(partition: number, selects: boolean): void {
    const name = `s${this.tracks.size}`;
    const selector = selects && this.kind === "broadcast" ? (event: number) => event % 2 === 0 : undefined;
    const track: Track = { partition, selector, asked: 0, got: [], since: this.emitted, live: true };
    const refusal = this.outlet.subscribe(name, { consumer: name, selector, partition });
    if (refusal === undefined) this.tracks.set(name, track);
    const taken = [...this.tracks].some(([other, each]) => other !== name && each.live && each.partition === partition);
    expect(refusal !== undefined).toBe(this.kind === "partition" && taken);
  }

  cancel(index: number): void {
    const found = this.#live(index);
    if (found === undefined) return;
    found[1].live = false;
    this.outlet.cancel(found[0]);
  }

  get got(): number[] {
    return [...this.tracks.values()].flatMap(({ got }) => got);
  }

  #live(index: number): [string, Track] | undefined {
    const live = [...this.tracks].filter(([, track]) => track.live);
    return live[index % Math.max(1, live.length)];
  }

  #delivered(name: string, events: readonly number[]): void {
    const track = this.tracks.get(name);
    if (track === undefined) throw new Error(`Delivered to ${name}, which is not there`);
    expect(track.live).toBe(true);
    expect(events.length).toBeGreaterThan(0);
    track.got.push(...events);
    // Never more than it asked for.
    expect(track.got.length).toBeLessThanOrEqual(track.asked);
  }
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
}

describe.each(["demand", "broadcast", "partition"] as const)(
  "whatever happens to a producer that dispatches by %s",
  (kind) => {
    test("each consumer gets no more than it asked for, in order, and all infos come in order", () => {
      fc.assert(
        fc.property(commands, fc.constantFrom(5, Number.POSITIVE_INFINITY), (steps, bufferSize) => {
          const model = new Model(kind, bufferSize);
          for (const step of steps) model.run(step);
          for (const { got } of model.tracks.values()) expect(isAscending(got)).toBe(true);
          expect(isAscending(model.infos)).toBe(true);
          expect(model.outlet.buffered).toBeLessThanOrEqual(bufferSize);
        }),
        { numRuns: 300 },
      );
    });

    test("nothing is lost within the buffer: what was emitted was delivered, discarded, or waits", () => {
      fc.assert(
        fc.property(commands, fc.constantFrom(5, Number.POSITIVE_INFINITY), (steps, bufferSize) => {
          const model = new Model(kind, bufferSize);
          for (const step of steps) model.run(step);
          if (bufferSize === Number.POSITIVE_INFINITY && kind !== "partition") expect(model.discarded).toBe(0);
          if (kind === "demand") {
            expect(new Set(model.got).size).toBe(model.got.length);
            expect(model.got.length + model.discarded + model.outlet.buffered).toBe(model.emitted);
          }
          // Whoever asks for all that waits gets it.
          model.outlet.setMode("forward");
          for (let partition = 0; partition < PARTITIONS; partition++) {
            if (
              kind === "partition" &&
              [...model.tracks.values()].some((each) => each.live && each.partition === partition)
            ) {
              continue;
            }
            model.subscribe(partition, false);
          }
          const waiting = model.outlet.buffered;
          for (let index = 0; index < model.tracks.size; index++) model.ask(index, 100_000);
          for (let index = 0; index < model.tracks.size; index++) model.ask(index, 100_000);
          expect(model.outlet.buffered).toBe(0);
          expect(waiting).toBeLessThanOrEqual(bufferSize);
          if (kind === "partition") expect(model.got.length + model.discarded).toBe(model.emitted);
        }),
        { numRuns: 300 },
      );
    });

    test("the source is asked until it owes what is wanted, and never stalls", () => {
      fc.assert(
        fc.property(commands, (steps) => {
          const model = new Model(kind, Number.POSITIVE_INFINITY);
          for (const step of steps) model.run(step);
          model.outlet.setMode("forward");
          // Whatever it owed from before, it emits; then everybody who has asked is served.
          model.emit(model.got.length + 5_000);
          model.produce();
          expect(model.outlet.wanted).toBe(0);
        }),
        { numRuns: 200 },
      );
    });
  },
);

describe("a source that emits what it is asked for, and no more", () => {
  test.each(["demand", "broadcast"] as const)("leaves nothing waiting while nobody leaves or comes: %s", (kind) => {
    const asks = fc.array(fc.record({ ask: fc.nat(2), count: fc.integer({ min: 1, max: 20 }) }), { maxLength: 60 });
    fc.assert(
      fc.property(asks, (steps) => {
        const model = new Model(kind, Number.POSITIVE_INFINITY);
        for (let consumer = 0; consumer < 3; consumer++) model.subscribe(consumer, false);
        for (const step of steps) {
          model.run(step);
          model.produce();
          expect([model.outlet.buffered, model.outlet.hasDemand]).toEqual([0, false]);
        }
        const demands = [...model.tracks.values()].map(({ asked }) => asked);
        const wanted = kind === "broadcast" ? Math.min(...demands) : demands.reduce((sum, asked) => sum + asked, 0);
        expect(model.emitted).toBe(wanted);
      }),
    );
  });
});

describe("a producer that broadcasts", () => {
  test("gives all the same stream from the moment they came, as far as they chose", () => {
    fc.assert(
      fc.property(commands, (steps) => {
        const model = new Model("broadcast", Number.POSITIVE_INFINITY);
        for (const step of steps) model.run(step);
        const streams = [...model.tracks.values()].filter(({ live }) => live);
        const end = Math.max(-1, ...streams.map(({ got }) => got.at(-1) ?? -1));
        for (const { got, selector } of streams) {
          const first = got[0];
          if (first === undefined) continue;
          const all = Array.from({ length: end + 1 }, (_, event) => event).filter((event) => event >= first);
          const wanted = selector === undefined ? all : all.filter(selector);
          // One that chooses may have let the last ones pass.
          expect(got).toEqual(wanted);
        }
      }),
      { numRuns: 300 },
    );
  });
});
