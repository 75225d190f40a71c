import { nanoid } from "nanoid";
import type { Clock } from "../../src/index.js";
import type { SessionHead } from "../../src/store/store-port.js";
import { encodeBody } from "../../src/protocol/frame.js";
import { ChannelEvent } from "../../src/protocol/names.js";
import type { ReadableLog } from "./away-row.js";
import type { ChannelTable } from "./channel-table.js";
import { bodyBytes } from "./frame-body.js";
import type { CatchUp } from "./catch-up.js";
import { encodeMeta, isJson, type KeptChannel, type KeptMeta } from "./kept-meta.js";
import type { RestoredFrame, RestoredSession } from "./kept-session.js";
import type { Body } from "./outbox.js";
import type { Secrets } from "./secrets.js";
import type { SessionHost } from "./session-host.js";
import type { ReturningSession } from "./session-messages.js";
import { type KeptSession, SessionKeeper } from "./session-keeper.js";
import type { SessionTopics } from "./session-topics.js";
import type { SessionLine } from "./session-line.js";

/** The small fields of a session as the store keeps them. */
function keptHeadOf(host: SessionHost, line: SessionLine, ttlMs: number, clock: Clock): SessionHead {
  const { stream, epoch, since } = line;
  const { user } = host.identity;
  const head = { ...(user === undefined ? {} : { user }), epoch, rx: stream.handled, tx: stream.tx };
  if (line.attached) return head;
  const detachedAt = Math.round(clock.wallTime() - (clock.now() - since));
  return { ...head, detachedAt, expiresAt: detachedAt + ttlMs };
}

/** All the rest of a session as the store keeps it. */
function keptMetaOf(
  host: SessionHost,
  line: SessionLine,
  rows: ChannelTable,
  secrets: Secrets,
  ttlMs: number,
): Uint8Array {
  const { user, assigns } = host.identity;
  const { stream } = line;
  const { sid, numbering, context } = host;
  const origin = context.pushes.owners.originOf(sid);
  const through = stream.tx - stream.outbox.messages;
  const withdrawn = through > stream.acknowledged ? { withdrawn: { from: stream.acknowledged, through } } : {};
  const joined = [...rows].reverse().filter(({ leaving }) => !leaving);
  return encodeMeta({
    secrets: secrets.kept,
    user,
    assigns,
    ttlMs,
    ahead: stream.ahead,
    ...(numbering === "tail" ? { stock: withdrawn } : {}),
    ...(origin === sid ? {} : { origin }),
    channels: joined.flatMap((row): KeptChannel[] => {
      const { topic, joinRef, kept } = row;
      if (kept === undefined) return [];
      const { params, cursor, state } = kept;
      const { frames: held, unanswered } = host.away?.find(row) ?? {};
      const ofAway = { ...(held === undefined ? {} : { held }), ...(unanswered === undefined ? {} : { unanswered }) };
      return [{ topic, joinRef, params, cursor, state, ...ofAway }];
    }),
  });
}

/** Has a session's stream go on where the store says that it stood. */
export function restoreStream(host: SessionHost, line: SessionLine, restored: RestoredSession): void {
  const { head, meta, acknowledged, tx, frames } = restored;
  const { subscriptions, limits } = host.context;
  const joinRefs = new Map(meta.channels.map(({ topic, joinRef }) => [topic, joinRef] as const));
  const bodies = frames.map((frame) => bodyOf(frame, joinRefs, subscriptions));
  // Nobody sends again what a stock client had sent, so there is nothing to compare numbers with.
  const ahead = meta.stock === undefined ? meta.ahead : [];
  line.stream.restore({ tx, acknowledged, rx: head.rx, ahead, bodies }, limits, bodyBytes);
  // The store hears now and then only that the oldest of a tail have made room.
  if (meta.stock !== undefined) line.stream.shrink(limits);
  const awayMs = head.detachedAt === undefined ? 0 : Math.max(0, host.clock.wallTime() - head.detachedAt);
  line.restore(head.epoch, host.clock.now() - awayMs);
}

/** The logs of topics, by their names. */
export interface LogsByTopic {
  find(topic: string): Pick<ReadableLog, "epoch" | "read"> | undefined;
}

/** What a keeper is made of besides the session's parts. */
export interface Keepable {
  readonly sid: string;
  readonly ttlMs: number;
  readonly secrets: Secrets | undefined;
  /** Whether the session is in the store. */
  readonly isKnown: boolean;
  /** The frames of one that was in the store of another node. */
  readonly brought?: readonly RestoredFrame[] | undefined;
}

/** Whether what the session knows of its user can be kept; if not, that is reported. */
export function isKeepable({ context, identity }: SessionHost): boolean {
  if (isJson(identity.assigns)) return true;
  context.keeping?.unkeepable(identity.user);
  return false;
}

/** The keeper of a session, or `undefined` when it is in memory only. */
export function keeperOf(
  host: SessionHost,
  line: SessionLine,
  rows: ChannelTable,
  { sid, ttlMs, secrets, isKnown, brought }: Keepable,
): SessionKeeper | undefined {
  const { context, ref } = host;
  if (context.keeping === undefined || secrets === undefined || !isKeepable(host)) return undefined;
  const kept: KeptSession = {
    ttlMs,
    keptHead: (clock) => keptHeadOf(host, line, ttlMs, clock),
    keptMeta: () => keptMetaOf(host, line, rows, secrets, ttlMs),
    whenKept: () => ref.cast.store("kept"),
    whenWaiting: () => ref.cast.store("waiting"),
    whenRefused: () => ref.cast.store("refused"),
  };
  const { tx, handled: rx } = line.stream;
  const isNew = !isKnown && brought === undefined;
  const keeper = new SessionKeeper(
    sid,
    kept,
    context.keeping.writer,
    isNew ? undefined : { tx, rx, isStored: isKnown },
  );
  if (isNew) return keeper;
  // From now on it is known since when it has no socket. Where frames are lost the store need not keep what came before.
  const lost = tx - line.stream.outbox.messages;
  if (brought !== undefined) keeper.bring(brought, lost);
  else if (lost > 0) keeper.trim(lost);
  keeper.headChanged();
  return keeper;
}

/** Starts the channels again that a session had joined. */
export async function restoreTopics(
  topics: SessionTopics,
  { channels }: KeptMeta,
  { places, gaps }: Pick<ReturningSession, "places" | "gaps">,
  away: CatchUp,
): Promise<void> {
  for (const channel of channels) {
    const { topic } = channel;
    const place = places.get(topic);
    if (place === undefined) continue;
    await topics.restore(channel, place, away);
    const [gap, row] = [gaps?.get(topic) ?? channel.unanswered, topics.find(topic)];
    if (gap !== undefined && row !== undefined) away.missed(row, gap);
  }
}

/** How long a session that is back may live without a client. */
export function timeLeft({ clock }: SessionHost, { expiresAt = Infinity }: SessionHead, ttlMs: number): number {
  return Math.max(0, Math.min(ttlMs, expiresAt - clock.wallTime()));
}

/** Drops the frames that the client has. When it has all, the logs are not needed for it below its places. */
export function acknowledgeFrames(
  { keeper }: SessionHost,
  { stream }: SessionLine,
  rows: ChannelTable,
  seq: number,
): void {
  if (seq <= stream.acknowledged) return;
  stream.acknowledge(seq);
  if (keeper === undefined) return;
  keeper.trim(seq);
  if (stream.outbox.messages > 0) return;
  for (const { kept } of rows) if (kept !== undefined) kept.acked = kept.cursor;
}

/** A frame that was kept, as it was made; `logs` are those of the store that it was in. */
export function bodyOf(
  { topic, frame }: RestoredFrame,
  joinRefs: ReadonlyMap<string, string>,
  logs: LogsByTopic,
): Body {
  if (frame.kind !== "broadcast") return frame.body;
  const { offset } = frame;
  const known = logs.find(topic);
  const entry = known?.read(offset);
  if (entry !== undefined) return entry.frame;
  // Its number is taken. A client that has had it drops this; another one is told what it will not get.
  const gap = { epoch: known?.epoch ?? nanoid(10), from: offset, to: offset, reason: "lost" };
  return encodeBody(joinRefs.get(topic) ?? null, null, topic, ChannelEvent.gap, gap);
}
