import type { Store, StoredRecord } from "../../src/store/store-port.js";
import type { EndpointContext } from "../endpoint/context.js";
import type { StoreWriter } from "../endpoint/store-writer.js";
import { GONE_PREFIX, putGone, readGone } from "../session/gone-record.js";
import { PUSH_PREFIX } from "../session/kept-push.js";
import { HEARD_KEY } from "../topic/heard-record.js";
import { STORED_HOMES } from "./home-record.js";

/** Records of a node about itself, which mean nothing on another. */
const ITS_OWN: ReadonlySet<string> = new Set([HEARD_KEY, STORED_HOMES]);

/**
 * Takes over what another node's store has besides sessions and logs: the outcomes of idempotent pushes, and which sessions are gone for good.
 *
 * Resolves with how many other records there are: they are the application's, which alone knows what they are.
 */
export async function adoptRecords(
  store: Store,
  { pushes, directory }: EndpointContext,
  writer: StoreWriter,
  nowMs: number,
): Promise<number> {
  const kept: StoredRecord[] = [];
  let others = 0;
  for await (const record of store.records("")) {
    const { key } = record;
    if (key.startsWith(PUSH_PREFIX)) kept.push(record);
    else if (key.startsWith(GONE_PREFIX)) {
      const gone = readGone(record);
      if (gone === undefined || gone.until <= nowMs) continue;
      directory.remember(gone.sid, "corrupt");
      writer.log(putGone(gone));
    } else if (!ITS_OWN.has(key)) others++;
  }
  pushes.adopt(kept);
  return others;
}
