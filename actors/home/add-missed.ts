import type { Missed } from "../topic/missed-inquiry.js";
import type { ForeignLog } from "./foreign-log.js";

/** Adds what other nodes have published, and a dead node has not stored, after the ends of its logs; where some of it is lost they are cut. Pure. */
export function addMissed(logs: ReadonlyMap<string, ForeignLog>, missed: Missed, nowMs: number): void {
  for (const [topic, log] of logs) {
    for (const { publication } of missed.topics.get(topic) ?? []) {
      log.append(publication.frame, publication.key, nowMs);
    }
    if (!missed.isWhole) log.isCut = true;
  }
}
