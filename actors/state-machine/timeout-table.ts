import type { TimeoutAction, TimeoutKind } from "./state-action.js";
import type { TimeoutEvent } from "./state-event.js";

/** One time-out of a machine. It is also what its timer brings back, so that one that was replaced meanwhile is recognised. */
export class Timeout<Name, Content> {
  readonly kind: TimeoutKind<Name>;
  content: Content | undefined;

  constructor(kind: TimeoutKind<Name>, content: Content | undefined) {
    this.kind = kind;
    this.content = content;
  }
}

/** A time-out that needs a timer, and for when. */
type ArmTimeout<Name, Content> = {
  readonly timeout: Timeout<Name, Content>;
} & ({ readonly afterMs: number } | { readonly atMs: number });

/** What the timers must follow: the timers of `disarm` end, each of `arm` gets one. */
export interface TimerChanges<Name, Content> {
  readonly arm: ArmTimeout<Name, Content>[];
  readonly disarm: Timeout<Name, Content>[];
}

/**
 * The time-outs of a machine: one for the state, one for the event, and one per name.
 *
 * It knows no clock: it tells which timers to set and to end, and is told which has fired. A time-out that is due at once gets no timer; it
 * waits here, in the order given, until the machine has no event of its own left, and can be cancelled and updated until then.
 */
export class TimeoutTable<Name, Content> {
  #state: Timeout<Name, Content> | undefined;
  #event: Timeout<Name, Content> | undefined;
  readonly #generic = new Map<Name, Timeout<Name, Content>>();
  /** Those that are due now, first come first served. */
  readonly #due: Timeout<Name, Content>[] = [];
  #arm: ArmTimeout<Name, Content>[] = [];
  #disarm: Timeout<Name, Content>[] = [];

  /** How many are active. */
  get size(): number {
    return this.#generic.size + (this.#state === undefined ? 0 : 1) + (this.#event === undefined ? 0 : 1);
  }

  get hasDue(): boolean {
    return this.#due.length > 0;
  }

  /** The active ones. */
  list(): Timeout<Name, Content>[] {
    const own = [this.#state, this.#event].filter((each) => each !== undefined);
    return [...own, ...this.#generic.values()];
  }

  /** Starts, cancels or updates a time-out. */
  apply(action: TimeoutAction<Name, Content>): void {
    const present = this.#get(action);
    if ("cancel" in action) {
      this.#remove(present);
    } else if ("update" in action) {
      if (present !== undefined) present.content = action.update;
      else this.#startNow(action, action.update);
    } else {
      this.#remove(present);
      this.#start(action);
    }
  }

  /** An event was handled: that ends the event time-out, whatever the event was. */
  eventHandled(): void {
    this.#remove(this.#event);
  }

  /** The state has changed: that ends the state time-out. */
  stateChanged(): void {
    this.#remove(this.#state);
  }

  /** A timer has fired; false when its time-out was cancelled or replaced, and nothing may come of it. */
  fired(timeout: Timeout<Name, Content>): boolean {
    if (this.#get(timeout.kind) !== timeout) return false;
    this.#forget(timeout);
    return true;
  }

  /** Takes the first that is due without a timer. */
  takeDue(): Timeout<Name, Content> | undefined {
    const timeout = this.#due[0];
    if (timeout !== undefined) this.#remove(timeout);
    return timeout;
  }

  /** What has changed for the timers since the last time. */
  takeChanges(): TimerChanges<Name, Content> {
    const changes = { arm: this.#arm, disarm: this.#disarm };
    this.#arm = [];
    this.#disarm = [];
    return changes;
  }

  #start(action: TimeoutAction<Name, Content>): void {
    if ("afterMs" in action) {
      if (action.afterMs === Number.POSITIVE_INFINITY) return;
      if (action.afterMs === 0) this.#startNow(action, action.content);
      else this.#arm.push({ timeout: this.#put(action, action.content), afterMs: action.afterMs });
    } else if ("atMs" in action && action.atMs !== Number.POSITIVE_INFINITY) {
      this.#arm.push({ timeout: this.#put(action, action.content), atMs: action.atMs });
    }
  }

  #startNow(kind: TimeoutKind<Name>, content: Content | undefined): void {
    this.#due.push(this.#put(kind, content));
  }

  #put(of: TimeoutKind<Name>, content: Content | undefined): Timeout<Name, Content> {
    const kind = kindOf(of);
    const timeout = new Timeout(kind, content);
    if (kind.type === "state_timeout") this.#state = timeout;
    else if (kind.type === "timeout") this.#event = timeout;
    else this.#generic.set(kind.name, timeout);
    return timeout;
  }

  #get(kind: TimeoutKind<Name>): Timeout<Name, Content> | undefined {
    if (kind.type === "state_timeout") return this.#state;
    return kind.type === "timeout" ? this.#event : this.#generic.get(kind.name);
  }

  #remove(timeout: Timeout<Name, Content> | undefined): void {
    if (timeout === undefined) return;
    this.#forget(timeout);
    const place = this.#due.indexOf(timeout);
    if (place >= 0) {
      this.#due.splice(place, 1);
      return;
    }
    // Set and ended before its timer was asked for: there is nothing to end.
    const asked = this.#arm.findIndex((each) => each.timeout === timeout);
    if (asked >= 0) this.#arm.splice(asked, 1);
    else this.#disarm.push(timeout);
  }

  #forget({ kind }: Timeout<Name, Content>): void {
    if (kind.type === "state_timeout") this.#state = undefined;
    else if (kind.type === "timeout") this.#event = undefined;
    else this.#generic.delete(kind.name);
  }
}

/** The event that a time-out becomes. */
export function timeoutEvent<Name, Content>({
  kind,
  content,
}: Timeout<Name, Content>): TimeoutEvent<Name, Content | undefined> {
  return kind.type === "generic_timeout"
    ? { type: "generic_timeout", name: kind.name, content }
    : { type: kind.type, content };
}

function kindOf<Name>(of: TimeoutKind<Name>): TimeoutKind<Name> {
  return of.type === "generic_timeout" ? { type: of.type, name: of.name } : { type: of.type };
}
