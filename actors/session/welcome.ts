import { encodeBody } from "../../src/protocol/frame.js";
import type { Welcome } from "../../src/protocol/handshake.js";
import { ChannelEvent, PHOENIX_TOPIC, SESSION_VERSION } from "../../src/protocol/names.js";
import { ok } from "../channel/answer.js";
import type { ChannelTable } from "./channel-table.js";
import type { SessionHost } from "./session-host.js";
import type { SessionLine } from "./session-line.js";
import type { SocketLimits } from "../endpoint/options.js";
import type { AttachRequest, StockAttach } from "./session-messages.js";

/** How long a session outlives its socket: what the client asks for, and at most what it may. */
export function ttlOf(
  { identity, hello }: AttachRequest | StockAttach,
  { anonymousTtlMs, sessionTtlMs }: Pick<SocketLimits, "anonymousTtlMs" | "sessionTtlMs">,
): number {
  const most = identity.user === undefined ? anonymousTtlMs : sessionTtlMs;
  return Math.min(hello?.ttlMs ?? most, most);
}

/** The body of the answer to a `hello` that was accepted. */
export function welcomeBody(
  host: SessionHost,
  line: SessionLine,
  channels: ChannelTable,
  request: AttachRequest,
  granted: Pick<Welcome, "sid" | "secret" | "ttlMs" | "resumed">,
): string {
  const { heartbeatMs, payloadBytes, windowMessages, windowBytes } = host.context.limits;
  const joined = [...channels].filter((row) => !row.leaving);
  const welcome: Welcome = {
    v: SESSION_VERSION,
    ...granted,
    epoch: line.epoch,
    ...(request.instead === undefined ? {} : { reason: request.instead }),
    // The client does not send again what it is told was taken, so it must not be taken back by a crash.
    rx: host.keeper?.safeHandled ?? line.stream.rx,
    tx: line.stream.tx,
    heartbeatMs,
    limits: { payloadBytes, windowMessages, windowBytes },
    // From entries, which makes own properties of any name: a topic may be called __proto__.
    topics: Object.fromEntries(
      joined.map((row) => [row.topic, host.away?.find(row)?.hasLost === true ? "gap" : "ok"] as const),
    ),
  };
  return encodeBody(null, request.ref, PHOENIX_TOPIC, ChannelEvent.reply, ok(welcome));
}
