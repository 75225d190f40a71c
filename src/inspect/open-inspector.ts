import { branchesOf, inspectorFolderOf } from "../cluster/tree-port.js";
import type { ActorSystem } from "../kernel/system.js";
import { BranchDrains } from "./branch-drains.js";
import { Branches } from "./branches.js";
import { DrainDesk } from "./drain-desk.js";
import { type Inspector, type InspectorActions, type InspectorOptions, serveInspector } from "./inspector-socket.js";
import { inspectSystem } from "./kernel-adapter.js";

/** Options of {@link openInspector}. */
export interface OpenInspectorOptions extends InspectorOptions {
  /** What may be done through the socket, besides looking. Default nothing. Each use is a report of the system, `inspector_action`. */
  readonly actions?: InspectorActions;
}

/**
 * Lets `holdfast tree` show the actors of this system: opens its inspector socket, and closes it when the system has stopped.
 *
 * ```ts
 * const inspector = await openInspector(system);
 * console.log(`npx holdfast tree --pid ${process.pid}`);
 * ```
 *
 * Only the user who runs the process can connect, and nothing can be changed through it but what `actions` opens:
 *
 * ```ts
 * await openInspector(system, { actions: { drain: true } }); // holdfast drain
 * ```
 *
 * @throws {InspectorError} `unsafe_directory`, `path_too_long`, `address_in_use` or `unsupported_platform`
 */
export async function openInspector(system: ActorSystem, options: OpenInspectorOptions = {}): Promise<Inspector> {
  const { actions, ...serving } = options;
  const view = inspectSystem(system);
  // One process shows the tree of all: readers find its socket, and it finds those of the others.
  const directory = inspectorFolderOf(system);
  const known = branchesOf(system);
  const branches = known === undefined ? undefined : new Branches(known);
  const drain = branches === undefined ? new DrainDesk(system, view) : new BranchDrains(system, branches);
  const inspector = await serveInspector(view, directory === undefined ? serving : { ...serving, directory }, {
    ...(actions?.drain === true ? { drain } : {}),
    ...(branches === undefined ? {} : { branches }),
  });
  void closeWith(system, inspector);
  return inspector;
}

async function closeWith(system: ActorSystem, inspector: Inspector): Promise<void> {
  await system.done;
  try {
    await inspector.close();
  } catch (error) {
    process.emitWarning(`Cannot remove ${inspector.path}: ${String(error)}`, { code: "HOLDFAST_INSPECTOR" });
  }
}
