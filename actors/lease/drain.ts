import type { Deferred } from "../../src/index.js";
import type { LeaseDrainResult } from "./lease-results.js";

/** A drain that is under way, or over: who asked for it, and how many leases had to be revoked. */
export class Drain {
  readonly #asked: Deferred<LeaseDrainResult>[] = [];
  revoked = 0;

  /** Answers one more when it is over. */
  tell(deferred: Deferred<LeaseDrainResult>): void {
    this.#asked.push(deferred);
  }

  /** Answers all who asked: nothing is left. */
  over(): void {
    for (const deferred of this.#asked.splice(0)) deferred.reply({ ok: true, revoked: this.revoked });
  }
}
