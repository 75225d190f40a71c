import type { Cell } from "../kernel/cell.js";
import { childrenOf } from "../kernel/family.js";
import { BUSY, DEAD, GATE, QUEUED, STARTING, STOPPING, SUSPENDED } from "../kernel/flags.js";
import type { Kernel } from "../kernel/kernel.js";
import type { ActorSystem } from "../kernel/system.js";
import type { InspectableActor, InspectableSystem, LifeTally, SystemCounters } from "./inspectable.js";
import type { ActorLife, BusyWith, MailboxState } from "./protocol/tree.js";

/**
 * The inspector's view of a running system: reads the kernel's cells where they are.
 *
 * Children are the kernel's own lists, so a walk costs a step for each row that is shown or counted, and no message.
 */
export function inspectSystem(system: ActorSystem): InspectableSystem {
  return new KernelView(system);
}

class KernelView implements InspectableSystem {
  readonly #system: ActorSystem;
  readonly #kernel: Kernel;

  constructor(system: ActorSystem) {
    this.#system = system;
    this.#kernel = system.kernel;
  }

  get name(): string {
    return this.#system.name;
  }

  uptimeMs(): number {
    return this.#kernel.clock.now() - this.#kernel.startedAt;
  }

  wallTime(): number {
    return this.#kernel.clock.wallTime();
  }

  root(): InspectableActor | undefined {
    const root = this.#rootCell();
    return root === undefined ? undefined : new CellView(root);
  }

  *orphans(): Generator<InspectableActor, void, undefined> {
    const root = this.#rootCell();
    for (const cell of childrenOf(this.#kernel.origin)) if (cell !== root) yield new CellView(cell);
  }

  tallyOrphans(max: number): LifeTally {
    return tally(this.#kernel.origin, this.#rootCell(), max);
  }

  find(nameOrRef: string): InspectableActor | undefined {
    const cell = this.#kernel.names.get(nameOrRef) ?? findByRef(this.#kernel.origin, nameOrRef);
    return cell === undefined ? undefined : new CellView(cell);
  }

  counters(): SystemCounters {
    const { spawned, ended, deadLetters, scheduler } = this.#kernel;
    return {
      alive: spawned - ended,
      spawned,
      stopped: ended,
      messages: scheduler.handled,
      deadLetters: deadLetters.total,
    };
  }

  // The system knows its root as a ref; its cell is the one of them that is a child of the origin, until it has ended.
  #rootCell(): Cell | undefined {
    const ref = this.#system.root;
    if (ref === undefined) return undefined;
    for (const cell of childrenOf(this.#kernel.origin)) if (cell === ref) return cell;
    return undefined;
  }
}

class CellView implements InspectableActor {
  readonly #cell: Cell;

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  get ref(): string {
    return this.#cell.toString();
  }

  get name(): string | undefined {
    return this.#cell.extras?.name;
  }

  get label(): string | undefined {
    return this.#cell.extras?.label;
  }

  get behaviour(): string {
    return this.#cell.behaviour.name;
  }

  get life(): ActorLife {
    return lifeOf(this.#cell);
  }

  get busy(): BusyWith | undefined {
    const { busy, behaviour } = this.#cell;
    if (busy === null) return undefined;
    return { handler: busy.operation.name, forMs: Math.max(0, Math.round(behaviour.kernel.clock.now() - busy.since)) };
  }

  get mailbox(): MailboxState {
    const { mailboxLength, behaviour } = this.#cell;
    const limit = behaviour.mailboxLimit;
    // JSON has no word for Infinity; a mailbox without limit has none.
    return Number.isFinite(limit) ? { length: mailboxLength, limit } : { length: mailboxLength };
  }

  get messages(): number {
    return this.#cell.handled;
  }

  parent(): InspectableActor | undefined {
    const { parent } = this.#cell;
    // The parent of what no actor started is the kernel's origin, which is none of the system's actors.
    return parent === null || parent.parent === null ? undefined : new CellView(parent);
  }

  *children(): Generator<InspectableActor, void, undefined> {
    for (const child of childrenOf(this.#cell)) yield new CellView(child);
  }

  tallyChildren(max: number): LifeTally {
    return tally(this.#cell, undefined, max);
  }

  status(): unknown {
    return this.#cell.actor?.formatStatus();
  }
}

// An actor whose handler runs synchronously is never seen here: the inspector has the event loop itself then.
function lifeOf({ flags }: Cell): ActorLife {
  if ((flags & DEAD) !== 0) return "stopped";
  if ((flags & STOPPING) !== 0) return "stopping";
  if ((flags & STARTING) !== 0) return "starting";
  if ((flags & SUSPENDED) !== 0) return "suspended";
  if ((flags & BUSY) !== 0) return "busy";
  return (flags & QUEUED) !== 0 ? "ready" : "idle";
}

function tally(parent: Cell, except: Cell | undefined, max: number): LifeTally {
  const byLife = new Map<ActorLife, number>();
  let count = 0;
  let idle = 0;
  for (let child = parent.firstChild; child !== null && count < max; child = child.nextSibling) {
    if (child === except) continue;
    count++;
    // Nearly all of many are idle: those are told by one look at their flags.
    if ((child.flags & GATE) === 0) idle++;
    else countOne(byLife, lifeOf(child));
  }
  if (idle > 0) byLife.set("idle", idle);
  return { count, byLife };
}

function countOne(byLife: Map<ActorLife, number>, life: ActorLife): void {
  byLife.set(life, (byLife.get(life) ?? 0) + 1);
}

// Without recursion and without a stack: the lists themselves lead through the tree and back.
function findByRef(origin: Cell, ref: string): Cell | undefined {
  let cell = origin.firstChild;
  while (cell !== null) {
    if (cell.toString() === ref) return cell;
    cell = cell.firstChild ?? nextAfter(cell, origin);
  }
  return undefined;
}

function nextAfter(cell: Cell, origin: Cell): Cell | null {
  let at: Cell | null = cell;
  while (at !== null && at !== origin) {
    if (at.nextSibling !== null) return at.nextSibling;
    at = at.parent;
  }
  return null;
}
