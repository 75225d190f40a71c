import type { Actor, ActorClass } from "../../kernel/actor.js";
import type { ExitReason } from "../../kernel/exit-reason.js";
import { hooks, startup, teardown } from "../../kernel/hook-keys.js";
import { MOVED, PlacedLife } from "./placed-life.js";

/**
 * Makes the class by which actors of a class are run under a name of the whole cluster.
 *
 * It has the same messages. Its actors take their name before their `init` runs, and where they are stopped in order to run on another node,
 * what their `handOff` gives is kept for that.
 */
export function placedClassOf(actorClass: ActorClass<Actor<unknown>>): ActorClass<Actor<unknown>> {
  class Placed extends actorClass {
    static readonly [hooks] = ["handOff"] as const;
    #life: PlacedLife | undefined;

    override async [startup](life: unknown): Promise<unknown> {
      if (!(life instanceof PlacedLife)) throw new TypeError("A placed actor is started by its host");
      this.#life = life;
      const begun = await life.begin(this.self());
      return begun === undefined ? { ignore: true } : super[startup](begun.args);
    }

    override async [teardown](reason: ExitReason): Promise<unknown> {
      // Not for one that crashes meanwhile: its state may be what it crashed of.
      if (this.#life !== undefined && reason === MOVED) this.#life.state = await handOff(this);
      return super[teardown](reason);
    }
  }
  Object.defineProperty(Placed, "name", { value: actorClass.name });
  return Placed;
}

function handOff(actor: Actor<unknown>): unknown {
  const method: unknown = Reflect.get(actor, "handOff");
  return typeof method === "function" ? (Reflect.apply(method, actor, []) as unknown) : undefined;
}
