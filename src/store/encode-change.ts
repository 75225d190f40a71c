import type { KeyRange } from "./commit-queue.js";
import type { EngineWrite } from "./engine.js";
import type { Ledger, LogState, SessionState, Undo } from "./ledger.js";
import { sealFrame, sealJson, sealLogState, sealNamed, sealSessionState, seal } from "./record.js";
import { Kind, keysBelow, numberedKey, plainKey } from "./record-key.js";
import type { StoreChange } from "./store-port.js";

/** So few forgotten numbers are removed by name; more are left to the sweep. */
const REMOVE_AT_ONCE = 64;

/** Gathers the writes of one commit. */
export class Encoding {
  readonly writes: EngineWrite[] = [];
  garbage: readonly KeyRange[] = NONE;

  put(key: Uint8Array, value: Uint8Array): void {
    this.writes.push({ key, value });
  }

  remove(key: Uint8Array): void {
    this.writes.push({ key, value: undefined });
  }

  /** Nothing refers to these keys any more. */
  drop(range: KeyRange): void {
    this.garbage = [...this.garbage, range];
  }
}

const NONE: readonly KeyRange[] = [];

/** Whether a change adds to what is stored, so that it may be refused when there is no room. */
export function adds(change: StoreChange): boolean {
  return (
    change.type === "put_session" ||
    change.type === "put_frame" ||
    change.type === "append_log" ||
    change.type === "put_record"
  );
}

/** A change that was made in the ledger, with what its writes are made of: later changes do not matter to it. */
export interface AppliedChange {
  readonly change: StoreChange;
  /** The state of its session or log before and after; `undefined` where there is none. */
  readonly before: SessionState | LogState | undefined;
  readonly after: SessionState | LogState | undefined;
  /** The number of the next life. */
  readonly nextGen: number;
}

/**
 * Makes a change in the ledger. What the engine will write for it is made later, by {@link encodeChange}: of many changes of one turn that would hold
 * the event loop.
 *
 * @throws {StoreError} if the change may not be made
 */
export function applyChange(change: StoreChange, ledger: Ledger, undo: Undo): AppliedChange {
  if ("sid" in change) {
    const before = ledger.session(change.sid);
    ledger.apply(change, undo);
    return { change, before, after: ledger.session(change.sid), nextGen: ledger.nextGen };
  }
  if ("topic" in change) {
    const before = ledger.log(change.topic);
    ledger.apply(change, undo);
    return { change, before, after: ledger.log(change.topic), nextGen: ledger.nextGen };
  }
  ledger.apply(change, undo);
  return { change, before: undefined, after: undefined, nextGen: ledger.nextGen };
}

/** About how many bytes a change will take. */
export function bytesOfChange(change: StoreChange): number {
  switch (change.type) {
    case "put_session":
      return SMALL_BYTES + change.meta.length;
    case "put_frame":
    case "append_log":
      return SMALL_BYTES + change.frame.length;
    case "put_record":
      return SMALL_BYTES + change.key.length + change.value.length;
    default:
      return SMALL_BYTES;
  }
}

/** Keys, and the small records that come with a change. */
const SMALL_BYTES = 100;

/**
 * Makes the engine's writes of a change.
 *
 * What is forgotten is at first only marked so, in one small record; the rest is garbage, which is removed in the background.
 */
export function encodeChange({ change, before, after, nextGen }: AppliedChange, out: Encoding): void {
  switch (change.type) {
    case "put_session":
    case "put_head":
    case "delete_session":
    case "put_frame":
    case "trim_frames":
      return encodeOfSession(change, sessionState(before), sessionState(after), nextGen, out);
    case "append_log":
    case "trim_log":
    case "delete_log":
      return encodeOfLog(change, logState(before), logState(after), nextGen, out);
    case "put_record": {
      const key = plainKey(Kind.named, change.key);
      return out.put(key, sealNamed(key, change.key, change.value));
    }
    case "delete_record":
      return out.remove(plainKey(Kind.named, change.key));
    // It has had its say in the ledger.
    case "require_owner":
  }
}

function sessionState(state: SessionState | LogState | undefined): SessionState | undefined {
  return state !== undefined && "owner" in state ? state : undefined;
}

function logState(state: SessionState | LogState | undefined): LogState | undefined {
  return state !== undefined && "epoch" in state ? state : undefined;
}

/** Writes where a session stands. */
export function putSessionState(sid: string, state: SessionState, out: Encoding): void {
  const key = plainKey(Kind.sessionState, sid);
  const { gen, trimmed, owner } = state;
  out.put(key, sealSessionState(key, { gen, trimmed, ownerVersion: owner.version, ownerName: owner.name }));
}

/** Writes where a log stands. */
export function putLogState(topic: string, { gen, trimmed, epoch }: LogState, out: Encoding): void {
  const key = plainKey(Kind.logState, topic);
  out.put(key, sealLogState(key, { gen, trimmed, epoch, topic }));
}

type OfSession = Exclude<Extract<StoreChange, { readonly sid: string }>, { readonly type: "require_owner" }>;
type OfLog = Extract<StoreChange, { readonly topic: string; readonly sid?: never }>;

function encodeOfSession(
  change: OfSession,
  before: SessionState | undefined,
  after: SessionState | undefined,
  nextGen: number,
  out: Encoding,
): void {
  const { sid } = change;
  switch (change.type) {
    case "put_session": {
      if (after === undefined) return;
      const metaKey = plainKey(Kind.sessionMeta, sid);
      putHead(change, out);
      out.put(metaKey, seal(metaKey, change.meta));
      if (before === after) return;
      putSessionState(sid, after, out);
      if (before !== undefined) out.drop(keysBelow(framePrefix(sid), after.gen));
      return;
    }
    case "put_head":
      putHead(change, out);
      return;
    case "delete_session":
      if (before === undefined) return;
      out.remove(plainKey(Kind.sessionHead, sid));
      out.remove(plainKey(Kind.sessionMeta, sid));
      out.remove(plainKey(Kind.sessionState, sid));
      out.drop(keysBelow(framePrefix(sid), nextGen));
      return;
    case "put_frame": {
      if (after === undefined) return;
      const key = numberedKey(Kind.sessionFrame, sid, after.gen, change.seq);
      const { topic, frame } = change;
      out.put(key, sealFrame(key, { before: after.beforeLast, epoch: 0, at: 0, topic, frame }));
      return;
    }
    case "trim_frames": {
      if (before === undefined || after === undefined || before === after) return;
      putSessionState(sid, after, out);
      const forget = { kind: Kind.sessionFrame, name: sid, prefix: framePrefix(sid), gen: after.gen };
      forgetNumbers(forget, before.trimmed, Math.min(after.trimmed, before.last), out);
    }
  }
}

function encodeOfLog(
  change: OfLog,
  before: LogState | undefined,
  after: LogState | undefined,
  nextGen: number,
  out: Encoding,
): void {
  const { topic } = change;
  switch (change.type) {
    case "append_log": {
      if (after === undefined) return;
      if (before?.gen !== after.gen) {
        putLogState(topic, after, out);
        if (before !== undefined) out.drop(keysBelow(entryPrefix(topic), after.gen));
      }
      const key = numberedKey(Kind.logEntry, topic, after.gen, change.offset);
      const { epoch, at, frame } = change;
      out.put(key, sealFrame(key, { before: after.beforeLast, epoch, at, topic: "", frame }));
      return;
    }
    case "trim_log": {
      if (before === undefined || after === undefined || before === after) return;
      putLogState(topic, after, out);
      const forget = { kind: Kind.logEntry, name: topic, prefix: entryPrefix(topic), gen: after.gen };
      forgetNumbers(forget, before.trimmed, Math.min(after.trimmed, before.last), out);
      return;
    }
    case "delete_log": {
      if (before === undefined) return;
      out.remove(plainKey(Kind.logState, topic));
      // Entries that are found without a state at the next start pass for a log whose state was lost: those of a short log go with it at once.
      const { gen, trimmed, last } = before;
      if (last - trimmed <= REMOVE_AT_ONCE) {
        for (let number = trimmed + 1; number <= last; number++) {
          out.remove(numberedKey(Kind.logEntry, topic, gen, number));
        }
      }
      out.drop(keysBelow(entryPrefix(topic), nextGen));
    }
  }
}

/** A name whose numbers are forgotten. */
interface Forget {
  readonly kind: number;
  readonly name: string;
  readonly prefix: Uint8Array;
  readonly gen: number;
}

function forgetNumbers({ kind, name, prefix, gen }: Forget, above: number, through: number, out: Encoding): void {
  if (through - above > REMOVE_AT_ONCE) {
    out.drop(keysBelow(prefix, gen, through + 1));
    return;
  }
  for (let number = above + 1; number <= through; number++) out.remove(numberedKey(kind, name, gen, number));
}

function putHead({ sid, head }: Extract<OfSession, { readonly head: unknown }>, out: Encoding): void {
  const key = plainKey(Kind.sessionHead, sid);
  out.put(key, sealJson(key, head));
}

function framePrefix(sid: string): Buffer {
  return plainKey(Kind.sessionFrame, sid);
}

function entryPrefix(topic: string): Buffer {
  return plainKey(Kind.logEntry, topic);
}
