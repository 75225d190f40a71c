import { Actor } from "../../src/index.js";
import { Recall, type RestoreStart } from "./recall.js";
import type { StoreWriter } from "./store-writer.js";

/** How long a stop waits for the store. */
const LAST_MS = 3_000;

/**
 * Shows the store of an endpoint's sessions, reads it at the beginning, and waits for it at the end.
 *
 * First child of its endpoint. So before anybody can broadcast it is known who has to get that, and it is stopped last: by then all others have
 * said what is to be kept.
 */
export class StoreGuard extends Actor<RestoreStart> {
  #writer: StoreWriter | undefined;

  override async init(start: RestoreStart): Promise<void> {
    this.#writer = start.writer;
    this.trapExit();
    const recall = new Recall(this.system, start);
    await recall.readAll();
    if (start.context.keeping !== undefined) start.context.keeping.recalled = recall;
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
