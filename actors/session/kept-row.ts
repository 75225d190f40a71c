import type { KeptPlace } from "../topic/kept-topic.js";

/** What a durable session keeps of a joined topic besides its name. */
export interface KeptRow extends KeptPlace {
  /** What the client joined with. */
  readonly params: unknown;
  /** What the channel's `saveState` gave last. */
  state: unknown;
  /** The number of its last frame of which the store has no more than where it stands in the log; 0 if there is none. */
  inLog: number;
  /** Whether its session has crashed: what the channel was given and has not begun with, it will be given again when the session is back. */
  orphaned: boolean;
}
