import type { HeardRecord } from "./heard-record.js";
import type { MissedPublication } from "./missed-inquiry.js";
import type { MissedPublications } from "./missed-publications.js";

/** Who hands out what has come. */
export interface ArrivalsUser {
  /** To all that want it. */
  handOut(arrived: MissedPublication): void;
  /** To clients alone: whoever else was here when it was published has it, or is gone. */
  handOutLate(topic: string, missed: MissedPublication): void;
  /** Clients may have missed more than that. */
  lost(): void;
}

/** What comes from other nodes: held back while it is found out what came before it. */
export class Arrivals {
  readonly #user: ArrivalsUser;
  #waiting: MissedPublication[] | undefined;

  constructor(user: ArrivalsUser) {
    this.#user = user;
  }

  /** True when a message has to wait for what came before it. */
  holds(arrived: MissedPublication): boolean {
    this.#waiting?.push(arrived);
    return this.#waiting !== undefined;
  }

  /**
   * Goes on where an earlier life of this node has ended: what the others have published since for its kept sessions comes first, then what comes from
   * now on. To be called when those sessions are on their topics.
   */
  async goOnAfter(heard: HeardRecord, missing: MissedPublications, isWanted: () => boolean): Promise<void> {
    if (this.#waiting !== undefined) return;
    const waiting: MissedPublication[] = [];
    this.#waiting = waiting;
    const { topics, isWhole } = await missing.inquire(heard);
    this.#waiting = undefined;
    if (!isWanted()) return;
    for (const [topic, publications] of topics) for (const each of publications) this.#user.handOutLate(topic, each);
    if (!isWhole) this.#user.lost();
    for (const each of waiting) this.#user.handOut(each);
    missing.takenIn(heard.node);
  }
}
