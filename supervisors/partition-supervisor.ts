import {
  type Actor,
  type ActorClass,
  type ExitReason,
  hooks,
  release,
  type reservedNames,
  type StartOptions,
  type StartParameters,
  type StartResult,
} from "../src/index.js";
import { checkFlags } from "./check-flags.js";
import type { ChildSpec } from "./child-spec.js";
import { whenDone, inOrder } from "./in-order.js";
import { checkPartitions, type PartitionOptions } from "./partition-options.js";
import { closeTable, openTable, type PartitionTable } from "./partition-table.js";
import type { RestartChildResult } from "./results.js";
import { SupervisorSpecError } from "./spec-error.js";
import { Supervisor, type SupervisorInit } from "./supervisor.js";

/** What a resize answers. `out_of_range`: `size` is not from 0 to the number of partitions it was started with. */
export type ResizeResult =
  | { readonly ok: true; readonly previous: number }
  | { readonly ok: false; readonly reason: "out_of_range"; readonly expected: string }
  | { readonly ok: false; readonly reason: "start_failed"; readonly partition: number; readonly error: ExitReason };

/** The messages of a supervisor that would change what the partitions are. */
type Withheld = "startChild" | "restartChild" | "terminateChild" | "deleteChild";

/**
 * A supervisor of several actors of one class, among which work is divided by a key: Elixir's `PartitionSupervisor`.
 *
 * ```ts
 * child(PartitionSupervisor<Cache>, { id: "caches", name: "caches", args: partitioned(Cache, { partitions: 16 }) });
 *
 * partitionOf(caches, userId).cast.put(userId, profile);
 * ```
 *
 * For an actor that is too busy, or one that must not be held up by one of its clients: what belongs together has one key, and is handled by one
 * partition in order. The partitions are children with the ids 0, 1, 2, …, supervised like any others; `withArguments` tells them apart.
 * `resize` stops or starts the last ones, up to the number it was started with.
 *
 * Routing reads a table and sends no message. The type argument is the class of the partitions.
 */
export class PartitionSupervisor<A extends Actor<never> = Actor<never>> extends Supervisor<PartitionOptions<A>> {
  static readonly [hooks] = ["startChild", "restartChild", "terminateChild", "deleteChild"] as const;
  declare readonly [reservedNames]: Withheld;

  readonly #table: PartitionTable = openTable(this.self());
  #most = 0;

  override init(options: PartitionOptions<A>): SupervisorInit {
    try {
      const most = checkPartitions(options);
      const { strategy, intensity, periodMs } = options;
      const flags = checkFlags({ strategy, intensity, periodMs });
      // A code change asks again: a resize must survive it.
      if (this.#most === 0) this.#table.count = most;
      this.#most = most;
      return { ...flags, children: numbers(0, this.#most).map((partition) => specOf(options, partition)) };
    } catch (error) {
      if (error instanceof SupervisorSpecError) return { stop: error.exitReason };
      throw error;
    }
  }

  /**
   * Changes how many partitions are in use; answers how many there were.
   *
   * Partitions above `size` are stopped, those below it that do not run are started. Their specifications stay. Keys are divided anew: a key may
   * belong to another partition than before.
   */
  resize(size: number): ResizeResult | Promise<ResizeResult> {
    const most = this.#most;
    if (!Number.isSafeInteger(size) || size < 0 || size > most) {
      const expected = `The number of partitions must be between 0 and ${most}, got ${String(size)}`;
      return { ok: false, reason: "out_of_range", expected };
    }
    const previous = this.#table.count;
    if (size <= previous) {
      // First, so that nobody is sent to a partition that is being stopped.
      this.#table.count = size;
      const stopping = numbers(size, previous).reverse();
      return whenDone(
        inOrder(stopping, (partition) => whenDone(this.terminateChild(partition), () => true)),
        () => ({ ok: true, previous }),
      );
    }
    let failure: ResizeResult | undefined;
    const started = inOrder(numbers(previous, size), (partition) =>
      whenDone(this.restartChild(partition), (result) => {
        const error = errorOf(result);
        if (error !== undefined) failure = { ok: false, reason: "start_failed", partition, error: error.reason };
        else this.#table.count = partition + 1;
        return failure === undefined;
      }),
    );
    return whenDone(started, () => failure ?? { ok: true, previous });
  }

  /** Starts a partition, as every start of a child goes through here, and notes its ref. */
  protected override start<Child extends Actor<never>>(
    actorClass: ActorClass<Child>,
    ...rest: StartParameters<Child, StartOptions>
  ): StartResult<Child> | Promise<StartResult<Child>> {
    const spec: object | undefined = rest[1];
    return whenDone(super.start(actorClass, ...rest), (result) => {
      if (result.ok && spec !== undefined && "id" in spec && typeof spec.id === "number") {
        this.#table.refs[spec.id] = result.ref;
      }
      return result;
    });
  }

  override [release](reason: ExitReason): void {
    closeTable(this.self());
    super[release](reason);
  }
}

function specOf(
  { start, args, withArguments, restart, shutdown, type, backoff }: PartitionOptions,
  partition: number,
): ChildSpec {
  return {
    id: partition,
    start,
    args: withArguments === undefined ? args : withArguments(args, partition),
    ...(restart === undefined ? {} : { restart }),
    ...(shutdown === undefined ? {} : { shutdown }),
    ...(type === undefined ? {} : { type }),
    ...(backoff === undefined ? {} : { backoff }),
  };
}

/** The whole numbers from `from` up to, not with, `end`. */
function numbers(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, index) => from + index);
}

/** Why a partition does not run; `undefined` when it does, also when it did before. */
function errorOf(result: RestartChildResult): { readonly reason: ExitReason } | undefined {
  if (result.ok || result.reason === "running" || result.reason === "restarting") return undefined;
  return { reason: result.reason === "start_failed" ? result.error : result.reason };
}
