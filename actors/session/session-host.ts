import type { AnyRef, Clock, ExitReason, StartResult, TimerRef } from "../../src/index.js";
import type { ResumeFailure } from "../../src/protocol/handshake.js";
import type { SessionState } from "../channel/channel-messages.js";
import type { Channel, ChannelClass, ChannelStart } from "../channel/channel.js";
import type { EndpointContext } from "../endpoint/context.js";
import type { AbsenceMessage } from "./absence.js";
import type { CatchUp } from "./catch-up.js";
import type { ChannelRow } from "./channel-table.js";
import type { SessionKeeper } from "./session-keeper.js";
import type { Identity, SessionRef } from "./session-messages.js";

/**
 * How the frames to a client are numbered and kept.
 *
 * `none`: a stock Phoenix client; what is sent is sent. `tail`: a stock client that can come back; frames have numbers, nobody acknowledges
 * them, and the latest are kept. `window`: a client with acknowledgements.
 */
export type Numbering = "none" | "tail" | "window";

/** What the parts of a session ask of the actor that they belong to. */
export interface SessionHost {
  readonly context: EndpointContext;
  readonly ref: SessionRef;
  readonly clock: Clock;
  readonly numbering: Numbering;
  readonly identity: Identity;
  /** The public id; empty for a stock client that cannot come back. */
  readonly sid: string;
  /** Only there while some of its topics are read from their logs. */
  readonly away: CatchUp | undefined;
  /** Only there in a session that is kept in a store. */
  readonly keeper: SessionKeeper | undefined;
  startChannel(channelClass: ChannelClass, start: ChannelStart): StartResult<Channel> | Promise<StartResult<Channel>>;
  endActor(actor: AnyRef, reason: ExitReason): void;
  exited(actor: AnyRef): Promise<ExitReason>;
  /** Sends the session a message later. */
  after(delayMs: number, message: AbsenceMessage): TimerRef;
  cancel(timer: TimerRef): void;
  /** Tells all channels that the client is gone, or back. */
  tellChannels(state: SessionState): void;
  /** Puts the row of a topic that was just joined away, if the client has gone meanwhile. */
  putAwayIfDetached(row: ChannelRow): void;
  /** Called when something was handled, and nothing that was taken is left to handle. */
  allHandled(): void;
  /** Ends the session with a close code for its client; `gone` is what a client is told that wants it back. */
  end(code: number, reason: string, gone: ResumeFailure | undefined): void;
  report(level: "info" | "warning" | "error", type: string, text: string): void;
}
