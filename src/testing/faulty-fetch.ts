import type { ExchangeClient, ExchangeRequest, FaultyExchange } from "./faulty-exchange.js";

/** Sends a request, and tells the client what comes of it. */
export type Exchange = (request: ExchangeRequest, client: ExchangeClient) => FaultyExchange;

const encoder = new TextEncoder();

/** Makes a `fetch` whose requests go by a network that breaks. A broken connection rejects, or breaks the body off, with a `TypeError`. */
export function faultyFetch(exchange: Exchange): typeof fetch {
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      const { signal } = init;
      if (signal?.aborted === true) return reject(reasonOf(signal));
      let body: ReadableStreamDefaultController<Uint8Array> | undefined;
      let over = false;
      const fail = (error: Error): void => {
        if (over) return;
        over = true;
        if (body === undefined) reject(error);
        else body.error(error);
      };
      const sent = exchange(requestOf(input, init), {
        answered({ status, headers }) {
          const stream = new ReadableStream<Uint8Array>({
            start: (controller) => {
              body = controller;
            },
            cancel: () => {
              over = true;
              sent.abort();
            },
          });
          resolve(new Response(stream, { status, headers: { ...headers } }));
        },
        read(text) {
          if (!over) body?.enqueue(encoder.encode(text));
        },
        ended() {
          if (over) return;
          over = true;
          body?.close();
        },
        broken: () => fail(new TypeError("fetch failed: the connection broke")),
      });
      signal?.addEventListener("abort", () => {
        if (over) return;
        sent.abort();
        fail(reasonOf(signal));
      });
    });
}

function requestOf(input: string | URL | Request, { method = "GET", headers, body }: RequestInit): ExchangeRequest {
  return {
    method,
    url: input instanceof Request ? input.url : String(input),
    headers: Object.fromEntries(new Headers(headers)),
    body: typeof body === "string" ? body : "",
  };
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error("The request was aborted");
}
