import type { Store } from "../../src/store/store-port.js";
import { readKeptSession, type RestoredSession } from "../session/kept-session.js";
import type { EndpointContext } from "./context.js";
import { READ_AT_ONCE } from "./in-parallel.js";

/** What {@link readSessions} tells of what it finds. */
export interface SessionFinder {
  found(restored: RestoredSession): void;
  lost(sid: string, why: "expired" | "corrupt"): void;
  /** Some were read; it goes on when this resolves. */
  pause(): Promise<void>;
}

/** Reads all sessions of a store but those that run already. One that has expired leaves its window of pushes to its client. */
export async function readSessions(
  store: Store,
  context: EndpointContext,
  nowMs: number,
  finder: SessionFinder,
): Promise<void> {
  let sids: string[] = [];
  const readSome = async (): Promise<void> => {
    const some = sids;
    sids = [];
    for (const each of await Promise.all(some.map((sid) => readSession(store, sid)))) {
      if (typeof each === "string") finder.lost(each, "corrupt");
      else if (each !== undefined) finder.found(each);
    }
    await finder.pause();
  };
  for await (const summary of store.sessions()) {
    const { sid } = summary;
    if (context.directory.find(sid) !== undefined) continue;
    if (summary.corrupt) finder.lost(sid, "corrupt");
    else if ((summary.head.expiresAt ?? Infinity) <= nowMs) {
      if (summary.head.user === undefined && context.pushes.size > 0) await leaveWindow(store, context, sid);
      finder.lost(sid, "expired");
    } else sids.push(sid);
    if (sids.length >= READ_AT_ONCE) await readSome();
  }
  await readSome();
}

/** Reads one session; its id if it is damaged, `undefined` when there is none. */
export async function readSession(store: Store, sid: string): Promise<RestoredSession | string | undefined> {
  const stored = await store.readSession(sid);
  return stored === undefined ? undefined : (readKeptSession(stored) ?? sid);
}

/** The session of an anonymous client has expired, which may still send again what it pushed there. */
async function leaveWindow(store: Store, { pushes }: EndpointContext, sid: string): Promise<void> {
  const restored = await readSession(store, sid);
  if (typeof restored !== "object") return;
  const { secrets, origin } = restored.meta;
  pushes.owners.adopt(sid, origin ?? sid);
  pushes.owners.bequeath(sid, secrets);
  pushes.owners.ended(sid);
}
