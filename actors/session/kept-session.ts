import type { SessionHead, StoredSession } from "../../src/store/store-port.js";
import { decodeMeta, type KeptChannel, type KeptMeta } from "./kept-meta.js";
import { type KeptFrame, readStoredFrame } from "./kept-frame.js";

/** A frame of a session that was read from the store, not yet joined with the logs. */
export interface RestoredFrame {
  readonly seq: number;
  readonly topic: string;
  readonly frame: KeptFrame;
}

/** A session as it was read from the store. */
export interface RestoredSession {
  readonly sid: string;
  readonly head: SessionHead;
  readonly meta: KeptMeta;
  /** All frames up to this number were acknowledged, or are lost, or wait for a join: a client that has not seen them cannot have the session back. */
  readonly acknowledged: number;
  /** The highest number that was given to a frame. */
  readonly tx: number;
  /** The last of them, to `tx`; none is missing. */
  readonly frames: readonly RestoredFrame[];
}

/**
 * Makes sense of a stored session; `undefined` when it is damaged. What is left of its frames is a run without holes.
 *
 * Where frames are lost nobody knows any more how far the session was on its topics: with some joined it is damaged as a whole, since its
 * client would get broadcasts twice.
 */
export function readKeptSession(stored: StoredSession): RestoredSession | undefined {
  if (stored.corrupt) return undefined;
  const { sid, head } = stored;
  const meta = decodeMeta(stored.meta);
  if (meta === undefined) return undefined;
  const { acknowledged, frames } = runOf(stored);
  const tx = acknowledged + frames.length;
  const isWhole = acknowledged === stored.trimmed && tx >= head.tx;
  if (!isWhole && meta.channels.length > 0) return undefined;
  // The newest ones are gone.
  if (tx < head.tx) return { sid, head, meta, acknowledged: head.tx, tx: head.tx, frames: [] };
  const { from, through } = meta.stock?.withdrawn ?? { from: 0, through: -1 };
  // Nothing after those that wait for a join was acknowledged.
  return { sid, head, meta, acknowledged: acknowledged === through ? from : acknowledged, tx, frames };
}

/** Where a session stands on a topic: at the last broadcast that has become a frame, which is not above the topic's latest. */
export function cursorOf({ frames }: RestoredSession, { topic, cursor }: KeptChannel, most: number): number {
  let latest = Math.min(cursor, most);
  for (const { topic: of, frame } of frames) {
    if (of === topic && frame.kind !== "own") latest = Math.max(latest, Math.min(frame.offset, most));
  }
  return latest;
}

/** Since when a session has had no socket; those that had one come last. */
export function detachedAt({ head }: RestoredSession): number {
  return head.detachedAt ?? Infinity;
}

/** The last frames without a hole, and the number before them. */
function runOf(stored: StoredSession & { readonly corrupt: false }): Pick<RestoredSession, "acknowledged"> & {
  readonly frames: readonly RestoredFrame[];
} {
  let acknowledged = stored.trimmed;
  for (const { to } of stored.missing) acknowledged = Math.max(acknowledged, to);
  let frames: RestoredFrame[] = [];
  for (const { seq, topic, frame } of stored.frames) {
    if (seq <= acknowledged) continue;
    const read = readStoredFrame(frame);
    if (read === undefined) {
      frames = [];
      acknowledged = seq;
      continue;
    }
    // A number without a frame: what came before it cannot be sent in order any more.
    if (seq !== acknowledged + frames.length + 1) {
      frames = [];
      acknowledged = seq - 1;
    }
    frames.push({ seq, topic, frame: read });
  }
  return { acknowledged, frames };
}
