import { type AnyRef, BadArgumentError, whatCame } from "../../src/index.js";
import { partitionOfKey } from "../../supervisors/partition-routing.js";
import type { Attachment } from "./holder.js";
import type { KeyPart } from "./key.js";
import { type PoolSlot, PoolTable, type PoolType } from "./pool-table.js";
import type { RegistryCore } from "./registry-core.js";
import { RegistryError } from "./registry-error.js";
import { type Settle, waitFor, type WaitOptions } from "./waiting.js";

/** How a pool is made. */
export interface PoolOptions {
  /** `"round_robin"` by default. */
  readonly type?: PoolType;
  /** How many places it has; 0 by default. */
  readonly size?: number;
  /** Whether it grows with the workers that are added; true by default if `size` is not given. */
  readonly autoSize?: boolean;
}

/** How to claim a worker. */
export interface ClaimOptions extends WaitOptions {
  /** The actor that claims it: when it ends, so does the claim, or the wait for one. */
  readonly owner?: AnyRef;
}

/** A worker that was chosen. */
export interface PickedWorker {
  readonly name: string;
  readonly ref: AnyRef;
}

/** One place of a pool, as others see it. */
export interface PoolMember {
  readonly name: string;
  readonly position: number;
  /** Who works there now. */
  readonly ref: AnyRef | undefined;
  /** How often it was chosen. */
  readonly picked: number;
}

/** A pool, and those who wait to claim one of its workers. */
export class Pool {
  readonly type: PoolType;
  readonly table: PoolTable<AnyRef>;
  readonly waiting = new Set<Settle<PoolSlot<AnyRef>>>();
  readonly connections = new Map<PoolSlot<AnyRef>, Connection>();

  constructor(type: PoolType, size: number, autoSize: boolean) {
    this.type = type;
    this.table = new PoolTable({ size, autoSize });
  }

  /** Gives workers that are free to those who wait. */
  serve(): void {
    for (const settle of this.waiting) {
      const slot = this.table.claim();
      if (slot === undefined) return;
      settle.resolve(slot);
    }
  }
}

/** One actor at work in a pool: it leaves its place when it ends. */
class Connection implements Attachment {
  readonly #pool: Pool;
  readonly #slot: PoolSlot<AnyRef>;

  constructor(pool: Pool, slot: PoolSlot<AnyRef>) {
    this.#pool = pool;
    this.#slot = slot;
  }

  ownerEnded(): void {
    this.#pool.connections.delete(this.#slot);
    this.#pool.table.disconnect(this.#slot);
  }
}

/** One claim of a worker: it ends with the actor that made it. */
class Claim implements Attachment {
  readonly #free: () => void;

  constructor(free: () => void) {
    this.#free = free;
  }

  ownerEnded(): void {
    this.#free();
  }
}

const TYPES: readonly PoolType[] = ["round_robin", "random", "hash", "direct", "claim"];

/**
 * The pools of a registry: named workers with places, of which one is chosen for each piece of work.
 *
 * A worker is added to a pool by name, and an actor connects as that worker; when the actor ends, or disconnects, the place waits for the next.
 * What a pool does not do is start workers: a supervisor does, and its children connect in their `init`.
 */
export class WorkerPools {
  readonly #coreOf: () => RegistryCore;

  /** @internal */
  constructor(coreOf: () => RegistryCore) {
    this.#coreOf = coreOf;
  }

  /** Makes a pool; false when there is one of that name. */
  create(pool: string, options: PoolOptions = {}): boolean {
    const { type = "round_robin", size = 0, autoSize = options.size === undefined } = options;
    if (!TYPES.includes(type))
      throw new BadArgumentError(`Expected the type of a pool to be one of ${TYPES.join(", ")}; got ${whatCame(type)}`);
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new BadArgumentError(`Expected the size of a pool to be a whole number from 0; got ${whatCame(size)}`);
    }
    const { pools } = this.#coreOf();
    if (pools.has(pool)) return false;
    pools.set(pool, new Pool(type, size, autoSize));
    return true;
  }

  /** Removes a pool, with its workers and connections. False when there is none. */
  delete(pool: string): boolean {
    const core = this.#coreOf();
    const known = core.pools.get(pool);
    if (known === undefined) return false;
    for (const slot of [...known.table.active]) disconnect(core, known, slot);
    for (const settle of known.waiting) settle.reject(unknownPool(pool));
    return core.pools.delete(pool);
  }

  /** The names of all pools. */
  names(): string[] {
    return [...this.#coreOf().pools.keys()];
  }

  /** Gives a worker the first free place, or the one asked for, and returns it, counted from 1; `undefined` when there is no room for it. */
  addWorker(pool: string, name: string, position?: number): number | undefined {
    const { table } = this.#pool(pool);
    return (position === undefined ? table.add(name) : table.add(name, position))?.position;
  }

  /** Takes a worker's place away, and disconnects who works there. False when there was none. */
  removeWorker(pool: string, name: string): boolean {
    const known = this.#pool(pool);
    const slot = known.table.slot(name);
    if (slot === undefined) return false;
    disconnect(this.#coreOf(), known, slot);
    known.table.remove(slot);
    return true;
  }

  /** Makes an actor work as one of the workers; returns its position. `undefined` when no such worker was added, another works as it, or the actor has ended. */
  connect(pool: string, name: string, worker: AnyRef): number | undefined {
    const core = this.#coreOf();
    const known = this.#pool(pool);
    const slot = known.table.slot(name);
    if (!core.system.isAlive(worker) || slot === undefined) return undefined;
    if (slot.worker !== undefined) return slot.worker === worker ? slot.position : undefined;
    const connection = new Connection(known, slot);
    known.table.connect(slot, worker);
    known.connections.set(slot, connection);
    core.table.holderOf(worker).attach(connection);
    known.serve();
    return slot.position;
  }

  /** Ends a connection; the place stays. False when nobody was connected. */
  disconnect(pool: string, name: string): boolean {
    const known = this.#pool(pool);
    const slot = known.table.slot(name);
    return slot !== undefined && disconnect(this.#coreOf(), known, slot);
  }

  /** All workers that were added, by position. */
  definedWorkers(pool: string): PoolMember[] {
    return this.#pool(pool).table.defined.map(memberOf);
  }

  /** Those that are connected, by position. */
  activeWorkers(pool: string): PoolMember[] {
    return this.#pool(pool).table.active.map(memberOf);
  }

  /**
   * Chooses a connected worker by the pool's type; `undefined` when none is connected.
   *
   * `round_robin` goes round by position, `random` takes any. `hash` takes the one that the value's hash names, and `direct` the one at the
   * position that the value is, or the next connected one after it. Of a `claim` pool none can be picked, see {@link WorkerPools.claim}.
   *
   * @throws {BadArgumentError} for a value that is missing, or that the type does not take
   */
  pick(pool: string, value?: KeyPart): PickedWorker | undefined {
    const slot = choose(this.#pool(pool), value, this.#coreOf().system.random.next());
    return slot?.worker === undefined ? undefined : { name: slot.name, ref: slot.worker };
  }

  /**
   * Runs a function with a worker that nobody else has claimed, and frees it afterwards. Without a free one it waits, first come first served.
   *
   * @throws {RegistryError} `timeout` when none was free in time, `busy` when too many wait, `not_alive` when the owner has ended
   */
  async claim<Value>(
    pool: string,
    use: (worker: PickedWorker) => Value | Promise<Value>,
    options: ClaimOptions = {},
  ): Promise<Value> {
    const core = this.#coreOf();
    const known = this.#pool(pool);
    const { owner } = options;
    if (known.type !== "claim") {
      throw new BadArgumentError(`Cannot claim a worker of the pool ${pool}: its type is ${known.type}`);
    }
    if (owner !== undefined && !core.system.isAlive(owner)) throw ownerEnded(owner);
    const slot = known.table.claim() ?? (await this.#waitForWorker(pool, options));
    const connection = known.connections.get(slot);
    const free = (): void => {
      // Somebody else may be connected there meanwhile: that one was not claimed.
      if (connection === undefined || known.connections.get(slot) !== connection) return;
      known.table.unclaim(slot);
      known.serve();
    };
    const detach = attachTo(core, owner, new Claim(free));
    try {
      if (slot.worker === undefined) {
        throw new RegistryError("not_alive", `The worker ${slot.name} of the pool ${pool} has ended`);
      }
      return await use({ name: slot.name, ref: slot.worker });
    } finally {
      detach();
      // The end of an owner has freed it already, and another may have it now.
      if (owner === undefined || core.system.isAlive(owner)) free();
    }
  }

  #waitForWorker(pool: string, options: ClaimOptions): Promise<PoolSlot<AnyRef>> {
    const core = this.#coreOf();
    const known = this.#pool(pool);
    const { owner } = options;
    return waitFor(core, options, `a worker of the pool ${pool}`, (settle) => {
      known.waiting.add(settle);
      const detach = attachTo(core, owner, new Claim(() => settle.reject(ownerEnded(owner))));
      return () => {
        known.waiting.delete(settle);
        detach();
      };
    });
  }

  #pool(name: string): Pool {
    const pool = this.#coreOf().pools.get(name);
    if (pool === undefined) throw unknownPool(name);
    return pool;
  }
}

function choose({ type, table }: Pool, value: KeyPart | undefined, random: number): PoolSlot<AnyRef> | undefined {
  switch (type) {
    case "round_robin":
      return table.next();
    case "random":
      return table.random(random);
    case "hash":
      if (value === undefined)
        throw new BadArgumentError("Expected a value to choose a worker by its hash, got undefined");
      return table.size === 0 ? undefined : table.near(1 + partitionOfKey(String(value), table.size));
    case "direct":
      if (typeof value === "number" && Number.isSafeInteger(value)) return table.near(value);
      throw new BadArgumentError(`Expected the position of a worker as a whole number, got ${whatCame(value)}`);
    case "claim":
      throw new BadArgumentError("Cannot pick a worker of a claim pool: use claim");
  }
}

function disconnect(core: RegistryCore, pool: Pool, slot: PoolSlot<AnyRef>): boolean {
  const { worker } = slot;
  const connection = pool.connections.get(slot);
  if (worker === undefined || connection === undefined) return false;
  pool.connections.delete(slot);
  pool.table.disconnect(slot);
  const holder = core.table.holder(worker);
  holder?.detach(connection);
  if (holder !== undefined) core.table.dropIdle(holder);
  return true;
}

/** Makes something end with an actor; returns what takes it off. */
function attachTo(core: RegistryCore, owner: AnyRef | undefined, attachment: Attachment): () => void {
  if (owner === undefined || !core.system.isAlive(owner)) return () => undefined;
  core.table.holderOf(owner).attach(attachment);
  return () => {
    const holder = core.table.holder(owner);
    holder?.detach(attachment);
    if (holder !== undefined) core.table.dropIdle(holder);
  };
}

function ownerEnded(owner: AnyRef | undefined): RegistryError {
  return new RegistryError("not_alive", `${String(owner)} has ended, so it gets no worker`);
}

function memberOf({ name, position, worker, picked }: PoolSlot<AnyRef>): PoolMember {
  return { name, position, ref: worker, picked };
}

function unknownPool(name: string): RegistryError {
  return new RegistryError("unknown_pool", `There is no pool ${JSON.stringify(name)}: make it with pools.create`);
}
