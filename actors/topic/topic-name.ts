import { BadArgumentError, whatCame } from "../../src/index.js";

/** Most characters of a topic to subscribe to or to publish on. */
const LONGEST_TOPIC = 1_024;
/** Most segments of a pattern; of a longer name the rest counts as one more. */
const MOST_SEGMENTS = 16;
/** Most `*` and `**` of a pattern: what a match may cost grows with them. */
const MOST_STARS = 4;

const DOT = 46;
const COLON = 58;

/**
 * Divides a name at its dots and colons; every segment but the first begins with the one in front of it: `room:7.b` is `room`, `:7`, `.b`.
 *
 * At most 17 segments, of which the last is all the rest: a pattern cannot tell more.
 */
export function segmentsOf(name: string): string[] {
  const segments: string[] = [];
  let start = 0;
  for (let index = 0; index < name.length && segments.length < MOST_SEGMENTS; index++) {
    const code = name.charCodeAt(index);
    // The first segment has no separator, and may be empty; any other begins with one.
    if ((code !== DOT && code !== COLON) || (segments.length > 0 && index === start)) continue;
    segments.push(name.slice(start, index));
    start = index;
  }
  segments.push(name.slice(start));
  return segments;
}

/** The dot or colon with which a segment begins; nothing for the first of a name. */
export function separatorOf(segment: string, index: number): string {
  return index === 0 ? "" : segment.charAt(0);
}

/** Whether a segment of a pattern stands for one segment, for one or more, or for itself. */
export function kindOf(segment: string, index: number): "one" | "rest" | "literal" {
  const text = index === 0 ? segment : segment.slice(1);
  if (text === "*") return "one";
  return text === "**" ? "rest" : "literal";
}

/** Whether a checked topic is a pattern, not the name of one topic. */
export function isPattern(topic: string): boolean {
  return topic.includes("*");
}

/**
 * Checks what somebody wants to subscribe to: a topic's name, or a pattern with `*` for one segment or, at its end, `**` for one or more.
 *
 * @throws {BadArgumentError} for anything else, or for a pattern of more than 16 segments or 4 stars
 */
export function checkPattern(topic: string): void {
  checkLength(topic);
  if (!isPattern(topic)) return;
  const segments = segmentsOf(topic);
  let stars = 0;
  for (const [index, segment] of segments.entries()) {
    if (!segment.includes("*")) continue;
    stars++;
    const kind = kindOf(segment, index);
    if (kind === "one" || (kind === "rest" && index === segments.length - 1)) continue;
    throw new BadArgumentError(
      `Expected a pattern with * as a whole segment, or ** as its last, such as "room:*" or "metrics.**"; got ${whatCame(topic)}`,
    );
  }
  if (segments.length <= MOST_SEGMENTS && stars <= MOST_STARS) return;
  throw new BadArgumentError(
    `Expected a pattern of at most ${MOST_SEGMENTS} segments and ${MOST_STARS} stars, got ${whatCame(topic)}`,
  );
}

/** Checks the name of a topic to publish on. @throws {BadArgumentError} for a pattern, or what is no name at all */
export function checkTopic(topic: string): void {
  checkLength(topic);
  if (!isPattern(topic)) return;
  throw new BadArgumentError(`Expected the name of one topic, without *, got ${whatCame(topic)}`);
}

function checkLength(topic: string): void {
  if (typeof topic === "string" && topic !== "" && topic.length <= LONGEST_TOPIC) return;
  throw new BadArgumentError(`Expected a topic of 1 to ${LONGEST_TOPIC} characters, got ${whatCame(topic)}`);
}
