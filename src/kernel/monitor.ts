import type { AnyRef } from "./actor-ref.js";
import type { Cell } from "./cell.js";
import type { ExitReason } from "./exit-reason.js";

/** What `monitor` returns: identifies one monitor in `handleDown` and in `demonitor`. */
export interface MonitorRef {
  readonly id: number;
}

/** Tells a monitoring actor that its target has ended, or had ended before. */
export interface Down {
  readonly monitor: MonitorRef;
  /** The target; `undefined` when it was monitored by a name that nobody held. */
  readonly ref: AnyRef | undefined;
  /** The name, when it was monitored by name. */
  readonly name: string | undefined;
  /** Why the target ended; `"noproc"` when it was not alive when the monitor was made. */
  readonly reason: ExitReason;
}

/** One monitor: the watcher gets exactly one {@link Down} unless it demonitors first. */
export class Monitor implements MonitorRef {
  readonly id: number;
  readonly watcher: Cell;
  readonly target: Cell | undefined;
  readonly name: string | undefined;

  constructor(id: number, watcher: Cell, target: Cell | undefined, name: string | undefined) {
    this.id = id;
    this.watcher = watcher;
    this.target = target;
    this.name = name;
  }
}

/** The monitors on one actor: none, one, or a set. */
export type Watchers = Monitor | Set<Monitor> | null;

/** The watchers with one more. */
export function withWatcher(watchers: Watchers, monitor: Monitor): Watchers {
  if (watchers === null) return monitor;
  if (watchers instanceof Set) return watchers.add(monitor);
  return new Set([watchers, monitor]);
}

/** The watchers without one. */
export function withoutWatcher(watchers: Watchers, monitor: Monitor): Watchers {
  if (watchers === monitor) return null;
  if (watchers instanceof Set) {
    watchers.delete(monitor);
    return watchers.size === 0 ? null : watchers;
  }
  return watchers;
}

/** The watchers as a list that later changes do not touch. */
export function watcherList(watchers: Watchers): readonly Monitor[] {
  if (watchers === null) return [];
  return watchers instanceof Set ? [...watchers] : [watchers];
}
