import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { ExchangeServer, FaultyExchange } from "./faulty-exchange.js";

type Written = (error?: Error | null) => void;

/** The request of a {@link FaultyExchange} as Node's HTTP server shows it. */
export class FaultyRequest extends IncomingMessage {
  constructor({ request }: FaultyExchange, remoteAddress: string) {
    // Never connected: it is there for who asks for the address, or waits for its end.
    const socket = new Socket();
    Object.defineProperty(socket, "remoteAddress", { value: remoteAddress });
    super(socket);
    const { pathname, search, host } = new URL(request.url);
    this.method = request.method;
    this.url = pathname + search;
    this.httpVersionMajor = 1;
    this.httpVersionMinor = 1;
    this.headers = { host, ...request.headers };
    this.complete = true;
    if (request.body !== "") this.push(request.body);
    this.push(null);
  }

  override _read(): void {}
}

/** The answer of a {@link FaultyExchange} as Node's HTTP server has it: what is written leaves by the network, at once and in order. */
export class FaultyResponse extends ServerResponse implements ExchangeServer {
  readonly #exchange: FaultyExchange;
  readonly #bufferBytes: number;
  #headed = false;
  #ended = false;
  #closed = false;
  #waiting: Written[] = [];

  /** `bufferBytes` is what the operating system takes before `writableLength` shows that something waits. */
  constructor(request: FaultyRequest, exchange: FaultyExchange, bufferBytes: number) {
    super(request);
    this.#exchange = exchange;
    this.#bufferBytes = bufferBytes;
    Object.defineProperty(this, "writableLength", { get: () => this.#unsent });
    Object.defineProperty(this, "writableEnded", { get: () => this.#ended });
  }

  override writeHead(status: number, ...rest: unknown[]): this {
    if (this.#headed) return this;
    this.#headed = true;
    const given = rest.find((each) => typeof each === "object" && each !== null) ?? {};
    const headers = Object.entries({ ...this.getHeaders(), ...given });
    const named = headers.map(([name, value]): [string, string] => [name.toLowerCase(), String(value)]);
    this.#exchange.answer({ status, headers: Object.fromEntries(named) });
    return this;
  }

  override write(chunk: unknown, ...rest: unknown[]): boolean {
    this.#exchange.write(String(chunk));
    const written = rest.find(isCallback);
    if (written !== undefined) this.#waiting.push(written);
    if (this.#unsent === 0) queueMicrotask(() => this.drained());
    return this.#unsent === 0;
  }

  override end(...rest: unknown[]): this {
    if (this.#ended) return this;
    const [chunk] = rest;
    if (typeof chunk === "string") this.#exchange.write(chunk);
    this.#ended = true;
    this.#exchange.finish();
    queueMicrotask(() => this.#close());
    return this;
  }

  override destroy(error?: Error): this {
    if (this.destroyed) return this;
    super.destroy(error);
    this.#exchange.destroyedByServer();
    queueMicrotask(() => this.#close());
    return this;
  }

  drained(): void {
    if (this.#unsent > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const written of waiting) written();
  }

  broken(): void {
    super.destroy();
    this.#close();
  }

  get #unsent(): number {
    return Math.max(0, this.#exchange.bytesDown - this.#bufferBytes);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = [];
    this.emit("close");
  }
}

function isCallback(value: unknown): value is Written {
  return typeof value === "function";
}
