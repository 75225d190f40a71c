import type { Clock } from "../kernel/clock.js";
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
  #kept: Kept | undefined;
  #keptAll: Kept | undefined;
  #measuredFrom = 0;
  #readers = 0;

  constructor(system: InspectableSystem, clock: Clock, minIntervalMs: number) {
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
  }

  /** How long a `tree` has to wait until the event loop has been measured for a moment; 0 when it need not. */
  warmUpMs(): number {
    return Math.max(0, this.#measuredFrom + WARM_UP_MS - this.#clock.now());
  }

  /** Answers one request at once. Never throws. */
  answer(request: Exclude<InspectorRequest, DrainRequest>): Answer {
    try {
      return request.method === "tree" ? this.#tree(request.params.all) : this.#info(request.params.actor);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { ok: false, error: { code: "internal", message: `The snapshot failed: ${message}` } };
    }
  }

  #tree(all: boolean): Answer {
    const kept = all ? this.#keptAll : this.#kept;
    const now = this.#clock.now();
    if (kept !== undefined && now - kept.takenAt < this.#minIntervalMs) return { ok: true, json: kept.json };
    const json = JSON.stringify(takeSnapshot(this.#system, all ? EVERYTHING : FIRST_LOOK, this.#meter.read()));
    if (all) this.#keptAll = { json, takenAt: now };
    else this.#kept = { json, takenAt: now };
    return { ok: true, json };
  }

  #info(nameOrRef: string): Answer {
    const actor = this.#system.find(nameOrRef);
    if (actor === undefined) {
      const message = `No living actor has the name or the reference ${JSON.stringify(nameOrRef)}.`;
      return { ok: false, error: { code: "no_such_actor", message } };
    }
    return { ok: true, json: JSON.stringify(takeActorSnapshot(actor)) };
  }
}
