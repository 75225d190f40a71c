import {
  Actor,
  type AnyRef,
  CallError,
  type ExitReason,
  formatReason,
  isNormalExit,
  reasonOfThrown,
} from "../../src/index.js";
import { type ChildTemplate, childTemplate, type DynamicSupervisor, startChild } from "../../supervisors/index.js";
import { Session } from "../session/session.js";
import { inParallel } from "./in-parallel.js";
import { channelsEnded, type Found, Recall, type RestoreCounts, type RestoreStart } from "./recall.js";

/** How often a session may crash within a minute. */
const ALLOWED_CRASHES = 3;
const CRASHES_WITHIN_MS = 60_000;
const MOST_CRASHES = 1_000;
const sessionTemplate: ChildTemplate<Session> = childTemplate(Session, { restart: "temporary" });

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
  #counts: RestoreCounts | undefined;
  /** When which session crashed, the latest of them last. */
  #crashes: Crash[] = [];
  #state: "restoring" | "done" = "restoring";

  override async init(start: RestoreStart): Promise<void> {
    this.#start = start;
    const { system } = this;
    const { keeping } = start.context;
    const recall = keeping?.recalled ?? new Recall(system, start);
    if (keeping?.recalled === undefined) await recall.readAll();
    else keeping.recalled = undefined;
    this.#counts = recall.counts;
    await this.#bringBack(start, recall);
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
    void this.#reviveWhenEnded(sid, channels);
  }

  override formatStatus(): unknown {
    return { kind: "restorer", state: this.#state, ...this.#counts };
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
    const sessions = this.system.whereis<DynamicSupervisor>(context.sessionsName);
    if (sessions === undefined) return;
    try {
      const started = await startChild(sessions, sessionTemplate, { context, ...found });
      if (started.ok) recall.counts.restored++;
      // It has crashed, and would do so again. While all of them end it stays as it is, for whoever starts them anew.
      else if (this.system.isAlive(sessions) && !("error" in started && isExit(started.error))) recall.giveUp(found);
    } catch (thrown) {
      if (!(thrown instanceof CallError)) throw thrown;
    }
  }
}

/** Whether something was ended by others, while it started. */
function isExit(reason: ExitReason): boolean {
  return isNormalExit(reason) || reason === "kill" || reason === "killed";
}
