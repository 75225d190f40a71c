import type { ActorRef } from "holdfast";
import { expectTypeOf, test } from "vitest";
import {
  Consumer,
  type ConsumerOptions,
  type StageSource,
  type IterableProducer,
  Producer,
  ProducerConsumer,
  stageStream,
  type Subscription,
} from "../../../actors/index.js";

interface Animal {
  readonly name: string;
}

interface Dog extends Animal {
  readonly breed: string;
}

abstract class Kennel extends Producer<Dog> {
  bark(): string {
    return "woof";
  }
}

abstract class Vet extends Consumer<Animal> {}

abstract class Groomer extends Consumer<Dog> {}

abstract class Zoo extends Producer<Animal> {}

abstract class Naming extends ProducerConsumer<Dog, string> {}

// Never run: the compiler reads them, and each expectation is an error that must be there.
export function mustNotCompile(
  kennel: ActorRef<Kennel>,
  zoo: ActorRef<Zoo>,
  vet: ActorRef<Vet>,
  groomer: ActorRef<Groomer>,
  naming: ActorRef<Naming>,
): void {
  // @ts-expect-error: not every animal is a dog
  groomer.cast.subscribeTo({ to: zoo });
  // @ts-expect-error: a consumer emits nothing
  groomer.cast.subscribeTo({ to: vet });
  // @ts-expect-error: it emits strings
  groomer.cast.subscribeTo({ to: naming });
  // @ts-expect-error: it takes dogs
  naming.cast.subscribeTo({ to: zoo });
  // @ts-expect-error: a producer subscribes to nothing
  void kennel.cast.subscribeTo;
  // @ts-expect-error: a selector gets the consumer's events
  vet.cast.subscribeTo({ to: kennel, selector: (animal) => animal.breed === "pug" });
  // @ts-expect-error: hooks are no messages
  void kennel.call.handleDemand;
  // @ts-expect-error: hooks are no messages
  void vet.call.handleEvents;
  // @ts-expect-error: hooks are no messages
  void naming.call.handleCancel;
  // @ts-expect-error: its events are for the class alone to emit
  void kennel.call.emit;
  // @ts-expect-error: there is no such option
  void ({ subscribeTo: [{ to: "numbers", max: 3 }] } satisfies ConsumerOptions<number>);
}

export class Wrong extends Producer<number> {
  // @ts-expect-error: its events are numbers
  override handleDemand(): string[] {
    return ["1"];
  }
}

export class Loud extends Consumer<number> {
  // @ts-expect-error: a consumer emits nothing
  override handleEvents(events: readonly number[]): number {
    return events.length;
  }
}

test("a consumer takes what is at least what it takes", () => {
  type Source<Stage> = ActorRef<Stage> extends ActorRef<StageSource<infer Event>> ? Event : never;
  expectTypeOf<ActorRef<Kennel>>().toExtend<ActorRef<StageSource<Dog>>>();
  expectTypeOf<ActorRef<Kennel>>().toExtend<ActorRef<StageSource<Animal>>>();
  expectTypeOf<ActorRef<Naming>>().toExtend<ActorRef<StageSource<string>>>();
  expectTypeOf<ActorRef<IterableProducer<number>>>().toExtend<ActorRef<StageSource<number>>>();
  expectTypeOf<ActorRef<Zoo>>().not.toExtend<ActorRef<StageSource<Dog>>>();
  expectTypeOf<Source<Kennel>>().not.toBeNever();
});

test("what stages are told and answer is typed", () => {
  expectTypeOf<ActorRef<Kennel>["call"]["estimateBufferedCount"]>().returns.resolves.toEqualTypeOf<number>();
  expectTypeOf<ActorRef<Kennel>["call"]["bark"]>().returns.resolves.toEqualTypeOf<string>();
  expectTypeOf<Parameters<Groomer["handleEvents"]>>().toEqualTypeOf<[events: readonly Dog[], from: Subscription]>();
  expectTypeOf(stageStream<Dog>).returns.toEqualTypeOf<AsyncIterable<Dog>>();
});
