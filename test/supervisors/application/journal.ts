import { Actor, type ActorRef, type AnyRef, type Report } from "holdfast";
import {
  Application,
  Applications,
  type ApplicationsOptions,
  child,
  type StartType,
  Supervisor,
  type SupervisorPlan,
} from "holdfast/supervisors";
import { createTestSystem, type TestSystem } from "holdfast/testing";
import { worker } from "../plans.js";

/** A top supervisor that does what its argument says. */
export class Tree extends Supervisor<SupervisorPlan> {
  override init(plan: SupervisorPlan): SupervisorPlan {
    return plan;
  }
}

/** A top supervisor with workers of these names, which write into the journal when they start and stop. */
export function tree(journal: string[], ...ids: string[]): SupervisorPlan {
  return { children: ids.map((id) => worker(id, journal)) };
}

/** An actor that has nothing to do with anybody, and traps exits: only a kill ends it. */
export class Stray extends Actor {
  override init(): void {
    this.trapExit();
  }
  override terminate(): Promise<void> {
    return new Promise(() => undefined);
  }
}

/** Starts a {@link Stray} of its own. */
export class Litterer extends Actor {
  litter(name: string): AnyRef {
    return this.spawn(Stray, undefined, { name });
  }
}

/** What a {@link Written} application is told to do. */
export interface Script {
  readonly journal: string[];
  readonly plan?: SupervisorPlan;
  /** Callbacks that throw. */
  readonly failing?: readonly string[];
  /** Callbacks that never end. */
  readonly hanging?: readonly string[];
  /** The name of an actor outside of the tree. */
  readonly stray?: string;
}

/** An application that writes down what it is told. Its state is a list of what it went through. */
export class Written extends Application<Script, string[]> {
  #script: Script = { journal: [] };

  override async start(type: StartType, script: Script) {
    this.#script = script;
    await this.#note(`start ${this.name} ${type}`, "start");
    if (script.stray !== undefined) this.spawn(Stray, undefined, { name: script.stray });
    return { ...(await this.startSupervisor(Tree, script.plan ?? { children: [] })), state: ["started"] };
  }

  override async startPhase(phase: string, type: StartType, args: unknown): Promise<undefined | { stop: unknown }> {
    this.#script.journal.push(`${this.name} phase ${phase} ${type} ${JSON.stringify(args)}`);
    if (this.#script.failing?.includes("throwing phase") === true) throw new Error("phase boom");
    return this.#script.failing?.includes(phase) === true ? { stop: "phase refused" } : undefined;
  }

  override async prepStop(state: string[]): Promise<string[]> {
    await this.#note(`prepStop ${this.name} ${state.join()}`, "prepStop");
    return [...state, "prepared"];
  }

  override async stop(state: string[]): Promise<void> {
    await this.#note(`stop ${this.name} ${state.join()}`, "stop");
  }

  override async configChange(changed: object, added: object, removed: readonly string[]): Promise<void> {
    this.#script.journal.push(`config ${JSON.stringify([changed, added, removed])}`);
    if (this.#script.failing?.includes("configChange") === true) throw new Error("config boom");
  }

  async #note(text: string, callback: string): Promise<void> {
    this.#script.journal.push(text);
    if (this.#script.failing?.includes(callback) === true) throw new Error(`${callback} boom`);
    if (this.#script.hanging?.includes(callback) === true) await new Promise(() => undefined);
  }
}

/** A system whose root are its applications, under test. */
export interface Scene extends TestSystem {
  readonly applications: ActorRef<Applications>;
  /** What happened since the last look. */
  happened(): string[];
}

/** Makes a {@link Scene}. */
export async function scene(journal: string[] = [], rootArgs: ApplicationsOptions = {}): Promise<Scene> {
  const test = await createTestSystem({ root: Applications, rootArgs });
  const applications = test.system.whereis<Applications>("applications");
  if (applications === undefined) throw new Error("there are no applications");
  let seen = 0;
  return {
    ...test,
    applications,
    happened() {
      const news = journal.slice(seen);
      seen = journal.length;
      return news;
    },
  };
}

/** A child that starts strays. */
export const litterer = child(Litterer, { id: "litterer", name: "litterer" });

/** The reports about applications that a person must see. */
export function loud(reports: readonly Report[]): string[] {
  return reports.filter(({ type, level }) => type === "application" && level !== "debug").map(({ text }) => text);
}
