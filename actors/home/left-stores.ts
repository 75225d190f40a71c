import { type NodeIdentity, nodeKey, rankOf } from "../../src/cluster/node-port.js";
import type { HomeEntry } from "./home-table.js";

/** A store of which the last owner is gone, with the homes whose sessions it has. */
export interface LeftStore {
  /** Its name in the store folder; empty for homes whose sessions nobody can get at. */
  readonly store: string;
  /** With the revisions of their entries, in the order in which they are claimed: whoever gets the first gets all. */
  readonly homes: readonly (readonly [home: string, revision: number])[];
  /** Who had them. */
  readonly owners: readonly NodeIdentity[];
}

/**
 * The stores that nobody has, by what is known of the homes; `isHeld` says whether somebody does who lives.
 *
 * One of which another home is held is not among them: its owner is taking it in.
 */
export function leftStores(
  entries: ReadonlyMap<string, HomeEntry>,
  isHeld: (entry: HomeEntry) => boolean,
): LeftStore[] {
  const held = new Set<string>();
  const left = new Map<string, { homes: (readonly [string, number])[]; owners: Map<string, NodeIdentity> }>();
  for (const [home, entry] of entries) {
    const { record, revision } = entry;
    const { node, store } = record;
    if (isHeld(entry)) {
      held.add(store);
      continue;
    }
    const group = left.get(store) ?? { homes: [], owners: new Map<string, NodeIdentity>() };
    group.homes.push([home, revision]);
    group.owners.set(nodeKey(node), node);
    left.set(store, group);
  }
  held.delete("");
  return [...left]
    .filter(([store]) => !held.has(store))
    .map(([store, { homes, owners }]) => ({ store, homes: homes.sort(byName), owners: [...owners.values()] }));
}

function byName([one]: readonly [string, number], [other]: readonly [string, number]): number {
  return one < other ? -1 : 1;
}

/** How many nodes come before this one when a store is to be taken over, by rendezvous hashing: each waits until those before had their time. */
export function turnOf(store: string, self: string, others: readonly string[]): number {
  const own = rankOf(store, self);
  return others.filter((name) => {
    const rank = rankOf(store, name);
    return rank > own || (rank === own && name < self);
  }).length;
}
