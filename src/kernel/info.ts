import type { AnyRef } from "./actor-ref.js";
import { type Cell, cellOf } from "./cell.js";
import { current } from "./current.js";
import { childrenOf } from "./family.js";
import { BUSY, DEAD, LINKED_TO_PARENT, QUEUED, STARTING, STOPPING, SUSPENDED, TRAPPING } from "./flags.js";
import { linkedCells } from "./links.js";
import { watcherList } from "./monitor.js";

/** What an actor does at this moment; `exiting` while its `terminate` runs. */
export type ActorStatus = "starting" | "waiting" | "runnable" | "running" | "suspended" | "exiting";

/** A message that waits. */
export interface WaitingMessage {
  /** The method, or `handleInfo`. */
  readonly message: string;
  /** Its argument, or a list of several. */
  readonly payload: unknown;
}

/** What is known of a live actor from outside: OTP's `process_info`. */
export interface ActorInfo {
  readonly ref: AnyRef;
  /** The name of its class. */
  readonly behaviour: string;
  readonly name: string | undefined;
  readonly label: string | undefined;
  /** Who started it; `undefined` when the program did. */
  readonly parent: AnyRef | undefined;
  readonly status: ActorStatus;
  /** Whether it went to sleep and has handled nothing since. */
  readonly hibernated: boolean;
  /** The async handler that it waits for, and since when on the system's clock. */
  readonly currentHandler: { readonly message: string; readonly since: number } | undefined;
  /** Messages that wait; system signals are not among them. */
  readonly mailboxLength: number;
  readonly mailboxLimit: number;
  /** System signals that wait. */
  readonly signals: number;
  /** The oldest waiting messages, if they were asked for. */
  readonly messages: readonly WaitingMessage[] | undefined;
  /** Messages handled so far. */
  readonly handled: number;
  readonly trapExit: boolean;
  readonly links: readonly AnyRef[];
  /** What it monitors: a ref, or the name by which it was found. */
  readonly monitors: readonly (AnyRef | string)[];
  readonly monitoredBy: readonly AnyRef[];
  readonly groups: readonly string[];
  /** Armed timers that will send to it. */
  readonly timers: number;
  /** Replies that it owes. */
  readonly deferred: number;
  readonly suspendedBy: readonly AnyRef[];
}

/** Options of `system.info`. */
export interface InfoOptions {
  /** How many of the oldest waiting messages to show; none by default, since they hold what others sent. */
  readonly messages?: number;
}

/** What is known of an actor; `undefined` when it has ended. Costs the actor nothing, and is there also while it is stuck. */
export function infoOf(ref: AnyRef, options: InfoOptions): ActorInfo | undefined {
  const cell = cellOf(ref);
  if ((cell.flags & DEAD) !== 0) return undefined;
  const { extras, busy } = cell;
  const { origin } = cell.behaviour.kernel;
  return {
    ref: cell,
    behaviour: cell.behaviour.name,
    name: extras?.name,
    label: extras?.label,
    parent: cell.parent === origin || cell.parent === null ? undefined : cell.parent,
    status: statusOf(cell),
    hibernated: extras?.hibernatedAt === cell.handled && busy === null && cell.mailboxLength === 0,
    currentHandler: busy === null ? undefined : { message: busy.operation.name, since: busy.since },
    mailboxLength: cell.mailboxLength,
    mailboxLimit: cell.behaviour.mailboxLimit,
    signals: extras?.signals?.length ?? 0,
    messages: options.messages === undefined ? undefined : oldestMessages(cell, options.messages),
    handled: cell.handled,
    trapExit: (cell.flags & TRAPPING) !== 0,
    links: linksOf(cell),
    monitors: [...(extras?.monitors ?? [])].map(({ name, target }) => name ?? target ?? ""),
    monitoredBy: watcherList(extras?.watchers ?? null).map(({ watcher }) => watcher),
    groups: [...(extras?.groups ?? [])],
    timers: extras?.timers?.size ?? 0,
    deferred: extras?.deferred?.size ?? 0,
    suspendedBy: [...(extras?.suspenders?.keys() ?? [])].filter((suspender) => suspender !== origin),
  };
}

/** The state of an actor in one word. */
export function statusOf(cell: Cell): ActorStatus {
  const { flags } = cell;
  if ((flags & (STOPPING | DEAD)) !== 0) return "exiting";
  if ((flags & STARTING) !== 0) return "starting";
  if ((flags & BUSY) !== 0 || current.cell === cell) return "running";
  if ((flags & SUSPENDED) !== 0) return "suspended";
  return (flags & QUEUED) !== 0 ? "runnable" : "waiting";
}

/** All that an actor is linked with: its parent, its children and others. */
export function linksOf(cell: Cell): readonly Cell[] {
  const links = [...linkedCells(cell.links)];
  if (cell.parent !== null && (cell.flags & LINKED_TO_PARENT) !== 0) links.unshift(cell.parent);
  for (const child of childrenOf(cell)) if ((child.flags & LINKED_TO_PARENT) !== 0) links.push(child);
  return links;
}

function oldestMessages(cell: Cell, most: number): readonly WaitingMessage[] {
  const found: WaitingMessage[] = [];
  if (most > 0 && cell.firstWaiting === 1 && cell.operation !== null)
    found.push({ message: cell.operation.name, payload: cell.payload });
  cell.mailbox?.eachFromOldest(most - found.length, ({ name }, payload) => found.push({ message: name, payload }));
  return found;
}
