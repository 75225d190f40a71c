import type { AnyRef } from "./actor-ref.js";
import type { Cell } from "./cell.js";
import { Deferred } from "./deferred.js";
import { formatReason, reasonOfThrown } from "./exit-reason.js";
import { DEBUGGED } from "./flags.js";
import type { Operation } from "./operation.js";
import { PendingCall } from "./pending-call.js";

/** Something that an actor got (`in`) or answered (`out`), as `sys` shows it. */
export interface DebugEvent {
  readonly type: "in" | "out";
  /** The method, or the hook that it went to. */
  readonly message: string;
  /** The argument of one, a list of several; of an `out` the reply. */
  readonly payload: unknown;
  /** Who sent it, or gets the reply, when that is known. */
  readonly peer: AnyRef | undefined;
  /** When, on the system's clock. */
  readonly at: number;
}

/** Sees each event of an actor; `"done"` takes it off again. One that throws is reported and taken off. */
export type DebugFunction = (event: DebugEvent, ref: AnyRef) => unknown;

/** What `sys.statistics` counts. */
export interface Statistics {
  readonly startTime: number;
  readonly currentTime: number;
  readonly messagesIn: number;
  /** Replies; what an actor sends by itself is not counted, as in OTP. */
  readonly messagesOut: number;
  /** Messages and signals handled. */
  readonly reductions: number;
}

/** What watches one actor: made when `sys` turns something on, gone when the last of it is turned off. */
export class Debug {
  statistics: { startTime: number; messagesIn: number; messagesOut: number } | undefined;
  log: { readonly size: number; readonly events: DebugEvent[] } | undefined;
  /** How many lines the trace may still write. */
  traceLeft = 0;
  readonly functions = new Map<unknown, DebugFunction>();

  get isEmpty(): boolean {
    return this.statistics === undefined && this.log === undefined && this.traceLeft === 0 && this.functions.size === 0;
  }

  note(cell: Cell, event: DebugEvent): void {
    if (this.statistics !== undefined) this.statistics[event.type === "in" ? "messagesIn" : "messagesOut"]++;
    if (this.log !== undefined) {
      this.log.events.push(event);
      if (this.log.events.length > this.log.size) this.log.events.shift();
    }
    if (this.traceLeft > 0) {
      this.traceLeft--;
      cell.behaviour.kernel.report({ type: "trace", level: "info", text: lineOf(cell, event), details: { ...event } });
    }
    for (const [id, inspect] of [...this.functions]) if (isDone(cell, event, inspect)) this.functions.delete(id);
    if (this.isEmpty) cell.flags &= ~DEBUGGED;
  }
}

function isDone(cell: Cell, event: DebugEvent, inspect: DebugFunction): boolean {
  try {
    return inspect(event, cell) === "done";
  } catch (thrown) {
    cell.behaviour.kernel.report({
      type: "debug_failed",
      level: "error",
      text: `A debug function of ${cell.describe()} threw and was taken off: ${formatReason(reasonOfThrown(thrown))}`,
      details: { ref: cell.toString(), thrown },
    });
    return true;
  }
}

function lineOf(cell: Cell, { type, message, payload, peer }: DebugEvent): string {
  const other = peer === undefined ? "" : ` ${type === "in" ? "from" : "to"} ${peer}`;
  const what = payload === undefined ? message : `${message} ${formatReason(payload)}`;
  return `*DBG* ${cell.describe()} ${type === "in" ? "got" : "answered"} ${what}${other}`;
}

/** Notes the message that is handled next. */
export function noteMessage(cell: Cell, operation: Operation): void {
  const { from, payload } = cell;
  const sender = from instanceof PendingCall ? from.callerRef : (from as AnyRef | null);
  note(cell, "in", operation.name, payload, sender ?? undefined);
}

/** Notes a signal that is delivered as a message. */
export function noteContent(cell: Cell, kind: string, content: unknown): void {
  note(cell, "in", kind === "down" ? "handleDown" : kind === "exit" ? "handleExit" : "handleInfo", content, undefined);
}

/** Notes a reply; one that was deferred is none yet. */
export function noteReply(cell: Cell, call: PendingCall, result: unknown): void {
  if (!(result instanceof Deferred)) note(cell, "out", call.method, result, call.callerRef);
}

function note(cell: Cell, type: DebugEvent["type"], message: string, payload: unknown, peer: AnyRef | undefined): void {
  const at = cell.behaviour.kernel.clock.now();
  cell.extras?.debug?.note(cell, { type, message, payload, peer, at });
}
