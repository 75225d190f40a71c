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
  readonly garbage: KeyRange[] = [];
  bytes = 0;

  put(key: Uint8Array, value: Uint8Array): void {
    this.writes.push({ key, value });
    this.bytes += key.length + value.length;
  }

  remove(key: Uint8Array): void {
    this.writes.push({ key, value: undefined });
    this.bytes += key.length;
  }
}

/** Whether a change adds to what is stored, so that it may be refused when there is no room. */
export function adds(change: StoreChange): boolean {
  return (
    change.type === "put_session" ||
    change.type === "put_frame" ||
    change.type === "append_log" ||
    change.type === "put_record"
  );
}

/**
 * Makes a change in the ledger, and of it the writes of the engine.
 *
 * What is forgotten is at first only marked so, in one small record; the rest is garbage, which is removed in the background.
 *
 * @throws {StoreError} if the change may not be made
 */
export function encodeChange(change: StoreChange, ledger: Ledger, undo: Undo, out: Encoding): void {
  switch (change.type) {
    case "put_session":
    case "put_head":
    case "delete_session":
    case "put_frame":
    case "trim_frames": {
      const before = ledger.session(change.sid);
      ledger.apply(change, undo);
      encodeOfSession(change, before, ledger.session(change.sid), ledger.nextGen, out);
      return;
    }
    case "append_log":
    case "trim_log":
    case "delete_log": {
      const before = ledger.log(change.topic);
      ledger.apply(change, undo);
      encodeOfLog(change, before, ledger.log(change.topic), ledger.nextGen, out);
      return;
    }
    case "require_owner":
      ledger.apply(change, undo);
      return;
    case "put_record": {
      ledger.apply(change, undo);
      const key = plainKey(Kind.named, change.key);
      out.put(key, sealNamed(key, change.key, change.value));
      return;
    }
    case "delete_record":
      ledger.apply(change, undo);
      out.remove(plainKey(Kind.named, change.key));
      return;
    default:
      // It has no form that we know: the ledger says so.
      ledger.apply(change, undo);
  }
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
      if (before !== undefined) out.garbage.push(keysBelow(framePrefix(sid), after.gen));
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
      out.garbage.push(keysBelow(framePrefix(sid), nextGen));
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
        if (before !== undefined) out.garbage.push(keysBelow(entryPrefix(topic), after.gen));
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
    case "delete_log":
      if (before === undefined) return;
      out.remove(plainKey(Kind.logState, topic));
      out.garbage.push(keysBelow(entryPrefix(topic), nextGen));
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
    out.garbage.push(keysBelow(prefix, gen, through + 1));
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
