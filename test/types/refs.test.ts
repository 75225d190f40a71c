import { Actor, type ActorRef, type AnyRef, type CallView } from "holdfast";
import { createTestSystem } from "holdfast/testing";
import { expect, expectTypeOf, test } from "vitest";

interface Animal {
  readonly name: string;
}
interface Dog extends Animal {
  readonly tricks: readonly string[];
}

class Shelter extends Actor {
  readonly #animals: Animal[] = [];
  takeIn(animal: Animal): void {
    this.#animals.push(animal);
  }
  newest(): Animal | undefined {
    return this.#animals.at(-1);
  }
  close(): void {
    this.stop();
  }
}
class Kennel extends Shelter {
  best(): Dog {
    return { name: "Rex", tricks: [] };
  }
}

// Interfaces written with methods, which the compiler lets differ in both directions: refs must not.
interface TakesAnimals {
  takeIn(animal: Animal): void;
}
interface TakesDogs {
  takeIn(dog: Dog): void;
}
interface GivesAnimals {
  best(): Animal;
}
interface GivesDogs {
  best(): Dog;
}
class AnimalActor extends Actor {
  takeIn(_animal: Animal): void {}
}
class DogActor extends Actor {
  takeIn(_dog: Dog): void {}
}

interface Refs {
  readonly animals: ActorRef<TakesAnimals>;
  readonly dogs: ActorRef<TakesDogs>;
  readonly gives: ActorRef<GivesAnimals>;
  readonly givesDogs: ActorRef<GivesDogs>;
  readonly shelter: ActorRef<Shelter>;
  readonly kennel: ActorRef<Kennel>;
  readonly animalActor: ActorRef<AnimalActor>;
  readonly dogActor: ActorRef<DogActor>;
  readonly any: AnyRef;
}

// Never run: the compiler reads them, and each expectation is an error that must be there.
export function mustNotCompile(refs: Refs): unknown[] {
  // @ts-expect-error: whoever takes dogs cannot take any animal
  const one: ActorRef<TakesAnimals> = refs.dogs;
  // @ts-expect-error: nor can its class
  const two: ActorRef<TakesAnimals> = refs.dogActor;
  // @ts-expect-error: nor is one class the other
  const three: ActorRef<AnimalActor> = refs.dogActor;
  // @ts-expect-error: not every animal is a dog
  const four: ActorRef<GivesDogs> = refs.gives;
  // @ts-expect-error: a shelter does not do all that a kennel does
  const five: ActorRef<Kennel> = refs.shelter;
  // @ts-expect-error: a ref that was narrowed is not widened again
  const six: ActorRef<Shelter> = refs.animals;
  // @ts-expect-error: nothing is known of it
  const seven: ActorRef<TakesAnimals> = refs.any;
  // @ts-expect-error: inside an array, too
  const eight: readonly ActorRef<TakesAnimals>[] = [refs.dogs];
  // @ts-expect-error: inside a function's result, too
  const nine: () => ActorRef<TakesAnimals> = () => refs.dogs;
  // @ts-expect-error: the views alone, too
  const ten: CallView<TakesAnimals> = refs.dogs.call;
  // @ts-expect-error: a narrowed ref has what the interface names, and no more
  void refs.animals.cast.close;
  return [one, two, three, four, five, six, seven, eight, nine, ten];
}

export function mustCompile(refs: Refs): unknown[] {
  const one: ActorRef<TakesDogs> = refs.animals;
  const two: ActorRef<DogActor> = refs.animalActor;
  const three: ActorRef<GivesAnimals> = refs.givesDogs;
  const four: ActorRef<Shelter> = refs.kennel;
  const five: ActorRef<GivesAnimals> = refs.kennel;
  const six: ActorRef<TakesDogs> = refs.kennel;
  const seven: ActorRef<TakesAnimals & GivesDogs> = refs.kennel;
  const eight: ActorRef<Pick<Kennel, "newest">> = refs.kennel;
  const every: readonly AnyRef[] = [refs.animals, refs.kennel, refs.any, refs.dogActor];
  return [one, two, three, four, five, six, seven, eight, every];
}

test("a ref to an actor is narrowed to an interface by giving it that type", async () => {
  const { system, stop } = await createTestSystem();
  const kennel = await system.start(Kennel);
  const drop: ActorRef<TakesDogs> = kennel;
  drop.cast.takeIn({ name: "Rex", tricks: ["sit"] });
  expect(await kennel.call.newest()).toMatchObject({ name: "Rex" });
  expectTypeOf<keyof (typeof drop)["call"]>().toEqualTypeOf<"takeIn">();
  await stop();
});
