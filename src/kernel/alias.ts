import type { Cell } from "./cell.js";
import { post, postFirst } from "./delivery.js";
import { BadArgumentError, whatCame } from "./errors.js";
import { DEAD } from "./flags.js";
import type { Monitor } from "./monitor.js";
import { detachMonitor } from "./termination.js";

/** How long an alias lives: until `unalias`, or until the first message through it. */
export type AliasMode = "explicit_unalias" | "reply";

/** How long the alias of a monitor lives: until `unalias`; until the monitor ends or fires; or until the first message, which ends the monitor too. */
export type MonitorAliasMode = "explicit_unalias" | "demonitor" | "reply_demonitor";

/** Options of `alias`. */
export interface AliasOptions {
  /** `"explicit_unalias"` by default. */
  readonly mode?: AliasMode;
  /** Whether messages sent through it with `{ priority: true }` overtake those that wait; false by default. */
  readonly priority?: boolean;
}

/** Options of a message that is sent through an alias. */
export interface AliasSendOptions {
  /** Asks to overtake ordinary messages; done only if the receiver has allowed it when it made the alias. */
  readonly priority?: boolean;
}

/**
 * A second address of an actor that it can take back: what is sent through it afterwards vanishes.
 *
 * So a late answer is never seen. Made by `this.alias()` and by `this.monitor(ref, { alias })`; calls need none, their late replies are
 * dropped anyway.
 */
export interface AliasRef {
  /** Sends any value to the actor's `handleInfo`, if the alias is still active. */
  send(message: unknown, options?: AliasSendOptions): void;
}

/** The alias behind an {@link AliasRef}. */
export class Alias implements AliasRef {
  readonly cell: Cell;
  readonly mode: AliasMode | MonitorAliasMode;
  readonly #priority: boolean;
  readonly #monitor: Monitor | undefined;
  #active = true;

  constructor(cell: Cell, mode: AliasMode | MonitorAliasMode, priority: boolean, monitor: Monitor | undefined) {
    this.cell = cell;
    this.mode = mode;
    this.#priority = priority;
    this.#monitor = monitor;
  }

  send(message: unknown, options: AliasSendOptions = {}): void {
    if (!this.#active || (this.cell.flags & DEAD) !== 0) return;
    if (this.mode === "reply" || this.mode === "reply_demonitor") this.#end();
    if (this.#priority && options.priority === true) postFirst(this.cell, message, true);
    else post(this.cell, this.cell.behaviour.info, message);
  }

  /** Takes the alias back; false when it was no longer active. */
  close(): boolean {
    const wasActive = this.#active;
    this.#active = false;
    return wasActive;
  }

  #end(): void {
    this.#active = false;
    if (this.#monitor !== undefined && this.cell.extras?.monitors?.delete(this.#monitor) === true) {
      detachMonitor(this.#monitor);
      this.cell.behaviour.kernel.monitors--;
    }
  }
}

/** Makes an alias of an actor. @throws {BadArgumentError} for a mode that does not exist */
export function makeAlias(cell: Cell, { mode = "explicit_unalias", priority = false }: AliasOptions): AliasRef {
  if (mode !== "explicit_unalias" && mode !== "reply") {
    throw new BadArgumentError(
      `Expected the mode of an alias to be "explicit_unalias" or "reply", got ${whatCame(mode)}`,
    );
  }
  return new Alias(cell, mode, priority, undefined);
}

/** Takes an alias of an actor back; false when it was no longer active. */
export function unalias(cell: Cell, alias: AliasRef): boolean {
  if (!(alias instanceof Alias) || alias.cell !== cell) {
    throw new BadArgumentError(`Expected an alias that this actor made, got ${whatCame(alias)}`);
  }
  return alias.close();
}
