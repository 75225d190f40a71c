import type { Member, NodeIdentity, NodePort, NodeService } from "../../src/cluster/node-port.js";
import type { AnyRef } from "../../src/index.js";
import { NodeTables } from "../nodes/node-tables.js";
import { type TableMessage, tableMessageOf } from "../nodes/table-message.js";

/** The router of this node, as those of the other nodes reach it. */
export interface RouterOfNode {
  readonly name: string;
  /** Sends to those on this node under an id, but not to one actor. */
  arrived(id: string, message: unknown, except: unknown): void;
}

/** A message for those under an id on the node that gets it. */
interface Carried {
  readonly kind: "send";
  readonly id: string;
  readonly message: unknown;
  readonly except?: AnyRef;
}

const SERVICE = "router/";

/**
 * What the router of one name on one node has to do with those of the other nodes of its cluster.
 *
 * Each node tells the others how many actors are logged in there under which id. A message goes once to each node that has some.
 */
export class RouterNodes implements NodeService {
  readonly #port: NodePort;
  readonly #router: RouterOfNode;
  readonly #service: string;
  readonly #counts: NodeTables<number>;
  /** How many actors there are under an id, by node. */
  readonly #index = new Map<string, Map<NodeIdentity, number>>();
  #isAttached = false;

  constructor(port: NodePort, router: RouterOfNode) {
    this.#port = port;
    this.#router = router;
    this.#service = SERVICE + router.name;
    this.#counts = new NodeTables<number>({
      tell: (node, message: TableMessage<number>) => port.tell(node, this.#service, message),
      changed: (node, id, count) => this.#changed(node, id, count),
    });
    port.addService(this.#service, this);
    this.#isAttached = true;
  }

  /** How many actors are logged in under an id here, for the others to know. */
  setCount(id: string, count: number): void {
    this.#counts.set(id, count === 0 ? undefined : count);
  }

  /** How many actors are logged in under an id on other nodes, as far as known. */
  count(id: string): number {
    let count = 0;
    for (const each of this.#index.get(id)?.values() ?? []) count += each;
    return count;
  }

  /** Sends to all under an id on other nodes; returns to how many, as far as known. @throws {CodecError} for what cannot be carried */
  send(id: string, message: unknown, except: AnyRef | undefined): number {
    const nodes = this.#index.get(id);
    if (nodes === undefined) return 0;
    const carried: Carried = { kind: "send", id, message, ...(except === undefined ? {} : { except }) };
    let sent = 0;
    for (const [node, count] of nodes) if (this.#port.tell(node, this.#service, carried)) sent += count;
    return sent;
  }

  /** Lets the others know that nobody is logged in here any more. */
  close(): void {
    this.#counts.close();
    this.#port.removeService(this.#service, this);
  }

  received(from: NodeIdentity, told: unknown): void {
    const carried = carriedOf(told);
    if (carried !== undefined) return this.#router.arrived(carried.id, carried.message, carried.except);
    const message = tableMessageOf(told, isNumber);
    if (message !== undefined) this.#counts.take(from, message);
  }

  memberChanged({ node, state }: Member): void {
    if (state === "down") this.#counts.down(node);
    else if (state === "up" || !this.#counts.knows(node)) this.#counts.up(node, !this.#isAttached);
  }

  missed(from: NodeIdentity): void {
    this.#counts.missed(from);
  }

  fenced(): void {
    for (const node of this.#counts.nodes) this.#counts.down(node);
  }

  #changed(node: NodeIdentity, id: string, count: number | undefined): void {
    const nodes = this.#index.get(id);
    if (count === undefined) {
      if (nodes?.delete(node) === true && nodes.size === 0) this.#index.delete(id);
    } else if (nodes === undefined) this.#index.set(id, new Map([[node, count]]));
    else nodes.set(node, count);
  }
}

function carriedOf(told: unknown): { id: string; message: unknown; except: unknown } | undefined {
  if (typeof told !== "object" || told === null || !("kind" in told && told.kind === "send")) return undefined;
  if (!("id" in told && "message" in told) || typeof told.id !== "string") return undefined;
  return { id: told.id, message: told.message, except: "except" in told ? told.except : undefined };
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}
