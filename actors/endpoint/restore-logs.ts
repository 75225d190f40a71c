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

/**
 * Reads what the store has of a topic's log, and what the topic does not keep in memory, back into memory.
 *
 * The topic must hold its log meanwhile. What comes before a part that is damaged is left out: it cannot be had in order any more.
 */
export async function recallLog(store: Store, topic: Topic, nowMs: number, wallMs: number): Promise<void> {
  const until = topic.firstKept;
  let run: Broadcast[] = [];
  for (let from = 1; ; ) {
    const slice = await store.readLog(topic.name, from, PAGE);
    if (slice === undefined || slice.epoch !== topic.keptEpoch) break;
    for (const { offset, frame, at } of slice.entries) {
      if (offset >= until) break;
      const kept = decodeLogEntry(frame);
      const last = run.at(-1);
      if (kept === undefined || (last !== undefined && offset !== last.offset + 1)) run = [];
      if (kept === undefined) continue;
      const entry = new Broadcast(kept.frame, offset, kept.key, undefined, kept.exceptSid);
      entry.loggedAt = nowMs - Math.max(0, wallMs - at);
      run.push(entry);
      topic.count(entry, at, kept.id);
    }
    from = slice.next;
    if (from > slice.last || from >= until) break;
  }
  if (run.at(-1)?.offset === until - 1) topic.recall(run);
}
