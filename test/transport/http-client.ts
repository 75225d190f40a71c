import { Agent, request } from "node:http";
import { onTestFinished } from "vitest";

/** An answer, whole. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON; `undefined` if it is none. */
  readonly json: unknown;
}

/** What is sent besides the path. */
export interface HttpAsk {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A client that sends plain requests to a port of this machine, and keeps its connections. */
export class HttpClient {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(port: number) {
    this.#port = port;
    onTestFinished(() => this.#agent.destroy());
  }

  /** Sends a request and resolves with the whole answer; rejects when the connection breaks or `signal` aborts it. */
  ask(path: string, { method = "GET", headers = {}, body }: HttpAsk = {}, signal?: AbortSignal): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port: this.#port, path, method, headers, agent: this.#agent };
      const sent = request({ ...options, ...(signal === undefined ? {} : { signal }) }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: jsonOf(text) });
        });
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}, signal?: AbortSignal): Promise<HttpAnswer> {
    return this.ask(path, { headers }, signal);
  }

  /** Sends messages, one a line. */
  post(path: string, lines: readonly string[], headers: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> {
    const type = { "content-type": "application/x-ndjson", ...headers };
    return this.ask(path, { method: "POST", headers: type, body: lines.join("\n") });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Plain words, an empty body: not every answer is JSON.
    return undefined;
  }
}
