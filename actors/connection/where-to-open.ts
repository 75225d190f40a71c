import { CloseCode } from "../../src/protocol/close-codes.js";
import { settleWithin } from "../endpoint/admission.js";
import type { Homes } from "../home/homes.js";
import { ATTACH_TIMEOUT_MS, type Elsewhere, type OpeningHost, type Refused } from "./opening.js";

/** How soon a client may come back whose session is on its way from one node to another: from so many milliseconds to twice as many. */
const SOON_MS = 200;
/** So often it is asked again where a session is that was on its way; each time it may have gone on. */
const MOST_MOVES = 4;

/**
 * Whether a client's session is to be looked for on this node: `undefined` if it is, else what becomes of the client.
 *
 * Waits while this node is bringing the session, for at most as long as a session may take to attach a client. Nobody has said who the client
 * is by then: nothing is looked at but the public id.
 */
export async function whereToOpen(
  host: OpeningHost,
  homes: Homes,
  sid: string,
): Promise<Elsewhere | Refused | undefined> {
  const { clock } = host.system;
  const until = clock.now() + ATTACH_TIMEOUT_MS;
  for (let moves = 0; moves < MOST_MOVES; moves++) {
    const found = homes.find(sid);
    switch (found.kind) {
      case "elsewhere":
        return found;
      case "later":
        return comeBackSoon(host);
      case "coming":
        await settleWithin(found.settled, clock, Math.max(0, until - clock.now()));
        break;
      default:
        return undefined;
    }
  }
  return comeBackSoon(host);
}

/** The refusal of a client whose session is where this node cannot get at it for the moment: it keeps the session, and comes back for it. */
export function comeBackSoon({ system }: Pick<OpeningHost, "system">): Refused {
  const retryAfterMs = Math.round(SOON_MS * (1 + system.random.next()));
  return { kind: "refused", code: CloseCode.moved, reason: "moved", retryAfterMs };
}
