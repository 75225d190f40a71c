import { Actor } from "./actor.js";
import type { AnyRef } from "./actor-ref.js";
import { type Cell, cellOf, ownCellOf } from "./cell.js";
import { current } from "./current.js";
import { Debug, type DebugEvent, type DebugFunction, type Statistics } from "./debug.js";
import { orderAfter, signal } from "./delivery.js";
import { BadArgumentError, CallError, type CallErrorCode, SysError, whatCame } from "./errors.js";
import { type ExitReason, formatReason, reasonOfThrown } from "./exit-reason.js";
import { extrasOf } from "./extras.js";
import { DEAD, DEBUGGED, SUSPENDED } from "./flags.js";
import { shownState } from "./format-status.js";
import { readState, writeState } from "./hook-keys.js";
import { type ActorInfo, infoOf } from "./info.js";
import { Signal } from "./signal.js";
import { resumeCell, suspendCell } from "./suspension.js";

/** Options of every function of {@link sys}. */
export interface SysOptions {
  /** How long the actor may take to answer, in milliseconds; 5,000 by default. After that the request is void: nothing happens later. */
  readonly timeoutMs?: number;
}

/** What `sys.getStatus` tells. */
export interface SysStatus extends ActorInfo {
  /** What the actor's `formatStatus` shows; a text when that fails. */
  readonly state: unknown;
  /** The events that `sys.log` has kept, oldest first. */
  readonly log: readonly DebugEvent[];
  readonly statistics: Statistics | undefined;
}

const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_LOG_SIZE = 10;
const DEFAULT_TRACE_LIMIT = 1_000;

/**
 * Looks into running actors and steers them, for debugging and upgrades: OTP's `sys`.
 *
 * Each request goes through the lane of system signals: it is served between two messages, before those that wait, also by an actor that is
 * suspended. It comes after what the same sender sent before. Every function returns a promise and rejects with a {@link CallError}:
 * `noproc`, `timeout` (the actor is stuck in a handler; the request is void), `exit`, or `calling_self`.
 *
 * ```ts
 * await sys.suspend(counter);
 * await sys.replaceState(counter, (state) => ({ ...state, n: 0 }));
 * await sys.resume(counter);
 * ```
 */
export const sys = {
  /** The actor's state, as its `[readState]` gives it. */
  getState(ref: AnyRef, options: SysOptions = {}): Promise<unknown> {
    return ask(ref, "getState", options, (cell) => cell.actor?.[readState]());
  },

  /**
   * Puts `change(state)` in the place of the actor's state and resolves with it.
   *
   * @throws {SysError} `callback_failed` when `change` or the actor's `[writeState]` throws; the state is as it was
   */
  replaceState(ref: AnyRef, change: (state: unknown) => unknown, options: SysOptions = {}): Promise<unknown> {
    return ask(ref, "replaceState", options, (cell) => replaceState(cell, change));
  },

  /** What can be told of the actor, with the state that its `formatStatus` shows. */
  getStatus(ref: AnyRef, options: SysOptions = {}): Promise<SysStatus> {
    return ask(ref, "getStatus", options, statusOf);
  },

  /** Makes the actor handle no more messages until {@link sys.resume}; suspending twice is suspending once. */
  suspend(ref: AnyRef, options: SysOptions = {}): Promise<void> {
    return ask(ref, "suspend", options, (cell) => {
      const { origin } = cell.behaviour.kernel;
      if (cell.extras?.suspenders?.has(origin) !== true) suspendCell(cell, origin);
    });
  },

  /** Lets a suspended actor go on; does nothing to one that was not suspended by {@link sys.suspend}. */
  resume(ref: AnyRef, options: SysOptions = {}): Promise<void> {
    return ask(ref, "resume", options, (cell) => {
      resumeCell(cell, cell.behaviour.kernel.origin);
    });
  },

  /**
   * Runs the `codeChange` of a suspended actor, so that it brings its state into the form that the code of today expects.
   *
   * @throws {SysError} `not_suspended`; `undefined_hook` when the class has no `codeChange`; `callback_failed` when it throws. The actor goes on
   */
  changeCode(ref: AnyRef, oldVersion: unknown, options: SysOptions & { readonly extra?: unknown } = {}): Promise<void> {
    return ask(ref, "changeCode", options, (cell) => changeCode(cell, oldVersion, options.extra));
  },

  /** Counts messages from now on (`true`), stops counting (`false`), or resolves with the counts (`"get"`); those are `undefined` when off. */
  statistics(ref: AnyRef, what: boolean | "get", options: SysOptions = {}): Promise<Statistics | undefined> {
    return ask(ref, "statistics", options, (cell) => {
      if (what === "get") return statisticsOf(cell);
      const startTime = cell.behaviour.kernel.clock.now();
      update(cell, (debug) => {
        debug.statistics = what ? { startTime, messagesIn: 0, messagesOut: 0 } : undefined;
      });
      return undefined;
    });
  },

  /** Reports each event as a `trace` report, at most `limit` of them (1,000 by default), until it is turned off. */
  trace(ref: AnyRef, on: boolean, options: SysOptions & { readonly limit?: number } = {}): Promise<void> {
    const limit = on ? whole(options.limit ?? DEFAULT_TRACE_LIMIT, "trace limit") : 0;
    return ask(ref, "trace", options, (cell) =>
      update(cell, (debug) => {
        debug.traceLeft = limit;
      }),
    );
  },

  /** Keeps the last `size` events (10 by default) from now on, stops (`false`), or resolves with those kept (`"get"`). */
  log(
    ref: AnyRef,
    what: boolean | "get",
    options: SysOptions & { readonly size?: number } = {},
  ): Promise<readonly DebugEvent[]> {
    const size = whole(options.size ?? DEFAULT_LOG_SIZE, "log size");
    return ask(ref, "log", options, (cell) => {
      if (what === "get") return [...(cell.extras?.debug?.log?.events ?? [])];
      update(cell, (debug) => {
        debug.log = what ? { size, events: debug.log?.events.slice(-size) ?? [] } : undefined;
      });
      return [];
    });
  },

  /** Calls `inspect` with each event until it returns `"done"`; under an id, or under itself, it is installed once only. */
  install(ref: AnyRef, inspect: DebugFunction, options: SysOptions & { readonly id?: string } = {}): Promise<void> {
    return ask(ref, "install", options, (cell) =>
      update(cell, ({ functions }) => {
        const id = options.id ?? inspect;
        if (!functions.has(id)) functions.set(id, inspect);
      }),
    );
  },

  /** Takes off what was installed, by its id or by itself. */
  remove(ref: AnyRef, installed: DebugFunction | string, options: SysOptions = {}): Promise<void> {
    return ask(ref, "remove", options, (cell) => update(cell, ({ functions }) => void functions.delete(installed)));
  },

  /** Turns off all that watches the actor. */
  noDebug(ref: AnyRef, options: SysOptions = {}): Promise<void> {
    return ask(ref, "noDebug", options, (cell) => {
      extrasOf(cell).debug = null;
      cell.flags &= ~DEBUGGED;
    });
  },

  /** Stops the actor in order; see `system.stopActor`. */
  terminate(ref: AnyRef, reason: ExitReason, options: SysOptions = {}): Promise<void> {
    const { system } = cellOf(ref).behaviour.kernel;
    return system.stopActor(ref, reason, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  },
} as const;

function ask<T>(ref: AnyRef, method: string, options: SysOptions, work: (cell: Cell) => T | Promise<T>): Promise<T> {
  const cell = ownCellOf(ref);
  const { system, clock } = cell.behaviour.kernel;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const failure = (code: CallErrorCode, reason: ExitReason): CallError =>
    new CallError(code, {
      target: cell.describe(),
      method: `sys.${method}`,
      reason,
      timeoutMs,
      targetState: cell.describeState(),
    });
  if ((cell.flags & DEAD) !== 0) return Promise.reject(failure("noproc", cell.exitReason));
  if (current.cell === cell) return Promise.reject(failure("calling_self", "calling_self"));
  return new Promise<T>((resolve, reject) => {
    let open = true;
    const close = (settle: () => void): void => {
      if (!open) return;
      open = false;
      if (timer !== undefined) clock.clearTimer(timer);
      forgetExit();
      settle();
    };
    const forgetExit = system.onExit(cell, (reason) => close(() => reject(failure("exit", reason))));
    const timer = Number.isFinite(timeoutMs)
      ? clock.setTimer(timeoutMs, () => close(() => reject(failure("timeout", "timeout"))))
      : undefined;
    const answer = async (): Promise<void> => {
      try {
        const result = await work(cell);
        close(() => resolve(result));
      } catch (thrown) {
        close(() => reject(thrown instanceof Error ? thrown : new SysError("callback_failed", formatReason(thrown))));
      }
    };
    const run = (): void => {
      if (open) void answer();
    };
    signal(cell, new Signal("system", orderAfter(cell, current.cell), { run }, null));
  });
}

function replaceState(cell: Cell, change: (state: unknown) => unknown): unknown {
  const { actor } = cell;
  const before = actor?.[readState]();
  try {
    const after = change(before);
    actor?.[writeState](after);
    return after;
  } catch (thrown) {
    // Half of it may have been written.
    actor?.[writeState](before);
    throw failed(cell, "replaceState", thrown);
  }
}

async function changeCode(cell: Cell, oldVersion: unknown, extra: unknown): Promise<void> {
  const { actor } = cell;
  if ((cell.flags & SUSPENDED) === 0) {
    throw new SysError("not_suspended", `Cannot change the code of ${cell.describe()}: suspend it first`);
  }
  if (actor === undefined || actor.codeChange === Actor.prototype.codeChange) {
    throw new SysError("undefined_hook", `Cannot change the code of ${cell.describe()}: its class has no codeChange`);
  }
  try {
    await actor.codeChange(oldVersion, extra);
  } catch (thrown) {
    throw failed(cell, "codeChange", thrown);
  }
}

function failed(cell: Cell, what: string, thrown: unknown): SysError {
  const text = `${what} of ${cell.describe()} failed with ${formatReason(reasonOfThrown(thrown))}; its state is as it was`;
  return new SysError("callback_failed", text, { cause: thrown });
}

function update(cell: Cell, change: (debug: Debug) => void): void {
  const extras = extrasOf(cell);
  extras.debug ??= new Debug();
  change(extras.debug);
  if (extras.debug.isEmpty) {
    extras.debug = null;
    cell.flags &= ~DEBUGGED;
  } else cell.flags |= DEBUGGED;
}

function statisticsOf(cell: Cell): Statistics | undefined {
  const counted = cell.extras?.debug?.statistics;
  if (counted === undefined) return undefined;
  const currentTime = cell.behaviour.kernel.clock.now();
  return { ...counted, currentTime, reductions: counted.messagesIn };
}

function statusOf(cell: Cell): SysStatus {
  const info = infoOf(cell, {});
  if (info === undefined) throw new BadArgumentError(`${cell.describe()} has ended`);
  const log = [...(cell.extras?.debug?.log?.events ?? [])];
  return { ...info, state: shownState(cell), log, statistics: statisticsOf(cell) };
}

function whole(value: number, what: string): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new BadArgumentError(`Expected the ${what} to be a whole number from 1, got ${whatCame(value)}`);
}
