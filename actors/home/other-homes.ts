import type { Store } from "../../src/store/store-port.js";
import { HEARD_KEY } from "../topic/heard-record.js";
import { STORED_HOMES } from "./home-record.js";
import { homeOf } from "./sid-rule.js";

/** Sessions that are deleted in one commit. */
const DELETES = 256;

/**
 * Deletes the sessions of a store that live at homes which are not, or no longer, those of the store: another store has them, as it is with what
 * was half taken over. Sessions of no home stay.
 *
 * @throws {StoreError} as a rejection
 */
export function deleteSessionsOf(store: Store, isOther: (home: string) => boolean): Promise<void> {
  return deleteSessions(store, (home) => home !== undefined && isOther(home));
}

/** Deletes all that a store has of sessions, and leaves what is the application's own. @throws {StoreError} as a rejection */
export async function emptyStore(store: Store): Promise<void> {
  await store.commit([STORED_HOMES, HEARD_KEY].map((key) => ({ type: "delete_record", key })));
  await deleteSessions(store, () => true);
}

async function deleteSessions(store: Store, isToGo: (home: string | undefined) => boolean): Promise<void> {
  let sids: string[] = [];
  const deleteSome = async (): Promise<void> => {
    const some = sids;
    sids = [];
    if (some.length > 0) await store.commit(some.map((sid) => ({ type: "delete_session", sid })));
  };
  for await (const { sid } of store.sessions()) {
    if (isToGo(homeOf(sid))) sids.push(sid);
    if (sids.length >= DELETES) await deleteSome();
  }
  await deleteSome();
}
