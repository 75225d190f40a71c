import type { NodeIdentity } from "../../src/cluster/node-port.js";
import { isHome } from "./sid-rule.js";

/** What the shared register holds of one home. The revision of the entry rises with every owner. */
export interface HomeRecord {
  /** Who owns the home, in which life. */
  readonly node: NodeIdentity;
  /** The name of the store that its sessions are in, within the store folder; empty when no other node can open that, or there is none. */
  readonly store: string;
}

const PREFIX = "home/";

/** Where the homes of an endpoint are in the shared register. */
export function homesPrefix(endpoint: string): string {
  return `${PREFIX}${endpoint}/`;
}

/** A record as the register keeps it. */
export function encodeHome({ node, store }: HomeRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ v: 1, node: node.name, incarnation: node.incarnation, store }));
}

/** A record from the register; `undefined` for bytes that are none. */
export function decodeHome(bytes: Uint8Array): HomeRecord | undefined {
  const value = jsonOf(bytes);
  if (typeof value !== "object" || value === null) return undefined;
  const { node: name, incarnation, store }: Partial<Record<string, unknown>> = { ...value };
  if (typeof name !== "string" || typeof incarnation !== "string" || typeof store !== "string") return undefined;
  return { node: { name, incarnation }, store };
}

/** The name of the record in a store that says which homes its sessions have. */
export const STORED_HOMES = "homes";

/** What a store says of the sessions in it. */
export interface StoredHomes {
  /** The name of the node that wrote it; `undefined` in a store that was on no node of a cluster. */
  readonly node: string | undefined;
  readonly homes: readonly string[];
}

/** The homes as a store keeps them, in an order of their own. */
export function encodeStoredHomes({ node, homes }: StoredHomes): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ v: 1, node, homes: [...homes].sort() }));
}

/** Reads what {@link encodeStoredHomes} wrote; none for anything else. */
export function decodeStoredHomes(bytes: Uint8Array | undefined): StoredHomes {
  const value = bytes === undefined ? undefined : jsonOf(bytes);
  if (typeof value !== "object" || value === null || !("homes" in value) || !Array.isArray(value.homes)) {
    return { node: undefined, homes: [] };
  }
  const homes = value.homes.filter((home): home is string => typeof home === "string" && isHome(home));
  const node = "node" in value && typeof value.node === "string" ? value.node : undefined;
  return { node, homes };
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // What is no JSON was not written by this, or by a later release in another form.
    return undefined;
  }
}
