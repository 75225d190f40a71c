import { current } from "./current.js";
import type { PendingCall } from "./pending-call.js";

const resolved = Promise.resolve();
// The calls whose continuations are queued, oldest first, linked through themselves: a settled call is in no other list.
let first: PendingCall | null = null;
let last: PendingCall | null = null;

/**
 * Settles a call that an async handler may await, so that the handler's continuation runs as that actor's.
 *
 * Settling a promise queues what awaits it directly, at once and in order. So a microtask queued before it and one queued after it run right
 * before and right after the continuation: the first says whose it is, the second ends that. Nothing else can come between. A handler that
 * awaits something made of the promise (`Promise.all`) goes on later, and nobody knows whose continuation that is.
 */
export function settleFor(call: PendingCall, settle: (value: unknown) => void, value: unknown): void {
  if (last === null) first = call;
  else last.next = call;
  last = call;
  void resolved.then(enter);
  settle(value);
  void resolved.then(leave);
}

function enter(): void {
  const call = first;
  if (call === null) return;
  first = call.next;
  if (first === null) last = null;
  else call.next = null;
  const { caller } = call;
  if (caller === null || caller.busy === null || caller.busy.run !== call.run) return;
  current.cell = caller;
  current.run = call.run;
  current.resumed = true;
}

function leave(): void {
  current.cell = null;
  current.resumed = false;
}
