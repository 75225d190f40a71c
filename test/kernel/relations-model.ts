/** What a test compares: who lives, why the others ended, and what each was told, in any order. */
export interface ModelActor {
  readonly trap: boolean;
  alive: boolean;
  reason: unknown;
  readonly told: string[];
  readonly links: Set<number>;
}

interface ModelMonitor {
  readonly watcher: number;
  readonly target: number;
  active: boolean;
}

/** Links, monitors and exit signals as the rules say them, without regard for time: every signal has its whole effect at once. */
export class RelationsModel {
  readonly actors: ModelActor[] = [];
  readonly monitors: ModelMonitor[] = [];

  spawn(trap: boolean): void {
    this.actors.push({ trap, alive: true, reason: undefined, told: [], links: new Set() });
  }

  link(one: number, other: number): void {
    if (one === other) return;
    if (!this.#at(other).alive) return this.#signal(other, one, "noproc", true);
    this.#at(one).links.add(other);
    this.#at(other).links.add(one);
  }

  unlink(one: number, other: number): void {
    this.#at(one).links.delete(other);
    this.#at(other).links.delete(one);
  }

  monitor(watcher: number, target: number): void {
    const active = this.#at(target).alive;
    this.monitors.push({ watcher, target, active });
    if (!active) this.#at(watcher).told.push(`down ${target} noproc`);
  }

  demonitor(index: number): boolean {
    const monitor = this.monitors[index];
    if (monitor?.active !== true) return false;
    monitor.active = false;
    return true;
  }

  exit(from: number, to: number, reason: string): void {
    this.#signal(from, to, reason, false);
  }

  stop(actor: number, reason: string): void {
    this.#die(actor, reason);
  }

  #signal(from: number, to: number, reason: string, throughLink: boolean): void {
    const target = this.#at(to);
    if (!target.alive) return;
    if (reason === "kill" && !throughLink) this.#die(to, "killed");
    else if (target.trap) target.told.push(`exit ${from} ${reason}`);
    else if (reason !== "normal" || from === to) this.#die(to, reason);
  }

  #die(index: number, reason: string): void {
    const actor = this.#at(index);
    if (!actor.alive) return;
    actor.alive = false;
    actor.reason = reason;
    for (const monitor of this.monitors) {
      if (monitor.watcher === index) monitor.active = false;
      if (monitor.target !== index || !monitor.active) continue;
      monitor.active = false;
      this.#at(monitor.watcher).told.push(`down ${index} ${reason}`);
    }
    const links = [...actor.links];
    actor.links.clear();
    for (const other of links) this.#at(other).links.delete(index);
    for (const other of links) this.#signal(index, other, reason, true);
  }

  #at(index: number): ModelActor {
    const actor = this.actors[index];
    if (actor === undefined) throw new Error(`no actor ${index}`);
    return actor;
  }
}
