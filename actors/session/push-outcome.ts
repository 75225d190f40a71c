import type { StoreChange } from "../../src/store/store-port.js";
import type { ChannelRow } from "./channel-table.js";
import { encodePush, pushRecordKey } from "./kept-push.js";
import type { KeptRecord } from "./kept-record.js";
import type { Body } from "./outbox.js";
import type { SessionRef } from "./session-messages.js";

/** A push that its client may send again in another session, on its way through a channel. */
export interface IdempotentPush {
  readonly seq: number;
  /** In whose name it is known again; see {@link PushOwners}. */
  readonly owner: string;
  /** The client's id for it, with topic and event. */
  readonly key: string;
  readonly ref: string | null;
}

/** A push that came again while the first was still being handled. */
export interface RepeatedPush {
  readonly session: SessionRef;
  readonly row: ChannelRow;
  readonly ref: string | null;
  readonly seq: number;
}

/**
 * What is known of an idempotent push: its reply, none, or who waits for it.
 *
 * `none`: the store has nothing of it; `written`: it may have; `safe`: a crash does not take it back.
 */
export class PushOutcome implements KeptRecord {
  readonly owner: string;
  readonly key: string;
  /** When it came, in milliseconds of wall time. */
  readonly at: number;
  done = false;
  /** The reply as it was sent the first time; `undefined` when the channel gave none. */
  reply: Body | undefined = undefined;
  /** Those who sent it again meanwhile. */
  waiting: RepeatedPush[] | undefined = undefined;
  stored: "none" | "written" | "safe" = "none";
  forgotten = false;

  constructor(owner: string, key: string, at: number) {
    this.owner = owner;
    this.key = key;
    this.at = at;
  }

  /** The name of its record. */
  get recordKey(): string {
    return pushRecordKey(this.owner, this.key);
  }

  change(): StoreChange | undefined {
    if (this.forgotten) return undefined;
    this.stored = "written";
    return { type: "put_record", key: this.recordKey, value: encodePush(this) };
  }

  isSafe(): void {
    if (this.stored === "written") this.stored = "safe";
  }
}
