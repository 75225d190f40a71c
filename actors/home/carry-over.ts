import { encodeBody } from "../../src/protocol/frame.js";
import { ChannelEvent } from "../../src/protocol/names.js";
import type { Gap, Overflow } from "../channel/overflow.js";
import { type AwayLimits, AwayRow } from "../session/away-row.js";
import { bodyBytes } from "../session/frame-body.js";
import type { KeptChannel } from "../session/kept-meta.js";
import { cursorOf, type RestoredFrame, type RestoredSession } from "../session/kept-session.js";
import type { Body, OutboxLimits } from "../session/outbox.js";
import { bodyOf } from "../session/session-keeping.js";
import { Broadcast } from "../topic/broadcast.js";
import type { ForeignLog } from "./foreign-log.js";

/** What it takes to carry a session over. */
export interface CarryRules {
  readonly limits: OutboxLimits & AwayLimits;
  /** The logs of the store that the session was in. */
  readonly logs: ReadonlyMap<string, ForeignLog>;
  /** What becomes of the broadcasts of a topic that its client cannot take at once. */
  overflowOf(topic: string): Overflow;
}

/** A session that needs nothing of the logs any more that it had its places in. */
export interface CarriedSession {
  readonly restored: RestoredSession;
  /** The last gap on each topic, which its frames announce. */
  readonly gaps: ReadonlyMap<string, Gap>;
}

/** The part of an outbox that stays free for what its channels send until their client is back. */
const FREE = 1 / 4;

/**
 * Puts what a session has missed on its topics into its outbox, in order, and its frames in a form that needs no log.
 *
 * Pure. What does not fit is announced as a gap at the end of its topic's: nothing is left out unsaid.
 */
export function carryOver(restored: RestoredSession, rules: CarryRules): CarriedSession {
  const outbox = new CarriedOutbox(restored, rules);
  for (const channel of restored.meta.channels) outbox.catchUp(channel, restored);
  const { frames, gaps } = outbox;
  return { restored: { ...restored, tx: restored.tx + frames.length - restored.frames.length, frames }, gaps };
}

class CarriedOutbox {
  readonly frames: RestoredFrame[];
  readonly gaps = new Map<string, Gap>();
  readonly #rules: CarryRules;
  #tx: number;
  #messagesLeft: number;
  #bytesLeft: number;

  constructor({ meta, frames, tx }: RestoredSession, rules: CarryRules) {
    this.#rules = rules;
    this.#tx = tx;
    const joinRefs = new Map(meta.channels.map(({ topic, joinRef }) => [topic, joinRef] as const));
    const logs = { find: (topic: string) => rules.logs.get(topic) };
    this.frames = frames.map(({ seq, topic, frame }) => {
      return { seq, topic, frame: { kind: "own", body: bodyOf({ seq, topic, frame }, joinRefs, logs) } };
    });
    const { outboxMessages, outboxBytes } = rules.limits;
    this.#messagesLeft = Math.floor(outboxMessages * (1 - FREE)) - frames.length;
    this.#bytesLeft = outboxBytes * (1 - FREE);
    for (const { frame } of this.frames) if (frame.kind === "own") this.#bytesLeft -= bodyBytes(frame.body);
  }

  catchUp(channel: KeptChannel, session: RestoredSession): void {
    const { topic } = channel;
    const log = this.#rules.logs.get(topic);
    if (log === undefined) return;
    const reader = { session: undefined, kept: session };
    const cursor = cursorOf(session, channel, log.offset);
    const away = new AwayRow(reader, log, this.#rules.overflowOf(topic), this.#rules.limits, cursor);
    let lostFrom: number | undefined;
    while (!away.isDone) {
      const step = away.take();
      // Once one is left out all that come after it are: they are in order, or not there.
      if (step === undefined || lostFrom !== undefined) continue;
      if (!(step instanceof Broadcast)) this.#announce(channel, step);
      else if (!this.#put(topic, step.frame, step.bytes)) lostFrom = step.offset;
    }
    const to = log.isCut ? log.offset + 1 : log.offset;
    const from = lostFrom ?? to;
    if (lostFrom !== undefined || log.isCut) this.#announce(channel, { epoch: log.epoch, from, to, reason: "lost" });
  }

  /** Beyond the bounds, where need be: there is at most one of them for each topic that has no room. */
  #announce({ topic, joinRef }: KeptChannel, gap: Gap): void {
    this.gaps.set(topic, gap);
    this.#messagesLeft--;
    this.#add(topic, encodeBody(joinRef, null, topic, ChannelEvent.gap, gap));
  }

  #put(topic: string, body: Body, bytes: number): boolean {
    if (this.#messagesLeft <= 0 || this.#bytesLeft < bytes) return false;
    this.#messagesLeft--;
    this.#bytesLeft -= bytes;
    this.#add(topic, body);
    return true;
  }

  #add(topic: string, body: Body): void {
    this.frames.push({ seq: ++this.#tx, topic, frame: { kind: "own", body } });
  }
}
