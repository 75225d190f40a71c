import { type SessionOwner, type StoreChange, StoreError } from "./store-port.js";

/** Where the numbered frames of a session or a log stand. A new life of the same name has a higher `gen`. */
interface Numbered {
  readonly gen: number;
  /** Everything up to this number is forgotten. */
  readonly trimmed: number;
  /** The highest number given; never below `trimmed`. */
  readonly last: number;
  /** The highest number before `last`. */
  readonly beforeLast: number;
}

/** What a store knows of a session without reading. */
export interface SessionState extends Numbered {
  readonly owner: SessionOwner;
  /** Its head, meta or state could not be read. */
  readonly corrupt: boolean;
}

/** What a store knows of a log without reading. */
export interface LogState extends Numbered {
  readonly epoch: number;
}

const nobody: SessionOwner = { name: "", version: 0 };
const MAX_SID_BYTES = 400;
const SURROGATES = /[\ud800-\udfff]/;

/**
 * Which sessions and logs there are, where their numbers stand, and by that whether a change may be made.
 *
 * Pure. States are never changed, only replaced, so what a failed commit replaced can be put back: see {@link Undo}.
 */
export class Ledger {
  readonly #sessions = new Map<string, SessionState>();
  readonly #logs = new Map<string, LogState>();
  #nextGen = 1;

  /** The number of the next life; every `gen` in use is below. */
  get nextGen(): number {
    return this.#nextGen;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  get logCount(): number {
    return this.#logs.size;
  }

  session(sid: string): SessionState | undefined {
    return this.#sessions.get(sid);
  }

  log(topic: string): LogState | undefined {
    return this.#logs.get(topic);
  }

  /** The names of all sessions; the ledger may change between two steps. */
  sids(): IterableIterator<string> {
    return this.#sessions.keys();
  }

  /** All logs; the ledger may change between two steps. */
  logStates(): IterableIterator<[string, LogState]> {
    return this.#logs.entries();
  }

  /** Takes over what was read from a file. */
  restoreSession(sid: string, state: SessionState): void {
    this.#sessions.set(sid, state);
    this.#nextGen = Math.max(this.#nextGen, state.gen + 1);
  }

  /** Takes over what was read from a file. */
  restoreLog(topic: string, state: LogState): void {
    this.#logs.set(topic, state);
    this.#nextGen = Math.max(this.#nextGen, state.gen + 1);
  }

  /** Sees to it that no new life gets the number of one that left something behind. */
  skipGen(gen: number): void {
    this.#nextGen = Math.max(this.#nextGen, gen + 1);
  }

  /**
   * Makes one change and notes in `undo` what it replaced.
   *
   * @throws {StoreError} if the change may not be made; then it has changed nothing
   */
  apply(change: StoreChange, undo: Undo): void {
    switch (change.type) {
      case "put_session": {
        checkSid(change.sid);
        checkHead(change.head);
        checkBytes(change.meta, "meta");
        const known = this.#sessions.get(change.sid);
        // A corrupt session that is put again is a new one: what is left of the old one must not come back with it.
        if (known === undefined || known.corrupt) {
          const state = { gen: this.#nextGen++, trimmed: 0, last: 0, beforeLast: 0, owner: nobody, corrupt: false };
          this.#setSession(change.sid, state, undo);
        }
        return;
      }
      case "put_head":
        checkHead(change.head);
        this.#known(change.sid, change.type);
        return;
      case "delete_session":
        checkSid(change.sid);
        this.#setSession(change.sid, undefined, undo);
        return;
      case "put_frame": {
        checkText(change.topic, "topic");
        checkFrame(change.frame);
        const state = this.#known(change.sid, change.type);
        checkNext(state, change.seq, "session", change.sid);
        const { gen, trimmed, last: beforeLast, owner, corrupt } = state;
        this.#setSession(change.sid, { gen, trimmed, last: change.seq, beforeLast, owner, corrupt }, undo);
        return;
      }
      case "trim_frames": {
        checkSid(change.sid);
        checkNumber(change.through, "through", 0);
        const state = this.#sessions.get(change.sid);
        if (state !== undefined && change.through > state.trimmed) {
          this.#setSession(change.sid, { ...state, ...trim(state, change.through) }, undo);
        }
        return;
      }
      case "require_owner": {
        const { owner } = this.#known(change.sid, change.type);
        if (owner.version === change.version) return;
        throw new StoreError(
          "not_owner",
          `Expected owner version ${change.version} of session ${change.sid}, it is ${owner.version} of ${JSON.stringify(owner.name)}: somebody else has claimed it`,
        );
      }
      case "append_log":
        this.#append(change, undo);
        return;
      case "trim_log": {
        checkText(change.topic, "topic");
        checkNumber(change.through, "through", 0);
        const state = this.#logs.get(change.topic);
        if (state !== undefined && change.through > state.trimmed) {
          this.#setLog(change.topic, { ...state, ...trim(state, change.through) }, undo);
        }
        return;
      }
      case "delete_log":
        checkText(change.topic, "topic");
        this.#setLog(change.topic, undefined, undo);
        return;
      case "put_record":
        checkText(change.key, "key");
        checkBytes(change.value, "value");
        return;
      case "delete_record":
        checkText(change.key, "key");
        return;
      default:
        throw new StoreError("bad_change", `Expected a change of a known type, got ${JSON.stringify(change)}`);
    }
  }

  /** Gives a session to an owner. */
  claim(sid: string, owner: SessionOwner, undo: Undo): SessionState {
    const state = { ...this.#known(sid, "claim"), owner };
    this.#setSession(sid, state, undo);
    return state;
  }

  #append(change: StoreChange & { readonly type: "append_log" }, undo: Undo): void {
    checkText(change.topic, "topic");
    checkNumber(change.epoch, "epoch", 0);
    checkFrame(change.frame);
    if (!Number.isFinite(change.at)) {
      throw new StoreError("bad_change", `Expected at to be milliseconds of wall time, got ${String(change.at)}`);
    }
    const known = this.#logs.get(change.topic);
    if (known !== undefined && change.epoch < known.epoch) {
      throw new StoreError(
        "stale_epoch",
        `Expected an epoch of at least ${known.epoch} for the log of ${JSON.stringify(change.topic)}, got ${change.epoch}: a newer writer has begun it anew`,
      );
    }
    const fresh = { gen: this.#nextGen, epoch: change.epoch, trimmed: 0, last: 0, beforeLast: 0 };
    const state = known?.epoch === change.epoch ? known : fresh;
    checkNext(state, change.offset, "log", change.topic);
    const after = { ...state, last: change.offset, beforeLast: state.last };
    if (state === fresh) this.#nextGen++;
    this.#setLog(change.topic, after, undo);
  }

  #known(sid: string, type: string): SessionState {
    const state = this.#sessions.get(sid);
    // What it has been put under is a good name.
    if (state !== undefined && !state.corrupt) return state;
    checkSid(sid);
    throw new StoreError(
      "unknown_session",
      `Expected ${type} to name a session in the store, ${state === undefined ? "there is none" : "a corrupt one has the name"}: ${sid}. Put it first`,
    );
  }

  #setSession(sid: string, state: SessionState | undefined, undo: Undo): void {
    undo.sessions.push([sid, this.#sessions.get(sid)]);
    if (state === undefined) this.#sessions.delete(sid);
    else this.#sessions.set(sid, state);
  }

  #setLog(topic: string, state: LogState | undefined, undo: Undo): void {
    undo.logs.push([topic, this.#logs.get(topic)]);
    if (state === undefined) this.#logs.delete(topic);
    else this.#logs.set(topic, state);
  }

  /** Puts back what was noted. Later notes must have been put back before. */
  restore(undo: Undo): void {
    for (const [sid, state] of undo.sessions.toReversed()) {
      if (state === undefined) this.#sessions.delete(sid);
      else this.#sessions.set(sid, state);
    }
    for (const [topic, state] of undo.logs.toReversed()) {
      if (state === undefined) this.#logs.delete(topic);
      else this.#logs.set(topic, state);
    }
  }
}

/** What a commit replaced, in the order in which it did. */
export class Undo {
  readonly sessions: (readonly [sid: string, state: SessionState | undefined])[] = [];
  readonly logs: (readonly [topic: string, state: LogState | undefined])[] = [];
}

function checkNext(state: Numbered, number: number, what: "session" | "log", name: string): void {
  checkNumber(number, "the number", 1);
  if (number > state.last) return;
  throw new StoreError(
    "out_of_order",
    `Expected a number above ${state.last} for the ${what} ${JSON.stringify(name)}, got ${number}`,
  );
}

function trim(state: Numbered, through: number): Pick<Numbered, "trimmed" | "last" | "beforeLast"> {
  return { trimmed: through, last: Math.max(state.last, through), beforeLast: Math.max(state.beforeLast, through) };
}

function checkSid(sid: string): void {
  checkText(sid, "sid");
  if (Buffer.byteLength(sid) <= MAX_SID_BYTES && !SURROGATES.test(sid)) return;
  throw new StoreError("bad_change", `Expected a sid of at most ${MAX_SID_BYTES} bytes of plain text`);
}

function checkText(text: unknown, name: string): void {
  if (typeof text === "string" && text !== "") return;
  throw new StoreError("bad_change", `Expected ${name} to be text, got ${text === "" ? "none" : typeof text}`);
}

function checkBytes(value: unknown, name: string): void {
  if (value instanceof Uint8Array) return;
  throw new StoreError("bad_change", `Expected ${name} to be a Uint8Array, got ${typeof value}`);
}

function checkFrame(frame: unknown): void {
  if (typeof frame !== "string") checkBytes(frame, "frame");
}

function checkNumber(value: unknown, name: string, least: number): void {
  if (Number.isSafeInteger(value) && Number(value) >= least) return;
  throw new StoreError("bad_change", `Expected ${name} to be a whole number from ${least}, got ${String(value)}`);
}

function checkHead(head: { readonly epoch: number; readonly rx: number; readonly tx: number }): void {
  checkNumber(head.epoch, "head.epoch", 0);
  checkNumber(head.rx, "head.rx", 0);
  checkNumber(head.tx, "head.tx", 0);
}
