import { memoryStore } from "../../src/store/memory-store.js";
import {
  type Claim,
  type LogSlice,
  type LogSummary,
  type SessionHead,
  type SessionOwner,
  type SessionSummary,
  type Store,
  type StoreChange,
  StoreError,
  type StoreErrorCode,
  type StoredFrame,
  type StoredRecord,
  type StoredSession,
} from "../../src/store/store-port.js";

interface PlainSession {
  head: SessionHead;
  meta: Uint8Array;
  owner: SessionOwner;
  trimmed: number;
  last: number;
  frames: Map<number, { topic: string; frame: StoredFrame }>;
}

interface PlainLog {
  epoch: number;
  trimmed: number;
  last: number;
  entries: Map<number, { frame: StoredFrame; at: number }>;
}

interface Plain {
  sessions: Map<string, PlainSession>;
  logs: Map<string, PlainLog>;
  records: Map<string, Uint8Array>;
}

/** The store's rules as plainly as they can be said: maps that are copied before each commit. */
export class PlainStore implements Store {
  readonly durability = "memory";
  #plain: Plain = { sessions: new Map(), logs: new Map(), records: new Map() };

  async commit(changes: readonly StoreChange[]): Promise<void> {
    const copy = structuredClone(this.#plain);
    for (const change of changes) make(copy, change);
    this.#plain = copy;
  }

  async claim(sid: string, expectedVersion: number, name: string): Promise<Claim> {
    const session = this.#plain.sessions.get(sid);
    if (session === undefined) return { ok: false, reason: "unknown_session" };
    if (session.owner.version !== expectedVersion) return { ok: false, reason: "conflict", owner: session.owner };
    session.owner = { name, version: expectedVersion + 1 };
    return { ok: true, version: expectedVersion + 1 };
  }

  async readSession(sid: string): Promise<StoredSession | undefined> {
    const session = this.#plain.sessions.get(sid);
    if (session === undefined) return undefined;
    const { head, meta, owner, trimmed } = session;
    const frames = [...session.frames].map(([seq, { topic, frame }]) => ({ seq, topic, frame }));
    return { corrupt: false, sid, head, meta, owner, trimmed, frames, missing: [] };
  }

  async *sessions(): AsyncGenerator<SessionSummary, void> {
    for (const [sid, { head, owner }] of this.#plain.sessions) yield { corrupt: false, sid, head, owner };
  }

  async readLog(topic: string, fromOffset: number, limit: number): Promise<LogSlice | undefined> {
    const log = this.#plain.logs.get(topic);
    if (log === undefined) return undefined;
    const { epoch, trimmed, last } = log;
    const all = [...log.entries].map(([offset, { frame, at }]) => ({ offset, frame, at }));
    const entries = all.filter(({ offset }) => offset >= fromOffset).slice(0, limit);
    const next = entries.length === limit ? (entries.at(-1)?.offset ?? 0) + 1 : last + 1;
    return { topic, epoch, trimmed, last, entries, next, missing: [] };
  }

  async *logs(): AsyncGenerator<LogSummary, void> {
    for (const [topic, { epoch, trimmed, last }] of this.#plain.logs) yield { topic, epoch, trimmed, last };
  }

  async readRecord(key: string): Promise<Uint8Array | undefined> {
    return this.#plain.records.get(key);
  }

  async *records(prefix: string): AsyncGenerator<StoredRecord, void> {
    for (const [key, value] of this.#plain.records) if (key.startsWith(prefix)) yield { key, value };
  }

  status(): ReturnType<Store["status"]> {
    return memoryStore().status();
  }

  async close(): Promise<void> {}
}

function make({ sessions, logs, records }: Plain, change: StoreChange): void {
  switch (change.type) {
    case "put_session": {
      const fresh = { owner: { name: "", version: 0 }, trimmed: 0, last: 0, frames: new Map() };
      sessions.set(change.sid, { ...(sessions.get(change.sid) ?? fresh), head: change.head, meta: change.meta });
      return;
    }
    case "put_head":
      known(sessions, change.sid).head = change.head;
      return;
    case "delete_session":
      sessions.delete(change.sid);
      return;
    case "put_frame": {
      const session = known(sessions, change.sid);
      if (change.seq <= session.last) throw refusal("out_of_order");
      session.last = change.seq;
      session.frames.set(change.seq, { topic: change.topic, frame: change.frame });
      return;
    }
    case "trim_frames": {
      const session = sessions.get(change.sid);
      if (session !== undefined) trim(session, session.frames, change.through);
      return;
    }
    case "require_owner":
      if (known(sessions, change.sid).owner.version !== change.version) throw refusal("not_owner");
      return;
    case "append_log": {
      const { topic, epoch, offset, frame, at } = change;
      let log = logs.get(topic);
      if (log !== undefined && epoch < log.epoch) throw refusal("stale_epoch");
      if (log?.epoch !== epoch) log = { epoch, trimmed: 0, last: 0, entries: new Map() };
      if (offset <= log.last) throw refusal("out_of_order");
      log.last = offset;
      log.entries.set(offset, { frame, at });
      logs.set(topic, log);
      return;
    }
    case "trim_log": {
      const log = logs.get(change.topic);
      if (log !== undefined) trim(log, log.entries, change.through);
      return;
    }
    case "delete_log":
      logs.delete(change.topic);
      return;
    case "put_record":
      records.set(change.key, change.value);
      return;
    case "delete_record":
      records.delete(change.key);
  }
}

function known(sessions: Map<string, PlainSession>, sid: string): PlainSession {
  const session = sessions.get(sid);
  if (session === undefined) throw refusal("unknown_session");
  return session;
}

function trim(stream: { trimmed: number; last: number }, entries: Map<number, unknown>, through: number): void {
  stream.trimmed = Math.max(stream.trimmed, through);
  stream.last = Math.max(stream.last, through);
  for (const number of entries.keys()) if (number <= through) entries.delete(number);
}

function refusal(code: StoreErrorCode): StoreError {
  return new StoreError(code, `Refused by the model: ${code}`);
}
