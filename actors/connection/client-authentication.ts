import { formatReason, reasonOfThrown } from "../../src/index.js";
import { type LATE, settleWithin } from "../endpoint/admission.js";
import { CheckedAuthenticate, type ParamsRefused } from "../endpoint/checked-params.js";
import type { AuthenticatedUser } from "../endpoint/context.js";
import { type OpeningHost, reportOf } from "./opening.js";

/** Who a client is; why its params are refused; that it is nobody (`undefined`); or that the app took too long to say. */
export type Authenticated = AuthenticatedUser | ParamsRefused | typeof LATE | undefined;

/**
 * Asks the app who a client is. What the app throws is reported, and refuses the client.
 *
 * An app that knows at once is not waited for: there is no promise then.
 */
export function authenticateClient(
  host: OpeningHost,
  params: Readonly<Record<string, unknown>>,
  token: string | undefined,
): Authenticated | Promise<Authenticated> {
  const { authenticate, limits, authTimeoutMs } = host.context;
  const { clock } = host.system;
  const credentials = { params, token, remoteAddress: host.ticket?.address ?? host.socket.remoteAddress };
  try {
    const work =
      authenticate instanceof CheckedAuthenticate
        ? authenticate.decide(credentials, { clock, timeoutMs: limits.helloTimeoutMs })
        : authenticate(credentials);
    const settled = settleWithin(work, clock, authTimeoutMs);
    return settled instanceof Promise ? settled.catch((thrown: unknown) => failed(host, thrown)) : settled;
  } catch (thrown) {
    return failed(host, thrown);
  }
}

function failed(host: OpeningHost, thrown: unknown): undefined {
  const why = formatReason(reasonOfThrown(thrown));
  reportOf(host, "authenticate_failed", `authenticate threw, the client is refused: ${why}`);
}
