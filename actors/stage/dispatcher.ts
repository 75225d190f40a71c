/** A partition, by number or name. */
export type PartitionName = string | number;

/** What a dispatcher learns of a new subscription. */
export interface DispatchSettings<Event> {
  /** The consumer; the same one may have several subscriptions. */
  readonly consumer: unknown;
  /** Which events it wants, where its producer broadcasts; all by default. */
  readonly selector?: ((event: Event) => boolean) | undefined;
  /** Which partition it takes, where its producer has some. */
  readonly partition?: PartitionName | undefined;
}

/** What a dispatcher may do. */
export interface DispatchPort<Event, Subscriber> {
  /** Sends events to the consumer of a subscription. */
  deliver(subscriber: Subscriber, events: readonly Event[]): void;
  /** Gives an info, whose turn has come, to the stage's `handleInfo`. */
  info(message: unknown): void;
  /** Tells people of something that is not as it should be. */
  warn(text: string): void;
  /** Counts events that will not be delivered. */
  discarded(count: number): void;
  /** A number from 0 up to 1. */
  random(): number;
}

/**
 * Decides which consumer of a producer gets which event. It takes no clock and no ref, and does nothing by itself.
 *
 * The three that there are: demand, broadcast and partition. An own one is given as a function: `{ dispatcher: (port) => new Mine(port) }`.
 */
export interface Dispatcher<Event, Subscriber = unknown> {
  /** How many events it takes when they are offered now. */
  readonly wanted: number;
  /** Adds a subscription without demand. Returns why it is refused, or `undefined`. */
  subscribe(subscriber: Subscriber, settings: DispatchSettings<Event>): unknown;
  /** Removes a subscription that it has. */
  cancel(subscriber: Subscriber): void;
  /** Adds to the demand of a subscription that it has. */
  ask(subscriber: Subscriber, count: number): void;
  /** Delivers the first of these events, as many as are wanted, and returns how many these were. */
  dispatch(events: readonly Event[]): number;
  /** Passes an info on behind the events that it has taken so far; false when it refuses, because too many wait. */
  info(message: unknown): boolean;
}

/** Makes the dispatcher of one stage. */
export type DispatcherFactory<Event, Subscriber = unknown> = (
  port: DispatchPort<Event, Subscriber>,
) => Dispatcher<Event, Subscriber>;
