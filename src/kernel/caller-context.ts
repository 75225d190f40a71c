import type { Cell } from "./cell.js";
import { current } from "./current.js";

/**
 * What follows a handler through all of its `await`s: an `AsyncLocalStorage` of `node:async_hooks`, or anything alike.
 *
 * Given as the option `callerContext` of `createSystem`, it makes every call attributable to the handler that makes it, wherever it makes it,
 * so that no cycle of calls stays unseen. Without it those calls are known that a handler makes before its first `await`, and after the reply
 * to a call that it awaited directly. The price depends on Node: where promises carry their context anyway (24 and later) a few hundred
 * nanoseconds a message, before that a multiple of the cost of every promise of the process.
 */
export interface CallerContext {
  run<Result>(store: unknown, operation: () => Result): Result;
  getStore(): unknown;
}

/** One run of one actor's handler, as a caller context carries it. */
export class HandlerRun {
  readonly cell: Cell;
  readonly run: number;

  constructor(cell: Cell, run: number) {
    this.cell = cell;
    this.run = run;
  }
}

/** Runs a part of the current handler with its context, if the system has one. */
export function runTracked<Result>(context: CallerContext | null, operation: () => Result): Result {
  const { cell, run } = current;
  return context === null || cell === null ? operation() : context.run(new HandlerRun(cell, run), operation);
}

/** The run of a handler that goes on now, as the context tells; `undefined` when that handler is done. */
export function trackedRun(context: CallerContext): HandlerRun | undefined {
  const store = context.getStore();
  return store instanceof HandlerRun && store.cell.busy?.run === store.run ? store : undefined;
}
