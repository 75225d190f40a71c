import { isUtf8 } from "node:buffer";
import type { HttpRefusal } from "./handshake.js";

/** A message that came in a request's body: a text, or bytes. */
export type PostedFrame = string | Buffer;

/** The messages of a body, or why they cannot be read. */
export type ReadFrames = { readonly ok: true; readonly frames: readonly PostedFrame[] } | HttpRefusal;

/** As many as Phoenix's client puts into one body. */
const MOST_LINES = 100;

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Reads a body of lines, as Phoenix's long poll writes them: a line that begins with `[` is a text message, any other is the standard
 * base64 of a binary one. Empty lines are passed over.
 *
 * Refused are more than 100 lines (413), a message above `payloadLimitBytes` (413), and what is neither (400).
 */
export function readFrameLines(body: Buffer, payloadLimitBytes: number): ReadFrames {
  if (!isUtf8(body)) return refuse(400, "the body is not UTF-8");
  const frames: PostedFrame[] = [];
  let start = 0;
  while (start < body.length) {
    const newline = body.indexOf(0x0a, start);
    const end = newline === -1 ? body.length : newline;
    const line = body.subarray(start, end > start && body[end - 1] === 0x0d ? end - 1 : end);
    start = end + 1;
    if (line.length === 0) continue;
    if (frames.length === MOST_LINES) return refuse(413, `the body has more than ${MOST_LINES} lines`);
    const frame = readLine(line);
    if (frame === undefined) {
      return refuse(400, `line ${frames.length + 1} is neither a JSON array nor the base64 of a binary message`);
    }
    const bytes = typeof frame === "string" ? line.length : frame.length;
    if (bytes > payloadLimitBytes) return tooLarge(bytes, payloadLimitBytes);
    frames.push(frame);
  }
  return { ok: true, frames };
}

/** Reads a body that is one text message as it stands. */
export function readOneFrame(body: Buffer, payloadLimitBytes: number): ReadFrames {
  if (!isUtf8(body)) return refuse(400, "the body is not UTF-8");
  if (body.length > payloadLimitBytes) return tooLarge(body.length, payloadLimitBytes);
  return { ok: true, frames: body.length === 0 ? [] : [body.toString()] };
}

function readLine(line: Buffer): PostedFrame | undefined {
  if (line[0] === 0x5b) return line.toString();
  const text = line.toString("latin1");
  return text.length % 4 === 0 && BASE64.test(text) ? Buffer.from(text, "base64") : undefined;
}

function tooLarge(bytes: number, limit: number): HttpRefusal {
  return refuse(413, `a message of ${bytes} bytes is above the limit of ${limit}`);
}

function refuse(status: number, message: string): HttpRefusal {
  return { ok: false, status, message };
}
