import type { ResumeFailure } from "../../src/protocol/handshake.js";
import type { SessionRef } from "./session-messages.js";

const MOST_REMEMBERED = 10_000;

/**
 * Finds sessions by their public id, and remembers for a while why the ended ones ended.
 *
 * Each session puts itself in and takes itself out, however it ends. The memory of ended ones holds 10,000, oldest forgotten first.
 */
export class SessionDirectory {
  readonly #living = new Map<string, SessionRef>();
  readonly #ended = new Map<string, ResumeFailure>();

  get size(): number {
    return this.#living.size;
  }

  add(sid: string, session: SessionRef): void {
    this.#living.set(sid, session);
  }

  find(sid: string): SessionRef | undefined {
    return this.#living.get(sid);
  }

  remove(sid: string, why: ResumeFailure | undefined): void {
    this.#living.delete(sid);
    if (why === undefined) return;
    this.#ended.set(sid, why);
    if (this.#ended.size > MOST_REMEMBERED) {
      for (const oldest of this.#ended.keys()) {
        this.#ended.delete(oldest);
        break;
      }
    }
  }

  /** Why a session that is not found cannot be resumed. */
  whyGone(sid: string): ResumeFailure {
    return this.#ended.get(sid) ?? "unknown";
  }
}
