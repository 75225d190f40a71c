import type { Frame } from "../../src/protocol/frame.js";
import type { Identity } from "../session/session-messages.js";
import type { Gap } from "./overflow.js";

/** What a channel is told of its client: gone for some seconds, or back. */
export type SessionState = "detached" | "online";

/** What a channel actor can be sent by its session. */
export interface ChannelMessages {
  /** A client's push. `pushId` is the same when it comes again after a crash; absent where nothing survives one. */
  incoming(push: Frame, pushId?: string): void | Promise<void>;
  /** The client misses broadcasts. */
  gap(gap: Gap): void | Promise<void>;
  /** So does everybody on the topic: they were lost before they came here. */
  missed(gap: Gap): void | Promise<void>;
  /** The client was authenticated anew, and this was said of it. */
  identityIs(identity: Identity): void | Promise<void>;
  /** The client has been gone for some seconds, or is back. */
  sessionIs(state: SessionState): void | Promise<void>;
  /** A stock client, which forgets what it knew with each socket, has joined again what it never left. */
  rejoined(): void;
}
