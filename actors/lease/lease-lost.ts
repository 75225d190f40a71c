import { HoldfastError } from "../../src/index.js";

/** How a lease ends that nobody returned: see {@link LeaseLostError}. */
export type LeaseLoss = "expired" | "holder_died" | "destroyed" | "broken" | "drained" | "manager_ended";

const TEXTS: Readonly<Record<LeaseLoss, string>> = {
  expired: "its time was over and it was not renewed",
  holder_died: "its holder has ended",
  destroyed: "its holder had the resource destroyed",
  broken: "the resource broke",
  drained: "the pool was drained and its deadline has passed",
  manager_ended: "the lease manager has ended",
};

/**
 * The reason with which the `signal` of a lost lease is aborted; `code` says how it was lost.
 *
 * `expired`: its time was over. `holder_died`: its holder has ended. `destroyed`: it was given to `destroy`. `broken`: the resource itself said that it
 * can no longer be used. `drained`: the pool is being emptied, and the deadline for that has passed. `manager_ended`: the lease manager has ended.
 */
export class LeaseLostError extends HoldfastError {
  override readonly name = "LeaseLostError";
  readonly code: LeaseLoss;
  readonly token: number;

  constructor(code: LeaseLoss, token: number) {
    super(`Lost the lease with token ${token}: ${TEXTS[code]}. Stop using the resource, and ask for another lease.`);
    this.code = code;
    this.token = token;
  }
}
