import type { Store, StoreChange, StoredRecord } from "../../src/store/store-port.js";
import { GONE_PREFIX, type GoneSession, readGone } from "../session/gone-record.js";
import { PUSH_PREFIX } from "../session/kept-push.js";
import type { EndpointContext } from "./context.js";

/** The most that is remembered of sessions that were corrupt, of those that were found so last. */
const MOST_GONE = 10_000;

/**
 * Takes back what the store has besides sessions and logs: the outcomes of idempotent pushes, and which sessions were found corrupt in an earlier
 * life of the server. Resolves with the changes that delete what is too old to matter.
 */
export async function recallRecords(
  store: Store,
  { pushes, directory }: EndpointContext,
  now: number,
): Promise<StoreChange[]> {
  const kept: StoredRecord[] = [];
  for await (const record of store.records(PUSH_PREFIX)) kept.push(record);
  pushes.restore(kept);
  const deletes: StoreChange[] = [];
  const gone: GoneSession[] = [];
  for await (const record of store.records(GONE_PREFIX)) {
    const known = readGone(record);
    if (known === undefined || known.until <= now) deletes.push({ type: "delete_record", key: record.key });
    else gone.push(known);
  }
  gone.sort((one, other) => one.until - other.until);
  for (const { sid } of gone.splice(0, Math.max(0, gone.length - MOST_GONE))) {
    deletes.push({ type: "delete_record", key: GONE_PREFIX + sid });
  }
  for (const { sid } of gone) directory.remember(sid, "corrupt");
  return deletes;
}
