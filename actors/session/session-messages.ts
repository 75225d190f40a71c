import type { ActorRef, AnyRef, Deferred } from "../../src/index.js";
import type { Frame } from "../../src/protocol/frame.js";
import type { Hello, ResumeFailure } from "../../src/protocol/handshake.js";
import type { TransportSocket } from "../../src/transport/transport-socket.js";
import type { ChannelRow } from "./channel-table.js";
import type { EndpointContext } from "../endpoint/context.js";
import type { Body } from "./outbox.js";

/** Who is connected, as the app's `authenticate` said. */
export interface Identity {
  /** The user's id; `undefined` for an anonymous client. */
  readonly user: string | undefined;
  /** Whatever else the app wants its channels to know. */
  readonly assigns: Readonly<Record<string, unknown>>;
}

/** A socket that shall become a session's present one. */
export interface AttachRequest {
  readonly socket: TransportSocket;
  readonly connection: AnyRef;
  readonly identity: Identity;
  /** The ref of the `hello`, which the answer repeats. */
  readonly ref: string | null;
  readonly hello: Hello;
  /** Why this is a fresh session, when another one was asked for. */
  readonly instead: ResumeFailure | undefined;
}

/** The socket of a stock Phoenix client, which has no `hello` and cannot resume. */
export interface StockAttach {
  readonly socket: TransportSocket;
  readonly connection: AnyRef;
  readonly identity: Identity;
  readonly hello: undefined;
}

/** What a session is started with: its endpoint, and the socket that is to be its first. */
export interface SessionStart {
  readonly context: EndpointContext;
  /** With a `hello` the client can resume; without, it is a stock Phoenix client and the session ends with its socket. */
  readonly attach: AttachRequest | StockAttach;
}

/** How an attach ended: done, refused with a reason that goes to the client, or the session was revoked. */
export type AttachResult =
  | { readonly kind: "attached" }
  | { readonly kind: "refused"; readonly reason: ResumeFailure }
  | { readonly kind: "revoked" };

/** The ref of a connection that has stopped reading its socket. */
export type ReadingRef = ActorRef<{ readOn(): void }>;

/** What a session can be sent. */
export interface SessionMessages {
  /** A client's frame, on any topic but the reserved one. */
  frame(connection: AnyRef, frame: Frame, bytes: number): void | Promise<void>;
  /** The client has handled everything up to this number. */
  acknowledged(connection: AnyRef, seq: number): void;
  /** A connection that has stopped reading wants to know when it may go on. */
  caughtUp(connection: ReadingRef): void;
  /** The client wants its session ended. */
  bye(connection: AnyRef): void;
  /** A resuming client's new socket. */
  attach(request: AttachRequest): AttachResult;
  /** A broadcast on a topic this session has joined. */
  deliver(body: Body, bytes: number): void;
  /** A push of one of its own channels. */
  push(row: ChannelRow, body: string): void;
  /** One of its channels has handled a client's push; `body` is the reply, if there is one. */
  answer(row: ChannelRow, body: string | undefined): void;
  /** An acknowledgement has waited long enough. */
  acknowledgementDue(): void;
  /** The socket can take more. */
  pump(): void;
  /** Resolves when all that was accepted is handled and acknowledged. */
  drain(): Deferred<void>;
}

/** The ref of a session. */
export type SessionRef = ActorRef<SessionMessages>;
