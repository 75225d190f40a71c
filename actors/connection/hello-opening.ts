import { CloseCode } from "../../src/protocol/close-codes.js";
import type { Hello, ResumeFailure } from "../../src/protocol/handshake.js";
import { LATE, settleWithin } from "../endpoint/admission.js";
import { ParamsRefused } from "../endpoint/checked-params.js";
import { type AuthenticatedUser, identityOf } from "../endpoint/context.js";
import type { AttachRequest, SessionRef } from "../session/session-messages.js";
import { authenticateClient } from "./client-authentication.js";
import {
  ATTACH_TIMEOUT_MS,
  attachTo,
  GONE,
  notNow,
  openNew,
  type Opening,
  type OpeningHost,
  refused,
  turnedAway,
} from "./opening.js";
import { whereToOpen } from "./where-to-open.js";

/**
 * Gives a client that has said `hello` its session back, or a new one with the reason why it is new.
 *
 * In this order, so that nobody costs more than was looked at: is its session on this node, is there a store to promise with, is there a
 * handshake left in the client's lane, who is it, may it have what it asks for, is there a place for its user. `ref` is that of the `hello`.
 */
export async function openByHello(host: OpeningHost, hello: Hello, ref: string | null): Promise<Opening> {
  const { context, ticket } = host;
  const { resume, params = {} } = hello;
  if (resume !== undefined && context.homes !== undefined) {
    const away = await whereToOpen(host, context.homes, resume.sid);
    if (away !== undefined) return away;
  }
  // Nothing could be promised to it: it comes back when the store takes something again.
  if (context.keeping?.writer.trouble !== undefined) return notNow(host, CloseCode.serverError, "store_failed");
  // A session that is not here is no reason to use the lane of those that are.
  const held = resume !== undefined && context.directory.find(resume.sid) !== undefined;
  const busy = ticket?.begin(held ? "resume" : "new");
  if (busy !== undefined) return turnedAway(busy);
  const asked = authenticateClient(host, params, hello.token);
  const user = asked instanceof Promise ? await asked : asked;
  if (user === LATE) return notNow(host, CloseCode.overloaded, "overloaded");
  if (user === undefined) return refused(CloseCode.forbidden, "forbidden", { reason: "forbidden" });
  if (user instanceof ParamsRefused) return refused(CloseCode.forbidden, user.refusal.reason, user.refusal);
  const had = resume === undefined ? undefined : await resumed(host, requestOf(host, user, hello, ref), resume.sid);
  if (had === "revoked") return refused(CloseCode.sessionRevoked, "revoked");
  // Its client has a later socket, and hears this only if it is not who it says.
  if (had === "stale") return refused(CloseCode.moved, "stale");
  const opened = { kind: "opened", user, params, comesBack: false } as const;
  const full = ticket?.settle(user.user, typeof had === "object" ? "resume" : "new");
  if (full !== undefined) return turnedAway(full);
  if (typeof had === "object") return { ...opened, session: had };
  if (!host.socket.open) return GONE;
  return openNew(host, requestOf(host, user, hello, ref, had), opened);
}

async function resumed(
  host: OpeningHost,
  request: AttachRequest,
  sid: string,
): Promise<SessionRef | ResumeFailure | "revoked" | "stale"> {
  const { directory, keeping } = host.context;
  const coming = keeping?.coming(sid);
  if (coming !== undefined) await settleWithin(coming, host.system.clock, ATTACH_TIMEOUT_MS);
  const session = directory.find(sid);
  if (session === undefined) return directory.whyGone(sid);
  return attachTo(host, session, sid, (within) => within.attach(request));
}

function requestOf(
  { socket, connection }: OpeningHost,
  user: AuthenticatedUser,
  hello: Hello,
  ref: string | null,
  instead?: ResumeFailure,
): AttachRequest {
  return { socket, connection, identity: identityOf(user), ref, hello, instead };
}
