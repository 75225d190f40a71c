import type { Cell } from "../kernel/cell.js";
import type { NodeIdentity } from "./node-identity.js";
import type { Peer } from "./peer.js";
import type { RemoteClass } from "./remote-class.js";

/** Where an actor of another node is, and what it understands. */
export interface RemoteAddress {
  readonly node: NodeIdentity;
  /** Its number there. */
  readonly id: number;
  readonly remoteClass: RemoteClass;
  /** What speaks to that node; `undefined` for one that was gone when the ref came. */
  readonly peer: Peer | undefined;
}

// Beside the cells, which all have one shape: an actor of this node must not pay for it.
const addresses = new WeakMap<Cell, RemoteAddress>();

/** Notes where the actor behind a stand-in is. */
export function noteAddress(standIn: Cell, address: RemoteAddress): void {
  addresses.set(standIn, address);
}

/** Where the actor behind a stand-in is, also when it has ended; `undefined` for an actor of this node. */
export function addressOf(cell: Cell): RemoteAddress | undefined {
  return addresses.get(cell);
}
