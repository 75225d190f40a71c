import { type ClientClock, createAlarm, realClock } from "./clock.js";
import type { WebSocketLike } from "./web-socket-like.js";

/** How the event stream reaches the server; everything has a default. */
export interface EventStreamOptions {
  /** Default `globalThis.fetch`. */
  readonly fetch?: typeof fetch;
  /** Headers of each request, a token of a gateway for example. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long a POST may take before it is sent again, in milliseconds. Default 10,000. */
  readonly postTimeoutMs?: number;
  /** How often a POST is sent before the stream is given up. Default 4. */
  readonly postAttempts?: number;
  /** Default: the machine's. */
  readonly clock?: ClientClock;
}

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
/** The connection broke without a word. */
const ABNORMAL = 1006;
const TOO_BIG = 1009;
const OVERLOADED = 4205;
const MOST_LINES = 100;
const RETRY_MS = 250;

/**
 * Behaves like a WebSocket over HTTP, for networks that block those: an event stream to receive, POST requests to send.
 *
 * Given to a socket as `fallback: eventStream`. The frames are those of the WebSocket, so a session survives the switch. What a POST
 * carries arrives once and in order: it has a number, is sent again under it when its answer was lost, and the next one waits for it.
 *
 * @param url the WebSocket's, `ws://host/socket/websocket?...`: the stream is at `http://host/socket/events?...`
 */
export function eventStream(url: string, options: EventStreamOptions = {}): WebSocketLike {
  const { headers = {}, postTimeoutMs = 10_000, postAttempts = 4, clock = realClock } = options;
  const request = options.fetch ?? globalThis.fetch.bind(globalThis);
  const abort = new AbortController();
  const waiting: string[] = [];
  let state = CONNECTING;
  let token = "";
  let posts = 0;
  let isPosting = false;
  let closing: { readonly code: number; readonly reason: string } | undefined;

  const addressOf = (name: string): URL => {
    const address = new URL(url);
    address.protocol = address.protocol.replace("ws", "http");
    address.pathname = address.pathname.replace(/\/websocket$/, `/${name}`);
    return address;
  };

  const ended = (code: number, reason: string): void => {
    if (state === CLOSED) return;
    state = CLOSED;
    waiting.length = 0;
    abort.abort();
    stream.onclose?.({ code, reason });
  };

  const received = ({ id, event, data }: StreamEvent): void => {
    if (state === CONNECTING && id !== undefined) {
      token = id;
      state = OPEN;
      stream.onopen?.({});
    }
    if (state !== OPEN) return;
    if (event === "close") {
      const { code = ABNORMAL, reason = "" } = parseClose(data);
      ended(code, reason);
    } else if (data !== "" && (event === "" || event === "message")) {
      stream.onmessage?.({ data: data.startsWith("[") ? data : fromBase64(data) });
    }
  };

  const receive = async (): Promise<void> => {
    const response = await request(addressOf("events"), {
      headers: { ...headers, accept: "text/event-stream" },
      cache: "no-store",
      signal: abort.signal,
    });
    if (!response.ok || response.body === null) {
      const retryAfterMs = retryAfter(response);
      const reason = JSON.stringify({
        reason: `status ${response.status}`,
        ...(retryAfterMs > 0 ? { retryAfterMs } : {}),
      });
      await response.body?.cancel();
      ended(response.status === 503 ? OVERLOADED : ABNORMAL, reason);
      return;
    }
    const parse = createEventParser(received);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) parse(part.value);
    ended(ABNORMAL, "");
  };

  /** Sends one batch until the server has taken it; gives the close code if it never will. */
  const post = async (body: string): Promise<number | undefined> => {
    posts += 1;
    const address = addressOf("send");
    address.searchParams.set("stream", token);
    address.searchParams.set("n", String(posts));
    for (let attempt = 1; state !== CLOSED; attempt += 1) {
      const { status, retryAfterMs } = await postOnce(address, body);
      if (status === 200) return undefined;
      // Sent again it would be refused again.
      if (status === 413) return TOO_BIG;
      if (![0, 408, 429, 503].includes(status) || attempt >= postAttempts) return ABNORMAL;
      await new Promise<void>((resolve) => {
        createAlarm(clock, resolve).set(Math.max(RETRY_MS * 2 ** attempt, retryAfterMs));
      });
    }
    return ABNORMAL;
  };

  const postOnce = async (
    address: URL,
    body: string,
  ): Promise<{ readonly status: number; readonly retryAfterMs: number }> => {
    const limit = new AbortController();
    const alarm = createAlarm(clock, () => limit.abort());
    alarm.set(postTimeoutMs);
    try {
      const response = await request(address, {
        method: "POST",
        headers: { ...headers, "content-type": "application/x-ndjson" },
        body,
        // A page that is being closed still says goodbye.
        keepalive: closing !== undefined,
        signal: limit.signal,
      });
      const retryAfterMs = retryAfter(response);
      // The body may say it as well, for servers that answer everything with 200.
      const answer: unknown = response.ok ? await response.json() : await response.body?.cancel();
      const told = typeof answer === "object" && answer !== null && "status" in answer ? answer.status : undefined;
      return { status: Number(told ?? response.status), retryAfterMs };
    } catch {
      // No answer, or none that can be read: whether the batch arrived, the server knows by its number.
      return { status: 0, retryAfterMs: 0 };
    } finally {
      alarm.clear();
    }
  };

  const flush = async (): Promise<void> => {
    if (isPosting) return;
    isPosting = true;
    while (waiting.length > 0) {
      const code = await post(waiting.splice(0, MOST_LINES).join("\n"));
      if (code !== undefined) ended(code, "not sent");
    }
    isPosting = false;
    if (closing !== undefined) ended(closing.code, closing.reason);
  };

  const stream: WebSocketLike & Handlers = {
    binaryType: "arraybuffer",
    get readyState() {
      return state;
    },
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    send(data) {
      if (state !== OPEN) return;
      waiting.push(typeof data === "string" ? data : toBase64(data));
      // A turn later, so that frames written together travel together.
      queueMicrotask(() => void flush());
    },
    close(code = 1000, reason = "") {
      if (state >= CLOSING) return;
      state = CLOSING;
      closing = { code, reason };
      // What was written before is still sent.
      queueMicrotask(() => void flush());
    },
  };
  receive().catch((error: unknown) => ended(ABNORMAL, String(error)));
  return stream;
}

interface Handlers {
  onopen: ((event: object) => void) | null;
  onmessage: ((event: { readonly data: string | ArrayBuffer }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
}

interface StreamEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** Makes a function that takes the stream's text in pieces, and tells of each event as the HTML standard divides them. */
function createEventParser(tell: (event: StreamEvent) => void): (text: string) => void {
  let rest = "";
  let id: string | undefined;
  let event = "";
  let data: string[] = [];
  const take = (line: string): void => {
    if (line === "") {
      if (id !== undefined || data.length > 0) tell({ id, event, data: data.join("\n") });
      id = undefined;
      event = "";
      data = [];
      return;
    }
    const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === "id") id = value;
    else if (field === "event") event = value;
    else if (field === "data") data.push(value);
  };
  return (text) => {
    rest += text;
    // A carriage return at the end may be the first half of a line break.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  };
}

/** The seconds of `Retry-After`, in milliseconds; 0 if it has none. */
function retryAfter(response: Response): number {
  return (Number(response.headers.get("retry-after")) || 0) * 1_000;
}

function parseClose(text: string): { readonly code?: number; readonly reason?: string } {
  try {
    const close: unknown = JSON.parse(text);
    if (typeof close !== "object" || close === null) return {};
    const code = "code" in close && typeof close.code === "number" ? { code: close.code } : {};
    const reason = "reason" in close && typeof close.reason === "string" ? { reason: close.reason } : {};
    return { ...code, ...reason };
  } catch {
    return {};
  }
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function fromBase64(text: string): ArrayBuffer {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
}
