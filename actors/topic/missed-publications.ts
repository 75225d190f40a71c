import type { Clock } from "../../src/index.js";
import { type NodeIdentity, nodeKey } from "../../src/cluster/node-port.js";
import type { HeardRecord } from "./heard-record.js";
import { type Missed, MissedInquiry } from "./missed-inquiry.js";
import { answerOf, type MissedMessage, partOf } from "./missed-message.js";
import type { Publication } from "./publication.js";
import { ANYBODY, type SentPart, SentPublications } from "./sent-publications.js";

/** The way to the other nodes. */
export interface MissedWay {
  readonly self: NodeIdentity;
  /** The name of the topics. */
  readonly topics: string;
  readonly clock: Clock;
  /** The nodes that have these topics and can be told something. */
  nodes(): readonly NodeIdentity[];
  /** The nodes that may have published something and cannot be asked at the moment. */
  silent(): readonly NodeIdentity[];
  /** Tells another node; false when it cannot be reached. */
  tell(node: NodeIdentity, message: MissedMessage): boolean;
}

/** How much is remembered for those who take in the sessions of a dead node. */
const BOUNDS = { messages: 20_000, bytes: 16 * 1024 * 1024, ageMs: 60_000 };
/**
 * How long something is remembered for a dead node whose sessions nobody takes in; and from the beginning on, for nodes that were dead before it.
 * Whoever comes for it later hears of a gap.
 */
const ORPHANED_MS = 30_000;
/** So many nodes are known by name of which nothing is remembered any more. */
const MOST_GIVEN_UP = 1_000;
/** How long the others may take to answer. */
const PATIENCE_MS = 2_000;

interface Asking {
  readonly inquiry: MissedInquiry;
  readonly done: () => void;
}

/** The topics on which a dead node had kept sessions. */
interface Orphaned {
  readonly topics: ReadonlySet<string>;
  readonly until: number;
}

/**
 * Sees to it that sessions which are kept in a store miss nothing of what others publish between the death of their node and the moment at which
 * another node, or the next life of the same, has taken them in.
 *
 * Each node numbers what it publishes, and remembers for a while what went to nodes with kept sessions on the topic; it goes on so when such a node is
 * dead. The store of a node says up to which numbers it has heard the others. Who takes the store over asks them for the rest.
 */
export class MissedPublications {
  readonly #way: MissedWay;
  readonly #self: string;
  readonly #sent = new SentPublications(BOUNDS);
  readonly #heard = new Map<string, number>();
  /** By topic, the keys of the other nodes with kept sessions on it. */
  readonly #kept = new Map<string, Set<string>>();
  readonly #orphaned = new Map<string, Orphaned>();
  readonly #asking = new Map<number, Asking>();
  /** The keys of nodes of which this one knew what they wanted. */
  readonly #met = new Set<string>();
  /** The keys of dead nodes for which nothing is remembered any more. */
  readonly #givenUp = new Set<string>();
  readonly #beganAt: number;
  #heardMore = true;
  #number = 0;
  #requests = 0;

  constructor(way: MissedWay) {
    this.#way = way;
    this.#self = nodeKey(way.self);
    this.#beganAt = way.clock.now();
  }

  /** What the store of this node is to say from now on of what it has heard; `undefined` when that is what it says already. */
  takeHeard(): HeardRecord | undefined {
    if (!this.#heardMore) return undefined;
    this.#heardMore = false;
    return { node: this.#self, numbers: this.#heard };
  }

  /** Of how many other nodes something is noted, dead ones too. */
  get noted(): number {
    return this.#met.size + this.#orphaned.size;
  }

  /** The number of a message that is published now. */
  next(): number {
    return ++this.#number;
  }

  /** Remembers a message, if kept sessions of other nodes are to get it. */
  remember(publication: Publication, id: string | undefined, number: number): void {
    const kept = this.#kept.get(publication.topic);
    if (kept === undefined && this.#orphaned.size === 0) return this.#rememberForAnybody(publication, id, number);
    const at = this.#way.clock.wallTime();
    const to = kept === undefined ? [] : [...kept];
    for (const [node, { topics, until }] of this.#orphaned) {
      if (until < at) this.#giveUp(node);
      else if (topics.has(publication.topic)) to.push(node);
    }
    if (to.length === 0) return this.#rememberForAnybody(publication, id, number);
    if (this.#isYoung) to.push(ANYBODY);
    this.#sent.add({ number, publication, id, at, to });
  }

  /** A node is there, and tells what it wants. */
  meet(node: NodeIdentity): void {
    this.#met.add(nodeKey(node));
  }

  /** A message of another node has come, and is handed out next. */
  arrived(from: NodeIdentity, topic: string, number: number): void {
    const key = nodeKey(from);
    this.#heard.set(key, number);
    this.#heardMore = true;
    for (const { inquiry } of this.#asking.values()) inquiry.arrived(topic, key, number);
  }

  /** Another node has kept sessions on a topic from now on, or none any more. */
  keeps(node: NodeIdentity, topic: string, isKept: boolean): void {
    const key = nodeKey(node);
    const known = this.#kept.get(topic);
    if (!isKept) {
      if (known?.delete(key) === true && known.size === 0) this.#kept.delete(topic);
    } else if (known === undefined) this.#kept.set(topic, new Set([key]));
    else known.add(key);
  }

  /** A node is dead: what would have gone to it is remembered for whoever takes its sessions in. */
  down(node: NodeIdentity): void {
    const key = nodeKey(node);
    const topics = new Set<string>();
    for (const [topic, nodes] of this.#kept) if (nodes.has(key)) topics.add(topic);
    const now = this.#way.clock.wallTime();
    for (const [orphan, { until }] of this.#orphaned) if (until < now) this.#giveUp(orphan);
    if (topics.size > 0) this.#orphaned.set(key, { topics, until: now + ORPHANED_MS });
    // Nothing was ever for it.
    else this.#forget(key);
    for (const topic of topics) this.keeps(node, topic, false);
    this.#heard.delete(key);
    this.#unanswered(key);
  }

  /** Something that a node told was lost: an answer may be incomplete. */
  missed(node: NodeIdentity): void {
    this.#unanswered(nodeKey(node));
  }

  /**
   * Asks all for what the node of a store had not stored of their messages.
   *
   * To be called when the topics of its sessions are wanted here already, in the same turn: what comes by the way of all messages from then on is left out.
   */
  async inquire({ node, numbers }: HeardRecord): Promise<Missed> {
    const request = ++this.#requests;
    const nodes = this.#way.nodes();
    const silent = this.#way.silent().map(nodeKey);
    const inquiry = new MissedInquiry([this.#self, ...nodes.map(nodeKey), ...silent]);
    for (const each of silent) inquiry.lost(each);
    const mine = this.#sentTo(node, numbers.get(this.#self) ?? 0);
    inquiry.answered(this.#self, { ...mine, isLast: true });
    for (const each of nodes) {
      const after = numbers.get(nodeKey(each)) ?? 0;
      if (!this.#way.tell(each, { kind: "ask_missed", request, node, after })) inquiry.lost(nodeKey(each));
    }
    await this.#answers(request, inquiry);
    return inquiry.result();
  }

  /** The sessions of a dead node have been taken in: what was remembered for it goes. */
  takenIn(node: string): void {
    this.#forget(node);
    for (const each of this.#way.nodes()) this.#way.tell(each, { kind: "taken_in", node });
  }

  /** Takes what another node says of it. */
  take(from: NodeIdentity, message: MissedMessage): void {
    switch (message.kind) {
      case "ask_missed": {
        const { node, after, request } = message;
        for (const part of answerOf(request, this.#sentTo(node, after))) this.#way.tell(from, part);
        return;
      }
      case "tell_missed": {
        const asking = this.#asking.get(message.request);
        asking?.inquiry.answered(nodeKey(from), partOf(this.#way.topics, message));
        if (asking?.inquiry.isDone === true) asking.done();
        return;
      }
      case "taken_in":
        this.#forget(message.node);
    }
  }

  /** Ends what goes on. */
  close(): void {
    for (const { done } of this.#asking.values()) done();
  }

  #answers(request: number, inquiry: MissedInquiry): Promise<void> {
    if (inquiry.isDone) return Promise.resolve();
    const { clock } = this.#way;
    return new Promise((resolve) => {
      const done = (): void => {
        clock.clearTimer(timer);
        this.#asking.delete(request);
        resolve();
      };
      const timer = clock.setTimer(PATIENCE_MS, done);
      this.#asking.set(request, { inquiry, done });
    });
  }

  #unanswered(key: string): void {
    for (const { inquiry, done } of this.#asking.values()) {
      inquiry.lost(key);
      if (inquiry.isDone) done();
    }
  }

  /** Whether it is not long ago that this node began, so that others may be dead of which it does not know. */
  get #isYoung(): boolean {
    return this.#way.clock.now() - this.#beganAt <= ORPHANED_MS;
  }

  #rememberForAnybody(publication: Publication, id: string | undefined, number: number): void {
    if (!this.#isYoung) return;
    try {
      void publication.bytes;
    } catch {
      // It has no form for clients, and what is remembered is for clients.
      return;
    }
    this.#sent.add({ number, publication, id, at: this.#way.clock.wallTime(), to: [ANYBODY] });
  }

  /** What a node was sent behind a number, or would have been sent had it lived. */
  #sentTo(node: string, after: number): SentPart {
    if (this.#met.has(node)) {
      const part = this.#sent.since(node, after);
      return this.#givenUp.has(node) ? { ...part, isWhole: false } : part;
    }
    const part = this.#sent.since(ANYBODY, after);
    return this.#isYoung ? part : { ...part, isWhole: false };
  }

  /** Nobody has come for what was remembered for a node. */
  #giveUp(node: string): void {
    this.#forget(node);
    this.#met.add(node);
    this.#givenUp.add(node);
    for (const oldest of this.#givenUp) {
      if (this.#givenUp.size <= MOST_GIVEN_UP) break;
      this.#givenUp.delete(oldest);
      this.#met.delete(oldest);
    }
  }

  #forget(node: string): void {
    this.#met.delete(node);
    this.#orphaned.delete(node);
    this.#sent.forget(node);
  }
}
