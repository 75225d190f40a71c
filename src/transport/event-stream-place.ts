import type { IncomingMessage, ServerResponse } from "node:http";
import { EventStreamSocket, type NumberedOutcome } from "./event-stream-socket.js";
import { readFrameLines } from "./frame-lines.js";
import type { HttpRefusal } from "./handshake.js";
import { answerJson, answerText } from "./http-answer.js";
import { answerPreflight, checkConnect, forbiddenOrigin, setSharedHeaders } from "./http-connect.js";
import type { HttpPlace, HttpPlaceOptions } from "./http-place.js";
import type { HttpSocketHost } from "./http-socket.js";
import { parseQuery } from "./query-params.js";
import { readPlacedToken, StreamTable } from "./stream-token.js";
import { splitTarget } from "./upgrade-request.js";
import { whenOver } from "./when-over.js";

const BODY_LIMIT_BYTES = 1024 * 1024;
const MOST_TOPICS = 100;
const READABLE_TYPE = /^(application\/(x-)?ndjson|application\/json|text\/plain)\s*(;|$)/i;
const NUMBER = /^[1-9]\d{0,14}$/;

/** The two places of an event stream: where it is read, and where it is sent to. */
export interface EventStreamPlaces {
  readonly events: HttpPlace;
  readonly send: HttpPlace;
}

/** Makes the places of one mount's event streams. */
export function eventStreamPlaces(options: HttpPlaceOptions): EventStreamPlaces {
  const streams = new StreamTable<EventStreamSocket>();
  return { events: new EventsPlace(options, streams), send: new SendPlace(options, streams) };
}

/**
 * Where event streams begin: `GET`.
 *
 * As server-sent events for whoever asks for `text/event-stream`, as lines for all others. Each `topic` of the query is joined at once, so
 * that something that cannot send hears what happens.
 */
class EventsPlace implements HttpPlace {
  readonly #options: HttpPlaceOptions;
  readonly #streams: StreamTable<EventStreamSocket>;
  readonly #host: HttpSocketHost;

  constructor(options: HttpPlaceOptions, streams: StreamTable<EventStreamSocket>) {
    this.#options = options;
    this.#streams = streams;
    this.#host = {
      clock: options.clock,
      windowMs: options.windowMs,
      closeTimeoutMs: options.closeTimeoutMs,
      onError: options.onError,
      get prefix() {
        return options.others.prefix;
      },
      forget: (socket) => {
        if (socket instanceof EventStreamSocket) streams.remove(socket);
        options.onOver(socket);
      },
    };
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === "OPTIONS") return answerPreflight(request, response, "get, options");
    setSharedHeaders(response);
    if (request.method !== "GET") return answerText(response, wrongMethod("GET", "GET, OPTIONS"));
    const { rules, accept } = this.#options;
    const topics = topicsOf(splitTarget(request.url).query);
    if (topics.length > MOST_TOPICS) {
      return answerText(response, { ok: false, status: 400, message: `at most ${MOST_TOPICS} topics` });
    }
    const connect = checkConnect(request, rules, false);
    if (!connect.ok) return answerText(response, connect);
    const form = request.headers.accept?.includes("text/event-stream") === true ? "sse" : "lines";
    const socket = new EventStreamSocket(this.#host, connect.request.remoteAddress, response, form);
    this.#streams.add(socket);
    whenOver(request, response, () => socket.ended());
    accept(socket, connect.request);
    if (topics.length > 0) socket.take(topics.map(joinFrame), undefined);
  }
}

/**
 * Where messages for the server are sent: `POST ?stream=<token>&n=<number>`, one message a line.
 *
 * 200 when they are taken, 410 when there is no such stream, 429 or 503 with `Retry-After` when the server does not read at the moment,
 * 409 when a POST before it has not come.
 */
class SendPlace implements HttpPlace {
  readonly #options: HttpPlaceOptions;
  readonly #streams: StreamTable<EventStreamSocket>;

  constructor(options: HttpPlaceOptions, streams: StreamTable<EventStreamSocket>) {
    this.#options = options;
    this.#streams = streams;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const { method, headers } = request;
    if (method === "OPTIONS") return answerPreflight(request, response, "post, options");
    setSharedHeaders(response);
    const { rules, bodies, payloadLimitBytes, others } = this.#options;
    const parsed = parseQuery(splitTarget(request.url).query);
    const type = headers["content-type"];
    const params = parsed.ok ? parsed.params : undefined;
    const token = params?.["stream"];
    const number = params?.["n"];
    const { process, token: name = "" } = (typeof token === "string" ? readPlacedToken(token) : undefined) ?? {};
    const isOwn = others.isOwn(process);
    const stream = isOwn ? this.#streams.find(name) : undefined;
    const gone = (): void => unread(response, refuse(410, "there is no such stream: open another one"));
    if (method !== "POST") return answerText(response, wrongMethod("POST", "POST, OPTIONS"));
    if (!rules.allowsOrigin(headers.origin, headers.host)) return unread(response, forbiddenOrigin(headers.origin));
    if (process !== undefined && !isOwn) return others.pass(process, request, response, gone);
    if (stream === undefined) return gone();
    if (number !== undefined && (typeof number !== "string" || !NUMBER.test(number))) {
      return unread(response, refuse(400, "n must be a whole number from 1"));
    }
    if (type !== undefined && !READABLE_TYPE.test(type)) {
      return unread(response, refuse(415, "send lines of JSON as application/x-ndjson"));
    }
    bodies.read(request, response, BODY_LIMIT_BYTES, (read) => {
      if (read === undefined) return;
      const frames = read.ok ? readFrameLines(read.body, payloadLimitBytes) : read;
      if (!frames.ok) return answerText(response, frames);
      const done = (outcome: NumberedOutcome): void => answerSend(response, outcome);
      if (number === undefined) stream.take(frames.frames, done);
      else stream.takeNumbered(Number(number), frames.frames, done);
    });
  }
}

const RETRY = { "Retry-After": "1" };
const REFUSALS: Readonly<Record<Exclude<NumberedOutcome, "taken">, HttpRefusal>> = {
  gone: refuse(410, "the stream has ended: open another one"),
  busy: { ...refuse(429, "the messages before these wait for their turn"), headers: RETRY },
  late: { ...refuse(503, "the messages wait for their turn: ask again with the same number"), headers: RETRY },
  gap: refuse(409, "a number before this one has not come: send one after the other"),
};

function answerSend(response: ServerResponse, outcome: NumberedOutcome): void {
  if (response.destroyed || response.writableEnded) return;
  if (outcome === "taken") answerJson(response, 200, { ok: true });
  else answerText(response, REFUSALS[outcome]);
}

/** Refuses a request whose body is not wanted: the connection ends with the answer, so that nobody has to read it. */
function unread(response: ServerResponse, refusal: HttpRefusal): void {
  answerText(response, { ...refusal, headers: { ...refusal.headers, Connection: "close" } });
}

function topicsOf(query: string): string[] {
  const params = new URLSearchParams(query);
  const listed = params.getAll("topics").flatMap((list) => list.split(","));
  const topics = [...params.getAll("topic"), ...params.getAll("topic[]"), ...listed].filter((topic) => topic !== "");
  return [...new Set(topics)];
}

function joinFrame(topic: string, index: number): string {
  const ref = String(index + 1);
  return JSON.stringify([ref, ref, topic, "phx_join", {}]);
}

function wrongMethod(wanted: string, allowed: string): HttpRefusal {
  return { ...refuse(405, `${wanted} here`), headers: { Allow: allowed } };
}

function refuse(status: number, message: string): HttpRefusal {
  return { ok: false, status, message };
}
