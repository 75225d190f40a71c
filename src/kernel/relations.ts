import type { AnyRef } from "./actor-ref.js";
import { Alias, type MonitorAliasMode } from "./alias.js";
import { type Cell, cellOf } from "./cell.js";
import type { ExitReason } from "./exit-reason.js";
import { BadArgumentError, whatCame } from "./errors.js";
import { extrasOf } from "./extras.js";
import { DEAD, LINKED_TO_PARENT, REMOTE, SIGNALLED } from "./flags.js";
import { isLinked, withLink, withoutLink } from "./links.js";
import { Monitor, type MonitorOptions, type MonitorRef, withWatcher } from "./monitor.js";
import { detachMonitor, exitSignal, sendDown } from "./termination.js";

/** Links two actors; a link to one that has ended is told as `noproc`. */
export function link(cell: Cell, target: AnyRef): void {
  const other = cellOf(target);
  if (other === cell) return;
  if ((other.flags & DEAD) !== 0) return exitSignal(other, cell, reasonOfAbsence(other), true);
  if (other === cell.parent) cell.flags |= LINKED_TO_PARENT;
  else if (cell === other.parent) other.flags |= LINKED_TO_PARENT;
  else if (!isLinked(cell.links, other)) {
    cell.links = withLink(cell.links, other);
    other.links = withLink(other.links, cell);
    cell.behaviour.kernel.links++;
    if ((other.flags & REMOTE) !== 0) cell.behaviour.kernel.remote?.link(cell, other);
  }
}

/** Removes a link, and an exit of the former partner that already waits: `unlink` and flush. */
export function unlink(cell: Cell, target: AnyRef): void {
  const other = cellOf(target);
  if (other === cell.parent) cell.flags &= ~LINKED_TO_PARENT;
  else if (cell === other.parent) other.flags &= ~LINKED_TO_PARENT;
  else if (isLinked(cell.links, other)) {
    cell.links = withoutLink(cell.links, other);
    other.links = withoutLink(other.links, cell);
    cell.behaviour.kernel.links--;
    if ((other.flags & REMOTE) !== 0) cell.behaviour.kernel.remote?.unlink(cell, other);
  }
  dropSignals(cell, other);
}

/** Makes a monitor on an actor, or on the holder of a name now. */
export function monitor(watcher: Cell, target: AnyRef | string, options: MonitorOptions): Monitor {
  const { kernel } = watcher.behaviour;
  const byName = typeof target === "string";
  const cell = byName ? kernel.names.get(target) : cellOf(target);
  const made = new Monitor(kernel.nextMonitorId++, watcher, cell, byName ? target : undefined, options.tag);
  if (options.alias !== undefined) made.alias = new Alias(watcher, checkMode(options.alias), false, made);
  if (cell === undefined || (cell.flags & DEAD) !== 0) {
    sendDown(made, cell === undefined ? "noproc" : reasonOfAbsence(cell));
    return made;
  }
  const targetExtras = extrasOf(cell);
  const isFirst = targetExtras.watchers === null;
  targetExtras.watchers = withWatcher(targetExtras.watchers, made);
  const extras = extrasOf(watcher);
  extras.monitors ??= new Set();
  extras.monitors.add(made);
  kernel.monitors++;
  // Asked for once, however many watch it here. It may answer at once that its node cannot be reached.
  if (isFirst && (cell.flags & REMOTE) !== 0) kernel.remote?.monitor(cell);
  return made;
}

/** What those are told who link or monitor an actor that has ended. */
function reasonOfAbsence(cell: Cell): ExitReason {
  return (cell.flags & REMOTE) !== 0 && cell.exitReason === "noconnection" ? "noconnection" : "noproc";
}

/** Ends a monitor; true when it was active. */
export function demonitor(watcher: Cell, ref: MonitorRef, flush: boolean): boolean {
  if (!(ref instanceof Monitor) || ref.watcher !== watcher) {
    throw new BadArgumentError(`Expected a monitor that this actor made, got ${whatCame(ref)}`);
  }
  const active = watcher.extras?.monitors?.delete(ref) === true;
  if (ref.alias !== undefined && ref.alias.mode !== "explicit_unalias") ref.alias.close();
  if (active) {
    detachMonitor(ref);
    watcher.behaviour.kernel.monitors--;
  } else if (flush) dropSignals(watcher, ref);
  return active;
}

/** Drops the waiting signals of one origin: a former link partner, or a monitor. */
function dropSignals(cell: Cell, origin: Cell | Monitor): void {
  const signals = cell.extras?.signals ?? null;
  if (signals === null) return;
  signals.dropFrom(origin);
  if (signals.first === null) cell.flags &= ~SIGNALLED;
}

function checkMode(mode: MonitorAliasMode): MonitorAliasMode {
  if (mode === "explicit_unalias" || mode === "demonitor" || mode === "reply_demonitor") return mode;
  throw new BadArgumentError(
    `Expected the alias of a monitor to be "explicit_unalias", "demonitor" or "reply_demonitor", got ${whatCame(mode)}`,
  );
}
