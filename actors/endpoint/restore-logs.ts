import type { LogSummary, Store } from "../../src/store/store-port.js";
import { Broadcast } from "../topic/broadcast.js";
import { decodeLogEntry } from "../topic/log-entry.js";
import type { Topic } from "../topic/topic.js";

const PAGE = 256;

/** All logs that the store has, by topic. */
export async function readLogSummaries(store: Store): Promise<Map<string, LogSummary>> {
  const summaries = new Map<string, LogSummary>();
  for await (const summary of store.logs()) summaries.set(summary.topic, summary);
  return summaries;
}

/** Which part of a log is read, and when that is. */
export interface LogPart {
  /** Another life of the log is not read. */
  readonly epoch: number | undefined;
  /** The first offset that is not wanted. */
  readonly until: number;
  readonly nowMs: number;
  readonly wallMs: number;
}

/**
 * Reads the entries of a log that come right before an offset; none when the last of them is lost. `each` hears of all that can be read.
 *
 * What comes before a part that is damaged is left out: it cannot be had in order any more.
 */
export async function readRun(
  store: Store,
  topic: string,
  { epoch, until, nowMs, wallMs }: LogPart,
  each?: (entry: Broadcast, at: number, id: string | undefined) => void,
): Promise<Broadcast[]> {
  let run: Broadcast[] = [];
  for (let from = 1; ; ) {
    const slice = await store.readLog(topic, from, PAGE);
    if (slice === undefined || slice.epoch !== epoch) break;
    for (const { offset, frame, at } of slice.entries) {
      if (offset >= until) break;
      const kept = decodeLogEntry(frame);
      const last = run.at(-1);
      if (kept === undefined || (last !== undefined && offset !== last.offset + 1)) run = [];
      if (kept === undefined) continue;
      const entry = new Broadcast(kept.frame, offset, kept.key, undefined, kept.exceptSid);
      entry.loggedAt = nowMs - Math.max(0, wallMs - at);
      run.push(entry);
      each?.(entry, at, kept.id);
    }
    from = slice.next;
    if (from > slice.last || from >= until) break;
  }
  return run.at(-1)?.offset === until - 1 ? run : [];
}

/** Reads what the store has of a topic's log, and what the topic does not keep in memory, back into memory. The topic must hold its log meanwhile. */
export async function recallLog(store: Store, topic: Topic, nowMs: number, wallMs: number): Promise<void> {
  const part = { epoch: topic.keptEpoch, until: topic.firstKept, nowMs, wallMs };
  const run = await readRun(store, topic.name, part, (entry, at, id) => topic.count(entry, at, id));
  if (run.length > 0) topic.recall(run);
}
