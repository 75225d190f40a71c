import type { ActorRef, ExitReason } from "holdfast";
import { createTestSystem, type TestSystem } from "holdfast/testing";
import {
  type Cancellation,
  type CheckedSubscription,
  Consumer,
  type ConsumerInit,
  type DemandControl,
  type StageSource,
  Producer,
  ProducerConsumer,
  type ProducerConsumerInit,
  type ProducerInit,
  type SubscribeOptions,
  type Subscription,
} from "../../../actors/index.js";

/** What stages note, oldest first. */
export type Journal = unknown[];

export interface CounterArgs {
  readonly options?: ProducerInit<number | string>;
  readonly journal?: Journal;
  /** Counts on demand from here; `undefined` emits only what it is told to. */
  readonly from?: number | undefined;
}

/** Counts on demand, and emits what it is told to. */
export class Counter extends Producer<number | string, CounterArgs> {
  #next: number | undefined;
  #journal: Journal = [];
  readonly demands: number[] = [];

  override init({ options, journal = [], from = 0 }: CounterArgs): ProducerInit<number | string> {
    this.#next = from;
    this.#journal = journal;
    return options;
  }

  override handleDemand(demand: number): readonly number[] {
    this.demands.push(demand);
    const first = this.#next;
    if (first === undefined || Number.isNaN(first)) return [];
    this.#next = first + demand;
    return Array.from({ length: demand }, (_, index) => first + index);
  }

  override handleSubscribe(kind: "consumer", settings: CheckedSubscription, from: Subscription): void {
    this.#journal.push(["counter", "subscribed", kind, settings.extra, from.consumer]);
  }

  override handleCancel({ kind, reason }: Cancellation, from: Subscription): void {
    this.#journal.push(["counter", "cancelled", kind, reason, from.consumer]);
  }

  override handleInfo(message: unknown): void {
    this.#journal.push(["counter", "info", message]);
  }

  /** Emits, then replies. */
  queue(events: readonly (number | string)[]): string {
    this.emit(events);
    return "queued";
  }

  /** What it was asked for. */
  asked(): readonly number[] {
    return [...this.demands];
  }

  end(reason: ExitReason): void {
    this.stop(reason);
  }

  crash(): void {
    throw new Error("on purpose");
  }
}

/** A counter that counts nothing: `from: NaN`. */
export const SILENT = Number.NaN;

export interface ForwarderArgs {
  readonly journal: Journal;
  readonly name?: string;
  readonly subscribeTo?: readonly (ActorRef<StageSource<number | string>> | SubscribeOptions<number | string>)[];
  /** What `handleSubscribe` returns. */
  readonly control?: DemandControl;
  /** Handling a batch takes as long as this promise. */
  readonly busy?: () => Promise<void> | undefined;
}

/** Notes what it gets. */
export class Forwarder extends Consumer<number | string, ForwarderArgs> {
  #args: ForwarderArgs = { journal: [] };
  #last: Subscription | undefined;

  override init(args: ForwarderArgs): ConsumerInit<number | string> {
    this.#args = args;
    return args.subscribeTo === undefined ? undefined : { subscribeTo: args.subscribeTo };
  }

  override handleEvents(events: readonly (number | string)[]): void | Promise<void> {
    this.#note("consumed", events);
    return this.#args.busy?.();
  }

  override handleSubscribe(
    _kind: "producer",
    _settings: CheckedSubscription,
    from: Subscription,
  ): void | DemandControl | Promise<DemandControl> {
    this.#last = from;
    return this.#args.control;
  }

  override handleCancel({ kind, reason }: Cancellation): void {
    this.#note("cancelled", kind, reason);
  }

  override handleInfo(message: unknown): void {
    this.#note("info", message);
  }

  ask(count: number): void {
    this.#last?.ask(count);
  }

  cancel(reason: ExitReason): void {
    this.#last?.cancel(reason);
  }

  subscription(): Subscription | undefined {
    return this.#last;
  }

  end(reason: ExitReason): void {
    this.stop(reason);
  }

  #note(what: string, ...details: unknown[]): void {
    this.#args.journal.push([this.#args.name ?? "forwarder", what, ...details]);
  }
}

export interface RelayArgs {
  readonly journal: Journal;
  readonly options?: ProducerConsumerInit<number | string, number | string>;
  readonly change?: (events: readonly (number | string)[]) => readonly (number | string)[];
}

/** Notes what it gets, and emits what becomes of it: the same by default. */
export class Relay extends ProducerConsumer<number | string, number | string, RelayArgs> {
  #args: RelayArgs = { journal: [] };

  override init(args: RelayArgs): ProducerConsumerInit<number | string, number | string> {
    this.#args = args;
    return args.options;
  }

  override handleEvents(events: readonly (number | string)[]): readonly (number | string)[] {
    this.#args.journal.push(["relay", "relayed", events]);
    return this.#args.change === undefined ? events : this.#args.change(events);
  }

  override handleSubscribe(kind: "producer" | "consumer"): void {
    this.#args.journal.push(["relay", "subscribed", kind]);
  }

  override handleCancel({ kind, reason }: Cancellation): void {
    this.#args.journal.push(["relay", "cancelled", kind, reason]);
  }

  override handleInfo(message: unknown): void {
    this.#args.journal.push(["relay", "info", message]);
  }

  queue(events: readonly (number | string)[]): void {
    this.emit(events);
  }
}

/** A test's system with a journal. */
export interface Scene extends TestSystem {
  readonly journal: Journal;
  counter(args?: CounterArgs): Promise<ActorRef<Counter>>;
  forwarder(args?: Partial<ForwarderArgs>): Promise<ActorRef<Forwarder>>;
  relay(args?: Partial<RelayArgs>): Promise<ActorRef<Relay>>;
  /** Lets all come to rest, and gives the events that a consumer was given, batch by batch. */
  consumed(name?: string): Promise<unknown[]>;
  /** The journal without what was consumed. */
  notes(): Promise<unknown[]>;
}

export async function scene(): Promise<Scene> {
  const test = await createTestSystem();
  const journal: Journal = [];
  const { system, clock } = test;
  return {
    ...test,
    journal,
    counter: (args = {}) => system.start(Counter, { journal, ...args }),
    forwarder: (args = {}) => system.start(Forwarder, { journal, ...args }),
    relay: (args = {}) => system.start(Relay, { journal, ...args }),
    async consumed(name = "forwarder") {
      await clock.settle();
      return journal.flatMap((note) =>
        Array.isArray(note) && note[0] === name && note[1] === "consumed" ? [note[2]] : [],
      );
    },
    async notes() {
      await clock.settle();
      return journal.filter((note) => !(Array.isArray(note) && note[1] === "consumed"));
    },
  };
}

/** The numbers from one to another, both included. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** A promise that a test opens. */
export class Gate {
  #open: () => void = () => undefined;
  readonly passed: Promise<void> = new Promise((resolve) => {
    this.#open = resolve;
  });

  open(): void {
    this.#open();
  }
}
