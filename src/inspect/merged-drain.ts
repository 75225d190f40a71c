import type { DrainProgress, DrainState } from "./protocol/drain.js";
import { SLOWEST_DRAIN } from "./protocol/messages.js";

/** How far one process has come with its part of a drain. */
export interface BranchDrain {
  readonly node: string;
  readonly progress: DrainProgress;
}

/** Of several parts the first of these that any has is what the whole is. */
const PRECEDENCE: readonly DrainState[] = ["running", "failed", "cancelled", "done"];

/** Several parts of a drain as one. */
export function mergedDrain(
  { number, perSecond }: Pick<DrainProgress, "number" | "perSecond">,
  parts: readonly BranchDrain[],
): DrainProgress {
  const sum = (figure: (progress: DrainProgress) => number): number =>
    parts.reduce((total, { progress }) => total + figure(progress), 0);
  const reasons = parts.flatMap(({ node, progress: { reason } }) =>
    reason === undefined ? [] : [`${node}: ${reason}`],
  );
  return {
    number,
    state: PRECEDENCE.find((state) => parts.some(({ progress }) => progress.state === state)) ?? "done",
    total: sum(({ total }) => total),
    left: sum(({ left }) => left),
    perSecond,
    elapsedMs: Math.max(0, ...parts.map(({ progress }) => progress.elapsedMs)),
    ...(reasons.length === 0 ? {} : { reason: reasons.join("; ") }),
  };
}

/** A pace for each process by its part of the clients, so that all are done at the same time. */
export function shareOf<Key>(perSecond: number, clients: ReadonlyMap<Key, number>): ReadonlyMap<Key, number> {
  const total = [...clients.values()].reduce((sum, count) => sum + count, 0);
  return new Map(
    [...clients].map(([key, count]) => {
      const share = total === 0 ? 1 / clients.size : count / total;
      return [key, Math.max(SLOWEST_DRAIN, perSecond * share)];
    }),
  );
}
