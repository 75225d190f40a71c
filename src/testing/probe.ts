import { Actor, type ActorClass, asRef } from "../kernel/actor.js";
import type { ActorRef, AnyRef } from "../kernel/actor-ref.js";
import { cellOf } from "../kernel/cell.js";
import { type ExitReason, formatReason } from "../kernel/exit-reason.js";
import { messages } from "../kernel/hook-keys.js";
import type { Down, MonitorOptions, MonitorRef } from "../kernel/monitor.js";
import type { Exit } from "../kernel/signal.js";
import type { ActorSystem } from "../kernel/system.js";

/** Something that a probe got. */
export type Received =
  | { readonly type: "message"; readonly name: string; readonly args: readonly unknown[] }
  | { readonly type: "info"; readonly message: unknown }
  | { readonly type: "down"; readonly down: Down }
  | { readonly type: "exit"; readonly exit: Exit };

/** The methods of a probe: what it answers to each message, as an actor with these methods would. */
export type Replies = Readonly<Record<string, (...args: never[]) => unknown>>;

/** An actor under the control of a test; see {@link createProbe}. */
export interface Probe<Methods> {
  readonly ref: ActorRef<Methods>;
  /** All that it got, oldest first. */
  readonly received: readonly Received[];
  /**
   * Resolves with the `n`-th thing that it gets, counted from 1; at once when it has come already.
   *
   * Rejects when the probe ends before, or after `withinMs` on the system's clock (5,000 by default), with a list of what came instead.
   */
  nth(n: number, withinMs?: number): Promise<Received>;
  /** Resolves with the next thing after all that were asked for with `next` or `nth`. */
  next(withinMs?: number): Promise<Received>;
  link(other: AnyRef): void;
  unlink(other: AnyRef): void;
  monitor(target: AnyRef | string, options?: MonitorOptions): MonitorRef;
  demonitor(monitor: MonitorRef, options?: { readonly flush?: boolean }): boolean;
  /** Sends an exit signal that comes from the probe. */
  exit(other: AnyRef, reason: ExitReason): void;
  /** Whether exits of its links arrive here; they do by default, so that a probe outlives what it watches. */
  trapExit(on: boolean): void;
}

const DEFAULT_WITHIN_MS = 5_000;

interface Waiter {
  readonly n: number;
  readonly resolve: (received: Received) => void;
}

class ProbeActor extends Actor<(actor: ProbeActor) => void> {
  static readonly [messages] = [] as const;
  readonly received: Received[] = [];
  waiters: Waiter[] = [];

  override init(ready: (actor: ProbeActor) => void): void {
    this.trapExit();
    ready(this);
  }

  override handleInfo(message: unknown): void {
    record(this, { type: "info", message });
  }

  override handleDown(down: Down): void {
    record(this, { type: "down", down });
  }

  override handleExit(exit: Exit): void {
    record(this, { type: "exit", exit });
  }

  controls(): Pick<Probe<unknown>, "link" | "unlink" | "monitor" | "demonitor" | "exit" | "trapExit"> {
    return {
      link: (other) => this.link(other),
      unlink: (other) => this.unlink(other),
      monitor: (target, options) => this.monitor(target, options),
      demonitor: (monitor, options) => this.demonitor(monitor, options),
      exit: (other, reason) => this.exit(other, reason),
      trapExit: (on) => this.trapExit(on),
    };
  }
}

function record(actor: ProbeActor, received: Received): void {
  actor.received.push(received);
  for (const waiter of [...actor.waiters]) if (waiter.n <= actor.received.length) waiter.resolve(received);
}

/**
 * Starts an actor that records all it gets, for a test to wait for and look at.
 *
 * `replies` are its messages: `createProbe(system, { add: (k: number) => k + 1 })` can stand for any actor with a method `add`. What is sent
 * with `ref.send`, and the ends of what it monitors or is linked with, is recorded too.
 */
export function createProbe<Methods extends Replies = Record<never, never>>(
  system: ActorSystem,
  replies?: Methods,
  options: { readonly name?: string; readonly label?: string } = {},
): Probe<Methods> {
  let made: ProbeActor | undefined;
  const ready = (actor: ProbeActor): void => {
    made = actor;
  };
  const { origin } = system.kernel;
  const started = system.startFrom(origin, probeClass(replies ?? {}), ready, { label: "probe", ...options });
  if (started instanceof Promise || !started.ok || made === undefined) {
    throw new Error(
      `Cannot start a probe${options.name === undefined ? "" : ` named ${options.name}: the name is taken`}`,
    );
  }
  const actor = made;
  const ref = asRef<Methods>(cellOf(started.ref));
  let asked = 0;
  const nth = (n: number, withinMs = DEFAULT_WITHIN_MS): Promise<Received> => {
    asked = Math.max(asked, n);
    return waitFor(system, ref, actor, n, withinMs);
  };
  return { ref, received: actor.received, nth, next: (withinMs) => nth(asked + 1, withinMs), ...actor.controls() };
}

/** A class of its own for each probe, whose public methods are the wanted messages. */
function probeClass(replies: Replies): ActorClass<ProbeActor> {
  const made = class Probe extends ProbeActor {};
  for (const [name, reply] of Object.entries(replies)) {
    const value = function method(this: ProbeActor, ...args: never[]): unknown {
      record(this, { type: "message", name, args });
      return reply(...args);
    };
    Object.defineProperty(made.prototype, name, { value, configurable: true, writable: true });
  }
  return made;
}

function waitFor(system: ActorSystem, ref: AnyRef, actor: ProbeActor, n: number, withinMs: number): Promise<Received> {
  const present = actor.received[n - 1];
  if (present !== undefined) return Promise.resolve(present);
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      close();
      const came = actor.received.map((each) => each.type).join(", ");
      reject(
        new Error(`Expected the probe to get at least ${n} messages, ${why}. It got ${actor.received.length}: ${came}`),
      );
    };
    const timer = system.clock.setTimer(withinMs, () => fail(`but ${withinMs} ms are over`));
    const forget = system.onExit(ref, (reason) => fail(`but it ended with ${formatReason(reason)}`));
    const close = (): void => {
      system.clock.clearTimer(timer);
      forget();
      actor.waiters = actor.waiters.filter((other) => other !== waiter);
    };
    const waiter: Waiter = {
      n,
      resolve: (received) => {
        close();
        resolve(received);
      },
    };
    actor.waiters.push(waiter);
  });
}
