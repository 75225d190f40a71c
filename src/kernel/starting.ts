import type { Actor, ActorClass } from "./actor.js";
import { runTracked } from "./caller-context.js";
import { Cell } from "./cell.js";
import { construct } from "./construct.js";
import { current, nextRun } from "./current.js";
import { wake } from "./delivery.js";
import { BadArgumentError, BadReturnError, whatCame } from "./errors.js";
import { type ExitReason, reasonOfThrown } from "./exit-reason.js";
import { extrasOf } from "./extras.js";
import { adopt } from "./family.js";
import { AWAITED, DEAD, IDLING, LINKED_TO_PARENT, QUEUED, STARTING, STOP_REQUESTED, UNBORN } from "./flags.js";
import { startup } from "./hook-keys.js";
import { armIdle } from "./idle.js";
import type { Kernel } from "./kernel.js";
import type { Monitor } from "./monitor.js";
import { INIT, Operation } from "./operation.js";
import { demonitor, monitor } from "./relations.js";
import { continueWith } from "./requests-to-self.js";
import { reportCrash, stopActor } from "./stopping.js";
import { die } from "./termination.js";

/** Options of `spawn`. */
export interface SpawnOptions {
  /** A name for `whereis`, unique in the system, taken before `init` runs. */
  readonly name?: string;
  /** What people see instead of a name; need not be unique. */
  readonly label?: string;
  /** Whether the actor is linked to the one that starts it. `start` links by default, `spawn` does not. */
  readonly link?: boolean;
}

/** Options of `start`. */
export interface StartOptions extends SpawnOptions {
  /** How long `init` may take, in milliseconds; without end by default, as in OTP. When it is over the actor is killed. */
  readonly timeoutMs?: number;
  /** Whether the actor that starts it also monitors it, from before its `init`: `start_monitor` of OTP. Without effect for the program. */
  readonly monitor?: boolean;
}

/** How a start ended, from the kernel's side. */
export type CellStart =
  | { readonly ok: true; readonly cell: Cell; readonly monitor: Monitor | undefined }
  | { readonly ok: false; readonly ignore: true }
  | { readonly ok: false; readonly ignore: false; readonly reason: ExitReason };

type InitOutcome = "running" | "ignored" | { readonly reason: ExitReason };

const initOperation = new Operation("init", () => undefined, INIT, false);

/** Makes an actor whose `init` runs in its own first turn. @throws {BadArgumentError} when the name is taken */
export function spawnCell(
  kernel: Kernel,
  parent: Cell,
  actorClass: ActorClass<Actor<unknown>>,
  args: unknown,
  options: SpawnOptions,
): Cell {
  const holder = options.name === undefined ? undefined : kernel.names.get(checkName(options.name));
  if (holder !== undefined) {
    throw new BadArgumentError(
      `Cannot spawn ${actorClass.name} as ${whatCame(options.name)}: the name is held by ${holder.describe()}`,
    );
  }
  const cell = makeCell(kernel, parent, actorClass, options, options.link === true);
  if (args === undefined) cell.flags |= UNBORN;
  else {
    cell.operation = initOperation;
    cell.payload = args;
  }
  kernel.scheduler.enqueue(cell);
  return cell;
}

/** Whether a spawned actor's `init` has yet to run. */
export function awaitsInit(cell: Cell): boolean {
  return (cell.flags & UNBORN) !== 0 || (cell.operation !== null && cell.operation.arity === INIT);
}

/** Runs the first turn of a spawned actor. */
export function runInit(cell: Cell): void {
  let args: unknown;
  if ((cell.flags & UNBORN) !== 0) cell.flags &= ~UNBORN;
  else {
    args = cell.payload;
    cell.operation = null;
    cell.payload = undefined;
    cell.from = null;
  }
  const outcome = initialise(cell, args);
  if (outcome instanceof Promise) void finishSpawn(cell, outcome);
  else concludeSpawn(cell, outcome);
}

async function finishSpawn(cell: Cell, pending: Promise<InitOutcome>): Promise<void> {
  concludeSpawn(cell, await pending);
}

function concludeSpawn(cell: Cell, outcome: InitOutcome): void {
  if ((cell.flags & DEAD) !== 0) return;
  if (outcome === "running") release(cell);
  else if (outcome === "ignored") die(cell, "normal");
  else {
    reportCrash(cell, outcome.reason);
    die(cell, outcome.reason);
  }
}

/** Makes an actor and runs its `init` now; a promise only when `init` is async. */
export function startCell(
  kernel: Kernel,
  parent: Cell,
  actorClass: ActorClass<Actor<unknown>>,
  args: unknown,
  options: StartOptions,
): CellStart | Promise<CellStart> {
  const holder = options.name === undefined ? undefined : kernel.names.get(checkName(options.name));
  if (holder !== undefined) return { ok: false, ignore: false, reason: { already_started: holder } };
  const cell = makeCell(kernel, parent, actorClass, options, options.link !== false);
  // Marked as queued, so that messages that arrive during init wait for its end.
  cell.flags |= QUEUED | AWAITED;
  const watch = options.monitor === true && parent !== kernel.origin ? monitor(parent, cell, {}) : undefined;
  const outcome = initialise(cell, args);
  if (outcome instanceof Promise) return finishStart(cell, outcome, options.timeoutMs, watch);
  return concludeStart(cell, outcome, watch);
}

async function finishStart(
  cell: Cell,
  pending: Promise<InitOutcome>,
  timeoutMs: number | undefined,
  watch: Monitor | undefined,
): Promise<CellStart> {
  const { clock } = cell.behaviour.kernel;
  let timedOut = false;
  let timer: object | undefined;
  if (timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY) {
    timer = clock.setTimer(timeoutMs, () => {
      timedOut = true;
      abandon(cell, "killed");
    });
  }
  let resolveEnded: (outcome: InitOutcome) => void = () => undefined;
  const ended = new Promise<InitOutcome>((resolve) => {
    resolveEnded = resolve;
  });
  const waiter = (reason: ExitReason): void => resolveEnded({ reason: timedOut ? "timeout" : reason });
  const extras = extrasOf(cell);
  extras.exitWaiters ??= new Set();
  extras.exitWaiters.add(waiter);
  const outcome = await Promise.race([pending, ended]);
  // Else every actor with an async init would carry it for as long as it lives.
  extras.exitWaiters?.delete(waiter);
  if (timer !== undefined) clock.clearTimer(timer);
  return concludeStart(cell, outcome, watch);
}

function concludeStart(cell: Cell, outcome: InitOutcome, watch: Monitor | undefined): CellStart {
  if (outcome === "running") {
    // It may have ended meanwhile, by an exit signal; the start itself was good, as in OTP.
    release(cell);
    return { ok: true, cell, monitor: watch };
  }
  // Whoever starts it hears of the failure from the result, once.
  if (watch !== undefined) demonitor(watch.watcher, watch, true);
  if (outcome === "ignored") {
    abandon(cell, "normal");
    return { ok: false, ignore: true };
  }
  abandon(cell, outcome.reason);
  return { ok: false, ignore: false, reason: outcome.reason };
}

function abandon(cell: Cell, reason: ExitReason): void {
  cell.flags &= ~LINKED_TO_PARENT;
  if ((cell.flags & DEAD) === 0) die(cell, reason);
}

/** Lets an actor whose `init` is done handle its messages. */
function release(cell: Cell): void {
  if ((cell.flags & DEAD) !== 0) return;
  const running = current.cell === cell;
  cell.flags &= ~(STARTING | AWAITED);
  cell.busy = null;
  if ((cell.flags & STOP_REQUESTED) !== 0) {
    stopActor(cell, cell.extras?.stopReason, null);
    return;
  }
  if ((cell.flags & IDLING) !== 0) armIdle(cell);
  // Within its own turn the turn goes on by itself; else it is queued if anything waits.
  if (running) return;
  cell.flags &= ~QUEUED;
  wake(cell);
}

function makeCell(
  kernel: Kernel,
  parent: Cell,
  actorClass: ActorClass<Actor<unknown>>,
  options: SpawnOptions,
  linked: boolean,
): Cell {
  const behaviour = kernel.behaviourOf(actorClass);
  // What the program starts has no actor to be linked with.
  const flags = linked && parent !== kernel.origin ? STARTING | LINKED_TO_PARENT : STARTING;
  const cell = new Cell(++kernel.lastId, behaviour, parent, flags);
  kernel.spawned++;
  adopt(parent, cell);
  if (options.name !== undefined) {
    extrasOf(cell).name = options.name;
    kernel.names.set(options.name, cell);
  }
  if (options.label !== undefined) extrasOf(cell).label = options.label;
  return cell;
}

function checkName(name: string): string {
  if (typeof name !== "string" || name === "") {
    throw new BadArgumentError(
      `Expected an actor's name to be a string of at least one character, got ${whatCame(name)}`,
    );
  }
  return name;
}

/** Constructs the actor and runs its `init`, in its own context. */
function initialise(cell: Cell, args: unknown): InitOutcome | Promise<InitOutcome> {
  const { cell: before, run, resumed } = current;
  current.cell = cell;
  current.resumed = false;
  nextRun();
  try {
    const actor = construct(cell.behaviour.actorClass, cell);
    cell.actor = actor;
    const { clock, callerContext } = cell.behaviour.kernel;
    const result = runTracked(callerContext, () => actor[startup](args));
    if (result === undefined) return "running";
    if (!(result instanceof Promise)) return outcomeOf(cell, result);
    cell.busy = { operation: initOperation, call: null, since: clock.now(), run: current.run, calls: null };
    return outcomeLater(cell, result);
  } catch (thrown) {
    return { reason: reasonOfThrown(thrown) };
  } finally {
    // One actor may start another within its handler, and goes on with its own calls afterwards.
    current.cell = before;
    current.run = run;
    current.resumed = resumed;
  }
}

async function outcomeLater(cell: Cell, running: Promise<unknown>): Promise<InitOutcome> {
  try {
    return outcomeOf(cell, await running);
  } catch (thrown) {
    return { reason: reasonOfThrown(thrown) };
  }
}

function outcomeOf(cell: Cell, result: unknown): InitOutcome {
  if (result === undefined) return "running";
  if (typeof result === "object" && result !== null) {
    if ("ignore" in result && result.ignore === true) return "ignored";
    if ("stop" in result) return { reason: result.stop };
    if ("continue" in result) {
      continueWith(cell, result.continue);
      return "running";
    }
  }
  throw new BadReturnError(
    `${cell.behaviour.name}.init returned ${whatCame(result)}. It may return nothing, { ignore: true }, { stop: reason }, ` +
      "{ continue: term }, or a promise of one of these.",
  );
}
