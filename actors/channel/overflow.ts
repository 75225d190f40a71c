import { BadArgumentError, whatCame } from "../../src/index.js";

/**
 * What becomes of broadcasts that a client cannot take at once, because it is away or slow.
 *
 * `cursor`: it reads them later from the topic's log, all of them while they are kept. `conflate`: of those with the same key only the
 * latest. `drop_oldest`: only the latest `windowMessages`. `close`: a slow client is closed with 4202 and comes back; else as `cursor`.
 */
export type Overflow = "cursor" | "conflate" | "drop_oldest" | "close";

/** Broadcasts of a topic that a client will not get; `from` and `to` are counted per topic, both ends are missing. */
export interface Gap {
  /** Tells the counts of this topic from those of an earlier one with the same name. */
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  /** `overflow`: dropped by the policy `drop_oldest`. `conflated`: later ones with the same key stand for them. `lost`: not kept any more. */
  readonly reason: GapReason;
}

/** Why broadcasts are missing; see {@link Gap}. */
export type GapReason = "overflow" | "conflated" | "lost";

const POLICIES: readonly Overflow[] = ["cursor", "conflate", "drop_oldest", "close"];

/** @throws {BadArgumentError} for what is no policy; `whose` it is begins the message */
export function checkOverflow(whose: string, policy: unknown): void {
  if (POLICIES.some((known) => known === policy)) return;
  throw new BadArgumentError(`Expected ${whose} to be one of ${POLICIES.join(", ")}; got ${whatCame(policy)}`);
}
