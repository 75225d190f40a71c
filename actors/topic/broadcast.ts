import { encodeServerBinary } from "../../src/protocol/binary-frame.js";
import { encodeBody } from "../../src/protocol/frame.js";
import { SharedFrame } from "../../src/transport/shared-frame.js";
import type { SessionRef } from "../session/session-messages.js";

/** What a sender may say of a broadcast besides what is in it. */
export interface BroadcastOptions {
  /** For classes whose overflow policy is `conflate`: of several that wait under the same key only the latest is sent. */
  readonly key?: string;
  /** Keeps it, in place of what was kept before, for whoever subscribes later, and for channels of classes that say `retained`. */
  readonly retain?: boolean;
}

/** How a topic hands out one broadcast. */
export interface HandingOut {
  /** See {@link BroadcastOptions.key}. */
  readonly key?: string | undefined;
  /** The session that is not to get it. */
  readonly except?: SessionRef | undefined;
  /** Tells it from all others of the topic, so that it is not made again when a push is handled again. */
  readonly id?: string | undefined;
}

/**
 * One event sent to all clients on a topic: encoded once, and shared by every session that gets it, now or later.
 *
 * `offset` counts the broadcasts of the topic from 1. What waits for a slow or absent client are refs to these.
 */
export class Broadcast {
  readonly frame: SharedFrame;
  readonly offset: number;
  readonly key: string | undefined;
  /** The session that is not to get it. */
  readonly except: SessionRef | undefined;
  /** Its public id: after a crash it has another ref. Known of broadcasts that are kept in a store. */
  readonly exceptSid: string | undefined;
  /** When it was put into a log. */
  loggedAt = 0;

  constructor(
    frame: SharedFrame,
    offset: number,
    key: string | undefined,
    except: SessionRef | undefined,
    exceptSid?: string,
  ) {
    this.frame = frame;
    this.offset = offset;
    this.key = key;
    this.except = except;
    this.exceptSid = exceptSid;
  }

  get bytes(): number {
    return this.frame.body.length;
  }
}

/**
 * Encodes a broadcast: bytes as a binary frame, anything else as text.
 *
 * @throws {PayloadError} when the payload has no JSON form
 * @throws {FieldTooLongError} when the topic or the event of a binary payload is longer than 255 bytes
 */
export function encodeBroadcast(topic: string, event: string, payload: unknown): SharedFrame {
  return payload instanceof Uint8Array
    ? SharedFrame.binary(encodeServerBinary({ kind: "broadcast", topic, event, payload }))
    : SharedFrame.text(encodeBody(null, null, topic, event, payload));
}
