import {
  Actor,
  type AnyRef,
  BadReturnError,
  type Exit,
  type ExitReason,
  type InitResult,
  messages,
  adoptsOrphans,
  reasonOfThrown,
  type StartResult,
  whatCame,
} from "../../src/index.js";
import { type Application, type ApplicationContext, isApplicationClass } from "./application.js";
import type { ApplicationRun } from "./application-run.js";
import type { ApplicationDefinition } from "./definition.js";
import type { EnvironmentDifference } from "./environment.js";
import { callbackReport } from "./reports.js";

type Failure = { readonly stop: ExitReason };

/** How a change of the environment went down with the application. */
export type ConfigChanged = { readonly ok: true } | { readonly ok: false; readonly error: ExitReason };

/**
 * The actor above the top supervisor of one application: it runs the application's callbacks, and knows when it is over.
 *
 * Started by {@link Applications}, and stopped by it in order: `prepStop`, the top supervisor, `stop`. Killing what is left is not its
 * task: it may be killed itself.
 */
export class ApplicationMaster extends Actor<ApplicationRun> {
  static readonly [messages] = ["configChange"] as const;
  static readonly [adoptsOrphans] = true;

  #run: ApplicationRun | undefined;
  readonly #callbacks = new Map<ApplicationDefinition, Application<unknown, unknown>>();
  #state: unknown;

  override async init(run: ApplicationRun): Promise<InitResult | undefined> {
    this.#run = run;
    this.trapExit();
    run.master = this.self<ApplicationMaster>();
    const failure = (await this.#begin(run)) ?? endOfTop(run.top, this.system);
    if (failure === undefined) return undefined;
    await this.#stopTop(run);
    run.remains.note(this.self());
    return failure;
  }

  /** Tells the application that its environment has changed. A failure is an answer, and no crash. */
  async configChange({ changed, added, removed }: EnvironmentDifference): Promise<ConfigChanged> {
    try {
      await this.#application?.configChange(changed, added, removed);
      return { ok: true };
    } catch (thrown) {
      return { ok: false, error: reasonOfThrown(thrown) };
    }
  }

  override async handleExit({ ref, reason }: Exit): Promise<void> {
    const run = this.#run;
    if (run === undefined || ref !== run.top) return;
    run.ended = { reason };
    const inTime = run.killInTime();
    await this.#callStop(run);
    inTime();
    // No crash of its own: whoever ended has been reported, and its reason is in the run.
    this.stop({ shutdown: reason });
  }

  override async terminate(): Promise<void> {
    const run = this.#run;
    if (run === undefined || run.ended !== undefined) return;
    await this.#guarded(run, "prepStop", async () => {
      if (this.#application !== undefined) this.#state = await this.#application.prepStop(this.#state);
    });
    await this.#stopTop(run);
    await this.#callStop(run);
  }

  override formatStatus(): unknown {
    return { kind: "application", application: this.#run?.name, restart: this.#run?.restart };
  }

  get #application(): Application<unknown, unknown> | undefined {
    return this.#run === undefined ? undefined : this.#callbacks.get(this.#run.definition);
  }

  async #begin(run: ApplicationRun): Promise<Failure | undefined> {
    try {
      for (const part of run.parts) {
        if (isApplicationClass(part.start)) this.#callbacks.set(part, new part.start(this.#contextOf(run, part)));
      }
      return (await this.#startTop(run)) ?? (await this.#runPhases(run));
    } catch (thrown) {
      return { stop: reasonOfThrown(thrown) };
    }
  }

  async #startTop(run: ApplicationRun): Promise<Failure | undefined> {
    const { start, args } = run.definition;
    if (start === undefined) return undefined;
    const application = this.#application;
    if (application === undefined && !isApplicationClass(start)) {
      return failureOf(await this.#contextOf(run, run.definition).startSupervisor(start, args, {}));
    }
    const returned: unknown = await application?.start("normal", args);
    if (!isStart(returned) || (returned.ok && returned.ref !== run.top)) throw badStart(start.name, returned);
    if (returned.ok && "state" in returned) this.#state = returned.state;
    return failureOf(returned);
  }

  async #runPhases(run: ApplicationRun): Promise<Failure | undefined> {
    for (const { phase } of run.definition.startPhases) {
      for (const part of run.parts) {
        const own = part.startPhases.find((each) => each.phase === phase);
        const application = this.#callbacks.get(part);
        if (own === undefined || application === undefined) continue;
        const reason = await failureOfPhase(() => application.startPhase(phase, "normal", own.args));
        if (reason !== undefined)
          return { stop: { failed_start_phase: phase, application: part.name, reason: reason.stop } };
      }
    }
    return undefined;
  }

  /** What is lent to the callbacks. Of an included application the top supervisor is started by the tree, not by a callback. */
  #contextOf(run: ApplicationRun, { name }: ApplicationDefinition): ApplicationContext {
    return {
      name,
      system: this.system,
      startSupervisor: async (start, args, options) => {
        const result = await this.start(start, args, { label: name, ...options });
        if (result.ok && name === run.name) run.top = result.ref;
        return result;
      },
      spawn: (start, args, options) => this.spawn(start, args, options),
    };
  }

  async #stopTop({ top }: ApplicationRun): Promise<void> {
    if (top === undefined) return;
    this.exit(top, "shutdown");
    await this.system.exited(top);
  }

  async #callStop(run: ApplicationRun): Promise<void> {
    await this.#guarded(run, "stop", () => this.#application?.stop(this.#state));
    run.remains.note(this.self());
  }

  async #guarded(run: ApplicationRun, callback: string, call: () => unknown): Promise<void> {
    try {
      await call();
    } catch (thrown) {
      this.system.report(callbackReport(run.name, callback, reasonOfThrown(thrown)));
    }
  }
}

type AnyStart = StartResult<unknown>;

function isStart(returned: unknown): returned is AnyStart & { readonly state?: unknown } {
  return (
    typeof returned === "object" &&
    returned !== null &&
    "ok" in returned &&
    (returned.ok === false || "ref" in returned)
  );
}

function badStart(name: string, returned: unknown): BadReturnError {
  return new BadReturnError(
    `${name}.start returned ${whatCame(returned)}. It may return what startSupervisor returned, with a state or without, ` +
      "{ ok: false, ignore: false, reason }, or a promise of one of these.",
  );
}

function failureOf(result: AnyStart): Failure | undefined {
  if (result.ok) return undefined;
  return { stop: result.ignore ? "ignore" : result.reason };
}

async function failureOfPhase(run: () => unknown): Promise<Failure | undefined> {
  try {
    const returned = await run();
    return typeof returned === "object" && returned !== null && "stop" in returned
      ? { stop: returned.stop }
      : undefined;
  } catch (thrown) {
    return { stop: reasonOfThrown(thrown) };
  }
}

/** Why the top supervisor ended that was to run; `undefined` while it does, or when there is none. */
function endOfTop(
  top: AnyRef | undefined,
  system: { isAlive(ref: AnyRef): boolean; exitReason(ref: AnyRef): ExitReason },
): Failure | undefined {
  return top === undefined || system.isAlive(top) ? undefined : { stop: system.exitReason(top) };
}
