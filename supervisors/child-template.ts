import type { Actor, ActorClass } from "../src/index.js";
import { checkPolicy, type CheckedPolicy } from "./check-child-spec.js";
import type { ChildPolicy } from "./child-spec.js";
import type { BackoffRule } from "./strategy/backoff.js";
import type { ChildType, RestartType, Shutdown } from "./strategy/terms.js";

/**
 * What the children of a dynamic supervisor have in common: their class and how they are treated.
 *
 * Checked once, when it is made with {@link childTemplate}, and shared by all children started with it.
 */
export class ChildTemplate<A = Actor<unknown>> {
  readonly start: ActorClass<A>;
  readonly restart: RestartType;
  readonly shutdown: Shutdown;
  readonly type: ChildType;
  readonly backoff: BackoffRule | undefined;

  constructor(start: ActorClass<A>, { restart, shutdown, type, backoff }: Omit<CheckedPolicy, "start">) {
    this.start = start;
    this.restart = restart;
    this.shutdown = shutdown;
    this.type = type;
    this.backoff = backoff;
  }
}

/**
 * Makes a template for the children of a dynamic supervisor. Make it once, not for each child.
 *
 * ```ts
 * const room = childTemplate(Room, { restart: "transient" });
 * await startChild(rooms, room, { topic: "lobby" }, { name: "room:lobby" });
 * ```
 *
 * @throws {SupervisorSpecError} when the policy cannot be used
 */
export function childTemplate<A extends Actor<never>>(
  start: ActorClass<A>,
  policy: ChildPolicy = {},
): ChildTemplate<A> {
  return new ChildTemplate(start, checkPolicy({ ...policy, start }, `the template of ${start.name}`));
}
