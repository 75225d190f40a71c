import { type Store, StoreError, type StoreFolder } from "../../src/store/store-port.js";
import { EngineError } from "../../src/cluster/node-port.js";
import { type ActorSystem, formatReason, reasonOfThrown } from "../../src/index.js";
import type { EndpointContext } from "../endpoint/context.js";
import { decodeHeard, HEARD_KEY } from "../topic/heard-record.js";
import type { Missed } from "../topic/missed-inquiry.js";
import { addMissed } from "./add-missed.js";
import { adopt, type AdoptionCounts } from "./adopt.js";
import { decodeStoredHomes, STORED_HOMES } from "./home-record.js";
import type { HomeRegister } from "./home-register.js";
import type { HomeTable } from "./home-table.js";
import { deleteSessionsOf, emptyStore } from "./other-homes.js";
import type { Pauses } from "./pauses.js";
import { homeOf } from "./sid-rule.js";

/** What an {@link Adoption} works with. */
export interface AdoptionSetting {
  readonly context: EndpointContext;
  readonly system: ActorSystem;
  readonly folder: StoreFolder;
  readonly table: HomeTable;
  readonly register: HomeRegister;
  readonly pauses: Pauses;
  /** Has the own store remember which homes are this node's; resolves when that is safe. */
  readonly remember: () => Promise<void>;
}

/** How long a store that somebody still has open is tried at once, and how often. */
const IN_USE_MS = 10_000;
const IN_USE_EVERY_MS = 100;
/** After that, or after another failure, when it is tried again. */
const AGAIN_MS = 5_000;

/** What will not be another time. */
const FINAL: ReadonlySet<string> = new Set(["not_a_store", "damaged", "newer_format", "engine_missing", "bad_option"]);

/**
 * Brings the sessions of one store whose node is gone to this node: opens it, has its sessions run here and kept in the own store, says so in the
 * register, and deletes it.
 *
 * The homes are made this node's first. Until the sessions are here {@link HomeTable.find} says `coming`; while the store cannot be had, `later`. What
 * fails is tried again for as long as the sessions may live without a client; then the homes are given up.
 */
export class Adoption {
  readonly store: string;
  readonly #setting: AdoptionSetting;
  readonly #homes = new Set<string>();
  readonly #startedAt: number;
  #settle: () => void = () => undefined;
  #isTold = false;

  constructor(setting: AdoptionSetting, store: string) {
    this.#setting = setting;
    this.store = store;
    this.#startedAt = setting.system.clock.now();
  }

  /** Whether no home of it is this node's. */
  get isEmpty(): boolean {
    return this.#homes.size === 0;
  }

  /** Makes a home this node's, if its entry has the expected revision; false when another was faster. @throws {EngineError} as a rejection */
  async claim(home: string, expected: number): Promise<boolean> {
    const { register, pauses } = this.#setting;
    const isMine = await register.claim(home, this.store, expected, pauses);
    if (isMine) {
      this.#homes.add(home);
      this.#begin();
    }
    return isMine;
  }

  /** Brings the sessions of all homes that were claimed; `opened` is the store when somebody has opened it. Never throws. */
  async run(opened?: Store): Promise<void> {
    const { pauses, system, context } = this.#setting;
    try {
      for (let store = opened; !pauses.isOver; store = undefined) {
        this.#begin();
        const failed = await this.#try(store);
        if (failed === undefined) return;
        const lateMs = system.clock.now() - this.#startedAt;
        const isFinal = isFinalFailure(failed) || lateMs >= context.limits.sessionTtlMs;
        this.#tellFailure(failed, isFinal);
        if (isFinal) return await this.#giveUp();
        this.end();
        await pauses.pause(AGAIN_MS);
      }
    } finally {
      this.end();
    }
  }

  /** Lets nobody wait for it any more. */
  end(): void {
    this.#setting.table.arrived(this.#homes);
    this.#settle();
  }

  /** Has those wait who look for one of the sessions. */
  #begin(): void {
    const before = this.#settle;
    const settled = new Promise<void>((resolve) => {
      this.#settle = () => {
        before();
        resolve();
      };
    });
    this.#setting.table.arrive(this.#homes, settled);
  }

  /** Brings the sessions once; gives what went wrong. */
  async #try(opened: Store | undefined): Promise<unknown> {
    const { pauses, remember } = this.#setting;
    let store: Store | undefined;
    let isDone = false;
    try {
      store = opened ?? (await this.#open());
      if (store === undefined) return undefined;
      await Promise.race([remember(), pauses.ended]);
      if (pauses.isOver) return undefined;
      await deleteSessionsOf(store, (home) => !this.#homes.has(home));
      const { node } = decodeStoredHomes(await store.readRecord(STORED_HOMES));
      const adopting = this.#adopt(store, node);
      // What is kept may wait for ever when all is over.
      const counts = await Promise.race([adopting, pauses.ended]);
      if (counts === undefined) return undefined;
      const lost: string[] = [];
      for (const home of this.#homes) if (!(await this.#keep(home))) lost.push(home);
      if (pauses.isOver) return undefined;
      if (lost.length > 0) return this.#endSessionsOf(lost);
      isDone = true;
      this.end();
      this.#tell(counts);
      await this.#clear(store, counts);
      return undefined;
    } catch (thrown) {
      if (!isDone) return thrown;
      // The sessions are here, and what is left is a store that nobody needs.
      const text = `could not delete the store ${this.store}, which is not needed any more`;
      this.#report("warning", "adoption_failed", text, { error: thrown });
      return undefined;
    } finally {
      await closeQuietly(store);
    }
  }

  /** Brings the sessions, and what other nodes have published for them since their node died. */
  async #adopt(store: Store, node: string | undefined): Promise<AdoptionCounts> {
    const { context, system } = this.#setting;
    const value = await store.readRecord(HEARD_KEY);
    const heard = value === undefined ? undefined : decodeHeard(value);
    const missing = context.subscriptions.feed?.missing;
    let missed: Promise<Missed> | undefined;
    const counts = await adopt(context, system, store, {
      ...(node === undefined ? {} : { node }),
      placed: () => {
        if (heard !== undefined) missed = missing?.inquire(heard);
      },
      complete: async (logs) => {
        if (missed !== undefined) addMissed(logs, await missed, system.clock.now());
      },
    });
    if (heard !== undefined) missing?.takenIn(heard.node);
    return counts;
  }

  /** Deletes a store that nobody needs any more. One with values of the application stays, without sessions. */
  async #clear(store: Store, { others }: AdoptionCounts): Promise<void> {
    if (others > 0) return emptyStore(store);
    await store.close();
    await this.#setting.folder.remove(this.store);
  }

  /** Opens the store, as soon as nobody else has it; `undefined` when its node is back and has it again, or all is over. */
  async #open(): Promise<Store | undefined> {
    const { folder, pauses, system } = this.#setting;
    const until = system.clock.now() + IN_USE_MS;
    for (;;) {
      this.#dropTaken();
      if (pauses.isOver || this.#homes.size === 0) return undefined;
      try {
        return await folder.open(this.store);
      } catch (thrown) {
        const mayBeFree = thrown instanceof StoreError && thrown.code === "in_use" && system.clock.now() < until;
        if (!mayBeFree) throw thrown;
      }
      await pauses.pause(IN_USE_EVERY_MS);
    }
  }

  /** Forgets homes that their node has claimed again. */
  #dropTaken(): void {
    const { table } = this.#setting;
    const { mine } = table;
    for (const home of this.#homes) {
      if (mine.has(home)) continue;
      this.#homes.delete(home);
      table.arrived([home]);
    }
  }

  /** Says that the sessions of a home are in the own store; false when the home is not this node's any more. */
  async #keep(home: string): Promise<boolean> {
    const { register, folder, table, pauses } = this.#setting;
    const revision = table.mine.get(home)?.revision;
    return revision !== undefined && register.claim(home, folder.ownName, revision, pauses);
  }

  /** The node of some homes is back, though its store was opened here: it alone runs their sessions. Gives what is wrong with that. */
  #endSessionsOf(homes: readonly string[]): StoreError {
    const { directory } = this.#setting.context;
    for (const sid of directory.sids()) {
      if (homes.includes(homeOf(sid) ?? "")) directory.find(sid)?.cast.kick();
    }
    return new StoreError("in_use", `Expected to have the store ${this.store}, its node is back`);
  }

  async #giveUp(): Promise<void> {
    const { register, table } = this.#setting;
    for (const [home, { revision }] of table.mine) {
      if (!this.#homes.has(home)) continue;
      try {
        await register.drop(home, revision);
      } catch (thrown) {
        // An entry without sessions is taken out when it is found to be empty.
        if (!(thrown instanceof EngineError)) throw thrown;
      }
    }
  }

  #tell(counts: AdoptionCounts): void {
    const { restored, expired, corrupt, failed, others } = counts;
    if (this.#homes.size === 0 && restored + expired + corrupt + failed === 0) return;
    const { system } = this.#setting;
    const tookMs = Math.round(system.clock.now() - this.#startedAt);
    const text = `took over ${restored} sessions from the store ${this.store} in ${tookMs} ms; ${expired} had expired, ${corrupt} were damaged, ${failed} could not be started${others > 0 ? `; the store stays, it has ${others} values of the application` : ""}`;
    this.#report("info", "sessions_adopted", text, { ...counts, tookMs });
  }

  #tellFailure(failed: unknown, isFinal: boolean): void {
    if (this.#isTold && !isFinal) return;
    this.#isTold = true;
    const next = isFinal ? "they are given up, and the store stays where it is" : "it is tried again";
    const text = `could not take over the sessions of the store ${this.store}: ${formatReason(reasonOfThrown(failed))}; ${next}`;
    this.#report(isFinal ? "error" : "warning", "adoption_failed", text, { error: failed });
  }

  #report(level: "info" | "warning" | "error", type: string, text: string, details: object): void {
    const { system } = this.#setting;
    const homes = [...this.#homes];
    system.report({ type, level, text: `the endpoint ${text}`, details: { store: this.store, homes, ...details } });
  }
}

async function closeQuietly(store: Store | undefined): Promise<void> {
  try {
    await store?.close();
  } catch {
    // It was read only: whatever keeps it from being closed in order loses nothing.
  }
}

function isFinalFailure(failed: unknown): boolean {
  return failed instanceof StoreError && FINAL.has(failed.code);
}
