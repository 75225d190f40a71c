import { type AnyRef, type ExitReason, formatReason, isNormalExit, type StartResult } from "../../src/index.js";
import { encodeBody, type Frame } from "../../src/protocol/frame.js";
import { ChannelEvent } from "../../src/protocol/names.js";
import { type Answer, error, ok } from "../channel/answer.js";
import type { Channel, ChannelClass, ChannelStart } from "../channel/channel.js";
import { refusalOf } from "../channel/join-refused.js";
import type { Arrival } from "./arrival.js";
import type { CatchUp } from "./catch-up.js";
import { ChannelRow, ChannelTable } from "./channel-table.js";
import { bodyBytes, withJoinRef } from "./frame-body.js";
import type { KeptChannel } from "./kept-meta.js";
import type { KeptRow } from "./kept-row.js";
import type { Body } from "./outbox.js";
import type { IdempotentPush } from "./push-outcome.js";
import { badEvent, badTopic } from "./name-rule.js";
import { abandonPush, isRepeated, settlePush } from "./repeated-pushes.js";
import type { SessionHost } from "./session-host.js";
import type { HandledPush } from "./session-messages.js";
import type { SessionLine } from "./session-line.js";

const LEAVE_TIMEOUT_MS = 5_000;

/**
 * The topics' side of a session: its channels, and what a client's frames do there by the rules of Phoenix's socket dispatch.
 *
 * Whatever a client sends ends in `done`, once, when it is handled.
 */
export class SessionTopics extends ChannelTable {
  readonly #host: SessionHost;
  readonly #line: SessionLine;

  constructor(host: SessionHost, line: SessionLine) {
    super();
    this.#host = host;
    this.#line = line;
  }

  /** Handles a client's frame. A promise while it joins a channel whose `join` is async: the client's other frames wait meanwhile. */
  dispatch(arrival: Arrival): void | Promise<void> {
    const { frame } = arrival;
    const row = this.find(frame.topic);
    if (frame.event === ChannelEvent.join) return this.#join(arrival, row);
    if (row === undefined) {
      if (frame.event === ChannelEvent.leave) this.#reply(frame.joinRef, frame, ok());
      else this.#reply(null, frame, error({ reason: "unmatched topic" }));
    } else if (frame.joinRef === null || frame.joinRef === row.joinRef) {
      if (frame.event !== ChannelEvent.leave) return this.#push(arrival, row);
      this.#reply(row.joinRef, frame, ok());
      this.leave(row);
    }
    this.#done(arrival);
  }

  /** Sends what a channel has for its client. */
  emit(row: ChannelRow, body: Body, bytes = bodyBytes(body)): void {
    // What a channel sent before it was left is not for the client any more.
    if (row.leaving) return;
    const away = this.#host.away?.find(row);
    if (away?.hold === "join") {
      away.frames ??= [];
      away.frames.push(body);
      this.#host.keeper?.metaChanged();
      return;
    }
    // A channel may have encoded it before its client joined anew.
    const sent = this.#host.numbering === "tail" ? withJoinRef(body, row.joinRef) : body;
    this.#line.emit(sent, sent === body ? bytes : bodyBytes(sent), row);
  }

  /** A channel has handled the oldest push that it was given. */
  answered({ row, reply, state }: HandledPush): void {
    if (state !== undefined && row.kept !== undefined) {
      row.kept.state = state;
      this.#host.keeper?.metaChanged();
    }
    if (reply !== undefined) this.emit(row, reply.body, reply.bytes);
    const push = row.outstanding?.shift();
    if (push === undefined) return;
    if (typeof push === "number") this.#line.handled(push, 0);
    else {
      settlePush(this.#host.context.pushes, push, reply?.body, this.#host.keeper);
      this.#line.handled(push.seq, 0);
    }
  }

  /** Ends the channel of a topic for its client. */
  leave(row: ChannelRow): void {
    row.leaving = true;
    this.#unsubscribe(row);
    if (row.channel !== undefined) this.#host.endActor(row.channel, { shutdown: "left" });
  }

  /** A channel has ended: by its client's leave, by a new join, by its own will; or it crashed, and its client joins again. */
  ended(row: ChannelRow, reason: ExitReason): void {
    this.remove(row);
    const held = this.#host.away?.find(row)?.hold === "join";
    this.#unsubscribe(row);
    const closed = isNormalExit(reason);
    const event = closed ? ChannelEvent.close : ChannelEvent.error;
    const body = encodeBody(row.joinRef, row.joinRef, row.topic, event, closed ? {} : { reason: "channel_crash" });
    // A client that has not joined it again knows nothing of it.
    if (!held) this.#line.emit(body, bodyBytes(body), row);
    for (const push of row.outstanding ?? []) {
      if (typeof push !== "number") abandonPush(this.#host.context.pushes, push);
      this.#line.handled(typeof push === "number" ? push : push.seq, 0);
    }
    row.outstanding = undefined;
    // A killed channel's handler goes on, and may still say something: nobody waits for it, and the push may be handled again.
    row.leaving = true;
  }

  /** Lets go of everything that others know of this session's topics. */
  release(): void {
    const { context, keeper } = this.#host;
    const { subscriptions, pushes } = context;
    // What is still in the store comes back, and must not miss what is broadcast until then.
    const comesBack = keeper?.ended === false;
    for (const row of this) {
      if (comesBack && !row.leaving) subscriptions.unsubscribe(row.topic, row, true);
      else this.#giveUpPlace(row);
      for (const push of row.outstanding ?? []) if (typeof push !== "number") abandonPush(pushes, push);
    }
  }

  /** The session has crashed, and will be back. Gives its channels, which must have ended by then. */
  orphan(): AnyRef[] {
    const channels: AnyRef[] = [];
    for (const { kept, channel } of this) {
      if (kept !== undefined) kept.orphaned = true;
      if (channel !== undefined) channels.push(channel);
    }
    return channels;
  }

  /** The session is not kept any more; to be called while it has its keeper. */
  forget(): void {
    for (const row of this) {
      this.#unplaceWhenSafe(row);
      row.kept = undefined;
    }
  }

  /** Starts the channel of a topic again that its client had joined before the server was started anew. No answer: the client had one. */
  async restore(channel: KeptChannel, kept: KeptRow, away: CatchUp): Promise<void> {
    const { topic, joinRef, params, state } = channel;
    const { context, identity } = this.#host;
    const { subscriptions } = context;
    const row = new ChannelRow(subscriptions.nameOf(topic), joinRef, this.#host.ref);
    row.kept = kept;
    const channelClass = context.routes.find(topic);
    const start: ChannelStart = { row, params, identity, context, answer: undefined, restored: { state } };
    const started = channelClass === undefined ? undefined : await this.#host.startChannel(channelClass, start);
    if (started?.ok === true) {
      row.channel = started.ref;
      this.add(row);
      away.restore(row, kept.cursor, channel.held);
      return;
    }
    this.#giveUpPlace(row);
    this.#host.keeper?.metaChanged();
    const refused = started === undefined || started.ignore || refusalOf(started.reason) !== undefined;
    if (!refused && started !== undefined && !started.ignore) {
      this.#host.report("error", "join_crashed", `could not restore ${topic}: ${formatReason(started.reason)}`);
    }
    const event = refused ? ChannelEvent.close : ChannelEvent.error;
    const body = encodeBody(joinRef, joinRef, topic, event, refused ? {} : { reason: "channel_crash" });
    this.#line.emit(body, bodyBytes(body), row);
  }

  #push(arrival: Arrival, row: ChannelRow): void {
    const { frame, seq } = arrival;
    const reason = badEvent(frame.event, this.#host.context.limits);
    if (reason !== undefined) {
      if (frame.ref !== null) this.#reply(row.joinRef, frame, error({ reason }));
      return this.#done(arrival);
    }
    const push = frame.id === undefined ? undefined : this.#idempotent(arrival, frame.id, row);
    if (push !== undefined && isRepeated(this.#host.context.pushes, push, row)) return;
    (row.outstanding ??= []).push(push ?? seq);
    const { kept } = row;
    if (kept === undefined) row.channel?.cast.incoming(frame);
    // Text of its own for each push: only where a push may have to be known again.
    else row.channel?.cast.incoming(frame, frame.id ?? `${kept.sid}:${seq}`);
  }

  #idempotent({ frame, seq }: Arrival, id: string, row: ChannelRow): IdempotentPush | undefined {
    const { context, identity, sid } = this.#host;
    const owner = context.pushes.owners.ownerOf(identity.user, sid);
    return owner === undefined ? undefined : { owner, key: `${id} ${frame.event} ${row.topic}`, seq, ref: frame.ref };
  }

  #join(arrival: Arrival, old: ChannelRow | undefined): void | Promise<void> {
    const { frame } = arrival;
    const { routes, limits } = this.#host.context;
    if (old !== undefined && this.#host.away?.find(old)?.hold === "join") return this.#reattach(arrival, old);
    const channelClass = routes.find(frame.topic);
    const reason = badTopic(frame.topic, limits);
    if (reason !== undefined) this.#reply(frame.joinRef, frame, error({ reason }));
    else if (channelClass === undefined) this.#reply(null, frame, error({ reason: "unmatched topic" }));
    else if (old?.channel !== undefined) return this.#rejoin(channelClass, arrival, old, old.channel);
    else if (this.joined >= limits.channelsPerSession) {
      this.#reply(frame.joinRef, frame, error({ reason: "too many channels joined" }));
    } else {
      const before = this.leaving(frame.topic);
      if (before?.channel === undefined) return this.#startChannel(channelClass, arrival);
      return this.#rejoin(channelClass, arrival, before, before.channel);
    }
    this.#done(arrival);
  }

  /** A stock client that has its session back joins a topic that the session still holds: the channel lives on, under a new `join_ref`. */
  #reattach(arrival: Arrival, row: ChannelRow): void {
    const { frame } = arrival;
    const away = this.#host.away?.find(row);
    row.joinRef = frame.joinRef ?? frame.ref ?? "";
    this.#reply(row.joinRef, frame, ok({ resumed: true }));
    const frames = away?.frames ?? [];
    if (away !== undefined) {
      away.frames = undefined;
      away.hold = undefined;
    }
    for (const body of frames) this.emit(row, body);
    this.#host.keeper?.metaChanged();
    row.channel?.cast.rejoined();
    this.#host.ref.cast.pump();
    this.#done(arrival);
  }

  #startChannel(channelClass: ChannelClass, arrival: Arrival): void | Promise<void> {
    const { topic, joinRef, ref, payload } = arrival.frame;
    const { context, identity } = this.#host;
    const row = new ChannelRow(context.subscriptions.nameOf(topic), joinRef ?? ref ?? "", this.#host.ref);
    const { keeper } = this.#host;
    if (keeper !== undefined)
      row.kept = { sid: keeper.sid, cursor: 0, acked: 0, params: payload, state: undefined, inLog: 0, orphaned: false };
    const start: ChannelStart = { row, params: payload, identity, context, answer: undefined };
    const started = this.#host.startChannel(channelClass, start);
    if (started instanceof Promise) return this.#joinedLater(started, arrival, start);
    this.#joined(started, arrival, start);
  }

  async #rejoin(channelClass: ChannelClass, arrival: Arrival, old: ChannelRow, channel: AnyRef): Promise<void> {
    if (!old.leaving) this.leave(old);
    const { clock } = this.#host;
    const timer = clock.setTimer(LEAVE_TIMEOUT_MS, () => this.#host.endActor(channel, "kill"));
    await this.#host.exited(channel);
    clock.clearTimer(timer);
    await this.#startChannel(channelClass, arrival);
  }

  async #joinedLater(starting: Promise<StartResult<Channel>>, arrival: Arrival, start: ChannelStart): Promise<void> {
    this.#joined(await starting, arrival, start);
  }

  #joined(started: StartResult<Channel>, arrival: Arrival, { row, answer }: ChannelStart): void {
    const { frame } = arrival;
    if (started.ok) {
      row.channel = started.ref;
      this.add(row);
      this.#reply(row.joinRef, frame, answer ?? ok());
      // After the reply: nothing may come on a topic before the client knows that it is in.
      this.#host.context.subscriptions.subscribe(row.topic, row);
      this.#tellRetained(row);
      this.#host.keeper?.metaChanged();
      this.#host.putAwayIfDetached(row);
    } else {
      const reason = started.ignore ? "ignore" : started.reason;
      const refusal = refusalOf(reason);
      if (refusal === undefined) {
        const text = `could not let its client join ${frame.topic}: ${formatReason(reason)}`;
        this.#host.report("error", "join_crashed", text);
      }
      this.#reply(row.joinRef, frame, error(refusal ?? { reason: "join crashed" }));
    }
    this.#done(arrival);
  }

  /** Sends a client what is retained of a topic that it has joined, if its class asks for that: the same bytes as to others. */
  #tellRetained(row: ChannelRow): void {
    const { routes, subscriptions } = this.#host.context;
    if (routes.find(row.topic)?.retained !== true) return;
    const retained = subscriptions.feed?.retained(row.topic)?.frame;
    if (retained !== undefined) this.emit(row, retained);
  }

  #unsubscribe(row: ChannelRow): void {
    const { subscriptions } = this.#host.context;
    if (!row.leaving) subscriptions.catchUp(row);
    this.#giveUpPlace(row);
    this.#host.away?.remove(row);
    this.#host.keeper?.metaChanged();
  }

  /** Until the store knows that a topic was left a crash may bring the session back with it: what is broadcast by then is kept for it. */
  #giveUpPlace(row: ChannelRow): void {
    const { context, keeper } = this.#host;
    const { subscriptions } = context;
    this.#keepWithoutLog(row);
    subscriptions.unsubscribe(row.topic, row, keeper !== undefined);
    this.#unplaceWhenSafe(row);
  }

  /** The log of a topic may go with the place: what its client has not acknowledged must not be there alone. */
  #keepWithoutLog({ kept }: ChannelRow): void {
    const { keeper } = this.#host;
    const { stream } = this.#line;
    if (keeper === undefined || keeper.ended || kept === undefined || kept.inLog <= stream.acknowledged) return;
    keeper.rewrite(stream.bodies, stream.tx);
    // All of them are kept so, whatever their topics.
    for (const row of this) if (row.kept !== undefined) row.kept.inLog = 0;
    kept.inLog = 0;
  }

  #unplaceWhenSafe({ topic, kept }: ChannelRow): void {
    const { context, keeper } = this.#host;
    if (kept === undefined) return;
    keeper?.record({ change: () => undefined, isSafe: () => context.subscriptions.unplace(topic, kept) });
  }

  #reply(joinRef: string | null, frame: Frame, answer: Answer): void {
    const body = encodeBody(joinRef, frame.ref, frame.topic, ChannelEvent.reply, answer);
    this.#line.emit(body, bodyBytes(body));
  }

  #done({ seq, bytes }: Arrival): void {
    this.#line.handled(seq, bytes);
  }
}
