import { type LocalRouter, routerOf } from "../../../actors/router/local-router.js";
import { Router } from "../../../actors/router/router.js";
import { findRouter } from "../../../actors/router/router-core.js";
import type { RouterOptions } from "../../../actors/router/router-options.js";
import type { ActorRef } from "../../../src/index.js";
import { child, Supervisor } from "../../../supervisors/index.js";
import { expect } from "vitest";
import { type ActorsOnStage, stageActors } from "../stage-actors.js";

class Tree extends Supervisor<RouterOptions> {
  override init(args: RouterOptions) {
    return { intensity: 10, children: [child(Router, { id: "people", name: "people.keeper", args })] };
  }
}

/** A supervised router, and actors that end with the test. */
export interface RouterStage extends Omit<ActorsOnStage, "end"> {
  readonly router: LocalRouter;
  /** The actor that runs the router now. */
  keeper(): ActorRef<Router>;
  /** Ends all actors, checks that the router is empty, and stops the system. */
  end(): Promise<void>;
}

/** Makes a {@link RouterStage}. */
export async function stageRouter(options: RouterOptions = {}): Promise<RouterStage> {
  const stage = await stageActors({ root: Tree, rootArgs: options });
  const { system } = stage;
  return {
    ...stage,
    router: routerOf(system, options.name),
    keeper() {
      const keeper = system.whereis<Router>("people.keeper");
      if (keeper === undefined) throw new Error("the router is not running");
      return keeper;
    },
    end() {
      const { table } = findRouter(system, options.name);
      return stage.end(() => expect([table.idCount, table.ownerCount]).toEqual([0, 0]));
    },
  };
}
