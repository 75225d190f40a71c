import type { StoredFrame } from "../../src/store/store-port.js";
import { SharedFrame } from "../../src/transport/shared-frame.js";

/** A broadcast as a topic's log keeps it. */
export interface KeptBroadcast {
  readonly frame: SharedFrame;
  readonly key: string | undefined;
  /** The public id of the session that is not to get it. */
  readonly exceptSid: string | undefined;
  /** Tells it from all others of the topic, so that it is not made again when a push is handled again; `undefined` if nobody gave it one. */
  readonly id: string | undefined;
}

const HEAD_LENGTH_BYTES = 4;

/** Writes a broadcast for the log: a line of JSON with key, exception and id, then the frame. Bytes have the line's length in front of it. */
export function encodeLogEntry({ frame, key, exceptSid, id }: KeptBroadcast): StoredFrame {
  const isPlain = key === undefined && exceptSid === undefined && id === undefined;
  const head = isPlain ? "[]" : JSON.stringify([key ?? null, exceptSid ?? null, id ?? null]);
  if (!frame.binary) return `${head}\n${frame.text}`;
  const headBytes = Buffer.from(head);
  const bytes = Buffer.allocUnsafe(HEAD_LENGTH_BYTES + headBytes.length + frame.body.length);
  bytes.writeUInt32BE(headBytes.length);
  bytes.set(headBytes, HEAD_LENGTH_BYTES);
  bytes.set(frame.body, HEAD_LENGTH_BYTES + headBytes.length);
  return bytes;
}

/** Reads what {@link encodeLogEntry} wrote; `undefined` for anything else. */
export function decodeLogEntry(stored: StoredFrame): KeptBroadcast | undefined {
  if (typeof stored === "string") {
    const end = stored.indexOf("\n");
    const head = end < 0 ? undefined : readHead(stored.slice(0, end));
    return head === undefined ? undefined : { ...head, frame: SharedFrame.text(stored.slice(end + 1)) };
  }
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  if (bytes.length < HEAD_LENGTH_BYTES) return undefined;
  const start = HEAD_LENGTH_BYTES + bytes.readUInt32BE();
  const head = start > bytes.length ? undefined : readHead(bytes.toString("utf8", HEAD_LENGTH_BYTES, start));
  return head === undefined ? undefined : { ...head, frame: SharedFrame.binary(bytes.subarray(start)) };
}

function readHead(text: string): Omit<KeptBroadcast, "frame"> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (!Array.isArray(parsed)) return undefined;
    const head: readonly unknown[] = parsed;
    const [key, exceptSid, id] = head;
    return { key: textOf(key), exceptSid: textOf(exceptSid), id: textOf(id) };
  } catch {
    // Not written by this: the caller treats it as lost.
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
