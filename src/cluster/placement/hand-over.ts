import type { AnyRef } from "../../kernel/actor-ref.js";
import { CallError } from "../../kernel/errors.js";
import type { ActorSystem } from "../../kernel/system.js";
import type { GlobalNames } from "../names/global-names.js";
import type { HostPlace } from "./host-directory.js";
import { MOVED, type PlacedLife } from "./placed-life.js";

/** What a hand-over needs of its node. */
export interface HandOverSurroundings {
  readonly system: ActorSystem;
  readonly names: GlobalNames;
  /** The name of this node. */
  readonly self: string;
  /** How long each step may take. */
  readonly timeoutMs: number;
}

/**
 * How a hand-over ended. `refused`: the other node does not take it, and it runs on here. `ended`: it had ended by itself. `moved`: it runs
 * there. `stranded`: it was stopped here, and the other node did not start it, as far as is known.
 */
export type HandOver =
  | { readonly outcome: "refused" | "ended" | "moved" }
  | { readonly outcome: "stranded"; readonly state: unknown };

/**
 * Moves an actor to the node where it belongs.
 *
 * That node says first that it takes it, so none is stopped for a node that does not answer. Then the actor is stopped behind what waits for it
 * already; what comes later is a dead letter. Its name is freed, and the other node starts it with what it has handed over.
 */
export async function handOver(life: PlacedLife, to: HostPlace, at: HandOverSurroundings): Promise<HandOver> {
  const { ref } = life;
  if (ref === undefined || !(await isExpected(life, to, at))) return { outcome: "refused" };
  if (life.phase === "running" && at.system.isAlive(ref)) {
    life.phase = "moving";
    if (await stops(ref, life, at)) {
      await at.names.released(life.name);
      return give(life, to, at);
    }
  }
  to.host.cast.forgo(life.id);
  return { outcome: "ended" };
}

async function isExpected({ id }: PlacedLife, { host }: HostPlace, at: HandOverSurroundings): Promise<boolean> {
  try {
    return (await host.callWithin(at.timeoutMs).expect(id, at.self)) === "yes";
  } catch (thrown) {
    if (thrown instanceof CallError) return false;
    throw thrown;
  }
}

/** Stops an actor in order to move it; false when it ended otherwise. */
async function stops(ref: AnyRef, life: PlacedLife, { system, timeoutMs }: HandOverSurroundings): Promise<boolean> {
  try {
    await system.stopActor(ref, MOVED, timeoutMs);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown;
    if (thrown.code !== "timeout") return false;
  }
  reportLost(life, system, `it did not stop within ${timeoutMs} ms, and was killed`);
  system.exit(ref, "kill");
  return true;
}

async function give(life: PlacedLife, { host, name }: HostPlace, at: HandOverSurroundings): Promise<HandOver> {
  const { id, state } = life;
  const view = host.callWithin(at.timeoutMs);
  try {
    let answer;
    try {
      answer = await view.take(id, state);
    } catch (thrown) {
      if (!(thrown instanceof CallError) || thrown.code !== "cannot_carry") throw thrown;
      reportLost(life, at.system, `what its handOff gave cannot cross to node ${name}: ${thrown.message}`);
      life.state = undefined;
      answer = await view.take(id, undefined);
    }
    return answer.ok ? { outcome: "moved" } : { outcome: "stranded", state: life.state };
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown;
    return { outcome: "stranded", state: life.state };
  }
}

/** Says that what an actor handed over did not reach its next life. */
export function reportLost({ name }: Pick<PlacedLife, "name">, system: ActorSystem, why: string): void {
  system.report({
    type: "entity_state_lost",
    level: "warning",
    text: `${name} moves without its state: ${why}`,
    details: { name, why },
  });
}
