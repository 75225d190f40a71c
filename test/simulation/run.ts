import { scheduleOf } from "./schedule.js";
import type { Schedule } from "./step.js";
import { Simulation, type Trace } from "./world.js";

/** How a run of a schedule ended. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly error: Error };

/** Runs a schedule. */
export async function run(schedule: Schedule, trace?: Trace): Promise<Outcome> {
  try {
    await new Simulation(schedule, trace).run();
    return { ok: true };
  } catch (thrown) {
    return { ok: false, error: thrown instanceof Error ? thrown : new Error(String(thrown)) };
  }
}

/** The schedule of a seed; with `steps`, counted from 1, of those alone. */
export function pick(seed: number, steps?: readonly number[]): Schedule {
  const schedule = scheduleOf(seed);
  if (steps === undefined) return schedule;
  return { ...schedule, steps: schedule.steps.filter((_, index) => steps.includes(index + 1)) };
}

/** Runs the schedule of a seed. */
export function runSeed(seed: number, trace?: Trace): Promise<Outcome> {
  return run(scheduleOf(seed), trace);
}

/**
 * Leaves out of a failing seed whatever it does not need to fail, in chunks that get smaller; gives the steps that are left, counted from 1.
 *
 * Any failure will do: what is left is a short way to go wrong, not always the same one.
 */
export async function shrink(seed: number, onStep: (steps: number) => void = () => undefined): Promise<number[]> {
  let kept = scheduleOf(seed).steps.map((_, index) => index + 1);
  for (let chunk = Math.ceil(kept.length / 2); chunk >= 1; chunk = Math.floor(chunk / 2)) {
    for (let at = 0; at < kept.length; ) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + chunk)];
      const { ok } = await run(pick(seed, fewer));
      if (ok) at += chunk;
      else kept = fewer;
      onStep(kept.length);
    }
  }
  return kept;
}
