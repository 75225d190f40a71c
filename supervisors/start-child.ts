import type { Actor, ActorRef, StartParameters } from "../src/index.js";
import type { ChildTemplate } from "./child-template.js";
import type { DynamicStartOptions } from "./dynamic-child.js";
import type { DynamicSupervisor } from "./dynamic-supervisor.js";
import type { DynamicStartResult } from "./results.js";

/**
 * Starts a child under a dynamic supervisor, and waits as long as that takes, unless a subclass sets another `callTimeoutMs`.
 *
 * It sends the message `startChild`, and knows the types of the arguments and of the ref.
 *
 * ```ts
 * const started = await startChild(rooms, room, { topic: "lobby" }, { name: "room:lobby" });
 * if (started.ok) started.ref.cast.say("hello");
 * ```
 *
 * @throws {CallError} when the supervisor has ended
 */
export function startChild<A extends Actor<never>>(
  supervisor: ActorRef<DynamicSupervisor>,
  template: ChildTemplate<A>,
  ...rest: StartParameters<A, DynamicStartOptions>
): Promise<DynamicStartResult<A>>;
// The supervisor knows its children as actors of any class; which one a template starts is written down in the template's type alone.
export function startChild(
  supervisor: ActorRef<DynamicSupervisor>,
  template: ChildTemplate,
  args?: unknown,
  options?: DynamicStartOptions,
): Promise<DynamicStartResult<unknown>> {
  return supervisor.call.startChild(template, args, options);
}
