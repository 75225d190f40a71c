import type { IncomingMessage, ServerResponse } from "node:http";
import { decodeCloseReason } from "../protocol/close-codes.js";
import { type ReadFrames, readFrameLines, readOneFrame } from "./frame-lines.js";
import { answerJson, answerText } from "./http-answer.js";
import { answerPreflight, checkConnect, setSharedHeaders } from "./http-connect.js";
import type { HttpPlace, HttpPlaceOptions } from "./http-place.js";
import type { HttpSocketHost, PostOutcome } from "./http-socket.js";
import { LongPollSocket, type Poll, type PollAnswer } from "./long-poll-socket.js";
import { parseQuery } from "./query-params.js";
import { readPlacedToken, StreamTable } from "./stream-token.js";
import { splitTarget } from "./upgrade-request.js";
import { whenOver } from "./when-over.js";

/** What Phoenix reads of a body. */
const BODY_LIMIT_BYTES = 8_000_000;
/** A client polls again at once: whoever has not asked for the last words after this long does not want them. */
const LAST_POLL_MS = 2_000;
const METHODS = "GET, POST, OPTIONS";
/** A token with the position of the last batch that its holder has had. */
const POSITIONED = /^([^.]*)(?:\.(\d{1,15}))?$/;
const NO_MESSAGES: readonly string[] = [];

const STATUS_OF: Readonly<Record<PostOutcome, number>> = { taken: 200, late: 408, busy: 408, gone: 410 };

interface Presented {
  /** The process that has it. */
  readonly process: string | undefined;
  readonly socket: LongPollSocket | undefined;
  readonly position: number;
}

/**
 * Phoenix's long poll at one path: `GET` connects and polls, `POST` sends.
 *
 * Every answer is 200 with JSON whose `status` says what it is, as Phoenix's clients expect; a client that is told to come back later gets
 * 503 and `Retry-After` around it.
 */
export class LongPollPlace implements HttpPlace {
  readonly #options: HttpPlaceOptions;
  readonly #host: HttpSocketHost;
  readonly #streams = new StreamTable<LongPollSocket>();

  constructor(options: HttpPlaceOptions) {
    this.#options = options;
    this.#host = {
      clock: options.clock,
      windowMs: options.windowMs,
      closeTimeoutMs: Math.min(options.closeTimeoutMs, LAST_POLL_MS),
      onError: options.onError,
      get prefix() {
        return options.others.prefix;
      },
      forget: (socket) => {
        if (socket instanceof LongPollSocket) this.#streams.remove(socket);
        options.onOver(socket);
      },
    };
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const { method, headers } = request;
    if (method === "OPTIONS") return answerPreflight(request, response, "get, post, options");
    setSharedHeaders(response);
    if (method !== "GET" && method !== "POST") {
      answerText(response, { ok: false, status: 405, message: "GET or POST here", headers: { Allow: METHODS } });
    } else if (!this.#options.rules.allowsOrigin(headers.origin, headers.host)) this.#say(response, { status: 403 });
    else if (method === "GET") this.#get(request, response);
    else this.#post(request, response);
  }

  #get(request: IncomingMessage, response: ServerResponse): void {
    const presented = this.#presented(request);
    if (presented !== undefined && this.#passesOn(presented, request, response)) return;
    if (presented === undefined) this.#connect(request, response);
    else if (presented.socket === undefined) this.#say(response, { status: 410, token: null, messages: NO_MESSAGES });
    else {
      const { socket, position } = presented;
      const poll = this.#pollOf(response);
      whenOver(request, response, () => socket.abandon(poll));
      socket.poll(position, poll);
    }
  }

  #connect(request: IncomingMessage, response: ServerResponse): void {
    const { rules, accept } = this.#options;
    const connect = checkConnect(request, rules, true);
    if (!connect.ok) {
      for (const [name, value] of Object.entries(connect.headers ?? {})) response.setHeader(name, value);
      // Phoenix's client knows 403 and 500 here, and no other refusal.
      const status = connect.status === 503 ? 500 : 403;
      this.#say(response, { status, token: null, messages: NO_MESSAGES, ...connect.close }, connect.status);
      return;
    }
    const poll = this.#pollOf(response);
    const socket = new LongPollSocket(this.#host, connect.request.remoteAddress, poll);
    this.#streams.add(socket);
    whenOver(request, response, () => socket.abandon(poll));
    accept(socket, connect.request);
  }

  #post(request: IncomingMessage, response: ServerResponse): void {
    const presented = this.#presented(request);
    if (presented !== undefined && this.#passesOn(presented, request, response)) return;
    const socket = presented?.socket;
    if (socket === undefined) return this.#sayGone(response);
    const { bodies, payloadLimitBytes } = this.#options;
    const lines = request.headers["content-type"]?.startsWith("application/x-ndjson") === true;
    bodies.read(request, response, BODY_LIMIT_BYTES, (read) => {
      if (read === undefined) return;
      const frames: ReadFrames = !read.ok
        ? read
        : lines
          ? readFrameLines(read.body, payloadLimitBytes)
          : readOneFrame(read.body, payloadLimitBytes);
      if (frames.ok) socket.take(frames.frames, (outcome) => this.#say(response, { status: STATUS_OF[outcome] }));
      else {
        for (const [name, value] of Object.entries(frames.headers ?? {})) response.setHeader(name, value);
        this.#say(response, { status: frames.status, reason: frames.message });
      }
    });
  }

  /** The conversation of the token that came along; `undefined` if none came that could be one of ours. */
  #presented(request: IncomingMessage): Presented | undefined {
    const header = request.headers["x-phoenix-longpoll-token"];
    const parsed = parseQuery(splitTarget(request.url).query);
    const token = typeof header === "string" ? header : parsed.ok ? parsed.params["token"] : undefined;
    if (typeof token !== "string") return undefined;
    const [, placed = "", position = "0"] = POSITIONED.exec(token) ?? [];
    const found = readPlacedToken(placed);
    if (found === undefined) return undefined;
    const { process } = found;
    const socket = this.#options.others.isOwn(process) ? this.#streams.find(found.token) : undefined;
    return { process, socket, position: Number(position) };
  }

  /** Whether the conversation is another process's, which gets the request then. */
  #passesOn({ process }: Presented, request: IncomingMessage, response: ServerResponse): boolean {
    const { others } = this.#options;
    if (process === undefined || others.isOwn(process)) return false;
    others.pass(process, request, response, () => this.#sayGone(response));
    return true;
  }

  #sayGone(response: ServerResponse): void {
    response.setHeader("Connection", "close");
    this.#say(response, { status: 410, token: null, messages: NO_MESSAGES });
  }

  #pollOf(response: ServerResponse): Poll {
    return {
      answer: (answer) => this.#say(response, answer),
      cut: () => response.destroy(),
    };
  }

  #say(response: ServerResponse, answer: Partial<PollAnswer>, status = 200): void {
    if (response.destroyed || response.writableEnded) return;
    const { retryAfterMs } = decodeCloseReason(answer.reason ?? "");
    if (retryAfterMs !== undefined) response.setHeader("Retry-After", String(Math.ceil(retryAfterMs / 1_000)));
    answerJson(response, status === 503 ? status : 200, answer);
  }
}
