import type { Member, NodeIdentity, NodePort, NodeService } from "../../src/cluster/node-port.js";
import type { PresenceChanges, PresenceData, ReplicaData } from "./presence-data.js";
import type { PresenceRecord } from "./presence-record.js";
import type { PresenceState } from "./presence-state.js";

/** What presences say to their like on other nodes: what has changed, or all that is on the node, which may ask for the same. */
type PresenceMessage =
  | { readonly kind: "changes"; readonly data: PresenceData<PresenceRecord> }
  | { readonly kind: "state"; readonly asks: boolean; readonly data: PresenceData<PresenceRecord> }
  | { readonly kind: "gone" };

/** The presence of this node, as those of the other nodes reach it. */
export interface PresenceOfNode {
  readonly name: string;
  readonly state: PresenceState<PresenceRecord>;
  /** Something has become visible, or is not any more. */
  apply(changes: PresenceChanges<PresenceRecord>): void;
}

const SERVICE = "presence/";
/** So many presences of a node's state go into one message. */
const PART = 1_000;

/**
 * What the presence of one name on one node has to do with those of the other nodes of its cluster.
 *
 * Each life of a node is a replica that nobody but itself tells of. What it holds is visible from when it first tells of it until it is down: then
 * it is forgotten, and since late news of a node that is down are not heard, no ghost comes back.
 */
export class PresenceNodes implements NodeService {
  readonly #port: NodePort;
  readonly #presence: PresenceOfNode;
  readonly #service: string;
  readonly #nodes = new Map<string, NodeIdentity>();
  /** Those that were asked for their state, and have not told it. */
  readonly #asked = new Set<string>();
  /** Those that have told their state. */
  readonly #told = new Set<string>();

  constructor(port: NodePort, presence: PresenceOfNode) {
    this.#port = port;
    this.#presence = presence;
    this.#service = SERVICE + presence.name;
    port.addService(this.#service, this);
  }

  /** Sends what has changed on this node to all others. */
  publish(data: PresenceData<PresenceRecord>): void {
    // One who cannot be reached is told all when it is back.
    for (const node of this.#nodes.values()) this.#tell(node, { kind: "changes", data });
  }

  /** Lets the others know that nobody is here any more, and forgets them. */
  close(): void {
    for (const node of this.#nodes.values()) this.#tell(node, { kind: "gone" });
    for (const node of this.#nodes.values()) this.#forget(node);
    this.#nodes.clear();
    this.#port.removeService(this.#service, this);
  }

  received(from: NodeIdentity, told: unknown): void {
    const message = messageOf(told);
    if (message === undefined) return;
    const name = replicaName(from);
    this.#nodes.set(name, from);
    const { state } = this.#presence;
    if (message.kind === "gone") return this.#forget(from);
    for (const data of message.data) {
      if (data.gone || data.name !== name) continue;
      this.#presence.apply(state.replicaUp(data));
      this.#presence.apply(state.merge([data]));
    }
    if (message.kind === "state") {
      this.#asked.delete(name);
      this.#told.add(name);
      if (message.asks) this.#tellState(from, false);
    } else if (state.isLagging(name) && !this.#asked.has(name)) this.#tellState(from, true);
  }

  memberChanged({ node, state }: Member): void {
    const name = replicaName(node);
    if (state === "down") {
      this.#nodes.delete(name);
      this.#forget(node);
    } else if (state === "up" || !this.#nodes.has(name)) {
      this.#nodes.set(name, node);
      // What it has told by itself may have come before anybody here listened.
      this.#tellState(node, !this.#told.has(name) || this.#asked.has(name));
    }
  }

  missed(from: NodeIdentity): void {
    this.#nodes.set(replicaName(from), from);
    // The answer to an earlier question may be what was lost, or a question of the other's.
    this.#tellState(from, true);
  }

  fenced(): void {
    for (const node of this.#nodes.values()) this.#forget(node);
    this.#nodes.clear();
  }

  #forget(node: NodeIdentity): void {
    this.#asked.delete(replicaName(node));
    this.#told.delete(replicaName(node));
    this.#presence.apply(this.#presence.state.forget(replicaName(node)));
  }

  #tellState(node: NodeIdentity, asks: boolean): void {
    if (asks) this.#asked.add(replicaName(node));
    const parts = this.#presence.state.ownParts(PART);
    for (const [at, part] of parts.entries()) this.#tell(node, { kind: "state", asks: asks && at === 0, data: [part] });
  }

  #tell(node: NodeIdentity, message: PresenceMessage): void {
    this.#port.tell(node, this.#service, message);
  }
}

/** What a life of a node is called as a replica. */
export function replicaName({ name, incarnation }: NodeIdentity): string {
  return `${name}/${incarnation}`;
}

function messageOf(told: unknown): PresenceMessage | undefined {
  if (typeof told !== "object" || told === null || !("kind" in told)) return undefined;
  const { kind } = told;
  if (kind === "gone") return { kind };
  if ((kind !== "changes" && kind !== "state") || !("data" in told) || !Array.isArray(told.data)) return undefined;
  const data: ReplicaData<PresenceRecord>[] = [];
  for (const each of told.data) if (isReplicaData(each)) data.push(each);
  return kind === "changes" ? { kind, data } : { kind, data, asks: "asks" in told && told.asks === true };
}

function isReplicaData(told: unknown): told is ReplicaData<PresenceRecord> {
  if (typeof told !== "object" || told === null || !("name" in told && "incarnation" in told)) return false;
  if (!("clock" in told && "after" in told && "cloud" in told && "entries" in told && "gone" in told)) return false;
  return told.gone === false && Array.isArray(told.cloud) && Array.isArray(told.entries);
}
