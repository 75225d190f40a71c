import { asRef } from "../../kernel/actor.js";
import type { ActorRef, AnyRef } from "../../kernel/actor-ref.js";
import { type Cell, cellOf } from "../../kernel/cell.js";
import { BadArgumentError, whatCame } from "../../kernel/errors.js";
import { DEAD, GUARDED, REMOTE } from "../../kernel/flags.js";
import { exitSignal } from "../../kernel/termination.js";
import type { NameFor } from "../../kernel/typed-name.js";
import type { ClusterNode } from "../cluster-node.js";
import type { Member, RegisterChange, RegisterEntry } from "../engine.js";
import { EngineError } from "../engine-error.js";
import { decodeRecord, NODE_PREFIX } from "../membership/node-record.js";
import { isSameNode } from "../node-identity.js";
import type { NodeService } from "../node-port.js";
import { decodeName, encodeName, NAME_PREFIX, type NameRecord } from "./name-record.js";

/** How a registration ended: with a token that is higher than that of every earlier holder, or with the one who holds the name. */
export type NameOutcome =
  | { readonly ok: true; readonly token: number }
  | { readonly ok: false; readonly holder: AnyRef };

/** Who holds a name, as far as it is known here. */
export interface NameHolder<A> {
  readonly ref: ActorRef<A>;
  /** Rises with every new holder: give it to whatever the holder writes to, which refuses a lower one. */
  readonly token: number;
}

interface Held {
  readonly cell: Cell;
  readonly token: number;
}

interface Cached {
  readonly record: NameRecord;
  readonly revision: number;
}

/** When the register is asked again to free a name, after it did not answer. */
const RELEASE_AGAIN_MS = 1_000;

/**
 * Names of which the whole cluster has one holder each.
 *
 * Who holds a name is decided by a compare-and-set in the shared register, and hangs on the lease of the holder's node: nothing is renewed per
 * name. The name is free when its holder has ended, or its node is gone. Each registration gives a *fencing token* that only rises; a holder
 * that was stopped, and woke after its node had lost its place, is ended before it handles another message, and what it still has under way
 * carries a token that is refused.
 */
export class GlobalNames implements NodeService {
  readonly #node: ClusterNode;
  readonly #held = new Map<string, Held>();
  readonly #cache = new Map<string, Cached>();
  readonly #waiting = new Map<string, Set<() => void>>();
  /** The names that living actors of this node have, or may have: an answer of the register can be lost. */
  readonly #claimed = new Map<Cell, Set<string>>();
  readonly #releasing = new Map<string, Promise<void>>();
  readonly #stopWatching: () => void;
  #isFenced = false;

  constructor(node: ClusterNode) {
    this.#node = node;
    this.#stopWatching = node.membership.register.watch(NAME_PREFIX, {
      changed: (change) => this.#changed(change),
      reset: () => this.#cache.clear(),
    });
    node.addService("names", this);
  }

  /**
   * Gives a name to an actor of this node, if nobody in the cluster has it.
   *
   * @throws {EngineError} `unreachable` when the register does not answer: whether the name was given is open, and asking again tells; `not_joined` when
   * this node has lost its place
   * @throws {BadArgumentError} for a ref of another node, an actor that has ended, or empty text
   */
  async register(name: string, ref: AnyRef): Promise<NameOutcome> {
    const cell = this.#checked(name, ref);
    const key = NAME_PREFIX + name;
    for (let entry = await this.#register.get(key); ; ) {
      const holder = entry === undefined ? undefined : decodeName(entry.value);
      if (entry !== undefined && holder !== undefined && (await this.#lives(holder))) {
        // It may have been given by an earlier attempt whose answer was lost.
        if (this.#isOf(holder, cell)) return this.#take(name, cell, entry.revision);
        this.#claimed.get(cell)?.delete(name);
        return { ok: false, holder: this.#refOf(holder) };
      }
      this.#claim(name, cell);
      const written = await this.#register.put(key, this.#recordOf(cell), entry?.revision ?? 0);
      if (written.ok) return this.#take(name, cell, written.revision);
      entry = written.current;
    }
  }

  /** Takes a name from an actor of this node; false when it does not hold it. */
  async unregister(name: string, ref: AnyRef): Promise<boolean> {
    const held = this.#held.get(name);
    if (held === undefined || held.cell !== cellOf(ref)) return false;
    this.#held.delete(name);
    this.#claimed.get(held.cell)?.delete(name);
    this.#unguard(held.cell);
    await this.#release(name, held.token);
    return true;
  }

  /** Resolves when a name that an actor of this node had is free, or cannot be freed any more; at once when it is not being freed. */
  async released(name: string): Promise<void> {
    await this.#releasing.get(name);
  }

  /** Who holds a name, as far as it is known here now: at most as old as a change takes to come through. */
  whereis<A = unknown>(name: NameFor<A>): ActorRef<A> | undefined {
    return this.holderOf<A>(name)?.ref;
  }

  /** Like {@link GlobalNames.whereis}, with the holder's token. */
  holderOf<A = unknown>(name: NameFor<A>): NameHolder<A> | undefined {
    const cached = this.#cache.get(name);
    // The record of a node that was gone before this one came is not of a holder, though nobody has swept it yet.
    if (cached === undefined || !this.#node.isMember(cached.record.node)) return undefined;
    const cell = cellOf(this.#refOf(cached.record));
    return (cell.flags & DEAD) === 0 ? { ref: asRef<A>(cell), token: cached.revision } : undefined;
  }

  /** Who holds a name, by the register itself. @throws {EngineError} `unreachable` */
  async lookup<A = unknown>(name: NameFor<A>): Promise<NameHolder<A> | undefined> {
    const entry = await this.#register.get(NAME_PREFIX + name);
    const record = entry === undefined ? undefined : decodeName(entry.value);
    if (entry === undefined || record === undefined || !(await this.#lives(record))) return undefined;
    return { ref: asRef<A>(cellOf(this.#refOf(record))), token: entry.revision };
  }

  /** Resolves when the holder of a name, as known here, has changed; or when it may have. */
  changeOf(name: string): { readonly changed: Promise<void>; readonly cancel: () => void } {
    let wake: () => void = () => undefined;
    const changed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const waiting = this.#waiting.get(name) ?? new Set();
    waiting.add(wake);
    this.#waiting.set(name, waiting);
    return { changed, cancel: () => this.#stopWaiting(name, wake) };
  }

  /** Whether an actor of this node holds a name at this moment, by this node's own clock. Ask before an effect outside of the cluster. */
  holds(name: string, ref: AnyRef): boolean {
    return this.#held.get(name)?.cell === cellOf(ref) && this.#node.holdsPlace;
  }

  /** The names that actors of this node hold, with their tokens. */
  get held(): ReadonlyMap<string, { readonly token: number }> {
    return this.#held;
  }

  received(): void {
    // Names say nothing to each other: all goes through the register.
  }

  missed(): void {
    // The register tells of what was missed by itself.
  }

  memberChanged({ node, state }: Member): void {
    if (state !== "down") return;
    for (const [name, { record, revision }] of this.#cache) {
      if (!isSameNode(record.node, node)) continue;
      this.#cache.delete(name);
      this.#wake(name);
      // Whoever comes first sweeps; a new holder has another revision.
      void this.#release(name, revision);
    }
  }

  fenced(): void {
    this.#isFenced = true;
    this.#stopWatching();
    const held = [...this.#held.values()];
    this.#held.clear();
    this.#cache.clear();
    for (const { cell } of held) if ((cell.flags & DEAD) === 0) exitSignal(null, cell, "kill", false);
  }

  get #register(): ClusterNode["membership"]["register"] {
    return this.#node.membership.register;
  }

  #take(name: string, cell: Cell, token: number): NameOutcome {
    if (!this.#node.holdsPlace || (cell.flags & DEAD) !== 0) {
      void this.#release(name, token);
      throw new EngineError(
        "not_joined",
        `Node ${this.#node.self.name} lost its place, or the actor ended, before it had the name ${name}`,
      );
    }
    this.#held.set(name, { cell, token });
    cell.flags |= GUARDED;
    return { ok: true, token };
  }

  /** Notes that an actor may have a name from now on: whatever becomes of the answer, the name is freed when the actor ends. */
  #claim(name: string, cell: Cell): void {
    const claimed = this.#claimed.get(cell);
    if (claimed !== undefined) return void claimed.add(name);
    const names = new Set([name]);
    this.#claimed.set(cell, names);
    this.#node.kernel.system.onExit(cell, () => {
      this.#claimed.delete(cell);
      for (const claimedName of names) this.#ended(claimedName, cell);
    });
  }

  #ended(name: string, cell: Cell): void {
    const held = this.#held.get(name);
    if (held?.cell === cell) {
      this.#held.delete(name);
      void this.#release(name, held.token);
      return;
    }
    const cached = this.#cache.get(name);
    if (cached !== undefined && this.#isOf(cached.record, cell)) void this.#release(name, cached.revision);
  }

  /** Frees a name if it is still held by that registration. */
  async #release(name: string, revision: number): Promise<void> {
    const releasing = this.#delete(name, revision);
    this.#releasing.set(name, releasing);
    await releasing;
    if (this.#releasing.get(name) === releasing) this.#releasing.delete(name);
  }

  /** Tries until the register answers, or this node's life is over, and with it the registration. */
  async #delete(name: string, revision: number): Promise<void> {
    while (!this.#isFenced) {
      try {
        return void (await this.#register.delete(NAME_PREFIX + name, revision));
      } catch (thrown) {
        if (!(thrown instanceof EngineError)) throw thrown;
        if (thrown.code === "not_joined") return;
      }
      await new Promise<void>((resolve) => {
        this.#node.kernel.clock.setTimer(RELEASE_AGAIN_MS, resolve);
      });
    }
  }

  #isOf({ node, id }: NameRecord, cell: Cell): boolean {
    return id === cell.id && isSameNode(node, this.#node.self);
  }

  /** Whether the holder's node is in that life still, by the register. */
  async #lives({ node, id }: NameRecord): Promise<boolean> {
    if (isSameNode(node, this.#node.self)) return this.#isAlive({ id });
    const entry: RegisterEntry | undefined = await this.#register.get(NODE_PREFIX + node.name);
    const record = entry === undefined ? undefined : decodeRecord(entry.value);
    return record?.incarnation === node.incarnation && record.state !== "down";
  }

  #isAlive({ id }: Pick<NameRecord, "id">): boolean {
    return this.#node.exported.get(id) !== undefined;
  }

  #recordOf(cell: Cell): Uint8Array {
    const { messages } = this.#node.exported.add(cell);
    const description = { name: cell.behaviour.name, messages };
    return encodeName({ node: this.#node.self, id: cell.id, description });
  }

  #refOf({ node, id, description }: NameRecord): AnyRef {
    return this.#node.refOf(node, id, description);
  }

  #changed({ key, value, revision }: RegisterChange): void {
    const name = key.slice(NAME_PREFIX.length);
    const record = value === undefined ? undefined : decodeName(value);
    if (record === undefined) this.#cache.delete(name);
    else this.#cache.set(name, { record, revision });
    this.#wake(name);
    // The actor ended before word of its registration came back.
    if (record !== undefined && isSameNode(record.node, this.#node.self) && !this.#isAlive(record)) {
      void this.#release(name, revision);
    }
  }

  #wake(name: string): void {
    const waiting = this.#waiting.get(name);
    this.#waiting.delete(name);
    for (const wake of waiting ?? []) wake();
  }

  #stopWaiting(name: string, wake: () => void): void {
    const waiting = this.#waiting.get(name);
    waiting?.delete(wake);
    if (waiting?.size === 0) this.#waiting.delete(name);
  }

  #unguard(cell: Cell): void {
    if (![...this.#held.values()].some((held) => held.cell === cell)) this.#node.unguard(cell);
  }

  #checked(name: string, ref: AnyRef): Cell {
    const cell = cellOf(ref);
    if (typeof name !== "string" || name === "") throw new BadArgumentError(`Expected a name, got ${whatCame(name)}`);
    if ((cell.flags & (REMOTE | DEAD)) !== 0) {
      throw new BadArgumentError(
        `Expected a living actor of this node to take the name ${name}, got ${cell.describe()}`,
      );
    }
    if (!this.#node.holdsPlace) {
      throw new EngineError("not_joined", `Node ${this.#node.self.name} has lost its place in the cluster`);
    }
    return cell;
  }
}
