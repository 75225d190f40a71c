import type { StoredFrame } from "../../src/store/store-port.js";
import { SharedFrame } from "../../src/transport/shared-frame.js";
import type { Body } from "./outbox.js";

/**
 * What a numbered frame is made of, when it is kept.
 *
 * `own`: a reply or a push, kept as it is. `broadcast`: the entry of its topic's log with that offset, which is kept once for all. `gap`: the
 * news that broadcasts up to an offset are missing.
 */
export type KeptFrame =
  | { readonly kind: "own"; readonly body: Body }
  | { readonly kind: "broadcast"; readonly offset: number }
  | { readonly kind: "gap"; readonly offset: number; readonly body: string };

const OWN = "=";
const BROADCAST = "@";
const GAP = "^";

/** A reply or a push as it is kept: bytes as they are, text with a mark. */
export function storedOwn(body: Body): StoredFrame {
  if (typeof body === "string") return OWN + body;
  return body.binary ? body.body : OWN + body.text;
}

/** A broadcast as it is kept with a session: where it stands in the log. */
export function storedBroadcast(offset: number): StoredFrame {
  return `${BROADCAST}${offset}`;
}

/** A gap as it is kept. */
export function storedGap(offset: number, body: string): StoredFrame {
  return `${GAP}${offset}:${body}`;
}

/** Reads what one of the others wrote; `undefined` for anything else. */
export function readStoredFrame(frame: StoredFrame): KeptFrame | undefined {
  if (typeof frame !== "string") return { kind: "own", body: SharedFrame.binary(frame) };
  const rest = frame.slice(1);
  switch (frame[0]) {
    case OWN:
      return { kind: "own", body: rest };
    case BROADCAST:
      return isOffset(rest) ? { kind: "broadcast", offset: Number(rest) } : undefined;
    case GAP: {
      const colon = rest.indexOf(":");
      const offset = rest.slice(0, colon);
      return isOffset(offset) ? { kind: "gap", offset: Number(offset), body: rest.slice(colon + 1) } : undefined;
    }
    default:
      return undefined;
  }
}

function isOffset(text: string): boolean {
  return /^\d{1,16}$/.test(text);
}
