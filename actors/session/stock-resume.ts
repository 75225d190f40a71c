import { encodeBody } from "../../src/protocol/frame.js";
import type { ResumeFailure } from "../../src/protocol/handshake.js";
import { ControlEvent, PHOENIX_TOPIC } from "../../src/protocol/names.js";
import type { SessionPosition } from "./attach-rule.js";
import type { CatchUp } from "./catch-up.js";
import type { ChannelTable } from "./channel-table.js";
import { topicOf } from "./frame-body.js";
import type { Body } from "./outbox.js";
import type { SecretVerdict } from "./secrets.js";
import type { SessionHost } from "./session-host.js";
import type { SessionLine } from "./session-line.js";
import type { StockToken } from "./stock-token.js";

/** Why a stock client may not have its session back; `undefined` when it may. A token that was used before is like a wrong one. */
export function decideStockAttach(
  verdict: SecretVerdict,
  sameUser: boolean,
  rx: number,
  position: SessionPosition,
): ResumeFailure | undefined {
  if (verdict !== "current" && verdict !== "previous") return "unknown";
  if (!sameUser) return "auth";
  if (rx > position.tx) return "corrupt";
  return rx < position.acknowledged ? "gap" : undefined;
}

/** Tells a stock client the token with which it finds its session again, and whether this is the one it had. */
export function announceToken(
  line: SessionLine,
  token: string,
  resumed: boolean,
  reason: ResumeFailure | undefined,
): void {
  const payload = reason === undefined ? { token, resumed } : { token, resumed, reason };
  line.welcome(encodeBody(null, null, PHOENIX_TOPIC, ControlEvent.session, payload));
}

/** A stock client has shown that it is there: tells it the next token when the one it has is old. */
export function renewToken({ sid, clock, keeper }: SessionHost, line: SessionLine, token: StockToken): void {
  // The client has read what came before its heartbeat.
  if (token.confirm()) keeper?.metaChanged();
  const next = token.renewed(sid, clock.now());
  if (next === undefined) return;
  keeper?.metaChanged();
  announceToken(line, next, true, undefined);
}

/** Has each topic wait for its join, with the frames that the client has not seen; those of topics that are not held go nowhere. */
export function holdForJoins(away: CatchUp | undefined, channels: ChannelTable, missed: readonly Body[]): void {
  for (const row of channels) {
    const place = away?.find(row);
    if (place !== undefined) place.hold = "join";
  }
  for (const body of missed) {
    const row = channels.find(topicOf(body) ?? "");
    const place = row === undefined ? undefined : away?.find(row);
    if (place === undefined) continue;
    place.frames ??= [];
    place.frames.push(body);
  }
}
