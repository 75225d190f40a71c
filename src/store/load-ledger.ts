import { setImmediate } from "node:timers/promises";
import type { KeyRange } from "./commit-queue.js";
import type { DamageLog } from "./damage.js";
import type { Engine, EngineRecord } from "./engine.js";
import { Ledger, type LogState, type SessionState } from "./ledger.js";
import { type LogStateRecord, parseFrame, parseHead, parseLogState, parseSessionState, unseal } from "./record.js";
import { allKeys, Kind, type KeyParts, keyParts, keysBelow, prefixOf } from "./record-key.js";

/** What a file holds. */
export interface Loaded {
  readonly ledger: Ledger;
  /** What nothing refers to: left by deletes and trims that the last process had no time to carry out. */
  readonly garbage: ReadonlyMap<string, KeyRange>;
  /** Logs whose state was damaged and has been found again from their entries; it must be written anew. */
  readonly repaired: readonly string[];
  /** Good records that were seen. */
  readonly good: number;
  /** Records that are none of ours, whatever they are. */
  readonly foreign: number;
}

const PAGE = 128;

/** Reads all records once, page by page, checks each, and learns from them which sessions and logs there are. */
export async function loadLedger(engine: Engine, damage: DamageLog): Promise<Loaded> {
  const loading = new Loading(damage);
  const snapshot = engine.snapshot();
  try {
    let start: Uint8Array = allKeys.start;
    for (;;) {
      const page = snapshot.page(start, allKeys.end, PAGE);
      for (const record of page) loading.add(record);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      // The key right after it.
      start = Buffer.concat([last.key, Buffer.from([0])]);
      await setImmediate();
    }
  } finally {
    snapshot.release();
  }
  return loading.finish();
}

/** Records arrive in the order of their keys: heads, metas, states, then frames; log states, then entries. */
class Loading implements Loaded {
  readonly ledger = new Ledger();
  readonly garbage = new Map<string, KeyRange>();
  readonly repaired: string[] = [];
  good = 0;
  foreign = 0;
  readonly #damage: DamageLog;
  readonly #heads = new Set<string>();
  readonly #metas = new Set<string>();
  /** By the key's prefix, since a long topic is not in the key. */
  readonly #logs = new Map<string, LogStateRecord>();

  constructor(damage: DamageLog) {
    this.#damage = damage;
  }

  add({ key, value }: EngineRecord): void {
    const parts = keyParts(key);
    if (parts === undefined) {
      this.foreign++;
      this.#damage.record(key, "has a key that no version of this store has written");
      return;
    }
    if (parts.gen > 0) this.ledger.skipGen(parts.gen);
    const content = unseal(key, value);
    if (content === undefined) this.#damage.record(key, "does not fit its checksum");
    else this.good++;
    this.#learn(key, parts, content);
  }

  finish(): Loaded {
    for (const sid of new Set([...this.#heads, ...this.#metas, ...this.ledger.sids()])) {
      const state = this.ledger.session(sid);
      if (state === undefined || !this.#heads.has(sid) || !this.#metas.has(sid)) this.#corrupt(sid);
    }
    return this;
  }

  #learn(key: Uint8Array, parts: KeyParts, content: Buffer | undefined): void {
    const name = parts.name ?? "";
    switch (parts.kind) {
      case Kind.sessionHead:
        // A damaged one is noted as a corrupt session: somebody has to be told of it, and to delete it.
        if (content !== undefined && parseHead(content) !== undefined) this.#heads.add(name);
        else this.#corrupt(name);
        return;
      case Kind.sessionMeta:
        if (content !== undefined) this.#metas.add(name);
        else this.#corrupt(name);
        return;
      case Kind.sessionState: {
        const state = content && parseSessionState(content);
        if (state === undefined) {
          this.#corrupt(name);
          return;
        }
        const { gen, trimmed, ownerVersion, ownerName } = state;
        const corrupt = this.ledger.session(name)?.corrupt === true;
        const owner = { name: ownerName, version: ownerVersion };
        this.ledger.restoreSession(name, { gen, trimmed, last: trimmed, beforeLast: trimmed, owner, corrupt });
        return;
      }
      case Kind.sessionFrame:
        this.#learnFrame(key, parts, name);
        return;
      case Kind.logState: {
        const state = content && parseLogState(content);
        if (state === undefined) return;
        const { gen, trimmed, epoch, topic } = state;
        this.#logs.set(nameBytes(key), state);
        this.ledger.restoreLog(topic, { gen, trimmed, last: trimmed, beforeLast: trimmed, epoch });
        return;
      }
      case Kind.logEntry:
        this.#learnEntry(key, parts, content);
    }
  }

  #corrupt(sid: string): void {
    const state: SessionState = this.ledger.session(sid) ?? corruptSession;
    this.ledger.restoreSession(sid, { ...state, corrupt: true });
  }

  #learnFrame(key: Uint8Array, { gen, number }: KeyParts, sid: string): void {
    const state = this.ledger.session(sid);
    // Without a state nobody knows which of them count: they go when the corrupt session is deleted, or now if there is no such session.
    if (state === undefined) this.#drop(key, gen + 1);
    else if (gen < state.gen) this.#drop(key, state.gen);
    else if (number <= state.trimmed) this.#drop(key, gen, number + 1);
    else if (gen === state.gen) this.ledger.restoreSession(sid, { ...state, last: number, beforeLast: state.last });
  }

  #learnEntry(key: Uint8Array, parts: KeyParts, content: Buffer | undefined): void {
    const { gen, number } = parts;
    const name = nameBytes(prefixOf(key));
    const known = this.#logs.get(name);
    const found = known === undefined || known.gen < gen ? this.#repair(name, parts, content) : known;
    const state = found && this.ledger.log(found.topic);
    if (found === undefined || state === undefined) this.#drop(key, gen + 1);
    else if (gen < state.gen) this.#drop(key, state.gen);
    else if (number <= state.trimmed) this.#drop(key, gen, number + 1);
    else this.ledger.restoreLog(found.topic, { ...state, last: number, beforeLast: state.last });
  }

  // Keys come in order, so a later range of the same name is never the shorter one.
  #drop(key: Uint8Array, gen: number, number = 0): void {
    const prefix = prefixOf(key);
    this.garbage.set(prefix.toString("latin1"), keysBelow(prefix, gen, number));
  }

  /** The state of a log whose record is lost, if its name and an entry say enough. */
  #repair(name: string, { name: topic, gen }: KeyParts, content: Buffer | undefined): LogStateRecord | undefined {
    const entry = content && parseFrame(content);
    if (topic === undefined || entry === undefined) return undefined;
    const { epoch, before: trimmed } = entry;
    const state: LogState = { gen, trimmed, last: trimmed, beforeLast: trimmed, epoch };
    const record = { gen, trimmed, epoch, topic };
    this.#logs.set(name, record);
    this.ledger.restoreLog(topic, state);
    this.repaired.push(topic);
    return record;
  }
}

const corruptSession: SessionState = {
  gen: 0,
  trimmed: 0,
  last: 0,
  beforeLast: 0,
  owner: { name: "", version: 0 },
  corrupt: true,
};

// What follows the kind: state and entries of a log have the same name there, whole or as a digest.
function nameBytes(key: Uint8Array): string {
  return Buffer.from(key.subarray(1)).toString("latin1");
}
