import type { Store } from "../../src/store/store-port.js";
import { EngineError } from "../../src/cluster/node-port.js";
import type { Random } from "../../src/index.js";
import { decodeStoredHomes, STORED_HOMES } from "./home-record.js";
import type { HomeRegister } from "./home-register.js";
import type { HomeEntry, HomeTable } from "./home-table.js";
import { deleteSessionsOf } from "./other-homes.js";
import type { Pauses } from "./pauses.js";
import { newHome } from "./sid-rule.js";

/** What homes are claimed with. */
export interface ClaimSetting {
  readonly table: HomeTable;
  readonly register: HomeRegister;
  readonly pauses: Pauses;
  readonly random: Random;
  /** The own store; `undefined` when sessions are not kept. */
  readonly store: Store | undefined;
  /** The name of it in the store folder; empty when no other node can open it. */
  readonly storeName: string;
}

const AGAIN_MS = 500;

/**
 * Claims a new home, and again those whose sessions the own store has from an earlier life. Gives the new one; `undefined` when this node has lost
 * its place, or all is over.
 *
 * A home that another node has taken over meanwhile stays there: what the own store has of its sessions is deleted, before anybody reads it.
 * Asks until the register answers.
 *
 * @throws {StoreError} as a rejection
 */
export async function claimHomes(setting: ClaimSetting): Promise<string | undefined> {
  const { pauses, store } = setting;
  const { homes: stored } = decodeStoredHomes(await store?.readRecord(STORED_HOMES));
  while (!pauses.isOver) {
    try {
      return await claimAll(setting, stored);
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown;
      if (thrown.code === "not_joined") return undefined;
    }
    await pauses.pause(AGAIN_MS);
  }
  return undefined;
}

async function claimAll(setting: ClaimSetting, stored: readonly string[]): Promise<string> {
  const { table, register, random, pauses, store, storeName } = setting;
  await register.list();
  const lost = new Set<string>();
  for (const home of new Set([...stored, ...homesIn(table, storeName)])) {
    if (!(await claimStored(setting, home))) lost.add(home);
  }
  if (store !== undefined && lost.size > 0) await deleteSessionsOf(store, (home) => lost.has(home));
  for (;;) {
    const home = newHome(random);
    if (!stored.includes(home) && (await register.claim(home, storeName, 0, pauses))) return home;
  }
}

/** Claims a home of the own store, again and again while another is about to take over what is here, and cannot. */
async function claimStored(setting: ClaimSetting, home: string): Promise<boolean> {
  const { table, register, pauses, storeName } = setting;
  for (;;) {
    const entry = table.entries.get(home);
    if (!(await isToBeClaimed(setting, entry))) return false;
    if (await register.claim(home, storeName, entry?.revision ?? 0, pauses)) return true;
    // Nobody tells the table when this node has lost its place.
    if (pauses.isOver || table.entries.get(home)?.revision === entry?.revision) return false;
  }
}

/** The homes whose sessions are, by the register, in a store that this node has open now. */
function homesIn(table: HomeTable, storeName: string): string[] {
  if (storeName === "") return [];
  return [...table.entries].filter(([, { record }]) => record.store === storeName).map(([home]) => home);
}

/** Whether the sessions of a home are in the own store still, and nobody else has them. */
async function isToBeClaimed({ register, storeName }: ClaimSetting, entry: HomeEntry | undefined): Promise<boolean> {
  if (entry === undefined) return true;
  const { node, store } = entry.record;
  if (store !== storeName) return false;
  // Whoever is about to take over what this node has open itself cannot open it.
  return storeName !== "" || node.name === register.self.name || (await register.isDown(node));
}
