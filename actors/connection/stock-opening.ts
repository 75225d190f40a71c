import { CloseCode } from "../../src/protocol/close-codes.js";
import type { ResumeFailure } from "../../src/protocol/handshake.js";
import { LATE, settleWithin } from "../endpoint/admission.js";
import { ParamsRefused } from "../endpoint/checked-params.js";
import { identityOf } from "../endpoint/context.js";
import type { SessionRef, StockAttach } from "../session/session-messages.js";
import { readStockToken, stockClaimOf } from "../session/stock-token.js";
import type { Accepted } from "./accepted.js";
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
 * Gives a stock Phoenix client a session: the one that it had, if it has said in its URL that it comes back and its token is good.
 *
 * The order is that of a `hello`. A close frame has no room for more than a reason, and there is no other answer.
 */
export async function openStock(host: OpeningHost, request: Accepted["request"] | undefined): Promise<Opening> {
  const { context, ticket, socket, connection } = host;
  const params = request?.params ?? {};
  const claim = stockClaimOf(params);
  const sid = claim?.token === undefined ? undefined : readStockToken(claim.token).sid;
  if (sid !== undefined && context.homes !== undefined) {
    const away = await whereToOpen(host, context.homes, sid);
    if (away !== undefined) return away;
  }
  // Nothing could be promised to one that wants to come back: it does when the store takes something again.
  if (claim !== undefined && context.keeping?.writer.trouble !== undefined) {
    return notNow(host, CloseCode.serverError, "store_failed");
  }
  const held = sid !== undefined && context.directory.find(sid) !== undefined;
  const busy = ticket?.begin(held ? "resume" : "new");
  if (busy !== undefined) return turnedAway(busy);
  const asked = authenticateClient(host, params, request?.authToken);
  const user = asked instanceof Promise ? await asked : asked;
  if (user === LATE) return notNow(host, CloseCode.overloaded, "overloaded");
  if (user === undefined) return refused(CloseCode.forbidden, "forbidden");
  if (user instanceof ParamsRefused) return refused(CloseCode.forbidden, user.refusal.reason);
  const common = { socket, connection, identity: identityOf(user), hello: undefined };
  const had = claim?.token === undefined ? undefined : await resumed(host, claim.token, claim.rx, common);
  const opened = { kind: "opened", user, params, comesBack: claim !== undefined } as const;
  const full = ticket?.settle(user.user, typeof had === "object" ? "resume" : "new");
  if (full !== undefined) return turnedAway(full);
  if (typeof had === "object") return { ...opened, session: had };
  if (!socket.open) return GONE;
  const attach = claim === undefined ? common : { ...common, stock: { rx: 0, instead: had } };
  return openNew(host, attach, opened);
}

/** Tries to give a stock client its session back; else says why not. */
async function resumed(
  host: OpeningHost,
  token: string,
  rx: number,
  common: StockAttach,
): Promise<SessionRef | ResumeFailure> {
  const { sid, secret } = readStockToken(token);
  const { directory, keeping } = host.context;
  const coming = keeping?.coming(sid);
  if (coming !== undefined) await settleWithin(coming, host.system.clock, ATTACH_TIMEOUT_MS);
  const session = directory.find(sid);
  if (session === undefined) return directory.whyGone(sid);
  const request: StockAttach = { ...common, stock: { secret, rx, instead: undefined } };
  const outcome = await attachTo(host, session, sid, (within) => within.attachStock(request));
  return outcome === "revoked" || outcome === "stale" ? "unknown" : outcome;
}
