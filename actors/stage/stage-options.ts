import { type ActorRef, BadArgumentError, type InitResult, whatCame } from "../../src/index.js";
import { BroadcastDispatcher } from "./broadcast-dispatcher.js";
import { DemandDispatcher, type DemandDispatcherOptions } from "./demand-dispatcher.js";
import type { DispatcherFactory, PartitionName } from "./dispatcher.js";
import type { DemandMode } from "./outlet.js";
import { PartitionDispatcher, type PartitionDispatcherOptions } from "./partition-dispatcher.js";
import type { BufferKeep } from "./stage-buffer.js";
import type { StageSource } from "./stage-signals.js";
import type { Subscription } from "./subscription.js";

/** Who gets which event: by demand (the default), all of them everybody, by partition, or by an own dispatcher. */
export type DispatcherOption<Event> =
  | "demand"
  | "broadcast"
  | ({ readonly type: "demand" } & DemandDispatcherOptions)
  | ({ readonly type: "partition" } & PartitionDispatcherOptions<Event>)
  | DispatcherFactory<Event, Subscription>;

/** What the `init` of a producer may return. */
export interface ProducerOptions<Event = unknown> {
  /** `"demand"` by default. */
  readonly dispatcher?: DispatcherOption<Event>;
  /** Most events that wait for demand: 10,000 by default, `Infinity` in a stage that is consumer and producer. More are discarded, with a report. */
  readonly bufferSize?: number;
  /** Which events stay when too many wait; `"last"` by default. */
  readonly bufferKeep?: BufferKeep;
  /** `"accumulate"` puts demand and events aside until `demand("forward")`; `"forward"` by default. A stage that is both always forwards. */
  readonly demand?: DemandMode;
  /** Never there: it tells these options from a supervisor's plan. */
  readonly children?: never;
}

/** What becomes of a consumer when its subscription ends: it ends too, it ends unless the reason is a normal one, or it lives on. */
export type CancelMode = "permanent" | "transient" | "temporary";

/** Who asks for events: the stage itself, or the class, with `subscription.ask`. */
export type DemandControl = "automatic" | "manual";

/** How a consumer subscribes to a producer. */
export interface SubscribeOptions<Event = unknown> {
  /** The producer, or its name. */
  readonly to: ActorRef<StageSource<Event>> | string;
  /** Most events on their way; 1,000 by default. */
  readonly maxDemand?: number;
  /** With so many or fewer on their way more are asked for; half of `maxDemand` by default. */
  readonly minDemand?: number;
  /** `"permanent"` by default. */
  readonly cancel?: CancelMode;
  /** `"automatic"` by default. */
  readonly demand?: DemandControl;
  /** Which events it wants, where the producer broadcasts. */
  readonly selector?: (event: Event) => boolean;
  /** Which partition it takes, where the producer has some. */
  readonly partition?: PartitionName;
  /** Anything for `handleSubscribe` at both ends. */
  readonly extra?: unknown;
}

/** What the `init` of a consumer may return. */
export interface ConsumerOptions<Event = unknown> {
  /** Subscribed to in this order, before the first message. */
  readonly subscribeTo?: readonly (ActorRef<StageSource<Event>> | SubscribeOptions<Event>)[];
  /** Never there: it tells these options from a supervisor's plan. */
  readonly children?: never;
}

/** What the `init` of a producer returns: options, nothing, or that it does not start. */
export type ProducerInit<Event> = void | InitResult | ProducerOptions<Event>;

/** What the `init` of a consumer returns: options, nothing, or that it does not start. */
export type ConsumerInit<Event> = void | InitResult | ConsumerOptions<Event>;

/** What the `init` of a stage that is both may return. */
export interface ProducerConsumerOptions<In = unknown, Out = unknown>
  extends Omit<ProducerOptions<Out>, "demand">,
    ConsumerOptions<In> {}

/** What the `init` of a stage that is both returns: options, nothing, or that it does not start. */
export type ProducerConsumerInit<In, Out> = void | InitResult | ProducerConsumerOptions<In, Out>;

/** A subscription's options with their defaults, as `handleSubscribe` gets them. */
export interface CheckedSubscription {
  readonly maxDemand: number;
  readonly minDemand: number;
  readonly cancel: CancelMode;
  readonly demand: DemandControl;
  readonly partition: PartitionName | undefined;
  readonly extra: unknown;
}

/** A producer's options with their defaults. */
export interface CheckedProducer<Event> {
  readonly dispatcher: DispatcherFactory<Event, Subscription>;
  readonly bufferSize: number;
  readonly bufferKeep: BufferKeep;
  readonly demand: DemandMode;
}

const KEYS = {
  producer: ["dispatcher", "bufferSize", "bufferKeep", "demand"],
  consumer: ["subscribeTo"],
  producer_consumer: ["dispatcher", "bufferSize", "bufferKeep", "subscribeTo"],
} as const;
const SUBSCRIBE_KEYS = ["to", "maxDemand", "minDemand", "cancel", "demand", "selector", "partition", "extra"];

/** Refuses what is no option of this kind of stage. @throws {BadArgumentError} */
export function checkKeys(options: object, kind: keyof typeof KEYS): void {
  refuseUnknown(options, KEYS[kind], "init");
}

/** Completes a producer's options. @throws {BadArgumentError} */
export function checkProducerOptions<Event>(
  options: ProducerOptions<Event>,
  defaultBufferSize: number,
): CheckedProducer<Event> {
  const { dispatcher = "demand", bufferSize = defaultBufferSize, bufferKeep = "last", demand = "forward" } = options;
  if (bufferSize !== Number.POSITIVE_INFINITY) checkInteger("bufferSize", bufferSize, 0, Number.MAX_SAFE_INTEGER);
  checkOneOf("bufferKeep", bufferKeep, ["first", "last"]);
  checkOneOf("demand", demand, ["forward", "accumulate"]);
  return { dispatcher: checkDispatcher(dispatcher), bufferSize, bufferKeep, demand };
}

/** Completes the options of a subscription. @throws {BadArgumentError} */
export function checkSubscribeOptions<Event>(options: SubscribeOptions<Event>): CheckedSubscription {
  if (typeof options !== "object" || options === null) {
    throw new BadArgumentError(`Expected the options of a subscription, got ${whatCame(options)}`);
  }
  refuseUnknown(options, SUBSCRIBE_KEYS, "a subscription");
  const { to, maxDemand = 1_000, cancel = "permanent", demand = "automatic", selector, partition, extra } = options;
  if (typeof to !== "string" && (typeof to !== "object" || to === null)) {
    throw new BadArgumentError(`Expected \`to\` to be a producer's ref or name, got ${whatCame(to)}`);
  }
  checkInteger("maxDemand", maxDemand, 1, Number.MAX_SAFE_INTEGER);
  const { minDemand = Math.floor(maxDemand / 2) } = options;
  checkInteger("minDemand", minDemand, 0, maxDemand - 1);
  checkOneOf("cancel", cancel, ["permanent", "transient", "temporary"]);
  checkOneOf("demand", demand, ["automatic", "manual"]);
  if (selector !== undefined && typeof selector !== "function") {
    throw new BadArgumentError(`Expected \`selector\` to be a function, got ${whatCame(selector)}`);
  }
  return { maxDemand, minDemand, cancel, demand, partition, extra };
}

/** Refuses a demand mode that does not exist. @throws {BadArgumentError} */
export function checkDemandMode(mode: DemandMode): DemandMode {
  checkOneOf("demand", mode, ["forward", "accumulate"]);
  return mode;
}

function checkDispatcher<Event>(option: DispatcherOption<Event>): DispatcherFactory<Event, Subscription> {
  if (option === "demand") return (port) => new DemandDispatcher(port);
  if (option === "broadcast") return (port) => new BroadcastDispatcher(port);
  if (typeof option === "function") return option;
  if (typeof option === "object" && option !== null && option.type === "demand") {
    refuseUnknown(option, ["type", "maxDemand", "shuffleDemandsOnFirstDispatch"], "the demand dispatcher");
    if (option.maxDemand !== undefined) checkInteger("maxDemand", option.maxDemand, 1, Number.MAX_SAFE_INTEGER);
    return (port) => new DemandDispatcher(port, option);
  }
  if (typeof option === "object" && option !== null && option.type === "partition") {
    refuseUnknown(option, ["type", "partitions", "hash"], "the partition dispatcher");
    checkPartitions(option);
    return (port) => new PartitionDispatcher(port, option);
  }
  throw new BadArgumentError(
    `Expected \`dispatcher\` to be "demand", "broadcast", { type: "demand", … }, { type: "partition", partitions, hash } or a function that makes one, ` +
      `got ${whatCame(option)}`,
  );
}

function checkPartitions<Event>({ partitions, hash }: PartitionDispatcherOptions<Event>): void {
  if (typeof partitions === "number") return checkInteger("partitions", partitions, 1, 1_048_576);
  const isName = (name: unknown): boolean => typeof name === "string" || typeof name === "number";
  if (!Array.isArray(partitions) || partitions.length === 0 || !partitions.every(isName)) {
    throw new BadArgumentError(
      `Expected \`partitions\` to be a whole number from 1 or a list of names, got ${whatCame(partitions)}`,
    );
  }
  if (new Set(partitions).size < partitions.length) {
    throw new BadArgumentError("Expected each of `partitions` once, got one twice");
  }
  if (hash === undefined) throw new BadArgumentError("Expected a `hash`: partitions with names need one");
}

function refuseUnknown(options: object, known: readonly string[], of: string): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new BadArgumentError(`Expected options of ${of} to be of ${known.join(", ")}; got ${JSON.stringify(unknown)}`);
}

function checkInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  throw new BadArgumentError(`Expected \`${name}\` to be a whole number ${range}, got ${whatCame(value)}`);
}

function checkOneOf(name: string, value: unknown, legal: readonly string[]): void {
  if (typeof value === "string" && legal.includes(value)) return;
  throw new BadArgumentError(
    `Expected \`${name}\` to be one of ${legal.map(whatCame).join(", ")}; got ${whatCame(value)}`,
  );
}
