import type { ActorRef, ActorSystem, AnyRef } from "../../src/index.js";
import { createTestSystem } from "../../src/testing/index.js";
import type { VirtualClock } from "../../src/testing/virtual-clock.js";
import { Doer, seenBy } from "../kernel/doer.js";

/** A system on virtual time, and actors that do what a test tells them and end with it. */
export interface ActorsOnStage {
  readonly system: ActorSystem;
  readonly clock: VirtualClock;
  actor(): ActorRef<Doer>;
  kill(...refs: readonly AnyRef[]): Promise<void>;
  /** What an actor got, as far as all has come to rest. */
  seen(ref: ActorRef<Doer>): Promise<readonly unknown[]>;
  /** Ends all actors, runs the check of what is left of them, and stops the system. */
  end(check: () => void): Promise<void>;
}

/** Makes an {@link ActorsOnStage}. */
export async function stageActors(options: Parameters<typeof createTestSystem>[0]): Promise<ActorsOnStage> {
  const { system, clock, stop } = await createTestSystem(options);
  const actors: ActorRef<Doer>[] = [];
  const kill = async (...refs: readonly AnyRef[]): Promise<void> => {
    for (const ref of refs) system.exit(ref, "kill");
    await clock.settle();
  };
  return {
    system,
    clock,
    kill,
    actor() {
      const ref = system.spawn(Doer, undefined);
      actors.push(ref);
      return ref;
    },
    async seen(ref) {
      await clock.settle();
      return seenBy(ref);
    },
    async end(check) {
      await kill(...actors);
      check();
      await stop();
    },
  };
}
