import { BadArgumentError, BadReturnError, whatCame } from "../../src/index.js";
import { partitionOfKey } from "../../supervisors/partition-routing.js";
import type { Dispatcher, DispatchPort, DispatchSettings, PartitionName } from "./dispatcher.js";
import { StageBuffer } from "./stage-buffer.js";

/** Options of the partition dispatcher. */
export interface PartitionDispatcherOptions<Event> {
  /** The partitions: how many, then named 0, 1, 2, …; or their names. */
  readonly partitions: number | readonly PartitionName[];
  /** The partition of an event; `undefined` for an event that goes to none. By default that of a whole number by its remainder, of another number, a bigint or a string by its hash. */
  readonly hash?: (event: Event) => PartitionName | undefined;
}

class Partition<Event, Subscriber> {
  subscriber: Subscriber | undefined;
  demand = 0;
  /** What waits for demand of this partition; then there is none. */
  queue = new StageBuffer<Event>(Number.POSITIVE_INFINITY, "last");
  /** What it gets of the events that are dispatched now. */
  share: Event[] = [];
}

/** An info that waits until all partitions have passed the events before it. */
interface Mark {
  readonly message: unknown;
  partitions: number;
}

/**
 * Each event goes to the one partition that its hash names, and a partition has one consumer.
 *
 * An event of a partition without demand waits there, and takes the place of one that another partition has asked for: so no more waits than
 * was asked for, and a partition that nobody takes brings all others to a halt. When the consumer of a partition leaves, what waits there is
 * discarded.
 */
export class PartitionDispatcher<Event, Subscriber> implements Dispatcher<Event, Subscriber> {
  readonly #port: DispatchPort<Event, Subscriber>;
  readonly #hash: (event: Event) => PartitionName | undefined;
  readonly #partitions = new Map<PartitionName, Partition<Event, Subscriber>>();
  readonly #bySubscriber = new Map<Subscriber, Partition<Event, Subscriber>>();
  #demand = 0;
  #queued = 0;

  constructor(port: DispatchPort<Event, Subscriber>, options: PartitionDispatcherOptions<Event>) {
    this.#port = port;
    const { partitions } = options;
    const names = typeof partitions === "number" ? Array.from({ length: partitions }, (_, index) => index) : partitions;
    for (const name of names) this.#partitions.set(name, new Partition());
    this.#hash = options.hash ?? ((event) => partitionOf(event, this.#partitions.size));
  }

  get wanted(): number {
    return Math.max(0, this.#demand - this.#queued);
  }

  subscribe(subscriber: Subscriber, settings: DispatchSettings<Event>): { readonly error: Error } | undefined {
    const { partition: name } = settings;
    const partition = name === undefined ? undefined : this.#partitions.get(name);
    if (partition === undefined) {
      return refusal(`Expected \`partition\` to be ${this.#names()}, got ${whatCame(name)}`);
    }
    if (partition.subscriber !== undefined) {
      return refusal(`The partition ${whatCame(name)} is taken by ${String(partition.subscriber)}`);
    }
    partition.subscriber = subscriber;
    this.#bySubscriber.set(subscriber, partition);
    return undefined;
  }

  cancel(subscriber: Subscriber): void {
    const partition = this.#bySubscriber.get(subscriber);
    if (partition === undefined) return;
    this.#bySubscriber.delete(subscriber);
    this.#demand -= partition.demand;
    partition.demand = 0;
    partition.subscriber = undefined;
    const lost = partition.queue.length;
    this.#queued -= lost;
    this.#pass(partition.queue.drop(lost));
    if (lost > 0) this.#port.discarded(lost);
  }

  ask(subscriber: Subscriber, count: number): void {
    const partition = this.#bySubscriber.get(subscriber);
    if (partition === undefined) return;
    partition.demand += count;
    this.#demand += count;
    while (partition.demand > 0 && partition.queue.length > 0) {
      const events = partition.queue.peek(partition.demand);
      this.#deliver(subscriber, partition, events);
      this.#queued -= events.length;
      this.#pass(partition.queue.drop(events.length));
    }
  }

  dispatch(events: readonly Event[]): number {
    let budget = this.wanted;
    let taken = 0;
    const touched = new Set<Partition<Event, Subscriber>>();
    for (const event of events) {
      if (budget === 0) break;
      taken++;
      const name = this.#hash(event);
      if (name === undefined) continue;
      const partition = this.#partitions.get(name);
      if (partition === undefined) {
        throw new BadReturnError(
          `hash returned ${whatCame(name)} for ${whatCame(event)}. It may return ${this.#names()}, or undefined for an event that goes nowhere.`,
        );
      }
      budget--;
      partition.share.push(event);
      touched.add(partition);
    }
    for (const partition of touched) this.#distribute(partition);
    return taken;
  }

  info(message: unknown): boolean {
    const mark: Mark = { message, partitions: 0 };
    let refused = false;
    for (const { queue } of this.#partitions.values()) {
      const stored = queue.storeInfo(mark);
      if (stored === "stored") mark.partitions++;
      else refused ||= stored === "full";
    }
    // With a part of the queues full it waits in the others, which is as good a place.
    if (mark.partitions > 0) return true;
    if (!refused) this.#port.info(message);
    return !refused;
  }

  #distribute(partition: Partition<Event, Subscriber>): void {
    const { share, subscriber } = partition;
    partition.share = [];
    const count = Math.min(partition.demand, share.length);
    if (subscriber !== undefined && count > 0) {
      this.#deliver(subscriber, partition, count === share.length ? share : share.slice(0, count));
    }
    if (count === share.length) return;
    this.#queued += share.length - count;
    partition.queue.store(share.slice(count));
  }

  #deliver(subscriber: Subscriber, partition: Partition<Event, Subscriber>, events: readonly Event[]): void {
    partition.demand -= events.length;
    this.#demand -= events.length;
    this.#port.deliver(subscriber, events);
  }

  #pass(marks: readonly unknown[]): void {
    for (const mark of marks) {
      if (isMark(mark) && --mark.partitions === 0) this.#port.info(mark.message);
    }
  }

  #names(): string {
    return `one of ${[...this.#partitions.keys()].map(whatCame).join(", ")}`;
  }
}

function isMark(mark: unknown): mark is Mark {
  return typeof mark === "object" && mark !== null && "partitions" in mark;
}

function refusal(text: string): { readonly error: Error } {
  return { error: new BadArgumentError(text) };
}

function partitionOf(event: unknown, count: number): number {
  if (typeof event === "string" || typeof event === "number" || typeof event === "bigint") {
    return partitionOfKey(event, count);
  }
  throw new BadArgumentError(
    `Expected an event that is a string, a number or a bigint, got ${whatCame(event)}: give the partition dispatcher a \`hash\``,
  );
}
