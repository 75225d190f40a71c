import type { ChannelRow } from "./channel-table.js";
import type { Body } from "./outbox.js";
import type { IdempotentPush, PushWindow, RepeatedPush } from "./push-window.js";

/**
 * Looks whether an idempotent push came before; if so its session is told the outcome, now or when it is known, and it must not be handled.
 */
export function isRepeated(window: PushWindow, push: IdempotentPush, row: ChannelRow): boolean {
  const outcome = window.find(push.user, push.key);
  if (outcome === undefined) return false;
  const repeated: RepeatedPush = { session: row.session, row, ref: push.ref, seq: push.seq };
  if (outcome.done) tell(repeated, outcome.reply);
  else {
    outcome.waiting ??= [];
    outcome.waiting.push(repeated);
  }
  return true;
}

/** An idempotent push was handled: its reply is kept, and goes to all who sent it again meanwhile. */
export function settlePush(window: PushWindow, push: IdempotentPush, reply: Body | undefined): void {
  for (const repeated of window.settle(push, reply)) tell(repeated, reply);
}

/** Its channel ended before it had handled it. Those who sent it again meanwhile get no reply, as its first sender does. */
export function abandonPush(window: PushWindow, push: IdempotentPush): void {
  for (const repeated of window.abandon(push)) tell(repeated, undefined);
}

function tell({ session, row, ref, seq }: RepeatedPush, reply: Body | undefined): void {
  session.cast.repeated(row, ref, seq, reply);
}
