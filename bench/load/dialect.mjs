/**
 * What a load client says and understands: three dialects over one WebSocket. Pure: text in, text out.
 *
 * - `raw`: any text; the server sends back what it likes.
 * - `phoenix`: Phoenix Channels V2, `[join_ref, ref, topic, event, payload]`.
 * - `hello`: the same frames with Holdfast's session: a `hello` first, then a sequence number and an ack behind each payload.
 *
 * Each client joins one topic with join_ref and ref "1", and counts its further refs from 2.
 */
import { elementOf } from "./frame.mjs";
import { UsageError } from "../harness/arguments.mjs";

/** @typedef {"raw" | "phoenix" | "hello"} Dialect */

/** The ref of a client's hello; not a number, so that it never meets a push's. */
const HELLO_REF = "h";

/** The ref, and join_ref, of a client's one join. */
const JOIN_REF = "1";

/** What came, for {@link classify}. */
export const KIND = Object.freeze({ event: 0, reply: 1, joinReply: 2, helloReply: 3, ping: 4, ended: 5, other: 6 });

/** @param {string} params JSON of what the application wants to know at connect */
export function helloFrame(params = "{}") {
  return `[null,"${HELLO_REF}","phoenix","hello",{"v":1,"intent":"new","params":${params}}]`;
}

/**
 * @param {string} topic
 * @param {number} seq 0 in the `phoenix` dialect, which has no numbers
 */
export function joinFrame(topic, seq) {
  return `["${JOIN_REF}","${JOIN_REF}","${topic}","phx_join",{}${seq === 0 ? "" : `,${seq}`}]`;
}

/**
 * @param {string} topic
 * @param {string} event
 * @param {string} payload JSON
 * @param {number} ref
 * @param {number} seq 0 in the `phoenix` dialect
 * @param {number} ack highest number of the server that was handled; 0 before the first
 */
export function pushFrame(topic, event, payload, ref, seq, ack) {
  const tail = seq === 0 ? "" : ack === 0 ? `,${seq}` : `,${seq},${ack}`;
  return `["${JOIN_REF}","${ref}","${topic}","${event}",${payload}${tail}]`;
}

/** @param {number} ack highest number of the server that was handled */
export function ackFrame(ack) {
  return `[null,null,"phoenix","ack",{"ack":${ack}}]`;
}

/** @param {number} ref */
export function heartbeatFrame(ref) {
  return `[null,"${ref}","phoenix","heartbeat",{}]`;
}

const QUOTE = 34;
const LETTER_P = 112;

/**
 * Says what a text frame is, without parsing its JSON.
 *
 * @param {Buffer} buffer
 * @param {number} start first byte of the payload
 * @param {number} end byte after its last one
 * @returns {number} a member of {@link KIND}
 */
export function classify(buffer, start, end) {
  if (buffer[start + 1] !== QUOTE) {
    // `[null,null,"room:1",…` is a broadcast; nearly all frames of a busy client leave here.
    const answers = buffer[start + 6] === QUOTE;
    if (!answers && !(buffer[start + 11] === QUOTE && buffer[start + 12] === LETTER_P)) return KIND.event;
    const ref = elementOf(buffer, start, end, 1);
    const event = elementOf(buffer, start, end, 3);
    if (elementOf(buffer, start, end, 2) === "phoenix") {
      if (event === "ping") return KIND.ping;
      return event === "phx_reply" && ref === HELLO_REF ? KIND.helloReply : KIND.other;
    }
    // "unmatched topic" is answered without a join_ref.
    if (event === "phx_reply") return ref === JOIN_REF ? KIND.joinReply : KIND.reply;
    return KIND.event;
  }
  const ref = elementOf(buffer, start, end, 1);
  if (ref === undefined) return KIND.event;
  if (ref !== JOIN_REF) return KIND.reply;
  const event = elementOf(buffer, start, end, 3);
  return event === "phx_reply"
    ? KIND.joinReply
    : event === "phx_close" || event === "phx_error"
      ? KIND.ended
      : KIND.other;
}

/**
 * Answers whether a reply says ok.
 *
 * @param {Buffer} buffer
 * @param {number} start
 * @param {number} end
 * @returns {string | undefined} `undefined` when it does, otherwise the frame, cut to a readable length
 */
export function refusalOf(buffer, start, end) {
  const text = buffer.toString("latin1", start, end);
  return text.includes('"status":"ok"') ? undefined : text.slice(0, 200);
}

/**
 * Expands a list of topics: `lobby` or `room:0-99` (a range of numbers at the end), separated by commas.
 *
 * @param {string} list
 * @returns {string[]} at least one topic
 * @throws {UsageError} for an empty list, a range that runs backwards, or text that would need JSON escapes
 */
export function expandTopics(list) {
  /** @type {string[]} */ const topics = [];
  for (const item of list.split(",")) {
    if (!/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(item)) {
      throw new UsageError(`A topic is plain ASCII text without quotes and backslashes, got ${JSON.stringify(item)}`);
    }
    const range = /^(.*?)(\d+)-(\d+)$/.exec(item);
    if (range === null) {
      topics.push(item);
      continue;
    }
    const [from, to] = [Number(range[2]), Number(range[3])];
    if (from > to || to - from >= 1_000_000)
      throw new UsageError(`A range of topics runs upwards, over at most a million, got ${JSON.stringify(item)}`);
    for (let number = from; number <= to; number++) topics.push(`${range[1]}${number}`);
  }
  return topics;
}
