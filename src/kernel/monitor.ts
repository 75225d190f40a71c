import type { AnyRef } from "./actor-ref.js";
import type { Alias, AliasRef, MonitorAliasMode } from "./alias.js";
import type { Cell } from "./cell.js";
import type { ExitReason } from "./exit-reason.js";

/** What `monitor` returns: identifies one monitor in `handleDown` and in `demonitor`. */
export interface MonitorRef {
  readonly id: number;
  /** The alias that it was made with, if any. */
  readonly alias?: AliasRef | undefined;
}

/** Options of `monitor`. */
export interface MonitorOptions {
  /** Comes back in the {@link Down}, for a handler that must tell many monitors apart. */
  readonly tag?: unknown;
  /** Makes an alias whose life is bound to the monitor; see {@link MonitorAliasMode}. */
  readonly alias?: MonitorAliasMode;
}

/** Tells a monitoring actor that its target has ended, or had ended before. */
export interface Down {
  readonly monitor: MonitorRef;
  /** The target; `undefined` when it was monitored by a name that nobody held. */
  readonly ref: AnyRef | undefined;
  /** The name, when it was monitored by name. */
  readonly name: string | undefined;
  /** The `tag` that the monitor was made with. */
  readonly tag?: unknown;
  /** Why the target ended; `"noproc"` when it was not alive when the monitor was made. */
  readonly reason: ExitReason;
}

/** One monitor: the watcher gets exactly one {@link Down} unless it demonitors first. */
export class Monitor implements MonitorRef {
  readonly id: number;
  readonly watcher: Cell;
  readonly target: Cell | undefined;
  readonly name: string | undefined;
  readonly tag: unknown;
  alias: Alias | undefined = undefined;

  constructor(id: number, watcher: Cell, target: Cell | undefined, name: string | undefined, tag: unknown) {
    this.id = id;
    this.watcher = watcher;
    this.target = target;
    this.name = name;
    this.tag = tag;
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
