import type { ActorRef, Reporter } from "../../src/index.js";
import type { JsonObject } from "../../src/protocol/handshake.js";
import type { RouteTable } from "../channel/route-table.js";
import type { Homes } from "../home/homes.js";
import type { Relays } from "../relay/relays.js";
import type { DelayQueue } from "../session/delay-queue.js";
import type { Identity, SessionRef } from "../session/session-messages.js";
import type { PushWindow } from "../session/push-window.js";
import type { SessionDirectory } from "../session/session-directory.js";
import type { Subscriptions } from "../topic/subscriptions.js";
import type { ReplayTurns } from "./admission.js";
import type { Keeping } from "./keeping.js";
import type { CheckedAuthenticate } from "./checked-params.js";
import type { SocketLimits } from "./options.js";

/** What an app's `authenticate` is told of a client. `Params` is for {@link withParams}, which checks them. */
export interface Credentials<Params = Readonly<Record<string, unknown>> | JsonObject> {
  /** The parameters of the URL, or those of `hello`. */
  readonly params: Params;
  /** The token of `hello`, or the one that came as a subprotocol. */
  readonly token: string | undefined;
  readonly remoteAddress: string;
}

/** Says who a client is; `undefined` refuses it. May be async. A throw refuses too, and is reported. */
export type Authenticate<Params = Credentials["params"]> = (
  credentials: Credentials<Params>,
) => AuthenticatedUser | undefined | Promise<AuthenticatedUser | undefined>;

/** Who a client is: a user's id, and whatever the channels shall know of it. Without `user` the client is anonymous. */
export interface AuthenticatedUser {
  readonly user?: string;
  readonly assigns?: Readonly<Record<string, unknown>>;
  /** Until when the client's token is good, in milliseconds since 1970; for ever by default. It is asked for a new one in time. */
  readonly expiresAtMs?: number;
}

/** What the actors of one endpoint share: settings, and the tables that sessions and connections find each other in. */
export interface EndpointContext {
  readonly routes: RouteTable;
  readonly limits: SocketLimits;
  readonly authenticate: Authenticate | CheckedAuthenticate;
  readonly directory: SessionDirectory;
  readonly subscriptions: Subscriptions;
  /** Idempotent pushes of the last minutes. */
  readonly pushes: PushWindow;
  /** Sessions that owe an acknowledgement. */
  readonly acknowledgements: DelayQueue<SessionRef>;
  /** Connections that have not said anything yet. */
  readonly silent: DelayQueue<SilentRef>;
  /** The name of the supervisor of sessions. */
  readonly sessionsName: string;
  /** Takes reports of what clients cause: so many a second of each type, and of the rest how many there were. */
  readonly report: Reporter;
  /** How long `authenticate` may take. */
  readonly authTimeoutMs: number;
  /** Sessions that have something to send again, a few at a time. */
  readonly replays: ReplayTurns<SessionRef>;
  /** Only there when sessions are kept in a store. */
  readonly keeping?: Keeping | undefined;
  /** Only there on a node of a cluster: which node has which session. */
  readonly homes?: Homes | undefined;
  /** Only there on a node of a cluster: clients whose sessions live on another node are carried there. */
  readonly relays?: Relays | undefined;
}

/** What a connection is told when it has been silent for too long. */
export interface Silenced {
  silent(): void | Promise<void>;
}

/** The ref of a connection that has not said anything yet. */
export type SilentRef = ActorRef<Silenced>;

const NOTHING_ASSIGNED: Readonly<Record<string, unknown>> = Object.freeze({});

/** The identity of a client of whom nothing is known; one for all of them. */
export const ANONYMOUS: Identity = Object.freeze({ user: undefined, assigns: NOTHING_ASSIGNED });

/** The identity in the form that sessions keep. */
export function identityOf({ user, assigns }: AuthenticatedUser): Identity {
  return user === undefined && assigns === undefined ? ANONYMOUS : { user, assigns: assigns ?? NOTHING_ASSIGNED };
}
