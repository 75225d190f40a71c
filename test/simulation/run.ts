import { NodesSimulation } from "./nodes/world.js";
import { nodesScheduleOf } from "./nodes/schedule.js";
import type { NodesSchedule } from "./nodes/step.js";
import { scheduleOf } from "./schedule.js";
import type { Schedule } from "./step.js";
import { Simulation, type Trace } from "./world.js";

/** How a run of a schedule ended. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly error: Error };

/** Which simulation: that of one server by default; with `nodes` that of so many, or of as many as the seed draws. */
export interface Kind {
  readonly nodes?: number | "any" | undefined;
}

/** Runs a schedule, of one server or of several nodes. */
export async function run(schedule: Schedule | NodesSchedule, trace?: Trace): Promise<Outcome> {
  try {
    await (hasNodes(schedule) ? new NodesSimulation(schedule, trace) : new Simulation(schedule, trace)).run();
    return { ok: true };
  } catch (thrown) {
    return { ok: false, error: thrown instanceof Error ? thrown : new Error(String(thrown)) };
  }
}

/** The schedule of a seed; with `steps`, counted from 1, of those alone. */
export function pick(seed: number, steps?: readonly number[], { nodes }: Kind = {}): Schedule | NodesSchedule {
  if (nodes === undefined) return only(scheduleOf(seed), steps);
  return only(nodesScheduleOf(seed, nodes === "any" ? undefined : nodes), steps);
}

/** Runs the schedule of a seed. */
export function runSeed(seed: number, trace?: Trace, kind?: Kind): Promise<Outcome> {
  return run(pick(seed, undefined, kind), trace);
}

function hasNodes(schedule: Schedule | NodesSchedule): schedule is NodesSchedule {
  return "nodes" in schedule.world;
}

function only<One extends { readonly steps: readonly unknown[] }>(schedule: One, steps?: readonly number[]): One {
  if (steps === undefined) return schedule;
  return { ...schedule, steps: schedule.steps.filter((_, index) => steps.includes(index + 1)) };
}

/**
 * Leaves out of a failing seed whatever it does not need to fail, in chunks that get smaller; gives the steps that are left, counted from 1.
 *
 * Any failure will do: what is left is a short way to go wrong, not always the same one.
 */
export async function shrink(
  seed: number,
  onStep: (steps: number) => void = () => undefined,
  kind: Kind = {},
): Promise<number[]> {
  let kept = pick(seed, undefined, kind).steps.map((_, index) => index + 1);
  for (let chunk = Math.ceil(kept.length / 2); chunk >= 1; chunk = Math.floor(chunk / 2)) {
    for (let at = 0; at < kept.length; ) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + chunk)];
      const { ok } = await run(pick(seed, fewer, kind));
      if (ok) at += chunk;
      else kept = fewer;
      onStep(kept.length);
    }
  }
  return kept;
}
