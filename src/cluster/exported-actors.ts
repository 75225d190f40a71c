import type { Behaviour } from "../kernel/behaviour.js";
import type { Cell } from "../kernel/cell.js";
import { extrasOf } from "../kernel/extras.js";
import { DEAD } from "../kernel/flags.js";

/** A class of this node, by the number under which other nodes know it. */
interface ExportedClass {
  readonly number: number;
  readonly messages: readonly string[];
}

/** Sends one message of a class, with a view of one of its actors as `this`. */
type Send = (this: object, ...args: readonly unknown[]) => unknown;

/**
 * One actor as other nodes address it: its messages by their numbers.
 *
 * The views that send them are kept, because what comes from other nodes comes in rows, one message at a time.
 */
export class ExportedActor {
  readonly cell: Cell;
  readonly #class: ExportedClass;
  #casts: object | undefined;
  #calls: object | undefined;
  #callsWithinMs = 0;

  constructor(cell: Cell, exportedClass: ExportedClass) {
    this.cell = cell;
    this.#class = exportedClass;
  }

  /** Casts the message of a number; false when the class has none. */
  cast(message: number, args: readonly unknown[]): boolean {
    const view = (this.#casts ??= this.cell.behaviour.viewForCasts(this.cell));
    const send = this.#message(view, message);
    if (send !== undefined) Reflect.apply(send, view, args);
    return send !== undefined;
  }

  /** Calls the message of a number, and gives the promise of its reply; `undefined` when the class has none. */
  call(message: number, args: readonly unknown[], timeoutMs: number): unknown {
    if (this.#calls === undefined || this.#callsWithinMs !== timeoutMs) {
      this.#calls = this.cell.behaviour.viewForCallsWithin(this.cell, timeoutMs);
      this.#callsWithinMs = timeoutMs;
    }
    const send = this.#message(this.#calls, message);
    return send === undefined ? undefined : Reflect.apply(send, this.#calls, args);
  }

  /** From the class's own list, never from what came. */
  #message(view: object, number: number): Send | undefined {
    const name = this.#class.messages[number];
    const method: unknown = name === undefined ? undefined : Reflect.get(view, name);
    return typeof method === "function" ? (method as Send) : undefined;
  }
}

/**
 * The actors of this node that others were given refs of, by their numbers.
 *
 * Only these can be addressed from outside, and only while they live: a number that was never sent means nothing, as with a pid that one
 * cannot guess.
 */
export class ExportedActors {
  readonly #actors = new Map<number, ExportedActor>();
  readonly #classes = new Map<Behaviour, ExportedClass>();

  /** How many live actors can be addressed from outside. */
  get size(): number {
    return this.#actors.size;
  }

  /** Makes an actor known, and gives its class. One that has ended is not made known; its ref crosses all the same, as that of a dead actor. */
  add(cell: Cell): ExportedClass {
    const exportedClass = this.#classOf(cell.behaviour);
    if ((cell.flags & DEAD) === 0 && !this.#actors.has(cell.id)) {
      this.#actors.set(cell.id, new ExportedActor(cell, exportedClass));
      const extras = extrasOf(cell);
      extras.exitWaiters ??= new Set();
      extras.exitWaiters.add(() => this.#actors.delete(cell.id));
    }
    return exportedClass;
  }

  /** The live actor with a number, if its ref was ever sent out. */
  get(id: number): Cell | undefined {
    return this.#actors.get(id)?.cell;
  }

  /** The same, with its messages. */
  entry(id: number): ExportedActor | undefined {
    return this.#actors.get(id);
  }

  #classOf(behaviour: Behaviour): ExportedClass {
    let found = this.#classes.get(behaviour);
    if (found === undefined) {
      found = { number: this.#classes.size, messages: behaviour.messageNames };
      this.#classes.set(behaviour, found);
    }
    return found;
  }
}
