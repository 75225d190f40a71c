import { type LocalRouter, routerOf } from "../../../actors/router/local-router.js";
import { Router } from "../../../actors/router/router.js";
import { findRouter } from "../../../actors/router/router-core.js";
import type { RouterOptions } from "../../../actors/router/router-options.js";
import type { ActorRef, ActorSystem, AnyRef } from "../../../src/index.js";
import { createTestSystem } from "../../../src/testing/index.js";
import type { VirtualClock } from "../../../src/testing/virtual-clock.js";
import { child, Supervisor } from "../../../supervisors/index.js";
import { expect } from "vitest";
import { Doer, seenBy } from "../../kernel/doer.js";

class Tree extends Supervisor<RouterOptions> {
  override init(args: RouterOptions) {
    return { intensity: 10, children: [child(Router, { id: "people", name: "people.keeper", args })] };
  }
}

/** A system with a supervised router on virtual time, and actors that end with the test. */
export interface RouterStage {
  readonly system: ActorSystem;
  readonly clock: VirtualClock;
  readonly router: LocalRouter;
  keeper(): ActorRef<Router>;
  actor(): ActorRef<Doer>;
  kill(...refs: readonly AnyRef[]): Promise<void>;
  /** What an actor got, as far as all has come to rest. */
  seen(ref: ActorRef<Doer>): Promise<readonly unknown[]>;
  /** Ends all actors, checks that the router is empty, and stops the system. */
  end(): Promise<void>;
}

/** Makes a {@link RouterStage}. */
export async function stageRouter(options: RouterOptions = {}): Promise<RouterStage> {
  const { system, clock, stop } = await createTestSystem({ root: Tree, rootArgs: options });
  const actors: ActorRef<Doer>[] = [];
  const kill = async (...refs: readonly AnyRef[]): Promise<void> => {
    for (const ref of refs) system.exit(ref, "kill");
    await clock.settle();
  };
  return {
    system,
    clock,
    router: routerOf(system, options.name),
    kill,
    keeper() {
      const keeper = system.whereis<Router>("people.keeper");
      if (keeper === undefined) throw new Error("the router is not running");
      return keeper;
    },
    actor() {
      const ref = system.spawn(Doer, undefined);
      actors.push(ref);
      return ref;
    },
    async seen(ref) {
      await clock.settle();
      return seenBy(ref);
    },
    async end() {
      const { table } = findRouter(system, options.name);
      await kill(...actors);
      expect([table.idCount, table.ownerCount]).toEqual([0, 0]);
      await stop();
    },
  };
}
