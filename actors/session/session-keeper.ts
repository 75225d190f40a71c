import type { Clock } from "../../src/index.js";
import type { SessionHead, StoreChange, StoreError } from "../../src/store/store-port.js";
import type { Gap } from "../channel/overflow.js";
import type { Keepable, StoreWriter } from "../endpoint/store-writer.js";
import { Broadcast } from "../topic/broadcast.js";
import type { ChannelRow } from "./channel-table.js";
import { putGone } from "./gone-record.js";
import { storedBroadcast, storedGap, storedOwn } from "./kept-frame.js";
import type { KeptRecord } from "./kept-record.js";
import type { RestoredFrame } from "./kept-session.js";
import type { Body } from "./outbox.js";
import type { SafePoint } from "./session-stream.js";

/** Frames of a tail that are forgotten in one go. */
const DROPPED_AT_ONCE = 64;

/** What a keeper asks of the session that it belongs to. */
export interface KeptSession {
  /** How long it may be without a client. */
  readonly ttlMs: number;
  /** The small fields as they are now. Like `keptMeta` it may be asked when the session's actor has ended. */
  keptHead(clock: Clock): SessionHead;
  /** All the rest as it is now. */
  keptMeta(): Uint8Array;
  /** Something has become safe. */
  whenKept(): void;
  /** Nothing becomes safe for the time being. */
  whenWaiting(): void;
  /** It cannot be kept. */
  whenRefused(error: StoreError): void;
}

/** The numbers that a session has already. */
export interface KnownNumbers {
  readonly tx: number;
  readonly rx: number;
  /** Whether it is in the store with them. */
  readonly isStored: boolean;
}

/**
 * The part of a durable session that sees to it that nothing leaves before it is safe.
 *
 * It collects what has changed since the last commit, hands it to the endpoint's writer, and knows up to which numbers all is safe: frames up
 * to `safeTx` may be written to the socket, client frames up to `safeHandled` may be acknowledged.
 */
export class SessionKeeper implements Keepable, SafePoint {
  readonly sid: string;
  readonly #session: KeptSession;
  readonly #writer: StoreWriter;
  /** The highest number of ours that a crash does not take back. */
  safeTx: number;
  /** The highest number of the client's whose handling a crash does not take back. */
  safeHandled: number;
  /** A frame without a number that must not leave before what was changed with it is safe: the answer to a `hello`. */
  #held: { readonly text: string; readonly change: number } | undefined;
  #frames: StoreChange[] = [];
  /** What is to be kept although the session may be over; those taken stay until they are safe. */
  #records: KeptRecord[] | undefined;
  #recordsTaken = 0;
  /** Where a session stands that is to be put into the store anew, until it has been: it may have to be made whole first. */
  #bringing: "held" | "whole" | undefined;
  #trim = 0;
  #dropped = 0;
  #metaChanged: boolean;
  /** Whether broadcasts have become frames since the rest was kept: their offsets go with their frames, so they must be in the rest by then. */
  #placesMoved = false;
  #queued = false;
  #ended = false;
  /** Whether the store has refused it for good. */
  #isRefused = false;
  /** Whether the session's actor has ended. */
  #left = false;
  #owed: number;
  /** Counts what was taken for a commit, and what of that is safe. */
  #taken = 0;
  #safe = 0;
  #takenTx: number;
  #takenHandled: number;

  /** `known` for a session that has these numbers already; one that is not in the store is put there with its first commit. */
  constructor(sid: string, session: KeptSession, writer: StoreWriter, known?: KnownNumbers) {
    this.sid = sid;
    this.#session = session;
    this.#writer = writer;
    this.safeTx = known?.isStored === true ? known.tx : 0;
    this.safeHandled = known?.rx ?? 0;
    this.#takenTx = this.safeTx;
    this.#takenHandled = this.safeHandled;
    this.#owed = this.safeHandled;
    this.#metaChanged = known?.isStored !== true;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether a frame is held back; nothing may overtake it. */
  get holds(): boolean {
    return this.#held !== undefined;
  }

  /**
   * Begins to bring a session into the store that was in another one, with its frames; those up to `trimmed` are not wanted any more.
   *
   * Nothing is written before {@link brought}: what is in the store must be the whole session, or nothing of it.
   */
  bring(frames: readonly RestoredFrame[], trimmed: number): void {
    const { sid } = this;
    this.#bringing = "held";
    for (const { seq, topic, frame } of frames) {
      if (frame.kind !== "own") continue;
      this.#frames.push({ type: "put_frame", sid, seq, topic: topic || "-", frame: storedOwn(frame.body) });
    }
    this.#trim = trimmed;
  }

  /** The session that is brought is whole. */
  brought(): void {
    if (this.#bringing !== "held") return;
    this.#bringing = "whole";
    this.metaChanged();
  }

  /** Keeps all frames anew, each as it is: the logs that some of them are in will go. `tx` is the number of the last. */
  rewrite(bodies: readonly Body[], tx: number): void {
    const { sid } = this;
    const trimmed = tx - bodies.length;
    this.#frames = bodies.map((body, index) => {
      return { type: "put_frame", sid, seq: trimmed + 1 + index, topic: "-", frame: storedOwn(body) };
    });
    this.#trim = trimmed;
    this.#bringing ??= "whole";
    this.metaChanged();
  }

  /** A frame was given a number: one of a topic's channel, or of what was broadcast there. */
  frame(seq: number, body: Body, row: ChannelRow | undefined, origin: Broadcast | Gap | undefined): void {
    let frame = storedOwn("");
    const kept = row?.kept;
    if (origin === undefined || kept === undefined) frame = storedOwn(body);
    else {
      const isBroadcast = origin instanceof Broadcast;
      kept.cursor = isBroadcast ? origin.offset : origin.to;
      kept.inLog = seq;
      frame = isBroadcast
        ? storedBroadcast(origin.offset)
        : storedGap(origin.to, typeof body === "string" ? body : body.text);
      this.#placesMoved = true;
    }
    this.#frames.push({ type: "put_frame", sid: this.sid, seq, topic: row?.topic || "-", frame });
    this.#queue();
  }

  /** A frame of the client's was handled; `early` when lower ones are not. */
  handled(early: boolean): void {
    if (early) this.#metaChanged = true;
    this.#queue();
  }

  /** The times have changed. */
  headChanged(): void {
    this.#queue();
  }

  /** How many frames of the client's have become safely handled since the last time. */
  newlyHandled(): number {
    const count = this.safeHandled - this.#owed;
    this.#owed = this.safeHandled;
    return count;
  }

  /** Keeps a small value together with what else has changed by now, also when the session ends. */
  record(record: KeptRecord): void {
    (this.#records ??= []).push(record);
    this.#queue();
  }

  /** Anything else has changed. */
  metaChanged(): void {
    this.#metaChanged = true;
    this.#queue();
  }

  /** The client has acknowledged frames. */
  trim(through: number): void {
    this.#trim = through;
    if (this.#placesMoved) this.#metaChanged = true;
    this.#queue();
  }

  /** The oldest of a tail that nobody acknowledges have made room; the store hears of that now and then. */
  dropped(through: number): void {
    if (through - this.#dropped < DROPPED_AT_ONCE) return;
    this.#dropped = through;
    this.trim(through);
  }

  /** Keeps a frame back until what has changed by now is safe. It takes the place of an earlier one, whose socket is gone. */
  hold(text: string): void {
    this.#queue();
    this.#held = { text, change: this.#taken + 1 };
  }

  /** The frame that was held back and may leave now. */
  released(): string | undefined {
    const held = this.#held;
    if (held === undefined || held.change > this.#safe) return undefined;
    this.#held = undefined;
    return held.text;
  }

  /** The session is over, and its client has been or will be told: nothing of it is kept. */
  end(): void {
    this.#ended = true;
    this.#held = undefined;
    this.#frames = [];
    this.#queue();
  }

  /** The session's actor has ended; what is kept stays, unless the session is over. */
  leave(): void {
    this.#left = true;
    this.#held = undefined;
    if (!this.#ended) this.#queue();
  }

  take(changes: StoreChange[]): void {
    this.#queued = false;
    this.#taken++;
    const { sid } = this;
    for (const record of this.#records ?? []) {
      const change = record.change();
      if (change !== undefined) changes.push(change);
    }
    this.#recordsTaken = this.#records?.length ?? 0;
    if (this.#ended) {
      changes.push({ type: "delete_session", sid });
      // Its client may hear of it in a later life of the server only.
      if (this.#isRefused) changes.push(putGone({ sid, until: this.#writer.clock.wallTime() + this.#session.ttlMs }));
      return;
    }
    const head = this.#session.keptHead(this.#writer.clock);
    this.#takenTx = head.tx;
    this.#takenHandled = head.rx;
    // What is there of it, be it from an attempt before this one, must not be mixed with it.
    if (this.#bringing !== undefined) changes.push({ type: "delete_session", sid });
    this.#bringing = undefined;
    if (this.#metaChanged) changes.push({ type: "put_session", sid, head, meta: this.#session.keptMeta() });
    else changes.push({ type: "put_head", sid, head });
    if (this.#metaChanged) this.#placesMoved = false;
    this.#metaChanged = false;
    for (const frame of this.#frames) changes.push(frame);
    this.#frames = [];
    if (this.#trim > 0) changes.push({ type: "trim_frames", sid, through: this.#trim });
    this.#trim = 0;
  }

  kept(): void {
    this.#safe = this.#taken;
    if (this.#recordsTaken > 0) this.#recordsKept();
    this.safeTx = this.#takenTx;
    this.safeHandled = this.#takenHandled;
    if (!this.#isOver) this.#session.whenKept();
  }

  waiting(): void {
    if (!this.#isOver) this.#session.whenWaiting();
  }

  refused(error: StoreError): void {
    // Whatever it refused of them it will not take now; those that write nothing wait on, for the end of the session.
    this.#records = this.#records?.filter((record) => record.change() === undefined);
    this.#recordsTaken = 0;
    this.#isRefused = true;
    if (!this.#isOver) this.#session.whenRefused(error);
  }

  #recordsKept(): void {
    const records = this.#records ?? [];
    for (const record of records.slice(0, this.#recordsTaken)) record.isSafe();
    this.#records = records.length > this.#recordsTaken ? records.slice(this.#recordsTaken) : undefined;
    this.#recordsTaken = 0;
  }

  get #isOver(): boolean {
    return this.#ended || this.#left;
  }

  #queue(): void {
    if (this.#queued || this.#bringing === "held") return;
    this.#queued = true;
    this.#writer.add(this);
  }
}
