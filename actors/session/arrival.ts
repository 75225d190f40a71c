import type { Frame } from "../../src/protocol/frame.js";

/** A client's frame on its way through a session: a new one, whose number was taken. */
export interface Arrival {
  readonly frame: Frame;
  /** Its number; `undefined` from a stock client. */
  readonly seq: number | undefined;
  readonly bytes: number;
}
