import type { Clock, ClockTimer } from "../../src/index.js";
import type { WebSocketLike } from "../../src/client/index.js";

/** How a client polls. */
export interface PollOptions {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** Whether it is going to say hello. */
  readonly resumes: boolean;
  /** How often a poll is sent again whose answer was lost; Phoenix's client never does. */
  readonly retries: number;
}

interface Answer {
  readonly status: number;
  readonly token?: string | null;
  readonly messages?: readonly string[];
  readonly code?: number;
  readonly reason?: string;
}

const OPENED = 410;
const TIMEOUT_MS = 20_000;
const RETRY_MS = 100;

/** Behaves like a WebSocket over Phoenix's long poll, as the client of npm `phoenix` does it. */
export class PollSocket implements WebSocketLike {
  binaryType = "arraybuffer";
  readyState = 0;
  onopen: ((event: object) => void) | null = null;
  onmessage: ((event: { readonly data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  onerror: ((event: object) => void) | null = null;
  readonly #options: PollOptions;
  readonly #address: URL;
  readonly #abort = new AbortController();
  #waiting: string[] = [];
  #posting = false;

  constructor(url: string, options: PollOptions) {
    this.#options = options;
    this.#address = new URL(url.replace(/^ws/, "http").replace("/websocket", "/longpoll"));
    if (options.resumes) this.#address.searchParams.set("level", "2");
    void this.#run();
  }

  send(data: string | Uint8Array): void {
    if (this.readyState !== 1) return;
    this.#waiting.push(typeof data === "string" ? data : btoa(String.fromCharCode(...data)));
    queueMicrotask(() => void this.#flush());
  }

  close(code = 1005, reason = ""): void {
    this.#end(code, reason);
  }

  async #run(): Promise<void> {
    for (let failures = 0; this.readyState < 2; ) {
      const answer = await this.#ask("GET", "");
      if (this.readyState >= 2) return;
      if (answer === undefined) {
        failures += 1;
        if (failures > this.#options.retries) return this.#end(1011, "internal server error");
        await this.#pause();
        continue;
      }
      failures = 0;
      this.#take(answer);
    }
  }

  #take({ status, token, messages = [], code, reason = "" }: Answer): void {
    if (status === OPENED && this.readyState === 0 && typeof token === "string") {
      this.#address.searchParams.set("token", token);
      this.readyState = 1;
      this.onopen?.({});
      return;
    }
    if (status !== 200 && status !== 204) return this.#end(code ?? (status === OPENED ? 3410 : 1011), reason);
    if (typeof token === "string") this.#address.searchParams.set("token", token);
    for (const message of messages) {
      if (this.readyState === 1) this.onmessage?.({ data: message.startsWith("[") ? message : bytesOf(message) });
    }
    if (code !== undefined) this.#end(code, reason);
  }

  async #flush(): Promise<void> {
    if (this.#posting) return;
    this.#posting = true;
    while (this.#waiting.length > 0 && this.readyState === 1) {
      const answer = await this.#ask("POST", this.#waiting.splice(0, 100).join("\n"));
      // Whether it was taken nobody knows: who resumes will be told.
      if (answer?.status !== 200) this.#end(1011, "internal server error");
    }
    this.#posting = false;
  }

  async #ask(method: string, body: string): Promise<Answer | undefined> {
    const { fetch, clock } = this.#options;
    const limit = new AbortController();
    const timer: ClockTimer = clock.setTimer(TIMEOUT_MS, () => limit.abort());
    const over = (): void => limit.abort();
    this.#abort.signal.addEventListener("abort", over);
    try {
      const headers = { "content-type": "application/x-ndjson" };
      const sent = method === "GET" ? {} : { body };
      const response = await fetch(this.#address, { method, headers, signal: limit.signal, ...sent });
      const answer: Answer = JSON.parse(await response.text());
      return answer;
    } catch {
      // No answer, or a part of one.
      return undefined;
    } finally {
      clock.clearTimer(timer);
      this.#abort.signal.removeEventListener("abort", over);
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.setTimer(RETRY_MS, resolve);
    });
  }

  #end(code: number, reason: string): void {
    if (this.readyState >= 2) return;
    this.readyState = 3;
    this.#abort.abort();
    this.onclose?.({ code, reason });
  }
}

function bytesOf(text: string): ArrayBuffer {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
}
