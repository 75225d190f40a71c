import { Ledger, Undo } from "./ledger.js";
import { NumberedList } from "./numbered-list.js";
import {
  type Claim,
  type LogEntry,
  type LogSlice,
  type LogSummary,
  type OutboxFrame,
  type SessionHead,
  type SessionSummary,
  type Store,
  type StoreChange,
  StoreError,
  type StoreStatus,
  type StoredRecord,
  type StoredSession,
} from "./store-port.js";

interface MemorySession {
  head: SessionHead;
  meta: Uint8Array;
  readonly frames: NumberedList<OutboxFrame>;
}

/**
 * A store in the memory of this process: sessions in it outlive sockets and crashed actors, and end with the process.
 *
 * A commit is made when it is called, without copying frames. Use it for tests, and where a restart may cost its sessions.
 */
export function memoryStore(): Store {
  return new MemoryStore();
}

class MemoryStore implements Store {
  readonly durability = "memory";
  readonly #ledger = new Ledger();
  readonly #sessions = new Map<string, MemorySession>();
  readonly #logs = new Map<string, NumberedList<LogEntry>>();
  readonly #records = new Map<string, Uint8Array>();
  #kept = 0;
  #failed = 0;
  #closed = false;

  // Async, so that what is refused rejects and is never thrown in the caller's stack.
  async commit(changes: readonly StoreChange[]): Promise<void> {
    this.#checkOpen();
    const undo = new Undo();
    try {
      for (const change of changes) this.#ledger.apply(change, undo);
    } catch (error) {
      this.#ledger.restore(undo);
      this.#failed++;
      throw error;
    }
    for (const change of changes) this.#make(change);
    this.#kept++;
  }

  async claim(sid: string, expectedVersion: number, owner: string): Promise<Claim> {
    this.#checkOpen();
    const state = this.#ledger.session(sid);
    if (state === undefined) return { ok: false, reason: "unknown_session" };
    if (state.owner.version !== expectedVersion) return { ok: false, reason: "conflict", owner: state.owner };
    const version = expectedVersion + 1;
    this.#ledger.claim(sid, { name: owner, version }, new Undo());
    this.#kept++;
    return { ok: true, version };
  }

  async readSession(sid: string): Promise<StoredSession | undefined> {
    this.#checkOpen();
    const state = this.#ledger.session(sid);
    const session = this.#sessions.get(sid);
    if (state === undefined || session === undefined) return undefined;
    const { head, meta, frames } = session;
    const { owner, trimmed } = state;
    return { corrupt: false, sid, head, meta, owner, trimmed, frames: frames.from(0, Infinity), missing: [] };
  }

  async *sessions(): AsyncGenerator<SessionSummary, void> {
    this.#checkOpen();
    for (const [sid, { head }] of this.#sessions) {
      const owner = this.#ledger.session(sid)?.owner;
      if (owner !== undefined) yield { corrupt: false, sid, head, owner };
    }
  }

  async readLog(topic: string, fromOffset: number, limit: number): Promise<LogSlice | undefined> {
    this.#checkOpen();
    const state = this.#ledger.log(topic);
    const log = this.#logs.get(topic);
    if (state === undefined || log === undefined) return undefined;
    const { epoch, trimmed, last } = state;
    const most = Math.max(1, limit);
    const entries = log.from(fromOffset, most);
    const newest = entries.at(-1);
    const next = entries.length < most || newest === undefined ? last + 1 : newest.offset + 1;
    return { topic, epoch, trimmed, last, entries, next, missing: [] };
  }

  async *logs(): AsyncGenerator<LogSummary, void> {
    this.#checkOpen();
    for (const [topic, { epoch, trimmed, last }] of this.#ledger.logStates()) yield { topic, epoch, trimmed, last };
  }

  async readRecord(key: string): Promise<Uint8Array | undefined> {
    this.#checkOpen();
    return this.#records.get(key);
  }

  async *records(prefix: string): AsyncGenerator<StoredRecord, void> {
    this.#checkOpen();
    for (const [key, value] of this.#records) if (key.startsWith(prefix)) yield { key, value };
  }

  status(): StoreStatus {
    return {
      durability: this.durability,
      state: this.#closed ? "closed" : "open",
      sessions: this.#sessions.size,
      logs: this.#logs.size,
      pending: { commits: 0, bytes: 0 },
      commits: { kept: this.#kept, failed: this.#failed },
      groups: this.#kept,
      bytes: undefined,
      damaged: 0,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#sessions.clear();
    this.#logs.clear();
    this.#records.clear();
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreError("closed", "Expected an open store, this one was closed: open a new one");
  }

  // The ledger has said yes to all of them, so none of these can fail.
  #make(change: StoreChange): void {
    // It has had its say in the ledger.
    if (change.type === "require_owner") return;
    switch (change.type) {
      case "put_session": {
        const frames = this.#sessions.get(change.sid)?.frames ?? new NumberedList<OutboxFrame>(seqOf);
        this.#sessions.set(change.sid, { head: change.head, meta: change.meta, frames });
        return;
      }
      case "put_head": {
        const session = this.#sessions.get(change.sid);
        if (session !== undefined) session.head = change.head;
        return;
      }
      case "delete_session":
        this.#sessions.delete(change.sid);
        return;
      case "put_frame": {
        const { seq, topic, frame } = change;
        this.#sessions.get(change.sid)?.frames.push({ seq, topic, frame });
        return;
      }
      case "trim_frames":
        this.#sessions.get(change.sid)?.frames.trim(change.through);
        return;
      case "append_log":
        this.#append(change);
        return;
      case "trim_log":
        this.#logs.get(change.topic)?.trim(change.through);
        return;
      case "delete_log":
        this.#logs.delete(change.topic);
        return;
      case "put_record":
        this.#records.set(change.key, change.value);
        return;
      case "delete_record":
        this.#records.delete(change.key);
    }
  }

  #append({ topic, epoch, offset, frame, at }: StoreChange & { readonly type: "append_log" }): void {
    let log = this.#logs.get(topic);
    if (log === undefined || log.life !== epoch) {
      log = new NumberedList<LogEntry>(offsetOf, epoch);
      this.#logs.set(topic, log);
    }
    log.push({ offset, frame, at });
  }
}

function seqOf({ seq }: OutboxFrame): number {
  return seq;
}

function offsetOf({ offset }: LogEntry): number {
  return offset;
}
