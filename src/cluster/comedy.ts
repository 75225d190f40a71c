import { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { CoresError } from "./cores/cores-error.js";

/** A process that comedy has forked. */
export interface CoreProcess {
  readonly pid: number;
  /** Sends a message, with a socket that then belongs to the process; `sent` is told whether it was handed over. */
  send(message: object, socket?: Socket, sent?: (ok: boolean) => void): void;
  /** Ends it at once, also when it is stopped. */
  kill(): void;
}

/** Who hears of a {@link CoreProcess}. */
export interface CoreProcessEvents {
  /** There is a process; it takes no messages yet. */
  forked(process: CoreProcess): void;
  /** It takes messages. */
  begun(): void;
  message(value: unknown): void;
  /** It has ended, or did not even begin. Told once, and nothing after it. */
  exited(exit: CoreExit): void;
}

/** How a process ended. */
export interface CoreExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it did not begin. */
  readonly error?: Error;
}

/** comedy has a process end itself whose parent has not answered for so long; ours watch their channel instead. */
const NEVER_MS = 2 ** 31 - 1;
const SILENT = { categories: { Default: "Silent" } };
const STOP_SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** What a core's process loads before anything else, and what comedy takes for the definition of its actor. */
const guard = ["--import", new URL("./cores/keep-globals.js", import.meta.url).href];
const definition = fileURLToPath(new URL("./cores/core-main.js", import.meta.url));

/**
 * Starts the process of a core as a forked actor of comedy.
 *
 * comedy forks it and tells it what to load, nothing more. The process itself is watched, so that its end is known at once whatever comedy makes of
 * it; comedy never starts one again, and writes no log.
 *
 * @throws {CoresError} `comedy_missing`
 */
export async function startCoreProcess(name: string, events: CoreProcessEvents): Promise<void> {
  const createSystem = await loadComedy();
  const start = new Start(events);
  try {
    const system = start.system(createSystem);
    const root = await call(system, "rootActor");
    start.beforeFork();
    // Two slashes: an absolute path.
    await call(root, "createChild", `/${definition}`, { mode: "forked", name });
    start.created();
  } catch (thrown) {
    start.failed(thrown instanceof Error ? thrown : new Error(String(thrown)));
  }
}

/** How many starts wait for comedy to fork. */
let forking = 0;

/** One start, and what comedy must be relieved of afterwards. */
class Start {
  readonly #events: CoreProcessEvents;
  /** comedy's own object for the actor, from the moment when it has forked. */
  #actor: object | undefined;
  #child: ChildProcess | undefined;
  #isForking = false;
  #over = false;

  constructor(events: CoreProcessEvents) {
    this.#events = events;
  }

  /** A system of comedy that leaves the signals to the application, and shows its actor as soon as there is a process. */
  system(createSystem: (options: object) => unknown): object {
    const known = STOP_SIGNALS.map((signal) => process.listeners(signal));
    const system = createSystem({ test: true, loggerConfig: SILENT, config: {}, pingTimeout: NEVER_MS });
    for (const [index, signal] of STOP_SIGNALS.entries()) {
      const added = process.listeners(signal).filter((listener) => known[index]?.includes(listener) !== true);
      for (const listener of added) process.off(signal, listener);
    }
    if (typeof system !== "object" || system === null) throw new TypeError("comedy has made no system");
    const generate = methodOf(system, "generateActorCreationMessage");
    Reflect.set(system, "generateActorCreationMessage", (...args: readonly unknown[]): unknown => {
      const [, actor] = args;
      if (typeof actor === "object" && actor !== null) this.#forked(actor);
      return generate(...args);
    });
    return system;
  }

  /** What comedy forks has the arguments of this process, and the guard. */
  beforeFork(): void {
    this.#isForking = true;
    if (forking++ === 0) process.execArgv = [...process.execArgv, ...guard];
  }

  created(): void {
    if (!this.#over && this.#child !== undefined) this.#events.begun();
    else if (this.#child === undefined) this.failed(new TypeError("comedy has forked no process"));
  }

  failed(error: Error): void {
    this.#afterFork();
    this.#child?.kill("SIGKILL");
    this.#ended({ code: null, signal: null, error });
  }

  #forked(actor: object): void {
    this.#afterFork();
    this.#actor = actor;
    const child: unknown = Reflect.get(actor, "workerProcess");
    if (!(child instanceof ChildProcess)) throw new TypeError("comedy has forked no process");
    this.#child = child;
    child.on("exit", (code, signal) => this.#ended({ code, signal }));
    child.on("message", (value) => {
      if (!this.#over) this.#events.message(value);
    });
    // A channel that breaks while something is sent; the process's end tells the rest.
    child.on("error", (error) => {
      if (child.pid === undefined) this.#ended({ code: null, signal: null, error });
    });
    if (child.pid !== undefined) this.#events.forked(new Forked(child, child.pid));
  }

  #afterFork(): void {
    if (!this.#isForking) return;
    this.#isForking = false;
    if (--forking > 0) return;
    const at = process.execArgv.lastIndexOf(guard[1] ?? "");
    process.execArgv = process.execArgv.filter((_, index) => index !== at && index !== at - 1);
  }

  #ended(exit: CoreExit): void {
    if (this.#over) return;
    this.#over = true;
    this.#relieve();
    this.#events.exited(exit);
  }

  /** comedy keeps a timer and a listener for an actor that has crashed, for ever: the process could not end by itself. */
  #relieve(): void {
    if (this.#actor === undefined) return;
    const timer: unknown = Reflect.get(this.#actor, "timeoutWorkerInterval");
    Reflect.apply(clearInterval, undefined, [timer]);
    const listener: unknown = Reflect.get(this.#actor, "exitHandler");
    for (const known of process.listeners("exit")) if (known === listener) process.off("exit", known);
  }
}

class Forked implements CoreProcess {
  readonly pid: number;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
  }

  send(message: object, socket?: Socket, sent: (ok: boolean) => void = ignore): void {
    if (this.#child.connected) this.#child.send(message, socket, (error) => sent(error === null));
    else sent(false);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

/** Fails at once where comedy is not installed. @throws {CoresError} `comedy_missing` */
export async function checkComedy(): Promise<void> {
  await loadComedy();
}

async function loadComedy(): Promise<(options: object) => unknown> {
  let loaded: unknown;
  try {
    loaded = await import("comedy");
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new CoresError(
      "comedy_missing",
      `Expected the package comedy, which hosts the processes of cores (npm install comedy@^2.1.7), got: ${got}`,
      { cause },
    );
  }
  const comedy = partOf(loaded, "default");
  const createSystem = methodOf(comedy, "createSystem");
  return (options) => createSystem(options);
}

async function call(target: unknown, method: string, ...args: readonly unknown[]): Promise<unknown> {
  return methodOf(target, method)(...args);
}

function methodOf(target: unknown, name: string): (...args: readonly unknown[]) => unknown {
  const method = partOf(target, name);
  if (typeof method !== "function") {
    throw new TypeError(`Expected comedy 2.1.7 or a later 2.x, got one without ${name}`);
  }
  return (...args): unknown => Reflect.apply(method, target, args);
}

function partOf(target: unknown, name: string): unknown {
  const hasParts = typeof target === "function" || (typeof target === "object" && target !== null);
  return hasParts ? Reflect.get(target, name) : undefined;
}

function ignore(): void {
  // Whoever does not ask does not care.
}
