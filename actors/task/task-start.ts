import type { AnyRef, SpawnOptions } from "../../src/index.js";
import type { TaskOptions } from "./task-options.js";
import type { OwnerAccess } from "./task-owner.js";
import type { Bond, TaskFunction, TaskRun } from "./task-runner.js";
import type { TaskSlot } from "./task-slot.js";

/** A function, for the name that people know it by. */
export type Named = { readonly name: string };

/** What {@link taskRun} is made from. */
export interface TaskRunParts {
  readonly access: Pick<OwnerAccess, "ref" | "callers">;
  readonly run: TaskFunction<unknown>;
  /** The user's own function, where `run` is one around it. */
  readonly named: Named;
  readonly bond: Bond;
  readonly options: TaskOptions;
  readonly slot?: TaskSlot;
  readonly args?: readonly unknown[];
  /** Whether a supervisor starts it; false by default. */
  readonly fostered?: boolean;
}

/** What the actor of a task is started with. */
export function taskRun(parts: TaskRunParts): TaskRun {
  const { access, run, named, bond, options, slot, args = [], fostered = false } = parts;
  const reported = { owner: access.ref, label: options.label, functionName: functionName(named), args };
  const { callers } = access;
  return slot === undefined
    ? { run, reported, callers, bond, fostered }
    : { run, reported, callers, bond, fostered, slot };
}

/** How the actor of a task appears in the system. */
export function spawnOptions(named: Named, { label }: TaskOptions, link: boolean): SpawnOptions {
  const shown = label ?? named.name;
  return shown === "" ? { link } : { link, label: shown };
}

/** A task in an error text. */
export function titleOf(ref: AnyRef, named: Named, { label }: TaskOptions): string {
  return `${label ?? functionName(named)} ${ref}`;
}

function functionName({ name }: Named): string {
  return name === "" ? "(anonymous function)" : name;
}
