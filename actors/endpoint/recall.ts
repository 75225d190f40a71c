import type { ActorSystem, AnyRef } from "../../src/index.js";
import type { LogSummary, StoreChange } from "../../src/store/store-port.js";
import { putGone } from "../session/gone-record.js";
import type { KeptChannel } from "../session/kept-meta.js";
import type { KeptRow } from "../session/kept-row.js";
import { cursorOf, detachedAt, type RestoredSession } from "../session/kept-session.js";
import type { Topic } from "../topic/topic.js";
import type { EndpointContext } from "./context.js";
import { inParallel } from "./in-parallel.js";
import { readSession, readSessions } from "./read-sessions.js";
import { recallRecords } from "./recall-records.js";
import { readLogSummaries, recallLog } from "./restore-logs.js";
import type { StoreWriter } from "./store-writer.js";

/** What is to be brought back, and with what. */
export interface RestoreStart {
  readonly context: EndpointContext;
  readonly writer: StoreWriter;
}

/** A session that was read, with its places on its topics. */
export interface Found {
  readonly restored: RestoredSession;
  readonly places: Map<string, KeptRow>;
}

/** What became of the sessions of a store. */
export interface RestoreCounts {
  restored: number;
  expired: number;
  corrupt: number;
  failed: number;
}

/** Sessions that are deleted in one commit. */
const DELETES = 256;
const PROGRESS_MS = 2_000;
/** How long the channels of a session that has ended may go on with what they do. */
const LAST_WORDS_MS = 5_000;

/**
 * What the store has of an endpoint's sessions, read back into memory: the sessions themselves, their places on their topics, and the logs of
 * those. From then on what is broadcast is kept for them, though they do not run yet.
 *
 * What is expired or damaged is deleted, and remembered for its client.
 */
export class Recall {
  readonly counts: RestoreCounts = { restored: 0, expired: 0, corrupt: 0, failed: 0 };
  /** The sessions, those that were detached first first. */
  found: Found[] = [];
  readonly startedAt: number;
  readonly #system: ActorSystem;
  readonly #start: RestoreStart;
  readonly #topics = new Map<string, Topic>();
  #logs = new Map<string, LogSummary>();
  #deletes: StoreChange[] = [];
  /** The places of sessions that cannot be brought back. */
  readonly #givenUp: [topic: string, place: KeptRow][] = [];
  #toldAt: number;

  constructor(system: ActorSystem, start: RestoreStart) {
    this.#system = system;
    this.#start = start;
    this.startedAt = system.clock.now();
    this.#toldAt = this.startedAt;
  }

  /** Reads all of them. */
  async readAll(): Promise<void> {
    const { context, writer } = this.#start;
    const ending = [...(context.keeping?.ending ?? [])];
    await channelsEnded(this.#system, ending);
    for (const channel of ending) context.keeping?.ending.delete(channel);
    // The sessions before a crash may have left something; what could not be kept has never left, and is as if it had not been. Those that have not
    // crashed, but whoever brought them back, go on with theirs.
    const { online, detached } = context.directory.counts;
    if (online + detached === 0) {
      await writer.abandon();
      context.pushes.forgetUnsafe();
    } else await writer.allKept();
    this.#deletes = await recallRecords(writer.store, context, this.#system.clock.wallTime());
    this.#logs = await readLogSummaries(writer.store);
    await this.#readSessions();
    await this.#recallTopics();
  }

  /** Reads one; false when there is nothing to bring back. */
  async readOne(sid: string): Promise<boolean> {
    await this.#start.writer.settled();
    const restored = await readSession(this.#start.writer.store, sid);
    if (typeof restored === "string") this.#lost(sid, "corrupt");
    if (typeof restored !== "object") return false;
    this.found = [{ restored, places: new Map() }];
    await this.#recallTopics();
    return true;
  }

  /** All that can be brought back is: lets go of what was held for it, and deletes what nobody needs. */
  async end(): Promise<void> {
    const { subscriptions } = this.#start.context;
    try {
      // The store first: until it knows who is over a crash may bring them back, and what is broadcast by then is kept for them.
      await this.#flushDeletes();
      for (const [topic, place] of this.#givenUp.splice(0)) subscriptions.unplace(topic, place);
    } finally {
      for (const topic of this.#topics.values()) subscriptions.letGo(topic);
    }
    for (const topic of this.#logs.keys()) {
      if (subscriptions.find(topic)?.isKept !== true) this.#deletes.push({ type: "delete_log", topic });
    }
    await this.#flushDeletes();
    this.found = [];
  }

  /** A session cannot be brought back: it is deleted, and its client will be told. */
  giveUp({ restored, places }: Found): void {
    this.#givenUp.push(...places);
    this.counts.failed++;
    this.#endCorrupt(restored.sid);
    const text = `could not bring session ${restored.sid} back: its client gets a new one, and is told so`;
    this.tell("session_not_restored", text, "warning");
  }

  /** Tells how far it is, every two seconds. */
  progress(what: string): void {
    const { clock } = this.#system;
    if (clock.now() - this.#toldAt < PROGRESS_MS) return;
    this.#toldAt = clock.now();
    this.tell("sessions_restoring", `is bringing sessions back: ${what} so far`);
  }

  tell(type: string, text: string, level: "info" | "warning" = "info"): void {
    this.#system.report({ type, level, text: `the endpoint ${text}`, details: { ...this.counts } });
  }

  async #readSessions(): Promise<void> {
    const { context, writer } = this.#start;
    await readSessions(writer.store, context, this.#system.clock.wallTime(), {
      found: (restored) => void this.found.push({ restored, places: new Map() }),
      lost: (sid, why) => this.#lost(sid, why),
      pause: async () => {
        this.progress(`${this.found.length} read`);
        if (this.#deletes.length >= DELETES) await this.#flushDeletes();
      },
    });
    this.found.sort((one, other) => detachedAt(one.restored) - detachedAt(other.restored));
  }

  #lost(sid: string, why: "expired" | "corrupt"): void {
    this.counts[why]++;
    if (why === "expired") {
      this.#start.context.directory.remember(sid, why);
      this.#deletes.push({ type: "delete_session", sid });
      return;
    }
    this.#endCorrupt(sid);
    this.tell("session_corrupt", `found session ${sid} damaged: its client gets a new one, and is told so`, "warning");
  }

  /** Deletes a session, and remembers why for as long as its client may come back for it: in this life of the server, and in later ones. */
  #endCorrupt(sid: string): void {
    const { directory, limits } = this.#start.context;
    directory.remember(sid, "corrupt");
    const until = this.#system.clock.wallTime() + limits.sessionTtlMs;
    this.#deletes.push({ type: "delete_session", sid }, putGone({ sid, until }));
  }

  /** Gives every session its place on its topics, and reads the topics' logs. All of them first: what one hears, others may have to be told. */
  async #recallTopics(): Promise<void> {
    const { subscriptions } = this.#start.context;
    const known = latestOffsets(this.found);
    for (const { restored, places } of this.found) {
      for (const channel of restored.meta.channels) {
        const name = channel.topic;
        let topic = this.#topics.get(name);
        if (topic === undefined) {
          const log = this.#logs.get(name);
          // The end of a log may be lost, or all of it: its offsets are not given again, and whoever lacks them is told.
          const offset = Math.max(log?.last ?? 0, known.get(name) ?? 0);
          const epoch = log?.epoch ?? Math.floor(this.#system.clock.wallTime());
          topic = subscriptions.hold(name, offset === 0 ? undefined : { epoch, offset });
          this.#topics.set(name, topic);
        }
        // It may have a place from before its crash, which this one replaces.
        const place = placeOf(restored, channel, topic.offset);
        places.set(name, place);
        subscriptions.place(name, place);
      }
    }
    const { clock } = this.#system;
    await inParallel([...this.#topics.values()], (topic) =>
      recallLog(this.#start.writer.store, topic, clock.now(), clock.wallTime()),
    );
  }

  async #flushDeletes(): Promise<void> {
    while (this.#deletes.length > 0) await this.#start.writer.store.commit(this.#deletes.splice(0, DELETES));
  }
}

/** Waits for channels that may be in the middle of something; one that takes too long is killed. */
export async function channelsEnded(system: ActorSystem, channels: readonly AnyRef[]): Promise<void> {
  if (channels.length === 0) return;
  const timer = system.clock.setTimer(LAST_WORDS_MS, () => {
    for (const channel of channels) system.exit(channel, "kill");
  });
  await Promise.all(channels.map((channel) => system.exited(channel)));
  system.clock.clearTimer(timer);
}

/** The highest offset of each topic that a session knows of. */
export function latestOffsets(found: readonly Pick<Found, "restored">[]): Map<string, number> {
  const known = new Map<string, number>();
  const note = (topic: string, offset: number): void => {
    if (offset > (known.get(topic) ?? 0)) known.set(topic, offset);
  };
  for (const { restored } of found) {
    for (const { topic, cursor } of restored.meta.channels) note(topic, cursor);
    for (const { topic, frame } of restored.frames) if (frame.kind !== "own") note(topic, frame.offset);
  }
  return known;
}

/** The place of a session on a topic. */
function placeOf(restored: RestoredSession, channel: KeptChannel, most: number): KeptRow {
  const { params, state } = channel;
  const cursor = cursorOf(restored, channel, most);
  const acked = restored.frames.length === 0 ? cursor : 0;
  const inLog =
    restored.frames.findLast(({ topic, frame }) => topic === channel.topic && frame.kind !== "own")?.seq ?? 0;
  return { sid: restored.sid, cursor, acked, params, state, inLog, orphaned: false };
}
