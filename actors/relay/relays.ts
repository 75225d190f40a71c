import type { Clock, Random, Reporter } from "../../src/index.js";
import {
  type Member,
  type NodeIdentity,
  nodeKey,
  type NodePort,
  type NodeService,
} from "../../src/cluster/node-port.js";
import type { TransportSocket } from "../../src/transport/transport-socket.js";
import type { UpgradeRequest } from "../../src/transport/upgrade-request.js";
import type { BeatingRef } from "../connection/heartbeat.js";
import { CarriedClient, type Client } from "./carried-client.js";
import { OVER, type RelayMessage, relayMessageOf, type ToClient, type ToSession } from "./relay-message.js";
import { RelaySocket } from "./relay-socket.js";

/**
 * Takes a client that another node carries here as if it had connected here: gives the actor that owns its socket, or `undefined` when there is
 * none and the socket was closed. `"closed"`: nobody is taken here any more, and nothing was done.
 */
export type AcceptCarried = (
  socket: TransportSocket,
  request: UpgradeRequest,
) => Promise<BeatingRef | undefined> | "closed";

/** What relays need of their endpoint. */
export interface RelaysSurroundings {
  /** The endpoint's name, the same on every node. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly report: Reporter;
}

/** So many clients a millisecond are told to come back when a node is lost, and they come back over this time at least. */
const CLIENTS_PER_MS = 0.5;
const SHORTEST_SPREAD_MS = 250;
const LONGEST_SPREAD_MS = 10_000;

/** One number for each relay that a process begins, whichever endpoint or system begins it. */
let lastRelay = 0;

/**
 * The relays between one endpoint's nodes: clients of this node whose sessions live on others, and clients of others whose sessions live here.
 *
 * What is said from one node to another comes in order, or the node is told that some is missing; then all relays between the two end. The
 * clients come back, and their sessions make up for what was lost: there is nothing else in a relay to be repaired.
 */
export class Relays implements NodeService {
  readonly #port: NodePort;
  readonly #surroundings: RelaysSurroundings;
  readonly #service: string;
  /** Clients of this node. */
  readonly #carried = new Map<number, CarriedClient>();
  /** Clients of other nodes: by node, and then by the number that it gave. */
  readonly #sockets = new Map<string, Map<number, RelaySocket>>();
  /** Nodes that could not be told that all relays with them are over. */
  readonly #owed = new Set<string>();
  #accept: AcceptCarried | undefined;

  constructor(port: NodePort, surroundings: RelaysSurroundings) {
    this.#port = port;
    this.#surroundings = surroundings;
    this.#service = `relay/${surroundings.name}`;
    port.addService(this.#service, this);
  }

  /** How many clients of this node are carried to others, and of others to this node. */
  get counts(): { readonly out: number; readonly in: number } {
    let carriedHere = 0;
    for (const sockets of this.#sockets.values()) carriedHere += sockets.size;
    return { out: this.#carried.size, in: carriedHere };
  }

  /** Clients of other nodes are taken by this from now on; with `undefined` they are told to come back. */
  acceptWith(accept: AcceptCarried | undefined): void {
    this.#accept = accept;
  }

  /** Carries a client to another node from now on. That it cannot be reached the client's connection is told later, as of any loss. */
  carry(node: NodeIdentity, client: Client): CarriedClient {
    const relay = ++lastRelay;
    const carried = new CarriedClient(relay, node, client, {
      clock: this.#surroundings.clock,
      say: (to, says) => this.#tell(to, { to: "session", says }),
      forget: (ended) => void this.#carried.delete(ended),
    });
    if (!carried.isOver) this.#carried.set(relay, carried);
    return carried;
  }

  /** The endpoint ends. */
  close(): void {
    this.#port.removeService(this.#service, this);
    this.#accept = undefined;
    const nodes = new Map([...this.#carried.values()].map(({ node }) => [nodeKey(node), node]));
    for (const { node } of this.#port.members) if (this.#sockets.has(nodeKey(node))) nodes.set(nodeKey(node), node);
    for (const node of nodes.values()) {
      this.#lose(node);
      this.#tell(node, OVER);
    }
  }

  received(from: NodeIdentity, value: unknown): void {
    const message = relayMessageOf(value);
    if (message === undefined) return this.#ignore(from);
    if (message.to === "both") this.#lose(from);
    else if (message.to === "session") this.#toSession(from, message.says);
    else this.#toClient(from, message.says);
  }

  memberChanged({ node, state }: Member): void {
    const key = nodeKey(node);
    if (state === "down" || state === "suspected") {
      this.#lose(node);
      if (state === "suspected") this.#owed.add(key);
      else this.#owed.delete(key);
    } else if (this.#owed.delete(key)) this.#tell(node, OVER);
  }

  missed(from: NodeIdentity): void {
    this.#lose(from);
    this.#tell(from, OVER);
  }

  fenced(): void {
    for (const { node } of this.#carried.values()) this.#lose(node);
    for (const sockets of this.#sockets.values()) for (const socket of sockets.values()) socket.lost();
  }

  #toClient(from: NodeIdentity, says: ToClient): void {
    const carried = this.#carried.get(says.relay);
    if (carried !== undefined && nodeKey(carried.node) === nodeKey(from)) return carried.received(says);
    // It has ended here, and the other side may not know.
    if (says.kind === "close" || says.kind === "cut" || says.kind === "lost") return;
    this.#tell(from, { to: "session", says: { kind: "gone", relay: says.relay, code: 1006, reason: "" } });
  }

  #toSession(from: NodeIdentity, says: ToSession): void {
    if (says.kind === "open") return this.#open(from, says);
    const { relay } = says;
    const socket = this.#sockets.get(nodeKey(from))?.get(relay);
    if (socket === undefined) {
      if (says.kind !== "gone") this.#tell(from, { to: "client", says: { kind: "lost", relay } });
      return;
    }
    switch (says.kind) {
      case "frames":
        socket.took(says.taken);
        return socket.arrived(says.frames);
      case "taken":
        return socket.took(says.taken);
      case "alive":
        socket.heard = true;
        return;
      case "drain":
        return this.#drain(socket, says.retryAfterMs);
      default:
        return socket.gone(says.code, says.reason);
    }
  }

  #open(from: NodeIdentity, { relay, transport, request, frames }: ToSession & { readonly kind: "open" }): void {
    const key = nodeKey(from);
    const sockets = this.#sockets.get(key) ?? new Map<number, RelaySocket>();
    if (sockets.has(relay)) return this.#ignore(from);
    const host = {
      say: (says: ToClient) => this.#tell(from, { to: "client", says }),
      forget: () => this.#forget(key, relay),
      onError: (error: unknown) => this.#failed(error),
    };
    const socket = new RelaySocket(relay, host, transport, request.remoteAddress);
    const started = this.#accept?.(socket, request) ?? "closed";
    if (started === "closed") {
      this.#tell(from, { to: "client", says: { kind: "lost", relay } });
      return;
    }
    if (!socket.open) return;
    sockets.set(relay, socket);
    this.#sockets.set(key, sockets);
    host.say({ kind: "opened", relay });
    socket.arrived(frames);
    void started.then((connection) => {
      socket.connection = connection;
    });
  }

  #drain(socket: RelaySocket, retryAfterMs: number): void {
    // One that has not even started has nothing to finish; the node of its client tells it to come back after a while.
    socket.connection?.cast.drain(retryAfterMs);
  }

  #forget(key: string, relay: number): void {
    const sockets = this.#sockets.get(key);
    if (sockets?.delete(relay) === true && sockets.size === 0) this.#sockets.delete(key);
  }

  /** All relays between this node and another are over. */
  #lose(node: NodeIdentity): void {
    const key = nodeKey(node);
    const carried = [...this.#carried.values()].filter((client) => nodeKey(client.node) === key);
    const spreadMs = Math.min(LONGEST_SPREAD_MS, Math.max(SHORTEST_SPREAD_MS, carried.length / CLIENTS_PER_MS));
    for (const client of carried) client.lost(Math.round(this.#surroundings.random.next() * spreadMs));
    const sockets = this.#sockets.get(key);
    for (const socket of sockets === undefined ? [] : [...sockets.values()]) socket.lost();
  }

  #tell(node: NodeIdentity, message: RelayMessage): boolean {
    try {
      return this.#port.tell(node, this.#service, message);
    } catch (thrown) {
      // A single message above what may cross between nodes.
      this.#failed(thrown);
      return false;
    }
  }

  #ignore(from: NodeIdentity): void {
    this.#surroundings.report({
      type: "relay_message_ignored",
      level: "warning",
      text: `Node ${from.name} has sent ${this.#service} something that is no message of this release: it was ignored`,
      details: { node: from, service: this.#service },
    });
  }

  #failed(error: unknown): void {
    this.#surroundings.report({
      type: "relay_failed",
      level: "error",
      text: `A client that is carried between nodes was dropped: ${error instanceof Error ? error.message : String(error)}`,
      details: { error },
    });
  }
}
