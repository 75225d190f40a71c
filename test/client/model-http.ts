import { setImmediate } from "node:timers/promises";

/** What a POST carried. */
export interface TakenPost {
  readonly n: string | null;
  readonly stream: string | null;
  readonly lines: readonly string[];
  readonly contentType: string | null;
}

/** How the next POST fares: taken and answered, taken without an answer, not taken, or answered with this status. */
export type PostFate = "answer" | "lose_answer" | "lose_request" | number;

/** The HTTP side of a server as `fetch` sees it; the test writes its event stream. */
export class ModelHttp {
  /** The addresses of the event streams that were asked for. */
  readonly streams: string[] = [];
  /** What POSTs brought, each number once. */
  readonly posts: TakenPost[] = [];
  /** All POSTs that came, repeated ones too. */
  attempts = 0;
  fates: PostFate[] = [];
  /** What the next event stream is answered with instead. */
  refusal: Response | undefined;
  aborted = false;
  #taken = 0;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  readonly fetch: typeof fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.pathname.endsWith("/events")) return this.#open(url, init?.signal ?? undefined);
    this.attempts += 1;
    const fate = this.fates.shift() ?? "answer";
    if (fate === "lose_request") return Promise.reject(new TypeError("network"));
    if (typeof fate === "number") return Promise.resolve(Response.json({ status: fate }));
    const n = url.searchParams.get("n");
    if (Number(n) === this.#taken + 1) {
      this.#taken += 1;
      const contentType = new Headers(init?.headers).get("content-type");
      const lines = typeof init?.body === "string" ? init.body.split("\n") : [];
      this.posts.push({ n, stream: url.searchParams.get("stream"), lines, contentType });
    }
    return fate === "lose_answer"
      ? Promise.reject(new TypeError("network"))
      : Promise.resolve(Response.json({ status: 200 }));
  };

  /** Writes a piece of the event stream. */
  write(text: string): void {
    this.#controller?.enqueue(new TextEncoder().encode(text));
  }

  /** Ends the event stream, as a proxy does. */
  end(): void {
    this.#controller?.close();
  }

  #open(url: URL, signal: AbortSignal | undefined): Promise<Response> {
    this.streams.push(url.href);
    this.#taken = 0;
    if (this.refusal !== undefined) return Promise.resolve(this.refusal);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
        signal?.addEventListener("abort", () => {
          this.aborted = true;
          controller.error(signal.reason);
        });
      },
    });
    return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
  }
}

/** Lets everything that is ready go on until it is so. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 500; i += 1) {
    if (isSo()) return;
    await setImmediate();
  }
  throw new Error(`expected ${isSo.toString()} to become true, it did not`);
}
