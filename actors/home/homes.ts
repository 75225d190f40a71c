import type { NodeIdentity } from "../../src/cluster/node-port.js";

/**
 * Where the session of a public id lives.
 *
 * `here`: on this node, if anywhere. `elsewhere`: on another node that lives. `coming`: this node is bringing it; ask again when `settled` has
 * resolved. `later`: its node cannot be reached, or another node is bringing it: the client is told when to come back. `unknown`: nobody has,
 * or will have, what the id names.
 */
export type Whereabouts =
  | { readonly kind: "here" }
  | { readonly kind: "elsewhere"; readonly node: NodeIdentity }
  | { readonly kind: "coming"; readonly settled: Promise<void> }
  | { readonly kind: "later" }
  | { readonly kind: "unknown" };

/** Knows which node of a cluster has which sessions, by the names of their homes. */
export interface Homes {
  /** The home of the sessions that begin on this node. */
  readonly own: string;
  /** A public id for a session that begins now. */
  newSid(): string;
  /** Looks up where a session lives; it asks nobody, and is as good as what this node knows. */
  find(sid: string): Whereabouts;
}
