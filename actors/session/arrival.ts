import type { AnyRef } from "../../src/index.js";
import type { Frame } from "../../src/protocol/frame.js";

/** A client's frame on its way through a connection and a session: one object for the whole way. */
export class Arrival {
  /** The connection that it came by. */
  readonly connection: AnyRef;
  readonly frame: Frame;
  readonly bytes: number;
  /** Its number, once the session has taken it; that of the server's own count for a stock client, which numbers none. */
  seq = 0;

  constructor(connection: AnyRef, frame: Frame, bytes: number) {
    this.connection = connection;
    this.frame = frame;
    this.bytes = bytes;
  }
}
