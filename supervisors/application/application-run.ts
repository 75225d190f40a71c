import type { ActorRef, ActorSystem, AnyRef, ExitReason } from "../../src/index.js";
import type { ApplicationMaster } from "./application-master.js";
import { type ApplicationDefinition, partsOf } from "./definition.js";
import { Remains } from "./remains.js";
import type { RestartType } from "../strategy/terms.js";

/** One run of an application, from its start to its end: what its master and the system's {@link Applications} both know. */
export class ApplicationRun {
  readonly definition: ApplicationDefinition;
  readonly restart: RestartType;
  /** The application and those it includes; itself first. */
  readonly parts: readonly ApplicationDefinition[];
  /** How long its stop may take, in milliseconds. */
  readonly shutdownTimeoutMs: number;
  readonly remains: Remains;
  readonly #system: ActorSystem;
  /** The actor above its top supervisor, from the moment when it exists. */
  master: ActorRef<ApplicationMaster> | undefined;
  top: AnyRef | undefined;
  /** How the top supervisor ended by itself. */
  ended: { readonly reason: ExitReason } | undefined;
  /** Its time was over, and what was left of it was killed. */
  forced = false;

  constructor(
    system: ActorSystem,
    definition: ApplicationDefinition,
    options: { readonly restart: RestartType; readonly shutdownTimeoutMs: number },
  ) {
    this.#system = system;
    this.definition = definition;
    this.restart = options.restart;
    this.shutdownTimeoutMs = definition.shutdownTimeoutMs ?? options.shutdownTimeoutMs;
    this.parts = partsOf(definition);
    this.remains = new Remains(system);
  }

  get name(): string {
    return this.definition.name;
  }

  /** Kills its master when the time for a stop is over; what it had is noted. Returns a function that calls that off. */
  killInTime(): () => void {
    const { clock } = this.#system;
    if (this.shutdownTimeoutMs === Number.POSITIVE_INFINITY) return () => undefined;
    const timer = clock.setTimer(this.shutdownTimeoutMs, () => {
      if (this.master === undefined) return;
      this.forced = true;
      this.remains.note(this.master);
      this.#system.exit(this.master, "kill");
    });
    return () => clock.clearTimer(timer);
  }
}
