export type { StoreFolder } from "./store-folder.js";

/**
 * What a resolved commit survives.
 *
 * `memory`: nothing but the death of an actor. `process`: the death of the process, by SIGKILL too; the operating system has the data.
 * `disk`: a loss of power too, as far as the disk honours a flush.
 */
export type Durability = "memory" | "process" | "disk";

/** One encoded frame: text, or bytes. Bytes belong to the store from the commit on and must not be changed. */
export type StoredFrame = string | Uint8Array;

/** The small fields of a session that a store is asked about without reading the rest. */
export interface SessionHead {
  /** Who it belongs to; absent for an anonymous session. */
  readonly user?: string;
  /** The number of its latest attach. */
  readonly epoch: number;
  /** The highest number of the client that was handled. */
  readonly rx: number;
  /** The highest number given to a frame of ours. */
  readonly tx: number;
  /** Since when it has no socket, in milliseconds of wall time; absent while it is attached. */
  readonly detachedAt?: number;
  /** When it ends unless somebody comes back, in milliseconds of wall time. */
  readonly expiresAt?: number;
}

/**
 * One change of what is stored; see {@link Store.commit}.
 *
 * - `put_session`: a new session, or the whole of a known one; its frames stay. `meta` is anything: secrets' hashes, channels, assigns.
 * - `put_head`: the small fields of a known session alone, which costs less.
 * - `delete_session`: the session with its frames; an unknown one is no error.
 * - `put_frame`: the next frame of a session's outbox. `seq` is above every earlier one of that session; numbers may be left out.
 * - `trim_frames`: forgets the frames up to `through`, which may be above the last one.
 * - `require_owner`: changes nothing, and fails the commit unless the session's owner version is this one.
 * - `append_log`: the next entry of a topic's log. `offset` is above every earlier one of that epoch. A higher epoch begins the log anew.
 * - `trim_log`, `delete_log`: forgets entries up to `through`, or the log as a whole; an unknown log is no error.
 * - `put_record`, `delete_record`: a small value under a name.
 */
export type StoreChange =
  | { readonly type: "put_session"; readonly sid: string; readonly head: SessionHead; readonly meta: Uint8Array }
  | { readonly type: "put_head"; readonly sid: string; readonly head: SessionHead }
  | { readonly type: "delete_session"; readonly sid: string }
  | {
      readonly type: "put_frame";
      readonly sid: string;
      readonly seq: number;
      readonly topic: string;
      readonly frame: StoredFrame;
    }
  | { readonly type: "trim_frames"; readonly sid: string; readonly through: number }
  | { readonly type: "require_owner"; readonly sid: string; readonly version: number }
  | {
      readonly type: "append_log";
      readonly topic: string;
      readonly epoch: number;
      readonly offset: number;
      readonly frame: StoredFrame;
      /** Wall time in milliseconds. */
      readonly at: number;
    }
  | { readonly type: "trim_log"; readonly topic: string; readonly through: number }
  | { readonly type: "delete_log"; readonly topic: string }
  | { readonly type: "put_record"; readonly key: string; readonly value: Uint8Array }
  | { readonly type: "delete_record"; readonly key: string };

/** Numbers from `from` to `to`, both included, under which something was stored that can no longer be read. */
export interface MissingRange {
  readonly from: number;
  readonly to: number;
}

/** Who works on a session. The version rises with every claim; 0 means that nobody has claimed it. */
export interface SessionOwner {
  readonly name: string;
  readonly version: number;
}

/** A frame of a session's outbox. */
export interface OutboxFrame {
  readonly seq: number;
  readonly topic: string;
  readonly frame: StoredFrame;
}

/** A session as it is stored. `corrupt` means that its head or meta cannot be read: nothing of it may be resumed. */
export type StoredSession =
  | {
      readonly corrupt: false;
      readonly sid: string;
      readonly head: SessionHead;
      readonly meta: Uint8Array;
      readonly owner: SessionOwner;
      /** Everything up to this number was trimmed. */
      readonly trimmed: number;
      /** Oldest first. */
      readonly frames: readonly OutboxFrame[];
      /** Numbers between which frames were lost to damage: the client must be told of a gap. Empty if all is well. */
      readonly missing: readonly MissingRange[];
    }
  | { readonly corrupt: true; readonly sid: string };

/** A session in the list of all. */
export type SessionSummary =
  | { readonly corrupt: false; readonly sid: string; readonly head: SessionHead; readonly owner: SessionOwner }
  | { readonly corrupt: true; readonly sid: string };

/** An entry of a topic's log. */
export interface LogEntry {
  readonly offset: number;
  readonly frame: StoredFrame;
  /** Wall time in milliseconds. */
  readonly at: number;
}

/** A log in the list of all. */
export interface LogSummary {
  readonly topic: string;
  readonly epoch: number;
  /** Everything up to this offset was trimmed. */
  readonly trimmed: number;
  /** The offset of the newest entry; `trimmed` if there is none. */
  readonly last: number;
}

/** A small value under a name. */
export interface StoredRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** A part of a log. */
export interface LogSlice extends LogSummary {
  /** Oldest first. */
  readonly entries: readonly LogEntry[];
  /** Where to read on; there is no more when it is above `last`. */
  readonly next: number;
  /** Offsets in this part that were lost to damage. Empty if all is well. */
  readonly missing: readonly MissingRange[];
}

/** What came of a claim: the new version, or who has the session. */
export type Claim =
  | { readonly ok: true; readonly version: number }
  | { readonly ok: false; readonly reason: "unknown_session" }
  | { readonly ok: false; readonly reason: "conflict"; readonly owner: SessionOwner };

/** What a store says of itself, for the inspector and for those who must slow down. */
export interface StoreStatus {
  readonly durability: Durability;
  /** `failed`: it reads, but takes no commit any more; the program must open it anew. */
  readonly state: "open" | "failed" | "closed";
  readonly sessions: number;
  readonly logs: number;
  /** What was committed and is not safe yet. */
  readonly pending: { readonly commits: number; readonly bytes: number };
  /** Commits that were kept, and those that were refused or failed, since it was opened. */
  readonly commits: { readonly kept: number; readonly failed: number };
  /** Transactions of the engine; many commits share one. */
  readonly groups: number;
  /** Bytes in use; `undefined` where the store cannot tell. */
  readonly bytes: number | undefined;
  /** Records found damaged since it was opened. */
  readonly damaged: number;
}

/** What can go wrong with a store; see {@link StoreError}. */
export type StoreErrorCode =
  | "bad_option"
  | "bad_change"
  | "unknown_session"
  | "out_of_order"
  | "stale_epoch"
  | "not_owner"
  | "store_full"
  | "disk_full"
  | "store_failed"
  | "closed"
  | "in_use"
  | "damaged"
  | "newer_format"
  | "not_a_store"
  | "cannot_open"
  | "engine_missing";

/**
 * A commit that was not kept, or a store that cannot be opened.
 *
 * Of a commit: `bad_change`: a change has a form that no store takes. `unknown_session`: it needs a session that is not there. `out_of_order`:
 * a number that is not above the last one. `stale_epoch`: the log has a higher epoch. `not_owner`: somebody else has claimed the session.
 * `store_full`: too much waits to become safe; wait for an earlier commit, then try again. `disk_full`: no room on the disk or in `maxBytes`;
 * trims and deletes still work. `store_failed`: the engine failed in a way that it does not recover from. `closed`: the store was closed.
 *
 * Of opening: `bad_option`; `in_use`: another process, or this one, has the store open; `damaged`: it was asked to refuse a damaged store;
 * `newer_format`: a later version wrote it; `not_a_store`: the files are somebody else's; `cannot_open`: the system says no (`cause`);
 * `engine_missing`: the package behind it cannot be loaded (`cause`).
 */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Where durable sessions and topic logs are kept.
 *
 * All promises of one store keep to one order: a read sees every commit that was called before it, and nothing of a commit that failed.
 */
export interface Store {
  /** What a resolved commit survives. */
  readonly durability: Durability;

  /**
   * Makes all of the changes or none, in the order given, after every commit called earlier; resolves when {@link Store.durability} holds.
   *
   * Many commits of one turn of the event loop cost little more than one. An empty list resolves when all earlier commits have. When
   * a group of commits fails, those that were called after them and have not been written fail with them: no commit is ever
   * kept that builds on one that was not.
   *
   * @throws {StoreError} always as a rejection, never in the caller's stack
   */
  commit(changes: readonly StoreChange[]): Promise<void>;

  /**
   * Takes a session over, if its owner's version is still `expectedVersion`. Resolves when {@link Store.durability} holds.
   *
   * @throws {StoreError} as a rejection, if the claim could not be kept
   */
  claim(sid: string, expectedVersion: number, owner: string): Promise<Claim>;

  /** The session with all its frames; `undefined` if there is none. */
  readSession(sid: string): Promise<StoredSession | undefined>;

  /** All sessions, read page by page while they are asked for. Those that come or go meanwhile may be in it or not. */
  sessions(): AsyncIterable<SessionSummary>;

  /** At most `limit` entries of a log, from `fromOffset` on; `undefined` if there is no such log. */
  readLog(topic: string, fromOffset: number, limit: number): Promise<LogSlice | undefined>;

  /** All logs, read page by page while they are asked for. */
  logs(): AsyncIterable<LogSummary>;

  /** The value under a name; `undefined` if there is none, or if it is damaged, which was reported. */
  readRecord(key: string): Promise<Uint8Array | undefined>;

  /** All values whose names begin with `prefix`, read page by page while they are asked for, without those that are damaged, which are reported. */
  records(prefix: string): AsyncIterable<StoredRecord>;

  /** What can be said of the store without reading it. */
  status(): StoreStatus;

  /** Waits for all commits, then lets go of everything. Commits and reads after this are refused with `closed`; closing twice is no error. */
  close(): Promise<void>;
}
