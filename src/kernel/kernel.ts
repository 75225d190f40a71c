import { Actor, type ActorClass } from "./actor.js";
import { Behaviour } from "./behaviour.js";
import type { CallerContext } from "./caller-context.js";
import { CallTimeouts } from "./call-timeouts.js";
import { Cell } from "./cell.js";
import type { Clock } from "./clock.js";
import { DeadLetters } from "./dead-letters.js";
import { post } from "./delivery.js";
import { BadArgumentError, whatCame } from "./errors.js";
import { SUSPENDED } from "./flags.js";
import { Groups } from "./groups.js";
import { expireIdle, IdleTimeout } from "./idle.js";
import type { Random } from "./random.js";
import type { RemoteSignals } from "./remote.js";
import type { Report, Reporter } from "./report.js";
import type { SchedulerFactory, TurnScheduler } from "./scheduler.js";
import type { ActorSystem } from "./system.js";
import { type Timer, Timers } from "./timers.js";
import { runTurn } from "./turn.js";

/** What a kernel is made of. */
export interface KernelOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly reporter: Reporter;
  readonly callerContext: CallerContext | undefined;
  readonly schedulerOf: SchedulerFactory;
}

/** The class of the one actor that has no parent and runs nothing: what the program itself starts are its children. */
class Origin extends Actor {}

/** The tables and clocks that all actors of one system share. */
export class Kernel {
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: TurnScheduler;
  readonly calls: CallTimeouts;
  readonly timers: Timers;
  readonly groups = new Groups();
  readonly names = new Map<string, Cell>();
  readonly deadLetters: DeadLetters;
  readonly startedAt: number;
  /** Parent of all that is not started by an actor. */
  readonly origin: Cell;
  /** The last number given to an actor; the origin has 0. */
  lastId = 0;
  spawned = 0;
  ended = 0;
  /** Links apart from those between parent and child, and monitors, that exist now. */
  links = 0;
  monitors = 0;
  nextMonitorId = 1;
  /** What carries signals to actors of other nodes; `null` in a system that knows none. */
  remote: RemoteSignals | null = null;
  /** What follows handlers through their awaits, if the system was given any. */
  readonly callerContext: CallerContext | null;
  readonly #behaviours = new Map<unknown, Behaviour>();
  readonly #reporter: Reporter;
  #system: ActorSystem | undefined;
  #lastClass: unknown;
  #lastBehaviour: Behaviour | undefined;

  constructor(options: KernelOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.callerContext = options.callerContext ?? null;
    this.startedAt = options.clock.now();
    this.#reporter = options.reporter;
    this.calls = new CallTimeouts(options.clock);
    this.deadLetters = new DeadLetters(
      (report) => this.report(report),
      () => options.clock.now(),
    );
    this.timers = new Timers(options.clock, (timer) => this.#deliver(timer));
    this.origin = new Cell(0, this.behaviourOf(Origin), null, SUSPENDED);
    this.scheduler = options.schedulerOf({ runTurn, endOfTurn: () => this.calls.endTurn(), clock: options.clock });
  }

  get system(): ActorSystem {
    if (this.#system === undefined) throw new BadArgumentError("The system is not ready yet");
    return this.#system;
  }

  set system(system: ActorSystem) {
    this.#system = system;
  }

  /** Hands a report to the reporter; one that throws loses this report, and its error is shown. */
  report(report: Report): void {
    try {
      this.#reporter(report);
    } catch (error) {
      console.error("[holdfast] the reporter threw", error, "while it was given", report.text);
    }
  }

  #deliver(timer: Timer): void {
    const { cell, message, name } = timer;
    if (timer.periodMs === 0) cell.extras?.timers?.delete(timer);
    if (name !== undefined) this.#deliverTo(name, message);
    else if (message instanceof IdleTimeout) expireIdle(message);
    else post(cell, cell.behaviour.info, message);
  }

  /** A timer to a name finds out only now who holds it. */
  #deliverTo(name: string, message: unknown): void {
    const holder = this.names.get(name);
    if (holder === undefined) this.deadLetters.add(name, "handleInfo", "noproc", message);
    else post(holder, holder.behaviour.info, message);
  }

  /** What is known of a class, found out on first use. */
  behaviourOf(actorClass: ActorClass<Actor<unknown>>): Behaviour {
    if (actorClass === this.#lastClass && this.#lastBehaviour !== undefined) return this.#lastBehaviour;
    let behaviour = this.#behaviours.get(actorClass);
    if (behaviour === undefined) {
      if (typeof actorClass !== "function")
        throw new BadArgumentError(`Expected an actor class, got ${whatCame(actorClass)}`);
      behaviour = new Behaviour(this, actorClass);
      this.#behaviours.set(actorClass, behaviour);
    }
    this.#lastClass = actorClass;
    this.#lastBehaviour = behaviour;
    return behaviour;
  }
}
