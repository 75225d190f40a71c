import { DynamicSupervisor } from "./dynamic-supervisor.js";

/**
 * A supervisor whose children are tasks: Elixir's `Task.Supervisor`.
 *
 * ```ts
 * child(TaskSupervisor, { id: "tasks", name: "tasks", args: { maxChildren: 100 } });
 * ```
 *
 * It is a {@link DynamicSupervisor}, with its flags and its messages. Tasks are started with `tasksUnder(ref)` of `holdfast/actors`, which knows
 * who owns them and where their results go. They are temporary children, unless they are started for their effect and say otherwise, and have
 * 5,000 ms to end in order when the supervisor stops; only those that trap exits make use of it.
 */
export class TaskSupervisor extends DynamicSupervisor {}
