import { type ActorRef, type AnyRef, type ExitReason, formatReason, type Random, type Report } from "holdfast";
import {
  type ChildEntry,
  type ChildSpec,
  child,
  Supervisor,
  type SupervisorInit,
  type SupervisorPlan,
} from "holdfast/supervisors";
import { createTestSystem, type TestSystem } from "holdfast/testing";
import { Cell } from "../../src/kernel/cell.js";
import { type Script, Worker } from "./worker.js";

/** A supervisor that does what its argument says. */
export class Planned extends Supervisor<SupervisorInit> {
  override init(plan: SupervisorInit): SupervisorInit {
    return plan;
  }
}

/** A supervisor under test, in a system of its own, with what happened to its children. */
export interface Scene extends TestSystem {
  readonly supervisor: ActorRef<Planned>;
  readonly journal: string[];
  /** The ref of a child that runs. */
  ref(id: string): ActorRef<Worker>;
  /** The children by id. */
  children(): Promise<Record<string, ChildEntry>>;
  /** Ends a child with a reason, and lets everybody react. */
  end(id: string, reason: ExitReason): Promise<void>;
  /** Kills a child, and lets everybody react. */
  kill(id: string): Promise<void>;
  /** The journal since the last look. */
  happened(): string[];
}

/** The specification of a worker whose name is its id. */
export function worker(
  id: string,
  journal: string[],
  options: Partial<Omit<ChildSpec, "id" | "start" | "args">> & { readonly script?: Partial<Script> } = {},
): ChildSpec {
  const { script, ...rest } = options;
  return child(Worker, { id, name: id, args: { id, journal, ...script }, ...rest });
}

/** Starts a supervisor with a plan. */
export async function scene(
  plan: Partial<SupervisorPlan>,
  journal: string[] = [],
  options: { readonly random?: Random } = {},
): Promise<Scene> {
  const test = await createTestSystem(options);
  const supervisor = await test.system.start(Planned, { children: [], ...plan }, { name: "supervisor" });
  let seen = 0;
  const ref = (id: string): ActorRef<Worker> => {
    const found = test.system.whereis<Worker>(id);
    if (found === undefined) throw new Error(`${id} does not run`);
    return found;
  };
  return {
    ...test,
    supervisor,
    journal,
    ref,
    async children() {
      return Object.fromEntries((await supervisor.call.whichChildren()).map((entry) => [String(entry.id), entry]));
    },
    async end(id, reason) {
      ref(id).cast.end(reason);
      await test.clock.settle();
    },
    async kill(id) {
      test.system.exit(ref(id), "kill");
      await test.clock.settle();
    },
    happened() {
      const news = journal.slice(seen);
      seen = journal.length;
      return news;
    },
  };
}

/** The supervisor reports, as `context reason`, each with the id of its child. */
export function supervisorReports(reports: readonly Report[]): string[] {
  return reports
    .filter((report) => report.type === "supervisor")
    .map(({ details }) => {
      const { errorContext, reason, offender } = details;
      const id = typeof offender === "object" && offender !== null && "id" in offender ? offender.id : undefined;
      return `${errorContext} ${id}: ${formatReason(reason)}`;
    });
}

/** What the inspector is shown of an actor. */
export function statusOf(ref: AnyRef): unknown {
  return ref instanceof Cell ? ref.actor?.formatStatus() : undefined;
}
