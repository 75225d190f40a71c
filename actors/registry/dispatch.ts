import { Actor, type ActorSystem, type ExitReason, messages } from "../../src/index.js";
import type { Entry } from "./results.js";

/** What one part of a parallel dispatch runs. */
interface Part {
  readonly run: () => void | Promise<void>;
}

/** Runs one part of a parallel dispatch, in a turn of its own. */
class DispatchPart extends Actor<Part> {
  static readonly [messages] = [] as const;

  override async init({ run }: Part): Promise<{ readonly ignore: true }> {
    await run();
    return { ignore: true };
  }
}

/**
 * Runs a function once for each part of the entries, each part in an actor of its own, and resolves when all are done.
 *
 * Entries of one owner are in one part. The actors are linked to nobody: one that fails makes the promise reject with what was thrown first, after
 * all are done.
 */
export async function dispatchInParts(
  system: ActorSystem,
  entries: readonly Entry[],
  parts: number,
  use: (entries: readonly Entry[]) => void | Promise<void>,
): Promise<void> {
  const groups = new Map<number, Entry[]>();
  for (const entry of entries) {
    const part = entry.owner.id % parts;
    const group = groups.get(part);
    if (group === undefined) groups.set(part, [entry]);
    else group.push(entry);
  }
  const failures: unknown[] = [];
  const ends = [...groups.values()].map((group) =>
    runPart(system, async () => {
      try {
        await use(group);
      } catch (error) {
        failures.push(error);
      }
    }),
  );
  await Promise.all(ends);
  if (failures.length > 0) throw failures[0];
}

function runPart(system: ActorSystem, run: () => Promise<void>): Promise<ExitReason> {
  return system.exited(system.spawn(DispatchPart, { run }, { label: "dispatch" }));
}
