import {
  Actor,
  type ActorRef,
  CallError,
  type Deferred,
  type Exit,
  type ExitReason,
  messages,
  reasonOfThrown,
} from "../../src/index.js";
import { OK, type Ok, type Refused } from "../results.js";
import { ApplicationMaster } from "./application-master.js";
import { ApplicationRun } from "./application-run.js";
import { type ApplicationDefinition, checkTimeout, dependenciesOf, partsOf } from "./definition.js";
import { dropEnvironment, type EnvironmentDifference, environmentOf } from "./environment.js";
import { callbackReport, endedReport, startedReport, stoppedReport } from "./reports.js";
import type {
  ChangeEnvResult,
  ConfigChangeFailed,
  EnsureAllStartedResult,
  GetSupervisorResult,
  LoadResult,
  RunningApplication,
  StartApplicationResult,
  StopApplicationResult,
  UnloadResult,
} from "./results.js";
import type { RestartType } from "../strategy/terms.js";
import { terminatedReason } from "./run-result.js";
import { startAll, type StartFailure, type StartMode } from "./start-all.js";
import { nameOf, startOrder } from "./start-order.js";

/** Arguments of {@link Applications}. */
export interface ApplicationsOptions {
  /** How long the stop of one application may take whose definition does not say, in milliseconds; `Infinity` by default. */
  readonly shutdownTimeoutMs?: number;
  /** Called when the system begins to stop, before the first application does; gets the reason. */
  readonly onShutdown?: (reason: ExitReason) => void;
}

/** Options of a start. */
export interface StartApplicationOptions {
  /** What the end of the applications means that are started by it; what their definitions say by default. */
  readonly restart?: RestartType;
}

/** Options of `ensureAllStarted`. */
export interface EnsureAllStartedOptions extends StartApplicationOptions {
  /** One after another (`serial`, by default), or each as soon as its dependencies run (`concurrent`). */
  readonly mode?: StartMode;
}

const NOT_STARTED: Refused<"not_started"> = { ok: false, reason: "not_started" };
const STOPPING: Refused<"stopping"> = { ok: false, reason: "stopping" };
const NOT_LOADED: Refused<"not_loaded"> = { ok: false, reason: "not_loaded" };

/** An application by its definition, or by the name of one that is loaded. */
export type ApplicationRef = ApplicationDefinition | string;

/**
 * The applications of a system, best its root: OTP's application controller.
 *
 * ```ts
 * const system = await createSystem({ root: Applications });
 * const applications = system.whereis<Applications>("applications");
 * await applications?.call.ensureAllStarted(shop);
 * ```
 *
 * It holds the name `applications`. Starts and stops are done one after another, in the order in which they were asked for; everything else
 * is answered meanwhile. When the system stops, the applications that run stop in the reverse order of their starts.
 */
export class Applications extends Actor<ApplicationsOptions | undefined> {
  /** Callers wait for as long as it takes, as for a supervisor. */
  static override readonly callTimeoutMs = Number.POSITIVE_INFINITY;
  static readonly [messages] = [
    "load",
    "unload",
    "startApplication",
    "ensureAllStarted",
    "stopApplication",
    "whichApplications",
    "getSupervisor",
    "changeEnv",
  ] as const;

  #options: ApplicationsOptions = {};
  readonly #loaded = new Map<string, ApplicationDefinition>();
  /** In the order of their starts. */
  readonly #running = new Map<string, ApplicationRun>();
  /** Those that start or stop. */
  readonly #moving = new Set<ApplicationRun>();
  #lastOperation: Promise<void> = Promise.resolve();
  #stopping = false;

  override init(options: ApplicationsOptions = {}): void {
    checkTimeout(options.shutdownTimeoutMs, "shutdownTimeoutMs to be");
    this.#options = options;
    this.trapExit();
    this.register("applications");
  }

  /** Makes definitions known by their names, and their environments readable: the application's, and those of all that it depends on or includes. */
  load(definition: ApplicationDefinition): LoadResult {
    const names = new Map<string, ApplicationDefinition>();
    for (const each of reachableFrom(definition)) {
      const { name } = each;
      const taken = names.has(name) || (this.#isInUse(name) && this.#loaded.get(name) !== each);
      if (taken) return { ok: false, reason: "name_conflict", application: name };
      names.set(name, each);
    }
    for (const [name, each] of names) {
      if (this.#loaded.get(name) === each) continue;
      this.#loaded.set(name, each);
      environmentOf(this.system, name).define(each.environment);
    }
    return OK;
  }

  /** Forgets a definition that does not run, and its environment. */
  unload(application: ApplicationRef): UnloadResult {
    const name = nameOf(application);
    if (this.#isInUse(name)) return { ok: false, reason: "running" };
    if (!this.#loaded.delete(name)) return NOT_LOADED;
    dropEnvironment(this.system, name);
    return OK;
  }

  /** Starts one application, whose dependencies run already. */
  startApplication(
    application: ApplicationRef,
    options: StartApplicationOptions = {},
  ): Deferred<StartApplicationResult> {
    return this.#enqueue(() => this.#startNamed(application, options));
  }

  /**
   * Starts applications and all that they depend on, those first; what runs already is left alone.
   *
   * If one does not start, those that this call has started are stopped again, in reverse order.
   */
  ensureAllStarted(
    applications: ApplicationRef | readonly ApplicationRef[],
    options: EnsureAllStartedOptions = {},
  ): Deferred<EnsureAllStartedResult> {
    const wanted = isList(applications) ? applications : [applications];
    return this.#enqueue(() => this.#ensureStarted(wanted, options));
  }

  /** Stops one application in order, and waits for its end. Applications that depend on it are not stopped. */
  stopApplication(application: ApplicationRef): Deferred<StopApplicationResult> {
    return this.#enqueue(async () => {
      if (this.#stopping) return STOPPING;
      const run = this.#running.get(nameOf(application));
      if (run === undefined) return NOT_STARTED;
      await this.#stopRun(run);
      return { ok: true, forced: run.forced };
    });
  }

  /** The applications that run, the last started first. */
  whichApplications(): RunningApplication[] {
    const runs = [...this.#running.values()].reverse();
    return runs.map(({ definition, restart, top }) => {
      const { name, description, version } = definition;
      return { name, description, version, restart, supervisor: top };
    });
  }

  /** The top supervisor of an application that runs. */
  getSupervisor(application: ApplicationRef): GetSupervisorResult {
    const run = this.#running.get(nameOf(application));
    if (run === undefined) return NOT_STARTED;
    return run.top === undefined ? { ok: false, reason: "no_supervisor" } : { ok: true, ref: run.top };
  }

  /**
   * Replaces the environment of an application as a whole. If it runs, and a value really differs, its `configChange` is called, and has
   * 5,000 ms.
   */
  changeEnv(application: ApplicationRef, environment: object): Deferred<ChangeEnvResult> {
    return this.#enqueue(async (): Promise<ChangeEnvResult> => {
      const name = nameOf(application);
      if (!this.#loaded.has(name)) return NOT_LOADED;
      const difference = environmentOf(this.system, name).replace(environment);
      const keys = {
        changed: Object.keys(difference.changed),
        added: Object.keys(difference.added),
        removed: difference.removed,
      };
      const master = this.#running.get(name)?.master;
      if (master === undefined || keys.changed.length + keys.added.length + keys.removed.length === 0) {
        return { ok: true, ...keys };
      }
      const failure = await tellChange(master, difference);
      return failure === undefined ? { ok: true, ...keys } : failure;
    });
  }

  override handleExit({ ref, reason }: Exit): void {
    const run = [...this.#running.values()].find(({ master }) => master === ref);
    // Stopped, or failed to start: whoever did that has seen its end.
    if (run !== undefined) this.#endedByItself(run, reason);
  }

  override async terminate(reason: ExitReason): Promise<void> {
    this.#stopping = true;
    try {
      this.#options.onShutdown?.(reason);
    } catch (thrown) {
      this.system.report(callbackReport("applications", "onShutdown", reasonOfThrown(thrown)));
    }
    await Promise.all([...this.#moving].map((run) => this.#stopRun(run)));
    for (let run = newestOf(this.#running); run !== undefined; run = newestOf(this.#running)) await this.#stopRun(run);
  }

  override formatStatus(): unknown {
    return { kind: "applications", running: [...this.#running.keys()] };
  }

  #isInUse(name: string): boolean {
    return this.#running.has(name) || [...this.#moving].some((run) => run.name === name);
  }

  /** Answers when all operations before have ended, and this one has. The actor itself goes on meanwhile. */
  #enqueue<Result>(operation: () => Promise<Result>): Deferred<Result> {
    const deferred = this.defer<Result>();
    this.#lastOperation = answerAfter(this.#lastOperation, operation, deferred);
    return deferred;
  }

  async #startNamed(application: ApplicationRef, options: StartApplicationOptions): Promise<StartApplicationResult> {
    const name = nameOf(application);
    const definition = typeof application === "string" ? this.#loaded.get(name) : application;
    if (definition === undefined) return { ok: false, reason: "unknown_application", application: name, path: [] };
    const loaded = this.load(definition);
    if (!loaded.ok) return loaded;
    if (this.#running.has(name)) return { ok: false, reason: "already_started" };
    const missing = dependenciesOf(definition).find((dependency) => !this.#running.has(nameOf(dependency)));
    if (missing !== undefined) return { ok: false, reason: "not_started", dependency: nameOf(missing) };
    return this.#startRun(definition, options);
  }

  async #ensureStarted(
    wanted: readonly ApplicationRef[],
    { mode = "serial", ...options }: EnsureAllStartedOptions,
  ): Promise<EnsureAllStartedResult> {
    for (const each of wanted) {
      const loaded = typeof each === "string" ? OK : this.load(each);
      if (!loaded.ok) return loaded;
    }
    const found = startOrder(wanted, (name) => this.#loaded.get(name));
    if (!found.ok) return found;
    const missing = found.order.filter(({ name }) => !this.#running.has(name));
    const { started, failure } = await startAll(missing, mode, (each) => this.#startRun(each, options));
    if (failure === undefined) return { ok: true, started };
    for (const name of [...started].reverse()) {
      const run = this.#running.get(name);
      // When the system stops, that stops them, in its order.
      if (run !== undefined && !this.#stopping) await this.#stopRun(run);
    }
    return failure;
  }

  async #startRun(
    definition: ApplicationDefinition,
    { restart = definition.restart }: StartApplicationOptions,
  ): Promise<Ok | StartFailure> {
    if (this.#stopping) return STOPPING;
    const { name } = definition;
    const { shutdownTimeoutMs = Number.POSITIVE_INFINITY } = this.#options;
    const run = new ApplicationRun(this.system, definition, { restart, shutdownTimeoutMs });
    this.#moving.add(run);
    const result = await this.start(ApplicationMaster, run, { label: name });
    if (this.#stopping) return STOPPING;
    this.#moving.delete(run);
    if (result.ok && this.system.isAlive(result.ref)) {
      this.#running.set(name, run);
      this.system.report(startedReport(run));
      return OK;
    }
    this.#clearUp(run);
    const error = result.ok ? (run.ended?.reason ?? this.system.exitReason(result.ref)) : reasonOf(result);
    return { ok: false, reason: "start_failed", application: name, error };
  }

  async #stopRun(run: ApplicationRun): Promise<void> {
    this.#running.delete(run.name);
    this.#moving.add(run);
    const { master } = run;
    if (master !== undefined && this.system.isAlive(master)) {
      run.remains.note(master);
      this.exit(master, "shutdown");
      const inTime = run.killInTime();
      await this.system.exited(master);
      inTime();
    }
    this.#clearUp(run);
    this.#moving.delete(run);
    this.system.report(stoppedReport(run));
  }

  #endedByItself(run: ApplicationRun, masterReason: ExitReason): void {
    this.#running.delete(run.name);
    this.#clearUp(run);
    const reason = run.ended === undefined ? masterReason : run.ended.reason;
    // `shutdown` is no normal end here, as in OTP: it is how a supervisor ends that has given up.
    const stopsSystem = run.restart === "permanent" || (run.restart === "transient" && reason !== "normal");
    this.system.report(endedReport(run, reason, stopsSystem));
    if (stopsSystem) void this.system.stop(terminatedReason(run.name, reason));
  }

  /** Kills what is left of an application whose master has ended. */
  #clearUp({ top, remains }: ApplicationRun): void {
    if (top !== undefined && this.system.isAlive(top)) {
      // Its master was killed: nobody waits for an end in order.
      remains.note(top);
      this.system.exit(top, "kill");
    }
    remains.kill();
  }
}

async function answerAfter<Result>(
  before: Promise<void>,
  operation: () => Promise<Result>,
  deferred: Deferred<Result>,
): Promise<void> {
  await before;
  try {
    deferred.reply(await operation());
  } catch (thrown) {
    deferred.fail(reasonOfThrown(thrown));
  }
}

/** Tells a running application of a change, within the 5,000 ms of a call: nothing else is started or stopped meanwhile. */
async function tellChange(
  master: ActorRef<ApplicationMaster>,
  difference: EnvironmentDifference,
): Promise<ConfigChangeFailed | undefined> {
  try {
    const told = await master.call.configChange(difference);
    return told.ok ? undefined : { ok: false, reason: "config_change_failed", error: told.error };
  } catch (error) {
    if (error instanceof CallError) return { ok: false, reason: "config_change_failed", error: error.reason };
    throw error;
  }
}

/** A definition and all that it leads to, each once. */
function reachableFrom(definition: ApplicationDefinition): Set<ApplicationDefinition> {
  const found = new Set(partsOf(definition));
  // The set grows while it is walked.
  for (const each of found) {
    for (const part of [...partsOf(each), ...each.dependencies]) if (typeof part !== "string") found.add(part);
  }
  return found;
}

function newestOf(running: ReadonlyMap<string, ApplicationRun>): ApplicationRun | undefined {
  return [...running.values()].at(-1);
}

function reasonOf(
  result: { readonly ignore: true } | { readonly ignore: false; readonly reason: ExitReason },
): ExitReason {
  return result.ignore ? "ignore" : result.reason;
}

function isList(applications: ApplicationRef | readonly ApplicationRef[]): applications is readonly ApplicationRef[] {
  return Array.isArray(applications);
}
