import type { ActorSystem, AnyRef, ExitReason } from "../src/index.js";
import type { Shutdown } from "./strategy/terms.js";

/** How a child ended that was stopped. */
export interface Stopped {
  readonly reason: ExitReason;
}

/** A child to be stopped. */
export interface StopRequest {
  readonly ref: AnyRef;
  readonly shutdown: Shutdown;
}

/** What a supervisor lends to its {@link Stopper}: signals that come from it. */
export interface SignalSender {
  exit(ref: AnyRef, reason: ExitReason): void;
  unlink(ref: AnyRef): void;
}

/**
 * Stops children as OTP does: the exit signal `shutdown`, a time to end in order, then `kill`.
 *
 * It waits for the end itself, not for a message about it, so a child that unlinked itself cannot hang its supervisor. A child that does not
 * trap exits ends within the signal; then there is nothing to wait for, and no promise. Should the supervisor be killed meanwhile, a child's
 * time still runs out.
 */
export class Stopper {
  readonly #system: ActorSystem;
  readonly #sender: SignalSender;

  constructor(system: ActorSystem, sender: SignalSender) {
    this.#system = system;
    this.#sender = sender;
  }

  /** Stops one child; its supervisor hears of its end from the result alone. */
  stop(ref: AnyRef, shutdown: Shutdown): Stopped | Promise<Stopped> {
    if (!this.#system.isAlive(ref)) return this.#endOf(ref);
    this.#sender.unlink(ref);
    return this.#signal(ref, shutdown) ?? this.#wait(ref, shutdown);
  }

  /**
   * Stops children all at once, each with its own time, and resolves when the last has ended.
   *
   * `ended` is told of each, in the order in which they end.
   */
  async stopAll(
    requests: Iterable<StopRequest>,
    ended: (request: StopRequest, reason: ExitReason) => void,
  ): Promise<void> {
    const waits: Promise<void>[] = [];
    const late = new Map<number, AnyRef[]>();
    for (const request of requests) {
      const { ref, shutdown } = request;
      // Not unlinked: what their ends leave in the mailbox goes with the supervisor, and unlinking looks through all of that.
      const stopped = this.#system.isAlive(ref) ? this.#signal(ref, shutdown) : undefined;
      if (stopped !== undefined) {
        ended(request, stopped.reason);
        continue;
      }
      waits.push(this.#system.exited(ref).then((reason) => ended(request, reason)));
      if (typeof shutdown === "number") {
        const group = late.get(shutdown);
        if (group === undefined) late.set(shutdown, [ref]);
        else group.push(ref);
      }
    }
    const { clock } = this.#system;
    const timers = [...late].map(([afterMs, refs]) => clock.setTimer(afterMs, () => this.#kill(refs)));
    await Promise.all(waits);
    for (const timer of timers) clock.clearTimer(timer);
  }

  /** Sends the signal; says how the child ended when it did so at once. */
  #signal(ref: AnyRef, shutdown: Shutdown): Stopped | undefined {
    const brutal = shutdown === "brutal_kill";
    this.#sender.exit(ref, brutal ? "kill" : "shutdown");
    if (this.#system.isAlive(ref)) return undefined;
    return brutal ? KILLED : SHUT_DOWN;
  }

  async #wait(ref: AnyRef, shutdown: Shutdown): Promise<Stopped> {
    if (typeof shutdown !== "number") return this.#endOf(ref);
    const { clock } = this.#system;
    const timer = clock.setTimer(shutdown, () => this.#kill([ref]));
    const stopped = await this.#endOf(ref);
    clock.clearTimer(timer);
    return stopped;
  }

  async #endOf(ref: AnyRef): Promise<Stopped> {
    return { reason: await this.#system.exited(ref) };
  }

  // From the system, not from the supervisor: that may have been killed meanwhile, and a kill needs no sender.
  #kill(refs: readonly AnyRef[]): void {
    for (const ref of refs) this.#system.exit(ref, "kill");
  }
}

const KILLED: Stopped = { reason: "killed" };
const SHUT_DOWN: Stopped = { reason: "shutdown" };
