import { nanoid } from "nanoid";
import type { AnyRef } from "../../src/index.js";
import { encodeBody } from "../../src/protocol/frame.js";
import { ChannelEvent } from "../../src/protocol/names.js";
import { SharedFrame } from "../../src/transport/shared-frame.js";
import type { Gap } from "../channel/overflow.js";
import type { ChannelRow } from "../session/channel-table.js";
import type { SessionRef } from "../session/session-messages.js";
import { Broadcast, type HandingOut } from "./broadcast.js";
import type { BroadcastTurns } from "./broadcast-turns.js";
import { type KeptPlace, KeptTopic, type LogKeeping } from "./kept-topic.js";
import { LiveRows } from "./live-rows.js";
import { type LogLimits, type LogTotal, TopicLog } from "./topic-log.js";
import type { TopicPosition } from "./topic-message.js";

/** What the topics of an endpoint share. */
export interface TopicSurroundings {
  readonly limits: LogLimits;
  readonly total: LogTotal;
  readonly now: () => number;
  /** By which large topics hand out. */
  readonly turns: BroadcastTurns;
  /** Where logs are kept for durable sessions; `undefined` when there are none. */
  readonly keeping: LogKeeping | undefined;
  /** The name of this node; `undefined` where there are no others. */
  node: string | undefined;
}

/** Where the log of a topic stands in the store. */
export interface LogPosition {
  readonly epoch: number;
  /** The offset of the latest broadcast. */
  readonly offset: number;
}

/**
 * One topic with at least one session on it, each as its row.
 *
 * A row is *live*: it gets every broadcast at once; or *away*, because its client is not there or too slow: its session keeps a place in the
 * topic's log and reads on from there when it can. The log is kept only while a row is away, so a topic whose clients are all there
 * costs nothing more.
 */
export class Topic {
  readonly name: string;
  readonly #surroundings: TopicSurroundings;
  readonly #live: LiveRows;
  #away: Set<ChannelRow> | undefined;
  #log: TopicLog | undefined;
  #epoch: string | undefined;
  /** Only there while a durable session has a place here. */
  #kept: KeptTopic | undefined;
  /** How many keep the log although no row is away. */
  #holds = 0;
  /** The number of broadcasts so far: the offset of the latest. */
  offset = 0;

  /** A new topic, or one that goes on where its log in the store ends. */
  constructor(name: string, surroundings: TopicSurroundings, position?: LogPosition) {
    this.name = name;
    this.#surroundings = surroundings;
    this.#live = new LiveRows(surroundings.turns, surroundings.limits);
    const { keeping } = surroundings;
    if (position === undefined || keeping === undefined) return;
    this.offset = position.offset;
    this.#kept = new KeptTopic(name, keeping, position.epoch);
  }

  /** Whether nobody needs it any more. */
  get isUnused(): boolean {
    return this.size === 0 && this.#kept === undefined && this.#holds === 0;
  }

  /** Whether its log is kept in the store. */
  get isKept(): boolean {
    return this.#kept !== undefined;
  }

  /** The epoch of its log in the store. */
  get keptEpoch(): number | undefined {
    return this.#kept?.epoch;
  }

  /** Goes on where a log of the topic ends that is not kept for sessions; for a new topic. */
  continueAt({ epoch, offset }: TopicPosition): void {
    this.#epoch = epoch;
    this.offset = offset;
  }

  /** Whether a broadcast with this id is in the log of the store. */
  repeats(id: string): boolean {
    return this.#kept?.has(id) === true;
  }

  /** The session of a channel on it. */
  sessionOf(channel: AnyRef): SessionRef | undefined {
    for (const row of this.#live) if (row.channel === channel) return row.session;
    if (this.#away !== undefined) for (const row of this.#away) if (row.channel === channel) return row.session;
    return undefined;
  }

  /** Gives a durable session a place: what is broadcast from now on is kept for it. */
  place(place: KeptPlace): void {
    const { keeping } = this.#surroundings;
    if (keeping === undefined) return;
    this.#kept ??= new KeptTopic(this.name, keeping);
    this.#kept.add(place);
  }

  /** Takes a place back. */
  unplace(place: KeptPlace): void {
    if (this.#kept?.remove(place) === true && this.#holds === 0) this.#endKept();
  }

  /** Keeps the log although no row is away yet. */
  hold(): void {
    this.#holds++;
    this.#openLog();
  }

  letGo(): void {
    this.#holds--;
    if (this.#holds > 0) return;
    if (this.#kept?.size === 0) this.#endKept();
    if (this.#away === undefined) this.#closeLog();
  }

  /** Counts an entry that the store has. */
  count(entry: Broadcast, at: number, id: string | undefined): void {
    this.#kept?.count(entry.offset, entry.bytes, at, id);
  }

  /** Puts what was read from the store back into the log: all that comes right before what is there. */
  recall(entries: readonly Broadcast[]): void {
    this.#log?.recall(entries, this.#surroundings.now());
  }

  /** Puts a row in that is away. */
  putBack(row: ChannelRow): void {
    this.#away ??= new Set();
    this.#away.add(row);
    this.#openLog();
  }

  /** The sessions on it, live and away. */
  get size(): number {
    return this.#live.size + (this.#away?.size ?? 0);
  }

  /** Tells the offsets of this topic from those of one that had the same name before. */
  get epoch(): string {
    this.#epoch ??= this.#kept === undefined ? nanoid(10) : logEpochName(this.#kept.epoch, this.#surroundings.node);
    return this.#epoch;
  }

  /** The oldest offset that can still be read; `offset + 1` if none can. */
  get firstKept(): number {
    return this.#log?.first ?? this.offset + 1;
  }

  /** What is kept for rows that are away. */
  get kept(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#log?.length ?? 0, bytes: this.#log?.bytes ?? 0 };
  }

  /** Puts a row in, or an away one back among the live: it gets what is broadcast from now on. */
  putLive(row: ChannelRow): void {
    this.#takeFromAway(row);
    this.#live.add(row);
  }

  /** Puts a live row away: what is broadcast from now on waits in the log. False for one that is not live. */
  putAway(row: ChannelRow): boolean {
    this.#live.catchUp(row);
    if (!this.#live.delete(row)) return false;
    this.#away ??= new Set();
    this.#away.add(row);
    this.#openLog();
    return true;
  }

  /** Hands a row what it has not got yet of what was broadcast, if it is live. */
  catchUp(row: ChannelRow): void {
    this.#live.catchUp(row);
  }

  /** Takes a row out, whether live or away. */
  remove(row: ChannelRow): void {
    if (!this.#live.delete(row)) this.#takeFromAway(row);
  }

  /** The broadcast with an offset, if it is kept. */
  read(offset: number): Broadcast | undefined {
    return this.#log?.at(offset);
  }

  /** Whether a broadcast that is kept has the same key as this one, and came after it. */
  isOutdated(entry: Broadcast): boolean {
    return this.#log?.isOutdated(entry) === true;
  }

  /**
   * Sends a frame to all rows, except those of one session if given, and returns how many there are.
   */
  broadcast(frame: SharedFrame, { key, except, id }: HandingOut): number {
    const kept = this.#kept;
    // A push that is handled again, because its handling was not kept before a crash: what it broadcast was.
    if (kept !== undefined && id !== undefined && kept.has(id)) return this.size;
    this.offset++;
    const exceptSid = kept === undefined || except === undefined ? undefined : this.#sidOf(except);
    const entry = new Broadcast(frame, this.offset, key, except, exceptSid);
    this.#log?.append(entry, this.#surroundings.now());
    kept?.append(entry, id);
    this.#live.send(entry);
    return except === undefined ? this.size : this.#sizeWithout(except);
  }

  /** Something that was to come here next is lost, and how much is not known: all rows are told so in its place, and their channels. */
  missed(): void {
    const offset = this.offset + 1;
    const gap: Gap = { epoch: this.epoch, from: offset, to: offset, reason: "lost" };
    this.broadcast(SharedFrame.text(encodeBody(null, null, this.name, ChannelEvent.gap, gap)), {});
    for (const row of this.#live) row.channel?.cast.missed(gap);
    if (this.#away !== undefined) for (const row of this.#away) row.channel?.cast.missed(gap);
  }

  #sizeWithout(session: SessionRef): number {
    let { size } = this;
    for (const row of this.#live) if (row.session === session) size--;
    if (this.#away !== undefined) for (const row of this.#away) if (row.session === session) size--;
    return size;
  }

  #takeFromAway(row: ChannelRow): void {
    if (this.#away?.delete(row) !== true || this.#away.size > 0) return;
    this.#away = undefined;
    if (this.#holds === 0) this.#closeLog();
  }

  #sidOf(session: SessionRef): string | undefined {
    for (const row of this.#live) if (row.session === session) return row.kept?.sid;
    if (this.#away !== undefined) for (const row of this.#away) if (row.session === session) return row.kept?.sid;
    return undefined;
  }

  #openLog(): void {
    const { limits, total } = this.#surroundings;
    this.#log ??= new TopicLog(limits, total, this.offset + 1);
  }

  #closeLog(): void {
    this.#log?.clear();
    this.#log = undefined;
  }

  #endKept(): void {
    this.#kept?.end();
    this.#kept = undefined;
  }
}

/** The epoch of a log in the store as clients know it: two nodes may begin theirs in the same millisecond. */
export function logEpochName(epoch: number, node: string | undefined): string {
  return node === undefined ? epoch.toString(36) : `${epoch.toString(36)}@${node}`;
}
