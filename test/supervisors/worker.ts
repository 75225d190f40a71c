import { Actor, type AnyRef, type ExitReason } from "holdfast";

/** How the next starts of a worker end; when the list is empty they succeed. */
export type NextStart = "ok" | "ignore" | "fail" | "throw" | "slow" | "slow fail";

/** What a worker does, held outside of it, so that it survives restarts. */
export interface Script {
  readonly id: string;
  /** Where starts and stops are written down: `start a`, `stop a`. */
  readonly journal: string[];
  /** How the next starts end. */
  readonly starts?: NextStart[];
  /** Whether it traps exits, so that its stops are written down; true by default. */
  readonly trap?: boolean;
  /** How long its `terminate` takes; `Infinity` never ends. */
  readonly stopMs?: number;
}

/** A child that writes down what happens to it and does what it is told. */
export class Worker extends Actor<Script> {
  #script: Script = { id: "?", journal: [] };
  #count = 0;

  override init(
    script: Script,
  ): undefined | { ignore: true } | { stop: unknown } | Promise<undefined | { stop: unknown }> {
    this.#script = script;
    const next = script.starts?.shift() ?? "ok";
    script.journal.push(`start ${script.id}${next === "ok" || next === "slow" ? "" : ` ${next}`}`);
    if (script.trap !== false) this.trapExit();
    if (next === "fail") return { stop: "nope" };
    if (next === "throw") throw new Error("thrown by init");
    if (next === "slow") return this.#sleep(2_000);
    if (next === "slow fail") return this.#sleep(2_000).then(() => ({ stop: "nope" }));
    return next === "ignore" ? { ignore: true } : undefined;
  }

  /** Ends by itself. */
  end(reason: ExitReason): void {
    this.stop(reason);
  }

  /** Will end with `reason` when it is done with what it does for so long: whoever stops it meanwhile gets that reason. */
  async endLater(reason: ExitReason, afterMs: number): Promise<void> {
    this.stop(reason);
    await this.#sleep(afterMs);
  }

  boom(): void {
    throw new Error("boom");
  }

  increment(): number {
    return ++this.#count;
  }

  /** Leaves traces of this incarnation in the runtime: a timer that beats, a link and a monitor. */
  leaveTraces(other: AnyRef): true {
    this.sendEvery(10, "beat");
    this.link(other);
    this.monitor(other);
    return true;
  }

  override handleInfo(message: unknown): void {
    this.#script.journal.push(`${this.#script.id} got ${String(message)}`);
  }

  override handleDown(): void {
    this.#script.journal.push(`${this.#script.id} got down`);
  }

  override handleExit(): void {
    this.#script.journal.push(`${this.#script.id} got exit`);
  }

  unlinkFromParent(): boolean {
    if (this.parent !== undefined) this.unlink(this.parent);
    return true;
  }

  /** Calls a supervisor from within a handler. */
  async ask(question: () => Promise<unknown>): Promise<unknown> {
    return question();
  }

  override async terminate(): Promise<void> {
    const { id, journal, stopMs = 0 } = this.#script;
    journal.push(`stop ${id}`);
    if (stopMs === 0) return;
    await this.#sleep(stopMs);
    journal.push(`stopped ${id}`);
  }

  #sleep(durationMs: number): Promise<undefined> {
    return new Promise((resolve) => {
      if (durationMs !== Number.POSITIVE_INFINITY) this.system.clock.setTimer(durationMs, () => resolve(undefined));
    });
  }
}
