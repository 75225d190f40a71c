import type { Frame } from "../../src/protocol/frame.js";
import { hasAtMostBytes } from "../../src/protocol/text-bytes.js";

/** Most bytes of the names in a client's frames. */
export interface NameLimits {
  readonly topicBytes: number;
  readonly eventBytes: number;
}

const LONGEST_REF_BYTES = 255;

/** What is wrong with a frame that {@link hasLongRef}. */
export const LONG_REF = `expected join_ref and ref of at most ${LONGEST_REF_BYTES} bytes`;

/** Tells whether a frame has a `join_ref` or `ref` that no answer in bytes could repeat: a client's own are numbers. */
export function hasLongRef({ joinRef, ref }: Pick<Frame, "joinRef" | "ref">): boolean {
  return !hasAtMostBytes(joinRef ?? "", LONGEST_REF_BYTES) || !hasAtMostBytes(ref ?? "", LONGEST_REF_BYTES);
}

/** Why a topic of that name cannot be joined; `undefined` if it can. Any text will do that is not too long: a session keeps it for as long as it lives. */
export function badTopic(topic: string, { topicBytes }: NameLimits): string | undefined {
  return hasAtMostBytes(topic, topicBytes) ? undefined : `topic too long: expected at most ${topicBytes} bytes`;
}

/** Why no channel gets an event of that name; `undefined` if one does. */
export function badEvent(event: string, { eventBytes }: NameLimits): string | undefined {
  return hasAtMostBytes(event, eventBytes) ? undefined : `event too long: expected at most ${eventBytes} bytes`;
}
