import { type ActorSystem, type AnyRef, CallError, type CallView, formatReason } from "../../src/index.js";
import type { NodeIdentity } from "../../src/cluster/node-port.js";
import { CloseCode } from "../../src/protocol/close-codes.js";
import type { ResumeFailure } from "../../src/protocol/handshake.js";
import type { TransportSocket } from "../../src/transport/transport-socket.js";
import { type ChildTemplate, childTemplate, type DynamicSupervisor, startChild } from "../../supervisors/index.js";
import type { Ticket, TurnedAway } from "../endpoint/admission.js";
import type { AuthenticatedUser, EndpointContext } from "../endpoint/context.js";
import { Session } from "../session/session.js";
import type {
  AttachRequest,
  AttachResult,
  SessionMessages,
  SessionRef,
  StockAttach,
} from "../session/session-messages.js";

/** What a connection lends to those who find its client's session, while they do. */
export interface OpeningHost {
  readonly context: EndpointContext;
  readonly system: ActorSystem;
  readonly socket: TransportSocket;
  readonly connection: AnyRef;
  /** Who has started the connection; `undefined` if nobody watches over it. */
  readonly parent: AnyRef | undefined;
  readonly ticket: Ticket | undefined;
}

/** What came of a client's first word: a session, a refusal, another node that has its session, or nobody is there any more. */
export type Opening = Opened | Refused | Elsewhere | { readonly kind: "gone" };

/** A client that has a session, its own or a new one. */
export interface Opened {
  readonly kind: "opened";
  readonly session: SessionRef;
  readonly user: AuthenticatedUser;
  /** What the client said when it connected: a later token is looked at together with it. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Whether this is a stock client that can come back. */
  readonly comesBack: boolean;
}

/** A client that gets none: with which code its socket is closed, and what it is answered before if it has said hello. */
export interface Refused {
  readonly kind: "refused";
  readonly code: number;
  readonly reason: string;
  readonly retryAfterMs?: number;
  readonly answer?: object;
}

/** A client whose session lives on another node. Nothing was asked of it yet, not even who it is: that is for the node of its session. */
export interface Elsewhere {
  readonly kind: "elsewhere";
  readonly node: NodeIdentity;
}

/** Nobody is there any more for whom a session could be made. */
export const GONE: Opening = { kind: "gone" };

/** How long a session may take to say whether it takes a client back. */
export const ATTACH_TIMEOUT_MS = 10_000;

const sessionTemplate: ChildTemplate<Session> = childTemplate(Session, { restart: "temporary" });

/** A refusal for good. */
export function refused(code: number, reason: string, answer?: object): Refused {
  return answer === undefined ? { kind: "refused", code, reason } : { kind: "refused", code, reason, answer };
}

/** The refusal of a client for whom there is no room now. */
export function turnedAway({ code, reason, retryAfterMs }: TurnedAway): Refused {
  return { kind: "refused", code, reason, retryAfterMs, answer: { reason, retryAfterMs } };
}

/** A refusal because of the server's own state: the client comes back at a moment of its own. */
export function notNow({ system }: Pick<OpeningHost, "system">, code: number, reason: string): Refused {
  return { kind: "refused", code, reason, retryAfterMs: retryAfter(system) };
}

/** When a client may come back, in milliseconds: another moment for each. */
export function retryAfter({ random }: Pick<ActorSystem, "random">): number {
  return Math.round(1_000 + random.next() * 4_000);
}

/** Asks a session to attach a connection: gives the session when it did, else says why it did not. */
export async function attachTo(
  { context }: OpeningHost,
  session: SessionRef,
  sid: string,
  attach: (within: CallView<SessionMessages>) => Promise<AttachResult>,
): Promise<SessionRef | ResumeFailure | "revoked" | "stale"> {
  try {
    const result = await attach(session.callWithin(ATTACH_TIMEOUT_MS));
    if (result.kind === "attached") return session;
    return result.kind === "refused" ? result.reason : result.kind;
  } catch (thrown) {
    // It ended while it was asked: what it was is gone.
    if (thrown instanceof CallError && thrown.code !== "timeout") return context.directory.whyGone(sid);
    throw thrown;
  }
}

/** Starts a session with a connection attached, for a client of whom all the rest is known. */
export async function openNew(
  host: OpeningHost,
  attach: AttachRequest | StockAttach,
  opened: Omit<Opened, "session">,
): Promise<Opening> {
  const { context, system, parent } = host;
  // Its endpoint has ended while the client was asked, and so does the connection next: what has the endpoint's name by now is another one.
  if (parent !== undefined && !system.isAlive(parent)) return GONE;
  const sessions = system.whereis<DynamicSupervisor>(context.sessionsName);
  const started = sessions === undefined ? undefined : await startChild(sessions, sessionTemplate, { context, attach });
  if (started?.ok === true) return { ...opened, session: started.ref };
  if (started?.reason === "max_children" || started === undefined) {
    return notNow(host, CloseCode.overloaded, "overloaded");
  }
  const why = formatReason("error" in started ? started.error : started.reason);
  reportOf(host, "session_start_failed", `could not start a session: ${why}`);
  return refused(CloseCode.serverError, "server_error");
}

/** Reports what kept a client out. */
export function reportOf({ context, connection }: OpeningHost, type: string, text: string): void {
  context.report({
    type,
    level: "error",
    text: `connection ${connection} ${text}`,
    details: { connection: `${connection}` },
  });
}
