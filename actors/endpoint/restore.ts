import { Actor, type AnyRef, formatReason, reasonOfThrown } from "../../src/index.js";
import { inParallel } from "./in-parallel.js";
import { channelsEnded, type Found, Recall, type RestoreCounts, type RestoreStart } from "./recall.js";
import { startRestored } from "./start-restored.js";

/** How often a session may crash within a minute. */
const ALLOWED_CRASHES = 3;
const CRASHES_WITHIN_MS = 60_000;
const MOST_CRASHES = 1_000;

interface Crash {
  readonly sid: string;
  readonly at: number;
}

/**
 * Brings the sessions that are in the store back, before any client can come; and later those that crash.
 *
 * They come back without a socket, with their topics away: what is broadcast from then on waits for them in the logs. It is started
 * after the supervisor of sessions and before the connections, and anew when all sessions have crashed.
 */
export class Restorer extends Actor<RestoreStart> {
  #start: RestoreStart | undefined;
  #signal: AbortSignal | undefined;
  #sessions: AnyRef | undefined;
  #counts: RestoreCounts | undefined;
  /** When which session crashed, the latest of them last. */
  #crashes: Crash[] = [];
  #state: "restoring" | "done" = "restoring";

  override async init(start: RestoreStart): Promise<void> {
    this.#start = start;
    this.#signal = this.signal;
    this.#sessions = this.system.whereis(start.context.sessionsName);
    await start.context.keeping?.turns.alone(() => this.#restoreAll(start));
  }

  async #restoreAll(start: RestoreStart): Promise<void> {
    if (this.#isOver) return;
    const { system } = this;
    const { keeping } = start.context;
    // Of whom an earlier life of this one was told, and may not have heard.
    const awaited = keeping?.awaited ?? [];
    const recall = keeping?.recalled ?? new Recall(system, start);
    if (keeping?.recalled === undefined) await recall.readAll();
    else keeping.recalled = undefined;
    this.#counts = recall.counts;
    await this.#bringBack(start, recall);
    if (this.#isOver) return;
    for (const sid of awaited) keeping?.settled(sid);
    this.#state = "done";
    const { restored, expired, corrupt, failed } = recall.counts;
    if (restored + expired + corrupt + failed === 0) return;
    const tookMs = Math.round(system.clock.now() - recall.startedAt);
    recall.tell(
      "sessions_restored",
      `brought ${restored} sessions back in ${tookMs} ms; ${expired} had expired, ${corrupt} were damaged, ${failed} could not be started`,
    );
  }

  /** Brings one session back that has crashed, as the store has it, when its channels have ended. One that crashes again and again is given up. */
  revive(sid: string, channels: readonly AnyRef[]): void {
    // Not awaited: others that have crashed need not wait for its channels.
    void this.#start?.context.keeping?.turns.beside(() => this.#reviveWhenEnded(sid, channels));
  }

  override formatStatus(): unknown {
    return { kind: "restorer", state: this.#state, ...this.#counts };
  }

  /** Whether it was ended while it was at something: what is left to do is its next life's. */
  get #isOver(): boolean {
    return this.#signal?.aborted === true;
  }

  async #reviveWhenEnded(sid: string, channels: readonly AnyRef[]): Promise<void> {
    const start = this.#start;
    if (start === undefined) return;
    const recall = new Recall(this.system, start);
    try {
      await channelsEnded(this.system, channels);
      if (start.context.directory.find(sid) === undefined) await this.#revive(start, recall, sid);
    } catch (thrown) {
      const text = `could not bring session ${sid} back: ${formatReason(reasonOfThrown(thrown))}`;
      recall.tell("session_not_restored", text, "warning");
    } finally {
      start.context.keeping?.settled(sid);
    }
  }

  async #revive(start: RestoreStart, recall: Recall, sid: string): Promise<void> {
    const now = this.system.clock.now();
    const recent = this.#crashes.filter(({ at }) => now - at < CRASHES_WITHIN_MS);
    this.#crashes = [...recent, { sid, at: now }].slice(-MOST_CRASHES);
    const isBack = await recall.readOne(sid);
    const [found] = recall.found;
    const times = this.#crashes.filter((crash) => crash.sid === sid).length;
    if (isBack && times > ALLOWED_CRASHES && found !== undefined) {
      recall.giveUp(found);
      recall.found = [];
    }
    await this.#bringBack(start, recall);
  }

  async #bringBack(start: RestoreStart, recall: Recall): Promise<void> {
    const all = recall.found.length;
    await inParallel(recall.found, async (found) => {
      await this.#startSession(start, recall, found);
      recall.progress(`${recall.counts.restored} of ${all}`);
    });
    await recall.end();
  }

  async #startSession({ context }: RestoreStart, recall: Recall, found: Found): Promise<void> {
    // Where all sessions are ended it is for whoever starts them anew, maybe as another endpoint.
    if (this.#sessions === undefined || !this.system.isAlive(this.#sessions)) return;
    const outcome = await startRestored(this.system, { context, ...found });
    if (outcome === "started") recall.counts.restored++;
    else if (outcome === "crashed") recall.giveUp(found);
  }
}
