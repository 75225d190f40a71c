import { Actor } from "../../../kernel/actor.js";
import { release } from "../../../kernel/hook-keys.js";
import type { CoreEnd, CoreLife } from "./core-life.js";
import type { CoresHost } from "./cores-host.js";

/** What a {@link Core} is started with. */
export interface CoreStart {
  readonly host: CoresHost;
  readonly name: string;
  readonly index: number;
  /** Called each time when a process of it is ready. */
  onReady(name: string): void;
}

/** One core: owns the process that runs the application there, and ends when that does. */
export class Core extends Actor<CoreStart> {
  #start: CoreStart | undefined;
  #life: CoreLife | undefined;
  #startedAt = 0;

  override init(start: CoreStart): void {
    this.trapExit();
    this.#start = start;
    this.#startedAt = this.system.clock.now();
    const self = this.self<Core>();
    this.#life = start.host.begin(start.name, start.index, {
      actor: self,
      ready: () => self.cast.ready(),
      ended: (end) => self.cast.ended(end),
    });
  }

  /** The application runs there. */
  ready(): void {
    const start = this.#start;
    if (start !== undefined) start.onReady(start.name);
  }

  /** The process has ended by itself. */
  ended(end: CoreEnd): void {
    const start = this.#start;
    if (start !== undefined) start.host.lastEnd = `${start.name} ${textOf(end)}`;
    // In order, when its system ended so: then there is nothing to start again.
    const isOrderly = end.code === 0 && end.why === undefined;
    this.stop(isOrderly ? "normal" : { core_exit: end });
  }

  override async terminate(): Promise<void> {
    await this.#life?.stop();
  }

  override [release](): void {
    this.#life?.kill();
  }

  override formatStatus(): unknown {
    const life = this.#life;
    return {
      kind: "core",
      core: life?.node.name,
      state: life?.state,
      pid: life?.pid,
      life: life?.node.incarnation,
      upMs: Math.round(this.system.clock.now() - this.#startedAt),
    };
  }
}

/** How a core ended, for people. */
function textOf({ code, signal, why }: CoreEnd): string {
  const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
  return why === undefined ? how : `${how}: ${why}`;
}
