import { nanoid } from "nanoid";
import {
  type ActorSystem,
  type AnyRef,
  BadArgumentError,
  type Clock,
  type ClockTimer,
  type LimitedReporter,
  limitReports,
  whatCame,
} from "../../src/index.js";
import { type NodeIdentity, nodeOf } from "../../src/cluster/node-port.js";
import type { BucketRule } from "../../src/transport/admission/token-bucket.js";
import { ActorListeners } from "./actor-listeners.js";
import { Arrivals } from "./arrivals.js";
import type { ClientTopics, Publishing, TopicsFeed } from "./client-topics.js";
import { checkMessage, checkSubscribing } from "./check-publishing.js";
import type { HeardRecord } from "./heard-record.js";
import type { MissedPublications } from "./missed-publications.js";
import { OwnInterest } from "./own-interest.js";
import { Publication } from "./publication.js";
import { PublishLimits } from "./publish-limits.js";
import { RetainedTable } from "./retained-table.js";
import type { Delivering } from "./subscriber.js";
import { type LogPart, type LogRule, type LogStart, TopicLogs } from "./topic-logs.js";
import type { TopicPosition } from "./topic-message.js";
import { TopicRules } from "./topic-rules.js";
import { unknownTopics } from "./topics-error.js";
import { isForClients, type Recipients, type SendingOut, TopicsNodes, type TopicsOfNode } from "./topics-nodes.js";
import type { CheckedTopicsOptions } from "./topics-options.js";
import type { PublishRefusal, PublishResult, TopicSubscribeResult, TopicsCounts } from "./topics-results.js";

/** How an actor subscribes. */
export interface Subscribing extends Delivering {
  readonly from?: LogStart | undefined;
  readonly retained?: boolean | undefined;
}

/** Sent to an actor that runs topics when there is something to deliver. */
export const TURN = Symbol("deliver on");

/** When to try again while too much is on its way: it takes some turns, and each a millisecond or two. */
const OVERLOADED_RETRY_MS = 100;
/** How often logs are looked through for what is too old. */
const SWEEP_MS = 30_000;
/** Of refusals one a second is reported; of the others how many there were. */
const REPORTS = { perSecond: 1, burst: 1 };
const EPOCH_LENGTH = 10;

/**
 * The state and rules of topics: who listens, what is on its way, and what is kept.
 *
 * It belongs to the system, not to the actors that run it, so that it survives them. Everything happens at once, in the caller's stack, but for
 * messages to more actors than fit in a turn.
 */
export class TopicsCore implements TopicsFeed, TopicsOfNode {
  readonly system: ActorSystem;
  /** The actors that listen. */
  readonly listeners: ActorListeners;
  readonly #logs: TopicLogs;
  readonly #interest: OwnInterest;
  readonly #retained: RetainedTable<Publication>;
  readonly #limits = new PublishLimits();
  readonly #report: LimitedReporter;
  options: CheckedTopicsOptions;
  #rules: TopicRules;
  /** The topics of the endpoints whose clients are reached, and the actors that run them. */
  readonly #clients = new Map<ClientTopics, AnyRef>();
  /** The actors that run it. */
  readonly keepers = new Set<AnyRef>();
  /** The one of them whose options hold; `undefined` while it is being restarted. */
  owner: AnyRef | undefined;
  /** False when the last that ran it was stopped in order, until another does. */
  open = true;
  /** The topics of the same name on other nodes; `undefined` in a system that is in no cluster. */
  #nodes: TopicsNodes | undefined;
  readonly #arrivals = new Arrivals({
    handOut: ({ publication, id }) => this.arrived(publication, id),
    handOutLate: (topic, { publication, id }) => this.#toClients(topic, publication, id),
    lost: () => this.#tellOfGap(),
  });
  #turnDue = false;
  #sweep: ClockTimer | undefined;
  readonly #totals = {
    published: 0,
    received: 0,
    missed: 0,
    refusedSubscriptions: 0,
    rateLimited: 0,
    overloaded: 0,
    retainedFull: 0,
  };

  constructor(system: ActorSystem, options: CheckedTopicsOptions) {
    this.system = system;
    this.options = options;
    const wanted = (topic: string): void => this.#interest.changed(topic);
    this.listeners = new ActorListeners(system, options, () => this.#askForTurn(), wanted);
    this.#logs = new TopicLogs(options, () => nanoid(EPOCH_LENGTH), wanted);
    this.#interest = new OwnInterest(this.listeners, this.#logs, this.#clients);
    this.#retained = new RetainedTable(options);
    this.#rules = new TopicRules(options.rules);
    this.#report = limitReports((report) => system.report(report), { clock: system.clock, ...REPORTS });
  }

  get name(): string {
    return this.options.name;
  }

  /** The name of this node. */
  get node(): string {
    return this.clusterNode ?? this.options.node ?? this.system.name;
  }

  /** The name of this node among others; `undefined` in a system that is in no cluster. */
  get clusterNode(): string | undefined {
    return this.#nodes?.node;
  }

  get counts(): TopicsCounts {
    let clientTopics = 0;
    for (const { size } of this.#clients.keys()) clientTopics += size;
    return {
      ...this.listeners.counts,
      clientTopics,
      logs: this.#logs.size,
      logBytes: this.#logs.bytes,
      retained: this.#retained.size,
      retainedBytes: this.#retained.bytes,
      pending: this.listeners.pending,
      droppedLogs: this.#logs.dropped,
      ...this.#totals,
    };
  }

  /** Puts other options in the place of those that it has. Logs that are there keep their bounds. */
  configure(options: CheckedTopicsOptions): void {
    this.options = options;
    this.listeners.limits = options;
    this.#logs.limits = options;
    this.#retained.limits = options;
    this.#rules = new TopicRules(options.rules);
  }

  /** Begins to be run by an actor; with the topics of an endpoint's clients, if it is one's. */
  adopt(keeper: AnyRef, clients: ClientTopics | undefined): void {
    this.open = true;
    this.keepers.add(keeper);
    // Those of an endpoint that has crashed with its topics, and is another one by now.
    for (const [known, by] of this.#clients) if (!this.system.isAlive(by)) this.#dropClients(known);
    if (clients !== undefined) this.#clients.set(clients, keeper);
    if (this.#nodes === undefined) this.#attach();
    else for (const topic of clients?.names ?? []) this.#interest.changed(topic);
    this.#goOn();
  }

  /**
   * An actor does not run it any more; true when none is left.
   *
   * The clients of an endpoint whose topics have crashed stay reached, and reach it: it will be back at once, or end with them.
   */
  leave(keeper: AnyRef, clients: ClientTopics | undefined, crashed: boolean): boolean {
    this.keepers.delete(keeper);
    if (clients !== undefined && !crashed) this.#dropClients(clients);
    if (this.owner === keeper) this.owner = undefined;
    // It may have been the one that was asked.
    this.#goOn();
    return this.keepers.size === 0;
  }

  /** Lets go of all but the subscriptions, and what is on its way to them: whoever listens goes on to when it is run again. */
  close(): void {
    this.open = false;
    this.#interest.detach();
    this.#nodes?.close();
    this.#nodes = undefined;
    this.#logs.clear();
    this.#retained.clear();
    this.#limits.clear();
    this.#report.stop();
    if (this.#sweep !== undefined) this.system.clock.clearTimer(this.#sweep);
    this.#sweep = undefined;
  }

  subscribe(topic: string, actor: AnyRef, options: Subscribing = {}): TopicSubscribeResult {
    this.#checkOpen();
    const log = checkSubscribing(topic, options, this.#rules);
    const subscriber = this.listeners.subscribe(topic, actor, options);
    if (typeof subscriber === "string") {
      this.#totals.refusedSubscriptions++;
      return { ok: false, reason: subscriber };
    }
    const { from } = options;
    const part = from === undefined ? undefined : this.read(topic, from, Infinity, subscriber.conflates);
    const retained = part === undefined && options.retained !== false ? this.#retained.find(topic) : [];
    for (const publication of part?.publications ?? []) subscriber.send(publication.message);
    for (const publication of retained) subscriber.send(publication.retainedMessage);
    const position = log === undefined ? undefined : this.#logs.begin(topic, log, this.#startOf(topic));
    return { ok: true, position, sent: (part?.publications ?? retained).length, gap: part?.gap };
  }

  /** Sends to all clients and actors on a topic. @throws {BadArgumentError} for an event or payload that cannot be sent */
  publish(what: Publishing): PublishResult {
    this.#checkOpen();
    const { topic, event, payload, key } = what;
    checkMessage(event, payload);
    const rule = this.#rules.find(topic);
    const publication = new Publication({ topics: this.options.name, topic, event, payload, key });
    // A push that is handled again after a crash: all have it.
    if (what.id !== undefined && this.#isRepeated(topic, what.id)) {
      return { ok: true, clients: this.clientCount(topic), actors: 0, nodes: 0, position: this.#logs.position(topic) };
    }
    const refusal = this.#refusal(what, publication, rule?.rate);
    if (refusal !== undefined) return refusal;
    const retain = what.retain === true;
    const others = what.isLocal === true ? undefined : this.#nodes?.recipients(topic, retain);
    const number = what.isLocal === true ? undefined : this.#nodes?.missing.next();
    const needsFrame = retain || (others !== undefined && isForClients(others));
    for (const each of this.#clients.keys()) {
      // What is retained will be sent to clients that are not here yet, and clients of other nodes have the same limits.
      if (needsFrame || each.find(topic) !== undefined) each.checkSize(publication.bytes);
    }
    // First of all: what cannot be carried is an error, and then nobody gets it.
    const nodes = others === undefined ? 0 : this.#send(publication, others, { ...what, number, retain, needsFrame });
    if (number !== undefined) this.#nodes?.missing.remember(publication, what.id, number);
    if (rule?.log !== undefined) this.#log(publication, rule.log);
    if (retain) this.#retained.set(topic, publication);
    this.#totals.published++;
    let sent = 0;
    for (const each of this.#clients.keys()) sent += each.send(publication, what.exceptSession, what.id);
    return {
      ok: true,
      clients: sent,
      actors: this.listeners.deliver(publication, what.exceptActor),
      nodes,
      position: publication.position,
    };
  }

  /** Sends to those on one other node alone; `undefined` when that cannot be reached. @throws {CodecError} for what cannot be carried */
  publishTo(node: string, what: Publishing): PublishResult | undefined {
    this.#checkOpen();
    const { topic, event, payload, key } = what;
    checkMessage(event, payload);
    const to = this.#nodes?.recipient(node, topic);
    if (to === undefined) return undefined;
    const publication = new Publication({ topics: this.options.name, topic, event, payload, key });
    const refusal = this.#refusal(what, publication, this.#rules.find(topic)?.rate);
    if (refusal !== undefined) return refusal;
    const nodes = this.#send(publication, to, {
      ...what,
      number: this.#nodes?.missing.next(),
      retain: false,
      needsFrame: isForClients(to),
    });
    if (nodes === 0) return undefined;
    this.#totals.published++;
    return { ok: true, clients: 0, actors: 0, nodes, position: undefined };
  }

  /** What the log of a topic has behind a position. @throws {BadArgumentError} for a topic that has none by its settings */
  read(topic: string, from: LogStart, most: number, conflate: boolean): LogPart {
    const rule = this.#rules.find(topic)?.log;
    if (rule === undefined) {
      throw new BadArgumentError(
        `Expected a topic with a log, by the option topics of Topics; ${whatCame(topic)} has none`,
      );
    }
    const position = this.#logs.begin(topic, rule, this.#startOf(topic));
    const part = this.#logs.read(topic, from, this.system.clock.now(), most, conflate);
    return part ?? { publications: [], gap: undefined, position };
  }

  position(topic: string): TopicPosition | undefined {
    return this.#logs.position(topic);
  }

  retained(topic: string): Publication | undefined {
    return this.#retained.get(topic);
  }

  /** Forgets what is retained of a topic; false when there is nothing. */
  clearRetained(topic: string): boolean {
    const known = this.#retained.delete(topic);
    if (known) this.#nodes?.cleared(topic);
    return known;
  }

  // What the other nodes have to say.

  arrived(publication: Publication, id: string | undefined): void {
    if (this.#arrivals.holds({ publication, id })) return;
    const { topic } = publication;
    if (id !== undefined && this.#isRepeated(topic, id)) return;
    this.#totals.received++;
    this.#toClients(topic, publication, id);
    // No actor had subscribed yet that the publisher's node knew of.
    if (publication.isFrameOnly) return;
    if (this.listeners.pending < this.options.maxPending) this.listeners.deliver(publication, undefined);
    else {
      this.#totals.overloaded++;
      this.#refused(topic, { ok: false, reason: "overloaded", retryAfterMs: OVERLOADED_RETRY_MS });
    }
  }

  /** Goes on where an earlier life of this node has ended; see {@link Arrivals.goOnAfter}. */
  async goOnAfter(heard: HeardRecord): Promise<void> {
    const { missing } = this;
    if (missing !== undefined) await this.#arrivals.goOnAfter(heard, missing, () => this.open);
  }

  takeRetained(topic: string, publication: Publication | undefined, isLate: boolean): void {
    this.#retained.delete(topic);
    if (publication === undefined) return;
    this.#carefully(topic, () => {
      if (this.#retained.fits(topic, publication)) this.#retained.set(topic, publication);
      else {
        this.#totals.retainedFull++;
        this.#refused(topic, { ok: false, reason: "retained_full" });
      }
    });
    // Whoever has subscribed before it came has not got it.
    if (isLate) this.listeners.deliverRetained(publication);
  }

  /** Nobody may take what comes next for what comes next: clients are told, and logs begin anew. */
  lost(node: NodeIdentity): void {
    this.#totals.missed++;
    this.#tellOfGap();
    this.#logs.clear();
    const text = `The topics ${this.name} have lost messages on the way from node ${node.name}`;
    this.#report({ type: "publications_lost", level: "warning", text, details: { node } });
  }

  #tellOfGap(): void {
    for (const each of this.#clients.keys()) each.missed();
  }

  uncarried(topic: string, thrown: unknown): void {
    const text = `What is retained of ${whatCame(topic)} stays on this node: ${String(thrown)}`;
    this.#report({ type: "cannot_carry", level: "error", text, details: { topic, error: thrown } });
  }

  get clock(): Clock {
    return this.system.clock;
  }

  /** What kept sessions of dead nodes have missed; `undefined` in a system that is in no cluster. */
  get missing(): MissedPublications | undefined {
    return this.#nodes?.missing;
  }

  clientsChanged(topic: string): void {
    this.#interest.changed(topic);
  }

  /** How many clients are on a topic. */
  clientCount(topic: string): number {
    let count = 0;
    for (const each of this.#clients.keys()) count += each.find(topic)?.size ?? 0;
    return count;
  }

  /** The session of a channel, which is on the topic. */
  sessionOf(topic: string, channel: AnyRef): Publishing["exceptSession"] {
    for (const each of this.#clients.keys()) {
      const session = each.find(topic)?.sessionOf(channel);
      if (session !== undefined) return session;
    }
    return undefined;
  }

  /** Goes on with what is on its way. Called by the actor that was asked. */
  turn(): void {
    this.#turnDue = false;
    if (this.listeners.turn()) this.#askForTurn();
  }

  /** Finds the others, and tells them all that somebody here wants. */
  #attach(): void {
    const port = nodeOf(this.system);
    if (port === undefined) return;
    this.#nodes = new TopicsNodes(port, this);
    this.#interest.attach(this.#nodes);
  }

  #dropClients(clients: ClientTopics): void {
    this.#clients.delete(clients);
    for (const topic of clients.names) this.#interest.changed(topic);
  }

  #send(publication: Publication, to: Recipients, how: SendingOut): number {
    // Where there are clients its JSON form is needed; that it has none is known here.
    if (how.needsFrame) void publication.frame;
    const valued = this.#rules.find(publication.topic)?.log !== undefined;
    const { id, number, retain } = how;
    return this.#nodes?.send(publication, to, { id, number, retain: retain === true, valued }) ?? 0;
  }

  /** Does what may fail with what another node has sent: its publisher hears nothing of it. */
  #carefully(topic: string, work: () => void): void {
    try {
      work();
    } catch (thrown) {
      const text = `The topics ${this.name} could not hand out what another node published on ${whatCame(topic)}: ${String(thrown)}`;
      this.#report({ type: "broadcast_failed", level: "error", text, details: { topic, error: thrown } });
    }
  }

  /** What another node has published goes to the clients here, and into the log. */
  #toClients(topic: string, publication: Publication, id: string | undefined): void {
    this.#carefully(topic, () => {
      const rule = this.#rules.find(topic)?.log;
      if (rule !== undefined) this.#log(publication, rule);
      for (const each of this.#clients.keys()) {
        if (each.find(topic) === undefined) continue;
        each.checkSize(publication.bytes);
        each.send(publication, undefined, id);
      }
    });
  }

  #isRepeated(topic: string, id: string): boolean {
    for (const each of this.#clients.keys()) if (each.find(topic)?.repeats(id) === true) return true;
    return false;
  }

  #refusal(what: Publishing, publication: Publication, topicRate: BucketRule | undefined): PublishRefusal | undefined {
    if (what.retain === true && !this.#retained.fits(what.topic, publication)) {
      this.#totals.retainedFull++;
      return this.#refused(what.topic, { ok: false, reason: "retained_full" });
    }
    if (what.unlimited === true) return undefined;
    if (this.listeners.pending >= this.options.maxPending) {
      this.#totals.overloaded++;
      return this.#refused(what.topic, { ok: false, reason: "overloaded", retryAfterMs: OVERLOADED_RETRY_MS });
    }
    const { publisherRate } = this.options;
    if (topicRate === undefined && publisherRate === undefined) return undefined;
    const { topic, publisher } = what;
    const check = { topic, topicRate, publisher, publisherRate };
    const tooFast = this.#limits.take(check, this.system.clock.now());
    if (tooFast === undefined) return undefined;
    this.#totals.rateLimited++;
    return this.#refused(topic, { ok: false, reason: "rate_limited", ...tooFast });
  }

  /** Reports refusals, too: whoever cast a message hears of none. */
  #refused(topic: string, refusal: PublishRefusal): PublishRefusal {
    const text = `The topics ${this.name} refused a message on ${whatCame(topic)}: ${refusal.reason}`;
    this.#report({ type: "publish_refused", level: "warning", text, details: { topic, ...refusal } });
    return refusal;
  }

  #log(publication: Publication, rule: LogRule): void {
    // Encoded before it has a number: what cannot be encoded must not leave a hole.
    void publication.bytes;
    const { clock } = this.system;
    this.#logs.append(publication, rule, clock.now(), this.#startOf(publication.topic));
    if (rule.ageMs !== Infinity) this.#sweep ??= clock.setTimer(SWEEP_MS, () => this.#sweepLogs());
  }

  #sweepLogs(): void {
    const { clock } = this.system;
    this.#logs.sweep(clock.now());
    this.#sweep = this.#logs.isEmpty ? undefined : clock.setTimer(SWEEP_MS, () => this.#sweepLogs());
  }

  /** Where a log begins that is begun now: its numbers are those that the topic's clients are told. */
  #startOf(topic: string): TopicPosition | undefined {
    if (this.#logs.position(topic) !== undefined) return undefined;
    for (const each of this.#clients.keys()) {
      const known = each.find(topic);
      if (known !== undefined) return { epoch: known.epoch, offset: known.offset };
    }
    return undefined;
  }

  /** Asks for a turn, if there is something to deliver. */
  #goOn(): void {
    this.#turnDue = false;
    if (this.listeners.pending > 0) this.#askForTurn();
  }

  #askForTurn(): void {
    if (this.#turnDue) return;
    for (const keeper of this.keepers) {
      if (!this.system.isAlive(keeper)) continue;
      this.#turnDue = true;
      keeper.send(TURN);
      return;
    }
  }

  #checkOpen(): void {
    // A caller may have found it before it was stopped.
    if (!this.open) throw unknownTopics(this.name);
  }
}
