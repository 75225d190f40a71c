import type { AnyRef } from "./actor-ref.js";
import type { ExitReason } from "./exit-reason.js";
import type { PendingCall } from "./pending-call.js";

/**
 * A promise by an actor to reply later: a method returns it instead of the value, and goes on to serve other messages.
 *
 * Made with `this.defer()` before the first `await` of a method. The first {@link Deferred.reply} or {@link Deferred.fail} decides, later
 * ones do nothing. If the actor ends first, its callers are told so at once. A message that was cast has nobody waiting; replying to it
 * does nothing. This is `{noreply, State}` with `gen_server:reply/2`.
 */
export class Deferred<Value> {
  /** Whether the message was a call; true also when its caller has given up meanwhile, false for a cast. */
  readonly requested: boolean;
  #pending: PendingCall | null;

  /** @internal */
  constructor(pending: PendingCall | null) {
    this.requested = pending !== null;
    this.#pending = pending;
  }

  /** The actor that waits, when the call was made by one in the synchronous part of a handler; `undefined` otherwise. */
  get caller(): AnyRef | undefined {
    return this.#pending?.callerRef;
  }

  /** Whether somebody still waits: false after a reply, a failure or the caller's time-out. */
  get waiting(): boolean {
    return this.#pending?.open ?? false;
  }

  /** Answers the caller. */
  reply(value: Value): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.reply(value);
  }

  /** Rejects the caller with a {@link CallError} `exit` that carries `reason`; the actor itself goes on. */
  fail(reason: ExitReason): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.fail("exit", reason);
  }
}
