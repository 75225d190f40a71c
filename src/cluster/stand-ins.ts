import type { Cell } from "../kernel/cell.js";
import type { ExitReason } from "../kernel/exit-reason.js";
import { DEAD } from "../kernel/flags.js";
import type { Kernel } from "../kernel/kernel.js";
import { makeStandIn } from "../kernel/remote.js";
import { die, sever } from "../kernel/termination.js";
import { noteAddress, type RemoteAddress } from "./remote-address.js";

/**
 * The stand-ins here for actors of one other node, by their numbers there.
 *
 * One actor has one stand-in as long as anybody refers to it, so that refs can be compared. They are held weakly, because nobody says when a ref
 * is no longer used; those with a link or a monitor are held until that is over.
 */
export class StandIns {
  readonly #kernel: Kernel;
  readonly #byId = new Map<number, WeakRef<Cell>>();
  readonly #related = new Set<Cell>();
  readonly #collected: FinalizationRegistry<number>;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#collected = new FinalizationRegistry((id) => {
      // A new one may have been made since the old one was last seen.
      if (this.#byId.get(id)?.deref() === undefined) this.#byId.delete(id);
    });
  }

  /** How many there are, some of which may be waiting for the collector. */
  get size(): number {
    return this.#byId.size;
  }

  /** How many are kept from the collector because of a link, a monitor or a listener. */
  get held(): number {
    return this.#related.size;
  }

  /** The stand-in of an actor, if there is one. */
  get(id: number): Cell | undefined {
    return this.#byId.get(id)?.deref();
  }

  /** Makes the stand-in of an actor that has none. */
  make(address: RemoteAddress): Cell {
    const { id, remoteClass } = address;
    const cell = makeStandIn(this.#kernel, remoteClass.actorClass);
    noteAddress(cell, address);
    this.#byId.set(id, new WeakRef(cell));
    this.#collected.register(cell, id);
    return cell;
  }

  /** Holds on to one that has a link, a monitor or a listener to its end now. */
  hold(cell: Cell): void {
    this.#related.add(cell);
  }

  /** Lets go of one that has none any more. */
  release(cell: Cell): void {
    const { links, extras } = cell;
    if (links !== null || (extras?.watchers ?? null) !== null || (extras?.exitWaiters?.size ?? 0) > 0) return;
    this.#related.delete(cell);
  }

  /** The actor of one has ended. */
  end(id: number, reason: ExitReason): void {
    const cell = this.get(id);
    this.#byId.delete(id);
    if (cell === undefined) return;
    this.#related.delete(cell);
    if ((cell.flags & DEAD) === 0) die(cell, reason);
  }

  /** The node cannot be reached: whoever is related to one of its actors is told, but they may live on. */
  sever(reason: ExitReason): void {
    this.#related.clear();
    for (const cell of this.#all()) sever(cell, reason);
  }

  /** The node is gone for good. */
  endAll(reason: ExitReason): void {
    const all = this.#all();
    this.#byId.clear();
    this.#related.clear();
    for (const cell of all) if ((cell.flags & DEAD) === 0) die(cell, reason);
  }

  #all(): Cell[] {
    const all: Cell[] = [];
    for (const reference of this.#byId.values()) {
      const cell = reference.deref();
      if (cell !== undefined) all.push(cell);
    }
    return all;
  }
}
