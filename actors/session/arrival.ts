import type { Frame } from "../../src/protocol/frame.js";

/** A client's frame on its way through a session: a new one, whose number was taken. */
export interface Arrival {
  readonly frame: Frame;
  /** Its number; that of the server's own count for a stock client, which numbers none. */
  readonly seq: number;
  readonly bytes: number;
}
