import type { Actor, ActorClass, ArgsOf } from "../src/index.js";
import type { SupervisorFlags } from "./check-flags.js";
import type { ArgsOption, ChildPolicy } from "./child-spec.js";
import { SupervisorSpecError, unexpected } from "./spec-error.js";

/** What partitions are like, whatever their class is; made with {@link partitioned}. */
export interface PartitionOptions<A = Actor<never>>
  extends ChildPolicy,
    Pick<SupervisorFlags, "strategy" | "intensity" | "periodMs"> {
  /** The class of each partition. */
  readonly start: ActorClass<A>;
  /** How many partitions there are; 8 by default. */
  readonly partitions?: number;
  /** What each partition's `init` gets. */
  readonly args?: unknown;
  /** Makes of `args` and the number of a partition what that one's `init` gets. */
  readonly withArguments?: (args: unknown, partition: number) => unknown;
}

/** What {@link partitioned} takes: a `withArguments` makes the arguments, or all partitions have the same. */
export type PartitionedOptions<A, Given> = Omit<PartitionOptions, "start" | "args" | "withArguments"> &
  (
    | (ArgsOption<ArgsOf<A>> & { readonly withArguments?: undefined })
    | { readonly args?: Given; readonly withArguments: (args: Given, partition: number) => ArgsOf<A> }
  );

/**
 * Says what the partitions of a {@link PartitionSupervisor} are.
 *
 * ```ts
 * partitioned(Cache, { partitions: 16, withArguments: (_, partition) => ({ file: `cache-${partition}` }) });
 * ```
 */
export function partitioned<A extends Actor<never>, Given = undefined>(
  start: ActorClass<A>,
  ...[options]: Record<never, never> extends PartitionedOptions<A, Given>
    ? [options?: PartitionedOptions<A, Given>]
    : [options: PartitionedOptions<A, Given>]
): PartitionOptions<A>;
// What `withArguments` takes and makes is checked by the signature above; the supervisor hands it on without looking.
export function partitioned(start: ActorClass<Actor<never>>, options: object = {}): PartitionOptions {
  return { ...options, start };
}

const DEFAULT_PARTITIONS = 8;

/** How many partitions the options ask for. @throws {SupervisorSpecError} when they cannot be used */
export function checkPartitions(options: object): number {
  if (typeof options !== "object" || options === null) {
    throw unexpected(
      "invalid_child_spec",
      "the arguments of a partition supervisor",
      "made with partitioned(Class)",
      options,
    );
  }
  if ("autoShutdown" in options && options.autoShutdown !== "never" && options.autoShutdown !== undefined) {
    const text = 'Expected autoShutdown to be "never": partitions cannot be significant';
    throw new SupervisorSpecError("bad_combination", text);
  }
  const partitions = "partitions" in options ? (options.partitions ?? DEFAULT_PARTITIONS) : DEFAULT_PARTITIONS;
  if (typeof partitions === "number" && Number.isSafeInteger(partitions) && partitions >= 1) return partitions;
  throw unexpected("invalid_child_spec", "partitions", "a whole number from 1", partitions);
}
