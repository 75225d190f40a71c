import { type ActorRef, type ActorSystem, CallError, createSystem, type SystemOptions } from "../../src/index.js";
import { Applications, type ApplicationsOptions, type EnsureAllStartedOptions } from "./applications.js";
import { type ApplicationDefinition, checkTimeout } from "./definition.js";
import { type HostProcess, nodeProcess, type StopSignal } from "./host-process.js";
import { ProgramStop } from "./program-stop.js";
import { notStartedReport } from "./reports.js";
import type { EnsureAllStartedResult } from "./results.js";
import { type RunResult, resultOf, type ProgramStartFailed } from "./run-result.js";

/** A program that runs: its system, and the applications in it. */
export interface RunningProgram {
  readonly system: ActorSystem;
  readonly applications: ActorRef<Applications>;
}

/** Options of {@link runApplication}; those of `createSystem` are among them, except the root. */
export interface RunOptions extends Omit<SystemOptions<never>, "root" | "rootArgs">, EnsureAllStartedOptions {
  /**
   * How long the whole stop may take, in milliseconds; then everything left is killed, and the process ends with 124. 25,000 by default: less
   * than the 30 s after which Kubernetes kills. Docker waits for 10 s only.
   */
  readonly deadlineMs?: number;
  /** How long one application may take whose definition does not say, in milliseconds; `Infinity` by default. */
  readonly shutdownTimeoutMs?: number;
  /** Called when all applications run, on each core of several, not on their host. What it throws stops the program, and is thrown by {@link runApplication}. */
  readonly onStarted?: (program: RunningProgram) => void | Promise<void>;
  /** Called once, when the stop begins; with the signal, if one asked for it. On the host of several cores only a signal is told. */
  readonly onStopping?: (signal: StopSignal | undefined) => void;
  /** The process; that of Node by default. */
  readonly host?: HostProcess;
}

const DEFAULT_DEADLINE_MS = 25_000;

/**
 * Runs a whole program: makes a system, starts the application and all that it depends on, and waits until everything has stopped.
 *
 * ```ts
 * await runApplication(application(ShopTree, { name: "shop" }));
 * ```
 *
 * SIGINT or SIGTERM stops the applications in the reverse order of their starts; a second signal ends the process at once, with 130 or 143.
 * When it returns nothing is left that keeps Node alive, the signals are Node's again, and `process.exitCode` is that of the result.
 *
 * @throws {BadArgumentError} for an option that cannot be used
 */
export async function runApplication(definition: ApplicationDefinition, options: RunOptions = {}): Promise<RunResult> {
  const { deadlineMs = DEFAULT_DEADLINE_MS, shutdownTimeoutMs, host = nodeProcess } = options;
  checkTimeout(deadlineMs, "deadlineMs to be");
  const rootArgs: ApplicationsOptions = {
    ...(shutdownTimeoutMs === undefined ? {} : { shutdownTimeoutMs }),
    onShutdown: () => stop.begin(),
  };
  const system = await createSystem({
    name: definition.name,
    ...systemOptionsOf(options),
    root: Applications,
    rootArgs,
  });
  const stop = new ProgramStop(system, { host, deadlineMs, onStopping: options.onStopping });
  try {
    const failure = await start(system, definition, options);
    if (failure !== undefined) await system.stop();
    const result = resultOf(await system.done, stop, failure);
    host.setExitCode(result.exitCode);
    // What was killed may hold on to sockets and timers of its own, which would keep Node alive.
    if (result.ended === "deadline") host.exit(result.exitCode);
    return result;
  } finally {
    await system.stop();
    stop.close();
  }
}

/** Starts all, and tells so; `undefined` also when the stop has begun meanwhile. */
async function start(
  system: ActorSystem,
  definition: ApplicationDefinition,
  { restart, mode, onStarted }: RunOptions,
): Promise<ProgramStartFailed | undefined> {
  const applications = system.whereis<Applications>("applications");
  if (applications === undefined) return undefined;
  const options = { ...(restart === undefined ? {} : { restart }), ...(mode === undefined ? {} : { mode }) };
  const started = await startedOrStopping(applications, system, definition, options);
  // A signal ends the wait for it.
  if (started.ok) await Promise.race([onStarted?.({ system, applications }), system.done]);
  else if (started.reason !== "stopping") {
    system.report(notStartedReport(definition.name, started));
    return started;
  }
  return undefined;
}

async function startedOrStopping(
  applications: ActorRef<Applications>,
  system: ActorSystem,
  definition: ApplicationDefinition,
  options: EnsureAllStartedOptions,
): Promise<EnsureAllStartedResult> {
  try {
    return await applications.call.ensureAllStarted(definition, options);
  } catch (error) {
    // The root has ended while it started them: the system stops.
    if (error instanceof CallError && !system.isAlive(applications)) return { ok: false, reason: "stopping" };
    throw error;
  }
}

function systemOptionsOf(options: RunOptions): Omit<SystemOptions<never>, "root" | "rootArgs"> {
  const { deadlineMs: _d, shutdownTimeoutMs: _s, onStarted: _o, onStopping: _p, host: _h, ...others } = options;
  const { restart: _r, mode: _m, ...systemOptions } = others;
  return systemOptions;
}
