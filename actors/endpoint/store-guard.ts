import { Actor } from "../../src/index.js";
import { decodeHeard, HEARD_KEY } from "../topic/heard-record.js";
import type { Keeping } from "./keeping.js";
import { Recall, type RestoreStart } from "./recall.js";
import type { StoreWriter } from "./store-writer.js";

/** How long a stop waits for the store. */
const LAST_MS = 3_000;

/**
 * Shows the store of an endpoint's sessions, reads it at the beginning, and waits for it at the end.
 *
 * First child of its endpoint, but for the keeper of homes on a node of a cluster. So before anybody can broadcast it is known who has to get that, and it is stopped last: by then all others have
 * said what is to be kept.
 */
export class StoreGuard extends Actor<RestoreStart> {
  #writer: StoreWriter | undefined;

  override async init(start: RestoreStart): Promise<void> {
    this.#writer = start.writer;
    this.trapExit();
    const { keeping } = start.context;
    const { signal } = this;
    await keeping?.turns.alone(async () => {
      if (!signal.aborted) await this.#read(start, keeping);
    });
  }

  async #read(start: RestoreStart, keeping: Keeping): Promise<void> {
    const recall = new Recall(this.system, start);
    await recall.readAll();
    keeping.recalled = recall;
    const heard = await start.writer.store.readRecord(HEARD_KEY);
    if (heard !== undefined) keeping.heard = decodeHeard(heard);
  }

  override async terminate(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined || writer.trouble !== undefined) return;
    const { clock } = this.system;
    let timer: object | undefined;
    const late = new Promise<void>((resolve) => {
      timer = clock.setTimer(LAST_MS, resolve);
    });
    await Promise.race([writer.settled(), late]);
    if (timer !== undefined) clock.clearTimer(timer);
  }

  override formatStatus(): unknown {
    const writer = this.#writer;
    if (writer === undefined) return { kind: "store" };
    const { durability, state, sessions, logs, pending, bytes, damaged } = writer.store.status();
    const { trouble } = writer;
    return {
      kind: "store",
      state: trouble === undefined ? state : "takes nothing",
      ...(trouble === undefined
        ? {}
        : { trouble: trouble.code, forMs: Math.round(this.system.clock.now() - trouble.since) }),
      durability,
      sessions,
      logs,
      waiting: writer.waiting + pending.commits,
      ...(bytes === undefined ? {} : { bytes }),
      damaged,
    };
  }
}
