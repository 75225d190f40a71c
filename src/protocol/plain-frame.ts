import { type DecodedFrame, decodeTextFrame, type Frame } from "./frame.js";
import { DEEPEST_NESTING } from "./nesting.js";

const QUOTE = 34;
const COMMA = 44;
const ZERO = 48;
const NINE = 57;
const OPENING_BRACKET = 91;
const BACKSLASH = 92;
const CLOSING_BRACKET = 93;
const SMALL_N = 110;
const OPENING_BRACE = 123;
const CLOSING_BRACE = 125;

/** Text up to this many units is looked through here; for longer text the engine is quicker. */
const LONGEST_LOOKED_THROUGH = 64;
/** Longer text may nest too deep. */
const LONGEST_PLAIN = 2 * DEEPEST_NESTING;
/** Numbers of so many digits are exact. */
const MOST_DIGITS = 15;

/** What stands between ref and response in a reply. Replies come in runs: the one before was nearly always on the same topic. */
let latest = { topic: "", status: "", text: `,"","phx_reply",{"status":"","response":` };

/**
 * Reads a text frame as {@link decodeTextFrame} does, in less than half the time when it is short and written as clients write it.
 *
 * That is: a push without spaces between its elements, without escapes in front of its payload, and with an object as payload. Then only the
 * payload goes through the engine's parser. Everything else is left to {@link decodeTextFrame}, which also says what is wrong.
 */
export function decodePlainFrame(text: string): DecodedFrame {
  const frame = text.length > LONGEST_PLAIN ? undefined : readPlain(text);
  return frame === undefined ? decodeTextFrame(text) : { ok: true, frame };
}

/**
 * Writes a reply up to its numbers around a response that is JSON text already, as `encodeBody` writes `phx_reply` with
 * `{ status, response }`.
 */
export function encodeReplyAround(
  joinRef: string | null,
  ref: string | null,
  topic: string,
  status: string,
  responseText: string,
): string {
  if (topic !== latest.topic || status !== latest.status) {
    latest = { topic, status, text: `,${quote(topic)},"phx_reply",{"status":${quote(status)},"response":` };
  }
  return `[${quote(joinRef)},${quote(ref)}${latest.text}${responseText}}`;
}

/** Whether a text has as many bytes as it has units. Quick for short ones. */
export function isAscii(text: string | null): boolean {
  if (text === null) return true;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return false;
  return true;
}

/** Closes a body with its numbers, as `sealBody` does, putting the short texts together first. */
export function sealNumbers(body: string, seq: number, ack: number | undefined): string {
  return body + (ack === undefined ? `,${seq}]` : `,${seq},${ack}]`);
}

function readPlain(text: string): Frame | undefined {
  if (text.charCodeAt(0) !== OPENING_BRACKET) return undefined;
  const refAt = endOfElement(text, 1) + 1;
  const topicAt = refAt <= 0 ? 0 : endOfElement(text, refAt) + 1;
  const eventAt = topicAt <= 0 ? 0 : endOfElement(text, topicAt) + 1;
  const payloadAt = eventAt <= 0 ? 0 : endOfElement(text, eventAt) + 1;
  if (payloadAt <= 0 || text.charCodeAt(payloadAt) !== OPENING_BRACE) return undefined;
  const topic = elementAt(text, topicAt, eventAt);
  const event = elementAt(text, eventAt, payloadAt);
  // What is kept for long, as the topic of a join, must not be a view into all of this text.
  if (topic === null || event === null || event.startsWith("phx_")) return undefined;

  let payloadEnd = text.length - 1;
  if (text.charCodeAt(payloadEnd) !== CLOSING_BRACKET) return undefined;
  let seq: number | undefined;
  let ack: number | undefined;
  for (let left = 2; left > 0 && text.charCodeAt(payloadEnd - 1) !== CLOSING_BRACE; left--) {
    const start = startOfNumber(text, payloadEnd);
    if (start < 0) return undefined;
    ack = seq;
    seq = numberAt(text, start, payloadEnd);
    payloadEnd = start - 1;
  }
  if (seq === 0 || text.charCodeAt(payloadEnd - 1) !== CLOSING_BRACE) return undefined;
  try {
    const payload: unknown = JSON.parse(text.slice(payloadAt, payloadEnd));
    const joinRef = elementAt(text, 1, refAt);
    return { joinRef, ref: elementAt(text, refAt, topicAt), topic, event, payload, seq, ack };
  } catch {
    // Whoever reads it next says what is wrong.
    return undefined;
  }
}

/** Where the comma behind a text without escapes, or behind `null`, is; -2 when there is anything else. */
function endOfElement(text: string, start: number): number {
  let end = start;
  if (text.charCodeAt(start) === SMALL_N) {
    if (!text.startsWith("null", start)) return -2;
    end += 4;
  } else {
    if (text.charCodeAt(start) !== QUOTE) return -2;
    let unit = 0;
    do {
      end += 1;
      unit = text.charCodeAt(end);
      // At the end of the text it is NaN, which is not at least 32 either.
      if (!(unit >= 32) || unit === BACKSLASH) return -2;
    } while (unit !== QUOTE);
    end += 1;
  }
  return text.charCodeAt(end) === COMMA ? end : -2;
}

/** The element from `start` up to the comma before `next`. */
function elementAt(text: string, start: number, next: number): string | null {
  return text.charCodeAt(start) === QUOTE ? text.slice(start + 1, next - 2) : null;
}

/** Where the digits that end before `end` begin, behind a comma; negative when there is no such number. */
function startOfNumber(text: string, end: number): number {
  let start = end;
  for (let unit = text.charCodeAt(start - 1); unit >= ZERO && unit <= NINE; unit = text.charCodeAt(start - 1)) start--;
  const digits = end - start;
  if (digits === 0 || digits > MOST_DIGITS || text.charCodeAt(start - 1) !== COMMA) return -1;
  return digits > 1 && text.charCodeAt(start) === ZERO ? -1 : start;
}

function numberAt(text: string, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) number = number * 10 + text.charCodeAt(at) - ZERO;
  return number;
}

function quote(text: string | null): string {
  if (text === null) return "null";
  if (text.length > LONGEST_LOOKED_THROUGH) return JSON.stringify(text);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // Halves of pairs among them: the engine escapes those that stand alone.
    if (unit < 32 || unit === QUOTE || unit === BACKSLASH || unit >= 0xd800) return JSON.stringify(text);
  }
  return `"${text}"`;
}
