import type { ChannelRow } from "./channel-table.js";
import type { KeptRecord } from "./kept-record.js";
import type { Body } from "./outbox.js";
import type { IdempotentPush, RepeatedPush } from "./push-outcome.js";
import type { FormerSession } from "./push-owners.js";
import type { PushWindow } from "./push-window.js";
import type { Secrets } from "./secrets.js";

/**
 * Looks whether an idempotent push came before; if so its session is told the outcome, now or when it is known, and it must not be handled.
 */
export function isRepeated(window: PushWindow, push: IdempotentPush, row: ChannelRow): boolean {
  const outcome = window.find(push.owner, push.key);
  if (outcome === undefined) return false;
  const repeated: RepeatedPush = { session: row.session, row, ref: push.ref, seq: push.seq };
  if (outcome.done) tell(repeated, outcome.reply);
  else {
    outcome.waiting ??= [];
    outcome.waiting.push(repeated);
  }
  return true;
}

/**
 * An idempotent push was handled: its reply is kept, and goes to all who sent it again meanwhile. `keeper` is that of a durable session, which writes
 * it together with what else the push has changed.
 */
export function settlePush(
  window: PushWindow,
  push: IdempotentPush,
  reply: Body | undefined,
  keeper: { record(record: KeptRecord): void } | undefined,
): void {
  const outcome = window.settle(push, reply);
  if (outcome === undefined) return;
  const { waiting } = outcome;
  outcome.waiting = undefined;
  keeper?.record(outcome);
  for (const repeated of waiting ?? []) tell(repeated, reply);
}

/** Its channel ended before it had handled it. Those who sent it again meanwhile get no reply, as its first sender does. */
export function abandonPush(window: PushWindow, push: IdempotentPush): void {
  for (const repeated of window.abandon(push)) tell(repeated, undefined);
}

/** A new session begins: an anonymous client that had another one is known by the secret of that. */
export function followSession(
  { owners }: PushWindow,
  user: string | undefined,
  sid: string,
  former: FormerSession | undefined,
): void {
  if (user === undefined && former !== undefined) owners.inherit(sid, former);
}

/** A session is lost for its client, which will get another one: what it pushed is left to that, if it was anonymous. */
export function leavePushes(
  window: PushWindow,
  user: string | undefined,
  sid: string,
  secrets: Secrets | undefined,
): void {
  const owner = window.owners.ownerOf(user, sid);
  if (user !== undefined || owner === undefined || secrets === undefined) return;
  if (window.knows(owner)) window.owners.bequeath(sid, secrets.kept);
}

function tell({ session, row, ref, seq }: RepeatedPush, reply: Body | undefined): void {
  session.cast.repeated(row, ref, seq, reply);
}
