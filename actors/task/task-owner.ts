import {
  Actor,
  type ActorClass,
  type ActorRef,
  type ActorSystem,
  type AnyRef,
  BadArgumentError,
  type SpawnOptions,
  whatCame,
} from "../../src/index.js";
import { TaskContext } from "./task-context.js";
import type { TaskRun, TaskRunner } from "./task-runner.js";

/**
 * Who a task belongs to: an actor gives itself (`this`), the function of a task its context, and the program its system.
 *
 * The owner alone waits for the task's result. A linked task and its owner share their fate; the program cannot be ended by a task and has no
 * mailbox, so to it nothing is linked and nothing is sent: it learns of a task's end from the handle.
 */
export type TaskOwner = AnyActor | TaskContext | ActorSystem;

/** What a task asks of its owner. */
export interface OwnerAccess {
  readonly system: ActorSystem;
  /** `undefined` for the program. */
  readonly ref: AnyRef | undefined;
  /** The owner, its owner, and so on, where these are tasks too. */
  readonly callers: readonly AnyRef[];
  /** Whether it may still act. */
  readonly alive: boolean;
  spawn(runner: ActorClass<TaskRunner>, run: TaskRun, options: SpawnOptions): ActorRef<TaskRunner>;
  /** Sends an exit signal in the owner's name. */
  exit(ref: AnyRef, reason: unknown): void;
  /** Cuts the link, and drops an exit that already waits. */
  unlink(ref: AnyRef): void;
}

/**
 * Any actor, as a type with which a function can act in its name: it adds nothing to {@link Actor}, so that every actor fits, and being derived
 * from it may use what actors keep for themselves.
 */
export abstract class AnyActor extends Actor<never> {
  /** What a task may do in the name of an actor. */
  static access(owner: AnyActor, callers?: readonly AnyRef[]): OwnerAccess {
    const ref: AnyRef = owner.self();
    const { system } = owner;
    return {
      system,
      ref,
      get alive() {
        return system.isAlive(ref);
      },
      callers: callers ?? [ref],
      spawn: (runner, run, options) => owner.spawn(runner, run, options),
      exit: (target, reason) => owner.exit(target, reason),
      unlink: (target) => owner.unlink(target),
    };
  }
}

/** What a task may do in the name of its owner. @throws {BadArgumentError} for what cannot own tasks */
export function accessTo(owner: TaskOwner): OwnerAccess {
  if (owner instanceof Actor) return AnyActor.access(owner);
  if (owner instanceof TaskContext) return AnyActor.access(owner.runner, [owner.self, ...owner.callers]);
  if (typeof owner !== "object" || owner === null || typeof owner.spawn !== "function") {
    throw new BadArgumentError(
      `Expected the owner of a task: an actor (this), the context of a task or a system; got ${whatCame(owner)}`,
    );
  }
  return {
    system: owner,
    ref: undefined,
    callers: [],
    alive: true,
    spawn: (runner, run, options) => owner.spawn(runner, run, options),
    exit: (target, reason) => owner.exit(target, reason),
    unlink: () => undefined,
  };
}
