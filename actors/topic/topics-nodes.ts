import type { Clock } from "../../src/index.js";
import {
  type Member,
  type NodeIdentity,
  nodeKey,
  type NodePort,
  type NodeService,
} from "../../src/cluster/node-port.js";
import { NodeTables } from "../nodes/node-tables.js";
import { type TableMessage, tableMessageOf } from "../nodes/table-message.js";
import {
  type CarriedMessage,
  carriedOf,
  type CarriedPublication,
  publicationOf,
  withFrame,
  withValue,
} from "./carried.js";
import type { Publishing } from "./client-topics.js";
import { Interest, InterestIndex, isKeptKey, topicOfKey } from "./interest-index.js";
import { missedMessageOf, type MissedMessage } from "./missed-message.js";
import { MissedPublications } from "./missed-publications.js";
import type { Publication } from "./publication.js";
import { type RetainedStamp, RetainedStamps } from "./retained-stamps.js";

/** The topics of this node, as those of the other nodes reach them. */
export interface TopicsOfNode {
  /** Their name. */
  readonly name: string;
  /** Something was published on another node. */
  arrived(publication: Publication, id: string | undefined): void;
  /** What is retained of a topic is this now, or nothing; with `isLate` it was published before, and who listens may not have got it. */
  takeRetained(topic: string, publication: Publication | undefined, isLate: boolean): void;
  retained(topic: string): Publication | undefined;
  /** Of what another node has published some is lost. */
  lost(node: NodeIdentity): void;
  /** What is retained of a topic cannot be told to another node. */
  uncarried(topic: string, thrown: unknown): void;
  readonly clock: Clock;
}

/** Which nodes get a message, and what they want of it. */
export type Recipients = ReadonlyMap<NodeIdentity, number>;

const SERVICE = "topics/";

/**
 * What the topics of one name on one node have to do with those of the other nodes.
 *
 * Each node tells the others in which topics somebody there is interested. What is published goes once to each that is, in the order in which it was
 * published, and is handed out there. What is retained goes to all.
 */
export class TopicsNodes implements NodeService {
  readonly #port: NodePort;
  readonly #topics: TopicsOfNode;
  readonly #service: string;
  readonly #self: string;
  readonly #interest: NodeTables<number>;
  readonly #index = new InterestIndex<NodeIdentity>();
  readonly #stamps = new RetainedStamps();
  /** What the kept sessions of dead nodes have missed. */
  readonly missing: MissedPublications;
  /** Until then the nodes that are there do not know of this one's topics. */
  #isAttached = false;

  constructor(port: NodePort, topics: TopicsOfNode) {
    this.#port = port;
    this.#topics = topics;
    this.#service = SERVICE + topics.name;
    this.#self = nodeKey(port.self);
    this.#interest = new NodeTables<number>({
      tell: (node, message: TableMessage<number>) => port.tell(node, this.#service, message),
      changed: (node, key, wants) => {
        if (isKeptKey(key)) this.missing.keeps(node, topicOfKey(key), wants !== undefined);
        else this.#index.set(node, key, wants);
      },
    });
    this.missing = new MissedPublications({
      self: port.self,
      topics: topics.name,
      clock: topics.clock,
      nodes: () => this.#known("up", "draining"),
      silent: () => this.#known("suspected"),
      tell: (node, message) => this.#tell(node, message),
    });
    port.addService(this.#service, this);
    this.#isAttached = true;
  }

  /** The name of this node in its cluster. */
  get node(): string {
    return this.#port.self.name;
  }

  /** Tells the others what somebody on this node wants of what is meant by a key; nothing any more with 0. */
  want(key: string, wants: number): void {
    this.#interest.set(key, wants === 0 ? undefined : wants);
  }

  /** The nodes that get what is published on a topic; all, if it is to be retained. `undefined` for none. */
  recipients(topic: string, retain: boolean): Recipients | undefined {
    const interested = this.#index.find(topic);
    if (!retain) return interested;
    return new Map(this.#interest.nodes.map((node) => [node, interested?.get(node) ?? 0]));
  }

  /** The node of a name, to publish to it alone; `undefined` when none can be reached that has these topics. */
  recipient(name: string, topic: string): Recipients | undefined {
    for (const { node, state } of this.#port.members) {
      if (node.name !== name || (state !== "up" && state !== "draining")) continue;
      const known = this.#interest.nodes.find((each) => nodeKey(each) === nodeKey(node));
      if (known !== undefined) return new Map([[known, this.#index.find(topic)?.get(known) ?? Interest.values]]);
    }
    return undefined;
  }

  /**
   * Sends a message to other nodes; returns how many with somebody for it there were. `valued` is for topics of which values are kept.
   *
   * @throws {CodecError} `cannot_carry`, and then it goes to nobody
   */
  send(publication: Publication, to: Recipients, { id, number, retain, valued }: Sending): number {
    const stamp = retain ? this.#stamps.next(this.#self, this.#topics.clock.wallTime()) : undefined;
    let value: CarriedPublication | undefined;
    let frame: CarriedPublication | undefined;
    let nodes = 0;
    // Values first: what cannot be carried must not have reached some.
    for (const [node, wants] of to) {
      if (!valued && !retain && wants === Interest.clients) continue;
      value ??= withValue("publish", publication, { id, stamp, number });
      if (this.#tell(node, value) && wants > 0) nodes++;
    }
    for (const [node, wants] of to) {
      if (valued || retain || wants !== Interest.clients) continue;
      frame ??= withFrame(publication, { id, number });
      if (this.#tell(node, frame)) nodes++;
    }
    if (stamp !== undefined) this.#stamps.take(publication.topic, stamp, false);
    return nodes;
  }

  /** What was retained of a topic is not any more. */
  cleared(topic: string): void {
    const stamp = this.#stamps.next(this.#self, this.#topics.clock.wallTime());
    this.#stamps.take(topic, stamp, true);
    for (const node of this.#interest.nodes) this.#tell(node, { kind: "cleared", topic, stamp });
  }

  /** Lets the others know that nobody here is interested any more. */
  close(): void {
    this.missing.close();
    this.#interest.close();
    this.#stamps.clear();
    this.#port.removeService(this.#service, this);
  }

  received(from: NodeIdentity, told: unknown): void {
    const carried = carriedOf(told);
    if (carried !== undefined) return this.#take(from, carried);
    const missed = missedMessageOf(told);
    if (missed !== undefined) return this.missing.take(from, missed);
    const message = tableMessageOf(told, isNumber);
    if (message === undefined) return;
    const lost = this.#interest.take(from, message);
    if (message.kind === "state" && message.first && message.asks) this.#tellRetained(from);
    if (lost) this.#topics.lost(from);
  }

  memberChanged({ node, state }: Member): void {
    if (state !== "down") this.missing.meet(node);
    if (state === "down") {
      this.missing.down(node);
      this.#interest.down(node);
      // Some may have heard from it what others have not.
      const gone = nodeKey(node);
      for (const other of this.#interest.nodes) this.#tellRetained(other, gone);
    } else if (state === "suspected") this.missing.missed(node);
    else if (state === "up" || !this.#interest.knows(node)) {
      this.#interest.up(node, !this.#isAttached);
      this.#tellRetained(node);
    }
  }

  missed(from: NodeIdentity): void {
    // What was lost may have said that somebody there is interested: what this node has published since did not go there.
    this.#interest.failed(from);
    this.missing.missed(from);
    this.#interest.missed(from);
    this.#tellRetained(from);
    this.#topics.lost(from);
  }

  fenced(): void {
    for (const node of this.#interest.nodes) this.#interest.down(node);
  }

  /** The nodes with these topics that are in one of some states. */
  #known(...states: readonly Member["state"][]): NodeIdentity[] {
    const members = this.#port.members.filter(({ state }) => states.includes(state));
    const keys = new Set(members.map(({ node }) => nodeKey(node)));
    return this.#interest.nodes.filter((node) => keys.has(nodeKey(node)));
  }

  #tell(node: NodeIdentity, message: CarriedMessage | MissedMessage): boolean {
    const told = this.#port.tell(node, this.#service, message);
    if (!told) this.#interest.failed(node);
    return told;
  }

  #take(from: NodeIdentity, carried: CarriedMessage): void {
    const { topic, stamp } = carried;
    if (carried.kind === "cleared") {
      if (this.#stamps.take(topic, carried.stamp, true)) this.#topics.takeRetained(topic, undefined, false);
      return;
    }
    // First of all: what comes of it is kept together with this.
    if (carried.number !== undefined) this.missing.arrived(from, topic, carried.number);
    const publication = publicationOf(this.#topics.name, carried);
    // Before it is handed out, so that whoever subscribes on hearing of it finds it.
    const isLate = carried.kind === "retained";
    if (stamp !== undefined && this.#stamps.take(topic, stamp, false)) {
      this.#topics.takeRetained(topic, publication, isLate);
    }
    if (!isLate) this.#topics.arrived(publication, carried.id);
  }

  /** Tells a node what is retained, but for what others can tell it themselves; or what came from one node. */
  #tellRetained(node: NodeIdentity, of?: string): void {
    const others = new Set(this.#interest.nodes.map(nodeKey));
    // What it has told itself it may have forgotten.
    others.delete(nodeKey(node));
    const isMine = (stamp: RetainedStamp): boolean => (of === undefined ? !others.has(stamp.node) : stamp.node === of);
    for (const [topic, stamp] of this.#stamps.held()) {
      const publication = isMine(stamp) ? this.#topics.retained(topic) : undefined;
      if (publication === undefined) continue;
      try {
        this.#port.tell(node, this.#service, withValue("retained", publication, { stamp }));
      } catch (thrown) {
        // It was retained while no other node was there to tell.
        this.#topics.uncarried(topic, thrown);
      }
    }
    for (const [topic, stamp] of this.#stamps.cleared()) {
      if (isMine(stamp)) this.#port.tell(node, this.#service, { kind: "cleared", topic, stamp });
    }
  }
}

/** How a message is sent to other nodes. */
export interface Sending {
  /** See `Topic.broadcast`. */
  readonly id: string | undefined;
  /** Its number among all that this node publishes. */
  readonly number: number | undefined;
  readonly retain: boolean;
  /** As a value also where only clients are. */
  readonly valued: boolean;
}

/** A message that goes to other nodes, as it was published. */
export interface SendingOut extends Publishing {
  readonly number: number | undefined;
  /** Whether its JSON form is needed, for clients. */
  readonly needsFrame: boolean;
}

/** Whether some of the recipients want it for clients. */
export function isForClients(recipients: Recipients): boolean {
  for (const wants of recipients.values()) if ((wants & Interest.clients) !== 0) return true;
  return false;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}
