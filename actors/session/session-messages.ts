import type { ActorRef, AnyRef, Deferred } from "../../src/index.js";
import type { Hello, ResumeFailure } from "../../src/protocol/handshake.js";
import type { TransportSocket } from "../../src/transport/transport-socket.js";
import type { Gap } from "../channel/overflow.js";
import type { ChannelRow } from "./channel-table.js";
import type { EndpointContext } from "../endpoint/context.js";
import type { KeptRow } from "./kept-row.js";
import type { RestoredSession } from "./kept-session.js";
import type { Broadcast } from "../topic/broadcast.js";
import type { Arrival } from "./arrival.js";
import type { OwnFrame } from "./frame-body.js";
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

/** The socket of a stock Phoenix client, which has no `hello`. */
export interface StockAttach {
  readonly socket: TransportSocket;
  readonly connection: AnyRef;
  readonly identity: Identity;
  readonly hello: undefined;
  /** Present when the client wants to be able to come back. */
  readonly stock?: StockClaim | undefined;
}

/** What a stock client says of its session when it connects. */
export interface StockClaim {
  /** The secret of the session it had. */
  readonly secret?: string | undefined;
  /** The highest number it has seen. */
  readonly rx: number;
  /** Why this is a fresh session, when another one was asked for. */
  readonly instead: ResumeFailure | undefined;
}

/** What the endpoint tells of one session. */
export interface SessionSummary {
  readonly session: SessionRef;
  /** The public id; `undefined` for a stock client that cannot come back. */
  readonly sid: string | undefined;
  readonly user: string | undefined;
  /** `detached` from the moment its socket is gone. */
  readonly state: "online" | "detached";
  /** For how long it has been in this state. */
  readonly sinceMs: number;
  /** The topics it has joined. */
  readonly topics: readonly string[];
}

/** What a session is started with: its endpoint, and the socket that is to be its first, or what the store has of it. */
export type SessionStart = FreshSession | ReturningSession;

/** The start of a session that was read from the store. */
export interface ReturningSession {
  readonly context: EndpointContext;
  readonly restored: RestoredSession;
  /** Its places on its topics. */
  readonly places: ReadonlyMap<string, KeptRow>;
  /** Only there when it comes from the store of another node: the last gap on each topic, which its frames announce. All of it is yet to be kept. */
  readonly gaps?: ReadonlyMap<string, Gap>;
}

/** The start of a new session. */
export interface FreshSession {
  readonly context: EndpointContext;
  /** With a `hello` the client can resume; without, it is a stock Phoenix client and the session ends with its socket. */
  readonly attach: AttachRequest | StockAttach;
}

/** How an attach ended: done, refused with a reason that goes to the client, too late to matter, or the session was revoked. */
export type AttachResult =
  | { readonly kind: "attached" }
  | { readonly kind: "refused"; readonly reason: ResumeFailure }
  | { readonly kind: "stale" }
  | { readonly kind: "revoked" };

/** The ref of a connection that has stopped reading its socket. */
export type ReadingRef = ActorRef<{ readOn(): void }>;

/** What a durable session hears of its store: more of it is safe; nothing is taken at the moment; it will not be kept. */
export type StoreNews = "kept" | "waiting" | "refused";

/** A client's push that its channel has handled. */
export interface HandledPush {
  readonly row: ChannelRow;
  /** The reply, if there is one. */
  readonly reply: OwnFrame | undefined;
  /** What is to be kept of the channel. */
  readonly state: unknown;
}

/** What a session can be sent. */
export interface SessionMessages {
  /** A client's frame, on any topic but the reserved one. */
  frame(arrival: Arrival): void | Promise<void>;
  /** The client has handled everything up to this number. */
  acknowledged(connection: AnyRef, seq: number): void;
  /** A connection that has stopped reading wants to know when it may go on. */
  caughtUp(connection: ReadingRef): void;
  /** The client wants its session ended. */
  bye(connection: AnyRef): void;
  /** A resuming client's new socket. */
  attach(request: AttachRequest): AttachResult;
  /** The new socket of a stock client that comes back. */
  attachStock(request: StockAttach): AttachResult;
  /** A stock client has shown that it is there. */
  heartbeat(connection: AnyRef): void;
  /** The client has shown a new token; false when it is another user's. */
  refreshed(connection: AnyRef, identity: Identity): boolean;
  /** A broadcast on a topic this session has joined. */
  deliver(row: ChannelRow, broadcast: Broadcast): void;
  /** All that was on its way when rows were put away has come. */
  settled(): void;
  /** A push of one of its own channels. */
  push(row: ChannelRow, frame: OwnFrame): void;
  /** One of its channels has handled a client's push. */
  answer(handled: HandledPush): void;
  /** What an idempotent push that had come before was replied. */
  repeated(row: ChannelRow, ref: string | null, seq: number, reply: Body | undefined): void;
  /** One of its channels has made up for a gap. */
  gapAnswered(row: ChannelRow): void;
  /** An acknowledgement has waited long enough. */
  acknowledgementDue(): void;
  /** The socket can take more, or it is this session's turn to read logs. */
  pump(): void;
  /** It may read what its client has missed, for one turn. */
  replayTurn(): void;
  /** Resolves with true when all that was accepted is handled and acknowledged; with false when the connection is not the present one any more. */
  drain(connection: AnyRef): Deferred<boolean>;
  /** There is no room for it any more while it is detached. */
  evict(): void;
  /** The app wants it ended. */
  kick(): void;
  summary(): SessionSummary;
  /** What the store says. */
  store(news: StoreNews): void;
}

/** The ref of a session. */
export type SessionRef = ActorRef<SessionMessages>;

/** The names of all of them. */
export const SESSION_MESSAGES: readonly (keyof SessionMessages)[] = [
  "frame",
  "acknowledged",
  "bye",
  "attach",
  "attachStock",
  "heartbeat",
  "refreshed",
  "deliver",
  "settled",
  "push",
  "answer",
  "repeated",
  "gapAnswered",
  "acknowledgementDue",
  "pump",
  "replayTurn",
  "drain",
  "caughtUp",
  "evict",
  "kick",
  "summary",
  "store",
];
