import { type ActorRef, type ActorSystem, type AnyRef, StartError } from "../../src/index.js";
import { checkSubscribeOptions, type SubscribeOptions } from "./stage-options.js";
import type { StageSource } from "./stage-signals.js";
import { closeStream, StreamConsumer, StreamQueue } from "./stream-consumer.js";
import { StageStreamError } from "./stream-error.js";

/** Options of {@link stageStream}. */
export interface StageStreamOptions {
  /** The actor that iterates: when it ends, the subscriptions are cancelled. None by default, for the program. */
  readonly owner?: AnyRef;
}

/** What {@link stageStream} reads from: producers, or how to subscribe to them. */
export type StreamSources<Event> =
  | ActorRef<StageSource<Event>>
  | readonly (ActorRef<StageSource<Event>> | Omit<SubscribeOptions<Event>, "demand">)[];

/**
 * The events of one or more producers, for `for await`: `GenStage.stream`.
 *
 * ```ts
 * for await (const n of stageStream(system, [{ to: numbers, maxDemand: 10 }])) if (n > 100) break;
 * ```
 *
 * Each iteration subscribes anew, by an actor of its own, and asks for more only when it has taken what came. It ends when a producer that it is
 * subscribed to as `permanent` (the default) has ended, or when all have. Leaving it cancels the subscriptions.
 *
 * @throws {StageStreamError} in the iteration: `noproc` when a producer is not there, `exit` when one ended abnormally; not for temporary ones
 * @throws {BadArgumentError} for options that cannot be used
 */
export function stageStream<Event>(
  system: ActorSystem,
  sources: StreamSources<Event>,
  { owner }: StageStreamOptions = {},
): AsyncIterable<Event> {
  const list = "call" in sources ? [sources] : sources;
  const producers = list.map((source) => {
    const options = "to" in source ? source : { to: source };
    checkSubscribeOptions(options);
    return options;
  });
  return { [Symbol.asyncIterator]: () => iterate(system, producers, owner) };
}

async function* iterate<Event>(
  system: ActorSystem,
  producers: readonly SubscribeOptions<Event>[],
  owner: AnyRef | undefined,
): AsyncGenerator<Event, void, undefined> {
  const queue = new StreamQueue<Event>();
  const consumer = await startConsumer(system, producers, queue, owner);
  try {
    for (let batch = await queue.next(); batch !== undefined; batch = await queue.next()) {
      yield* batch.events;
      if (batch.ask > 0) batch.from.ask(batch.ask);
    }
  } finally {
    if (system.isAlive(consumer)) {
      const ended = system.exited(consumer);
      closeStream(consumer);
      await ended;
    }
  }
}

async function startConsumer<Event>(
  system: ActorSystem,
  producers: readonly SubscribeOptions<Event>[],
  queue: StreamQueue<Event>,
  owner: AnyRef | undefined,
): Promise<AnyRef> {
  try {
    return await system.start(StreamConsumer<Event>, { producers, queue, owner });
  } catch (error) {
    if (error instanceof StartError && error.reason === "noproc") throw new StageStreamError("noproc");
    throw error;
  }
}
