import { type ActorSystem, BadArgumentError } from "../../src/index.js";
import type { Store } from "../../src/store/store-port.js";
import type { EndpointContext } from "../endpoint/context.js";
import { inParallel } from "../endpoint/in-parallel.js";
import type { Keeping } from "../endpoint/keeping.js";
import { latestOffsets, type RestoreCounts } from "../endpoint/recall.js";
import { readSessions } from "../endpoint/read-sessions.js";
import { readLogSummaries, readRun } from "../endpoint/restore-logs.js";
import { startRestored } from "../endpoint/start-restored.js";
import { putGone } from "../session/gone-record.js";
import type { KeptChannel } from "../session/kept-meta.js";
import type { KeptRow } from "../session/kept-row.js";
import { detachedAt, type RestoredSession } from "../session/kept-session.js";
import type { LogTotal } from "../topic/topic-log.js";
import { logEpochName, type Topic } from "../topic/topic.js";
import { adoptRecords } from "./adopt-records.js";
import { Breather } from "./breather.js";
import { carryOver } from "./carry-over.js";
import { ForeignLog } from "./foreign-log.js";

/** What became of the sessions of a store that was taken in. */
export interface AdoptionCounts extends Readonly<RestoreCounts> {
  /** Small values of the application's own that the store holds too. They stay there: whoever deletes the store deletes them. */
  readonly others: number;
}

/** Options of {@link adopt}. */
export interface AdoptionOptions {
  /** The name of the node whose store it was: a part of the name under which clients know its logs. */
  readonly node?: string;
  /** Called when all topics have a place here: what is sent on this node from this moment on is for the sessions. */
  readonly placed?: () => void;
  /**
   * Called before the sessions run: adds to the ends of the logs what their node would have got next, up to the moment of `placed`. Whatever was sent on
   * this node since comes after it.
   */
  readonly complete?: (logs: ReadonlyMap<string, ForeignLog>) => Promise<void>;
}

/**
 * Brings all sessions of a dead node's store to this node, which goes on serving its own. Resolves when all of it is safe in this node's own store;
 * only then may the other store be deleted, and only then may a client attach.
 *
 * Each comes with its channels, its numbers and secrets, what its client has not acknowledged, and what it has missed on its topics, which is in its
 * outbox before anything that this node sends from now on. What has expired or is damaged is remembered for its client. The other store is only read:
 * if this node dies on the way the next one begins anew with it, and must not look at what this one's store has of the same sessions. Sessions that
 * run here already are passed over, so it may be called again.
 *
 * @throws {BadArgumentError} as a rejection, when this endpoint keeps its sessions nowhere
 * @throws {AdoptionError} as a rejection, when not all sessions could be started because this node's were being ended: try again
 * @throws {StoreError} as a rejection, when the other store cannot be read
 */
export async function adopt(
  context: EndpointContext,
  system: ActorSystem,
  store: Store,
  options: AdoptionOptions = {},
): Promise<AdoptionCounts> {
  const { keeping } = context;
  if (keeping === undefined)
    throw new BadArgumentError("Cannot adopt sessions: this endpoint has no store to keep them in");
  const adoption = new Intake(context, system, keeping, store, options);
  try {
    return await adoption.run();
  } finally {
    adoption.end();
  }
}

/** Not all sessions of a store could be brought to this node, whose own were being ended: the store must stay, and it can be tried again. */
class AdoptionError extends Error {
  override readonly name = "AdoptionError";
  readonly code = "unfinished";
  /** How many are missing. */
  readonly missing: number;

  constructor(missing: number) {
    super(
      `Expected to start all sessions of another node, ${missing} were ended meanwhile with this node's own: try again`,
    );
    this.missing = missing;
  }
}

interface Arriving {
  readonly restored: RestoredSession;
  readonly places: Map<string, KeptRow>;
}

class Intake {
  readonly #context: EndpointContext;
  readonly #system: ActorSystem;
  readonly #keeping: Keeping;
  readonly #store: Store;
  readonly #options: AdoptionOptions;
  readonly #counts: RestoreCounts = { restored: 0, expired: 0, corrupt: 0, failed: 0 };
  readonly #breather: Breather;
  #arriving: Arriving[] = [];
  /** Places of sessions that do not run yet. */
  readonly #waiting = new Set<Arriving>();
  readonly #topics = new Map<string, Topic>();
  /** The offset of each topic from which on what is sent is for them. */
  readonly #begin = new Map<string, number>();
  readonly #logs = new Map<string, ForeignLog>();

  constructor(context: EndpointContext, system: ActorSystem, keeping: Keeping, store: Store, options: AdoptionOptions) {
    this.#context = context;
    this.#system = system;
    this.#keeping = keeping;
    this.#store = store;
    this.#options = options;
    this.#breather = new Breather(system.clock);
  }

  async run(): Promise<AdoptionCounts> {
    const { clock } = this.#system;
    const { writer } = this.#keeping;
    const others = await adoptRecords(this.#store, this.#context, writer, clock.wallTime());
    await this.#read();
    this.#holdTopics();
    this.#options.placed?.();
    await this.#takePlaces();
    await this.#readLogs();
    await this.#options.complete?.(this.#logs);
    const before = this.#system.whereis(this.#context.sessionsName);
    await inParallel(this.#arriving, async (arriving) => {
      await this.#start(arriving);
      await this.#breather.breathe();
    });
    await writer.settled();
    // All sessions have crashed together: what was not kept is not coming back by itself.
    if (this.#system.whereis(this.#context.sessionsName) !== before) this.#recount();
    if (this.#waiting.size > 0) throw new AdoptionError(this.#waiting.size);
    return { ...this.#counts, others };
  }

  /** Lets go of what was held. */
  end(): void {
    const { subscriptions } = this.#context;
    for (const { places } of this.#waiting) {
      for (const [topic, place] of places) subscriptions.unplace(topic, place);
    }
    for (const topic of this.#topics.values()) subscriptions.letGo(topic);
    this.#topics.clear();
  }

  async #read(): Promise<void> {
    await readSessions(this.#store, this.#context, this.#system.clock.wallTime(), {
      found: (restored) => {
        // One that has crashed here is coming back by itself.
        if (this.#keeping.coming(restored.sid) !== undefined) return;
        this.#arriving.push({ restored, places: new Map() });
      },
      lost: (sid, why) => this.#lost(sid, why),
      pause: () => this.#breather.breathe(),
    });
    this.#arriving.sort((one, other) => detachedAt(one.restored) - detachedAt(other.restored));
  }

  /** Begins to keep what is sent on the topics of all of them: at once, so that there is one moment from which on it is for them. */
  #holdTopics(): void {
    const { subscriptions } = this.#context;
    for (const arriving of this.#arriving) {
      this.#waiting.add(arriving);
      for (const channel of arriving.restored.meta.channels) {
        if (this.#topics.has(channel.topic)) continue;
        const topic = subscriptions.hold(channel.topic, undefined);
        this.#topics.set(channel.topic, topic);
        this.#begin.set(channel.topic, topic.offset);
        // One place is enough for the topic to be kept in the store.
        this.#place(arriving, channel);
      }
    }
  }

  /** Gives every session its places here, where the topics were held. */
  async #takePlaces(): Promise<void> {
    for (const arriving of this.#arriving) {
      for (const channel of arriving.restored.meta.channels) {
        if (!arriving.places.has(channel.topic)) this.#place(arriving, channel);
      }
      await this.#breather.breathe();
    }
  }

  #place({ restored, places }: Arriving, { topic, params, state }: KeptChannel): void {
    const cursor = this.#begin.get(topic) ?? 0;
    const place: KeptRow = { sid: restored.sid, cursor, acked: cursor, params, state, inLog: 0, orphaned: false };
    places.set(topic, place);
    this.#context.subscriptions.place(topic, place);
  }

  async #readLogs(): Promise<void> {
    const { limits } = this.#context;
    const { clock } = this.#system;
    const wallMs = clock.wallTime();
    const total: LogTotal = { bytes: 0 };
    const summaries = await readLogSummaries(this.#store);
    // A topic that none of them has heard of anything has a log all the same: something may be added to it.
    const latest = latestOffsets(this.#arriving);
    await inParallel([...new Set([...this.#topics.keys(), ...latest.keys()])], async (topic) => {
      const { epoch, last } = summaries.get(topic) ?? { epoch: Math.floor(wallMs), last: 0 };
      // Its end may be lost, as may be all of it: then whoever knows of less is told.
      const offset = Math.max(last, latest.get(topic) ?? 0);
      const position = { epoch: logEpochName(epoch, this.#options.node), offset };
      const log = new ForeignLog(topic, position, limits, total);
      this.#logs.set(topic, log);
      if (last === 0) return;
      const nowMs = clock.now();
      log.fill(await readRun(this.#store, topic, { epoch, until: offset + 1, nowMs, wallMs }), nowMs);
      await this.#breather.breathe();
    });
  }

  async #start(arriving: Arriving): Promise<void> {
    const context = this.#context;
    const { restored, gaps } = carryOver(arriving.restored, {
      limits: context.limits,
      logs: this.#logs,
      overflowOf: (topic) => context.routes.overflowOf({ topic }),
    });
    const outcome = await startRestored(this.#system, { context, restored, places: arriving.places, gaps });
    if (outcome === "ended") return;
    this.#waiting.delete(arriving);
    if (outcome === "started") {
      this.#counts.restored++;
      return;
    }
    for (const [topic, place] of arriving.places) context.subscriptions.unplace(topic, place);
    this.#counts.failed++;
    this.#endCorrupt(restored.sid);
    const text = `could not bring session ${restored.sid} to this node: its client gets a new one, and is told so`;
    this.#tell("session_not_restored", text);
  }

  #recount(): void {
    for (const arriving of this.#arriving) {
      if (this.#context.directory.find(arriving.restored.sid) === undefined) this.#waiting.add(arriving);
    }
  }

  #lost(sid: string, why: "expired" | "corrupt"): void {
    this.#counts[why]++;
    if (why === "expired") return this.#context.directory.remember(sid, why);
    this.#endCorrupt(sid);
    const text = `found session ${sid} of another node damaged: its client gets a new one, and is told so`;
    this.#tell("session_corrupt", text);
  }

  #endCorrupt(sid: string): void {
    const { directory, limits } = this.#context;
    directory.remember(sid, "corrupt");
    const { writer } = this.#keeping;
    writer.log({ type: "delete_session", sid });
    writer.log(putGone({ sid, until: this.#system.clock.wallTime() + limits.sessionTtlMs }));
  }

  #tell(type: string, text: string): void {
    this.#system.report({ type, level: "warning", text: `the endpoint ${text}`, details: { ...this.#counts } });
  }
}
