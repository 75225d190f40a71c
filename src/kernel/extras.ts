import type { ExitReason } from "./exit-reason.js";
import type { Monitor, Watchers } from "./monitor.js";
import type { SignalQueue } from "./signal.js";
import type { PendingCall } from "./pending-call.js";
import type { Cell } from "./cell.js";
import type { Debug } from "./debug.js";
import type { Holding } from "./holdings.js";
import type { IdleTimeout } from "./idle.js";
import type { Timer } from "./timers.js";

/** What only some actors have; see {@link Cell}. */
export class Extras {
  name: string | undefined = undefined;
  label: string | undefined = undefined;
  stopReason: ExitReason = undefined;
  /** What `handleContinue` is still to be called with, oldest first. */
  continuations: unknown[] | null = null;
  timers: Set<Timer> | null = null;
  groups: Set<string> | null = null;
  /** System signals that wait, oldest first; the flag `SIGNALLED` says whether there are any. */
  signals: SignalQueue | null = null;
  /** Monitors on this actor. */
  watchers: Watchers = null;
  /** Monitors this actor holds on others. */
  monitors: Set<Monitor> | null = null;
  /** Calls this actor has deferred and not answered. */
  deferred: Set<PendingCall> | null = null;
  /** The idle time-out that a handler asked for last. */
  idle: IdleTimeout | null = null;
  /** Who has suspended this actor, and how often. */
  suspenders: Map<Cell, number> | null = null;
  /** The actors that this one has suspended. */
  suspending: Set<Cell> | null = null;
  /** What `sys` watches this actor with. */
  debug: Debug | null = null;
  /** The count of handled messages when it went to sleep; -1 when it did not. */
  hibernatedAt = -1;
  abort: AbortController | null = null;
  /** What tables outside the kernel keep for it. */
  holdings: Holding | null = null;
  /** Called once with the reason when the actor ends. */
  exitWaiters: Set<(reason: ExitReason) => void> | null = null;
}

/** The extras of an actor, made now if it had none. */
export function extrasOf(cell: Cell): Extras {
  cell.extras ??= new Extras();
  return cell.extras;
}
