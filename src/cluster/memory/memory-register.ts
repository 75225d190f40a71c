import type { Clock } from "../../kernel/clock.js";
import type { RegisterChange, RegisterEntry, RegisterWatcher, SharedRegister, WriteOutcome } from "../engine.js";
import { EngineError } from "../engine-error.js";
import type { RegisterTable } from "../register/register-table.js";
import type { ProcessGate } from "./process-gate.js";

/** How long an answer of the register is waited for. */
const PATIENCE_MS = 1_000;

/** What one node's way to the register is made of. */
export interface RegisterWay {
  readonly table: RegisterTable;
  readonly clock: Clock;
  readonly gate: ProcessGate;
  isReachable(): boolean;
  /** How long the next message takes, one way. */
  delayMs(): number;
  /** A write was done: all that watch are to be told. */
  changed(change: RegisterChange): void;
}

interface Watch {
  readonly prefix: string;
  readonly watcher: RegisterWatcher;
  /** When the last change that is under way arrives: changes keep their order. */
  latest: number;
}

/** The shared register as one node of a `MemoryNetwork` sees it: each answer takes its way, and may not come. */
export class MemoryRegister implements SharedRegister {
  readonly #way: RegisterWay;
  readonly #watches = new Set<Watch>();
  #closed = false;

  constructor(way: RegisterWay) {
    this.#way = way;
  }

  get(key: string): Promise<RegisterEntry | undefined> {
    return this.#ask(() => this.#way.table.get(key));
  }

  list(prefix: string): Promise<readonly RegisterEntry[]> {
    return this.#ask(() => this.#way.table.list(prefix));
  }

  put(key: string, value: Uint8Array, expected: number): Promise<WriteOutcome> {
    return this.#ask(() => {
      const written = this.#way.table.put(key, value, expected);
      if (written.ok) this.#way.changed({ key, value, revision: written.revision });
      return written;
    });
  }

  delete(key: string, expected: number): Promise<WriteOutcome> {
    return this.#ask(() => {
      const written = this.#way.table.delete(key, expected);
      if (written.ok) this.#way.changed({ key, value: undefined, revision: written.revision });
      return written;
    });
  }

  watch(prefix: string, watcher: RegisterWatcher): () => void {
    const watch: Watch = { prefix, watcher, latest: 0 };
    this.#watches.add(watch);
    if (this.#way.isReachable()) for (const change of this.#way.table.replay(prefix)) this.#send(watch, change);
    return () => this.#watches.delete(watch);
  }

  /** Passes a change on to who watches its key here. */
  tell(change: RegisterChange): void {
    if (!this.#way.isReachable()) return;
    for (const watch of this.#watches) if (change.key.startsWith(watch.prefix)) this.#send(watch, change);
  }

  /** The register can be reached again, or not any more: what was missed is told anew. */
  reachabilityChanged(): void {
    if (!this.#way.isReachable()) return;
    for (const watch of this.#watches) {
      this.#arrive(watch, () => watch.watcher.reset());
      for (const change of this.#way.table.replay(watch.prefix)) this.#send(watch, change);
    }
  }

  close(): void {
    this.#closed = true;
    this.#watches.clear();
  }

  #send(watch: Watch, change: RegisterChange): void {
    this.#arrive(watch, () => watch.watcher.changed(change));
  }

  #arrive(watch: Watch, tell: () => void): void {
    watch.latest = Math.max(watch.latest, this.#way.clock.now() + this.#way.delayMs());
    this.#after(watch.latest - this.#way.clock.now(), () => {
      if (this.#watches.has(watch) && this.#way.isReachable()) tell();
    });
  }

  #ask<Answer>(act: () => Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const late = (): void =>
        reject(new EngineError("unreachable", `The register did not answer within ${PATIENCE_MS} ms`));
      if (this.#closed) return reject(new EngineError("not_joined", "The node has left the cluster"));
      if (!this.#way.isReachable()) return this.#after(PATIENCE_MS, late);
      this.#travel(() => {
        if (!this.#way.isReachable()) return this.#after(PATIENCE_MS, late);
        const answer = act();
        // The way back: a write may have been done without the writer hearing of it.
        this.#after(this.#way.delayMs(), () => {
          if (this.#way.isReachable()) resolve(answer);
          else this.#after(PATIENCE_MS, late);
        });
      });
    });
  }

  /** To the register, which goes on when the asking process is stopped. */
  #travel(arrive: () => void): void {
    const delayMs = this.#way.delayMs();
    if (delayMs <= 0) queueMicrotask(arrive);
    else this.#way.clock.setTimer(delayMs, arrive);
  }

  /** Back into the process. */
  #after(delayMs: number, arrive: () => void): void {
    const enter = (): void => this.#way.gate.enter(arrive);
    if (delayMs <= 0) queueMicrotask(enter);
    else this.#way.clock.setTimer(delayMs, enter);
  }
}
