import type { Clock } from "../kernel/clock.js";
import type { Branches } from "./branches.js";
import type { InspectableSystem } from "./inspectable.js";
import { LoopDelayMeter } from "./loop-delay-meter.js";
import type { DrainRequest, InspectorRequest, ReplyError } from "./protocol/messages.js";
import { EVERYTHING, FIRST_LOOK, takeActorSnapshot, takeSnapshot } from "./snapshot.js";

/** How long the first reader waits, so that its snapshot can say how late the event loop is. */
const WARM_UP_MS = 100;

/** The result of a request as JSON text, or the error to answer with. */
export type Answer = { readonly ok: true; readonly json: string } | { readonly ok: false; readonly error: ReplyError };

interface Kept {
  readonly json: string;
  readonly takenAt: number;
}

/**
 * Answers the readers' requests, and shares one snapshot among all who ask within `minIntervalMs`: however many there are, the tree is
 * walked and encoded at most so often.
 */
export class SnapshotSource {
  readonly #system: InspectableSystem;
  readonly #clock: Clock;
  readonly #minIntervalMs: number;
  readonly #meter: LoopDelayMeter;
  readonly #branches: Branches | undefined;
  #gathering: Promise<void> | undefined;
  /** When the branches were looked at last, and whether for all that they have. */
  #gathered: { readonly at: number; readonly all: boolean } | undefined;
  #kept: Kept | undefined;
  #keptAll: Kept | undefined;
  #measuredFrom = 0;
  #readers = 0;

  constructor(system: InspectableSystem, clock: Clock, minIntervalMs: number, branches?: Branches) {
    this.#branches = branches;
    this.#system = system;
    this.#clock = clock;
    this.#minIntervalMs = minIntervalMs;
    this.#meter = new LoopDelayMeter(clock);
  }

  /** Notes a reader: from the first one on, the event loop is measured. */
  enter(): void {
    if (this.#readers++ > 0) return;
    this.#meter.start();
    this.#measuredFrom = this.#clock.now();
  }

  /** Notes that a reader has gone; after the last one nothing is measured or kept. */
  leave(): void {
    if (--this.#readers > 0) return;
    this.#meter.stop();
    this.#kept = undefined;
    this.#keptAll = undefined;
    this.#gathered = undefined;
    this.#branches?.close();
  }

  /** How long a `tree` has to wait until the event loop has been measured for a moment; 0 when it need not. */
  warmUpMs(): number {
    return Math.max(0, this.#measuredFrom + WARM_UP_MS - this.#clock.now());
  }

  /** What a `tree` has to wait for: that the processes which belong to the system have shown theirs. Never rejects; `undefined` when it need not wait. */
  gathering(all: boolean): Promise<void> | undefined {
    if (this.#branches === undefined) return undefined;
    const kept = this.#gathered;
    const isFresh = kept !== undefined && this.#clock.now() - kept.at <= this.#minIntervalMs;
    if (isFresh && (kept.all || !all)) return undefined;
    this.#gathering ??= this.#gather(this.#branches, all);
    return this.#gathering;
  }

  /** The answer to an `info` on an actor that only another process of the system may have; `undefined` when there is none to ask. Never rejects. */
  elsewhere(nameOrRef: string): Promise<Answer> | undefined {
    if (this.#branches === undefined || this.#system.find(nameOrRef) !== undefined) return undefined;
    return this.#find(this.#branches, nameOrRef);
  }

  async #find(branches: Branches, nameOrRef: string): Promise<Answer> {
    try {
      const found = await branches.find(nameOrRef);
      return found === undefined ? noSuchActor(nameOrRef) : { ok: true, json: JSON.stringify(found) };
    } catch (error) {
      return failed(error);
    }
  }

  async #gather(branches: Branches, all: boolean): Promise<void> {
    try {
      await branches.look(all);
    } catch {
      // Told by the tree itself, which is shown without them.
      branches.close();
    }
    this.#gathering = undefined;
    this.#gathered = { at: this.#clock.now(), all };
    this.#kept = undefined;
    this.#keptAll = undefined;
  }

  /** Answers one request at once. Never throws. */
  answer(request: Exclude<InspectorRequest, DrainRequest>): Answer {
    try {
      return request.method === "tree" ? this.#tree(request.params.all) : this.#info(request.params.actor);
    } catch (error) {
      return failed(error);
    }
  }

  #tree(all: boolean): Answer {
    const kept = all ? this.#keptAll : this.#kept;
    const now = this.#clock.now();
    if (kept !== undefined && now - kept.takenAt < this.#minIntervalMs) return { ok: true, json: kept.json };
    const own = takeSnapshot(this.#system, all ? EVERYTHING : FIRST_LOOK, this.#meter.read());
    const json = JSON.stringify(this.#branches?.graft(own) ?? own);
    if (all) this.#keptAll = { json, takenAt: now };
    else this.#kept = { json, takenAt: now };
    return { ok: true, json };
  }

  #info(nameOrRef: string): Answer {
    const actor = this.#system.find(nameOrRef);
    if (actor === undefined) return noSuchActor(nameOrRef);
    return { ok: true, json: JSON.stringify(takeActorSnapshot(actor)) };
  }
}

function noSuchActor(nameOrRef: string): Answer {
  const message = `No living actor has the name or the reference ${JSON.stringify(nameOrRef)}.`;
  return { ok: false, error: { code: "no_such_actor", message } };
}

function failed(error: unknown): Answer {
  const message = error instanceof Error ? error.message : String(error);
  return { ok: false, error: { code: "internal", message: `The snapshot failed: ${message}` } };
}
