import type { AnyRef } from "../kernel/actor-ref.js";
import type { ActorSystem } from "../kernel/system.js";

/** Another process that an actor of this system stands for: its tree belongs below that actor. */
export interface TreeBranch {
  readonly actor: AnyRef;
  /** The node's name, which its refs show. */
  readonly node: string;
  readonly pid: number;
}

/** The processes that belong to a system. */
export interface TreeBranches {
  /** The folder in which they have their inspectors' sockets. */
  readonly folder: string;
  list(): readonly TreeBranch[];
}

const branches = new WeakMap<ActorSystem, TreeBranches>();
const folders = new WeakMap<ActorSystem, string>();

/** Notes the processes that belong to a system. */
export function noteBranches(system: ActorSystem, of: TreeBranches): void {
  branches.set(system, of);
}

/** The processes that belong to a system, if it has any. */
export function branchesOf(system: ActorSystem): TreeBranches | undefined {
  return branches.get(system);
}

/** Notes where the inspector of a system is to be found, which belongs to another one. */
export function noteInspectorFolder(system: ActorSystem, folder: string): void {
  folders.set(system, folder);
}

/** Where the inspector of a system is to be found; `undefined` for the places where readers look. */
export function inspectorFolderOf(system: ActorSystem): string | undefined {
  return folders.get(system);
}
