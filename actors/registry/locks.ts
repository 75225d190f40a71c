import type { AnyRef } from "../../src/index.js";
import { idOf, type Key, type KeyId } from "./key.js";
import type { LockClaim, LockRequest } from "./lock-table.js";
import type { RegistryCore } from "./registry-core.js";
import { RegistryError } from "./registry-error.js";
import { waitFor, type WaitOptions } from "./waiting.js";

/** What a transaction came to: its value, or that the lock was not to be had in time. */
export type TransactionResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly reason: "aborted" };

/**
 * The locks of a registry: those of Erlang's `global`, within one system.
 *
 * A lock belongs to an actor, which may set it again and must delete it as often. It is free when its actor has ended; who waits gets it then, in
 * the order of asking.
 */
export class Locks {
  readonly #coreOf: () => RegistryCore;

  /** @internal */
  constructor(coreOf: () => RegistryCore) {
    this.#coreOf = coreOf;
  }

  /** The actor that holds a lock now. */
  holder(id: Key): AnyRef | undefined {
    return this.#coreOf().locks.holder(idOf(id))?.owner;
  }

  /** Sets a lock if it is free or the requester has it; false when another has it, or the requester has ended. */
  trySet(id: Key, requester: AnyRef): boolean {
    const core = this.#coreOf();
    return core.system.isAlive(requester) && trySet(core, idOf(id), { requester, owner: requester }) !== undefined;
  }

  /**
   * Sets a lock, waiting for it if need be, for 5,000 ms by default; false when the time is over, or the requester has ended.
   *
   * @throws {RegistryError} `busy` when too many wait
   */
  async set(id: Key, requester: AnyRef, options: WaitOptions = {}): Promise<boolean> {
    if (this.trySet(id, requester)) return true;
    const core = this.#coreOf();
    if (options.timeoutMs === 0 || !core.system.isAlive(requester)) return false;
    try {
      await waitForLock(core, id, { requester, owner: requester }, options);
      return true;
    } catch (error) {
      if (error instanceof RegistryError && (error.code === "timeout" || error.code === "not_alive")) return false;
      throw error;
    }
  }

  /** Undoes one set; false when the requester does not hold the lock. */
  delete(id: Key, requester: AnyRef): boolean {
    return release(this.#coreOf(), idOf(id), requester);
  }

  /** Runs a function while the requester holds a lock; `aborted` when it was not to be had in time. What the function throws is thrown. */
  async transaction<Value>(
    id: Key,
    requester: AnyRef,
    run: () => Value | Promise<Value>,
    options: WaitOptions = {},
  ): Promise<TransactionResult<Value>> {
    const core = this.#coreOf();
    if (!(await this.set(id, requester, options))) return { ok: false, reason: "aborted" };
    try {
      return { ok: true, value: await run() };
    } finally {
      release(core, idOf(id), requester);
    }
  }

  /**
   * Runs one function at a time for each key, in the order of calling: `Registry.lock` of Elixir.
   *
   * Every call waits for those before it, also where the same actor makes them. When the owner ends while it waits it gives its place up; when it
   * ends while its function runs the next one begins. The owner may be `undefined` for the program.
   *
   * @throws {RegistryError} `timeout`, `busy`; `not_alive` when the owner has ended
   */
  async run<Value>(
    key: Key,
    owner: AnyRef | undefined,
    run: () => Value | Promise<Value>,
    options: WaitOptions = {},
  ): Promise<Value> {
    const core = this.#coreOf();
    const requester = {};
    if (owner !== undefined && !core.system.isAlive(owner)) throw notAlive(owner);
    if (trySet(core, idOf(key), { requester, owner }) === undefined) {
      await waitForLock(core, key, { requester, owner }, options);
    }
    try {
      return await run();
    } finally {
      release(core, idOf(key), requester);
    }
  }
}

function trySet(core: RegistryCore, id: KeyId, request: LockRequest<AnyRef>): LockClaim<AnyRef> | undefined {
  const claim = core.locks.trySet(id, request);
  if (claim?.count === 1) attach(core, claim);
  return claim;
}

async function waitForLock(
  core: RegistryCore,
  key: Key,
  request: LockRequest<AnyRef>,
  options: WaitOptions,
): Promise<void> {
  const id = idOf(key);
  const what = `the lock ${JSON.stringify(key)}`;
  await waitFor<void>(core, options, what, (settle) => {
    const claim = core.locks.enqueue(id, {
      ...request,
      told: {
        granted: () => settle.resolve(),
        ownerEnded: () => settle.reject(notAlive(request.owner)),
      },
    });
    attach(core, claim);
    return () => {
      if (core.locks.holder(id) === claim) return;
      // It waited in vain, or was joined to another claim of the same requester.
      core.locks.drop(claim);
      detach(core, claim);
    };
  });
}

function release(core: RegistryCore, id: KeyId, requester: unknown): boolean {
  const claim = core.locks.holder(id);
  if (claim?.requester !== requester || claim === undefined) return false;
  core.locks.release(id, requester);
  if (!claim.held) detach(core, claim);
  return true;
}

function attach(core: RegistryCore, claim: LockClaim<AnyRef>): void {
  if (claim.owner !== undefined) core.table.holderOf(claim.owner).attach(claim);
}

function detach(core: RegistryCore, claim: LockClaim<AnyRef>): void {
  const holder = claim.owner === undefined ? undefined : core.table.holder(claim.owner);
  if (holder === undefined) return;
  holder.detach(claim);
  core.table.dropIdle(holder);
}

function notAlive(owner: AnyRef | undefined): RegistryError {
  return new RegistryError("not_alive", `${String(owner)} has ended, so it gets no lock`);
}
