import type { ActorSystem } from "../kernel/system.js";
import { type Inspector, type InspectorOptions, serveInspector } from "./inspector-socket.js";
import { inspectSystem } from "./kernel-adapter.js";

/**
 * Lets `holdfast tree` show the actors of this system: opens its inspector socket, and closes it when the system has stopped.
 *
 * ```ts
 * const inspector = await openInspector(system);
 * console.log(`npx holdfast tree --pid ${process.pid}`);
 * ```
 *
 * Only the user who runs the process can connect, and nothing can be changed through it; see {@link serveInspector}.
 *
 * @throws {InspectorError} `unsafe_directory`, `path_too_long`, `address_in_use` or `unsupported_platform`
 */
export async function openInspector(system: ActorSystem, options: InspectorOptions = {}): Promise<Inspector> {
  const inspector = await serveInspector(inspectSystem(system), options);
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
