import { CallError, type ExitReason } from "../../src/index.js";
import type { GetLeaseResult } from "./lease-results.js";

/** How one who asked for a lease is answered: a call that a manager has deferred, or a {@link LocalTicket}. */
export interface LeaseTicket<Resource> {
  /** Whether anybody still waits for the answer. */
  readonly waiting: boolean;
  reply(result: GetLeaseResult<Resource>): void;
}

/** One who asked in its own stack. The promise is made when it has to wait: most never do. */
export class LocalTicket<Resource> implements LeaseTicket<Resource> {
  waiting = true;
  #resolve: ((result: GetLeaseResult<Resource>) => void) | undefined = undefined;
  #reject: ((error: CallError) => void) | undefined = undefined;

  /** The answer that {@link LocalTicket.reply} will give. Asked for once. */
  answer(): Promise<GetLeaseResult<Resource>> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  reply(result: GetLeaseResult<Resource>): void {
    this.waiting = false;
    this.#resolve?.(result);
  }

  /** Tells it what a call is told whose callee ends. */
  fail(target: string, reason: ExitReason): void {
    if (!this.waiting) return;
    this.waiting = false;
    this.#reject?.(new CallError("exit", { target, method: "get", reason }));
  }
}
