import type { Clock } from "../kernel/clock.js";
import { FaultyFlow, type Parcel } from "./faulty-flow.js";
import type { CutOptions, End } from "./faulty-line.js";

/** What a client asks for. */
export interface ExchangeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The begin of an answer. */
export interface ExchangeHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** The client's end: what it is told, in this order. */
export interface ExchangeClient {
  answered(head: ExchangeHead): void;
  read(text: string): void;
  /** The answer is whole. */
  ended(): void;
  /** The connection broke before it was. */
  broken(): void;
}

/** The server's end. */
export interface ExchangeServer {
  /** All that was written has left. */
  drained(): void;
  /** The connection broke, or the client has given up. */
  broken(): void;
}

/** What a request asks of its network. */
export interface ExchangeHost {
  readonly clock: Clock;
  latencyMs(): number;
  /** The request arrives: who answers it? */
  serve(exchange: FaultyExchange): ExchangeServer | undefined;
  /** Whether this answer is cut in its middle. */
  cutsAnswer(exchange: FaultyExchange): boolean;
  /** Both ends know that it is over. */
  gone(exchange: FaultyExchange): void;
}

/**
 * One HTTP request and its answer, each on a connection of its own, and all that can go wrong with them.
 *
 * The same faults as a `FaultyLine` has, with the same names.
 */
export class FaultyExchange {
  /** Counts what a network has carried, connections and requests, from 1. */
  readonly id: number;
  readonly label: string;
  readonly request: ExchangeRequest;
  readonly #host: ExchangeHost;
  readonly #client: ExchangeClient;
  readonly #up: FaultyFlow;
  readonly #down: FaultyFlow;
  #server: ExchangeServer | undefined;
  #clientOver = false;
  #serverOver = false;
  #cutsAnswer = false;
  #bytesPerSecond = Number.POSITIVE_INFINITY;

  /** @internal Made by a network. */
  constructor(id: number, label: string, request: ExchangeRequest, client: ExchangeClient, host: ExchangeHost) {
    this.id = id;
    this.label = label;
    this.request = request;
    this.#client = client;
    this.#host = host;
    this.#up = new FaultyFlow(host.clock, (parcel) => this.#arriveUp(parcel));
    this.#down = new FaultyFlow(host.clock, (parcel) => this.#arriveDown(parcel));
  }

  /** Bytes of the answer on their way. */
  get bytesDown(): number {
    return this.#down.bytes;
  }

  /** Whether that end thinks that it goes on. */
  openAt(end: End): boolean {
    return end === "client" ? !this.#clientOver : !this.#serverOver;
  }

  // Faults.

  /**
   * Breaks it. `delivered`: what is on its way arrives first, so that the server has the request, and the client perhaps a part of the
   * answer; `late` and `overtaken`: the client hears of the break at once, and the request arrives later.
   */
  cut({ inFlight = "lost", lateMs = 1_000 }: CutOptions = {}): void {
    if (inFlight === "delivered") {
      this.#up.send({ kind: "break" }, 0);
      this.#down.send({ kind: "break" }, 0);
      this.#up.end();
      this.#down.end();
      return;
    }
    this.#down.swallow();
    if (inFlight === "lost") this.#up.swallow();
    else {
      this.#up.send({ kind: "break" }, 0);
      this.#up.end();
      this.#up.delay(lateMs);
    }
    this.#soon(() => this.#endClient());
    if (inFlight === "lost") this.#soon(() => this.#endServer());
  }

  /** Breaks it for one end; the other, `alive`, hears nothing of that. */
  halfOpen(alive: End): void {
    this.blackHole();
    this.#soon(() => (alive === "server" ? this.#endClient() : this.#endServer()));
  }

  /** All that is sent vanishes. */
  blackHole(): void {
    this.#up.swallow();
    this.#down.swallow();
    // A request that never arrives has no other end.
    if (this.#server === undefined) this.#serverOver = true;
    this.#checkGone();
  }

  /** Nothing arrives until {@link flow}. */
  stall(): void {
    this.#up.hold("network");
    this.#down.hold("network");
  }

  /** Ends {@link stall}. */
  flow(): void {
    this.#up.letGo("network");
    this.#down.letGo("network");
  }

  /** The client reads no more than that many bytes a second. */
  slow(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** @internal The server's process is dead. */
  killServer(): void {
    this.#server = undefined;
    this.blackHole();
    this.#serverOver = true;
    if (this.#clientOver) this.#checkGone();
    else this.#soon(() => this.#endClient());
  }

  // The client's end.

  /** @internal */
  send(): void {
    this.#up.send({ kind: "text", text: this.request.body }, this.#host.latencyMs());
  }

  /** @internal The client has given up. */
  abort(): void {
    if (this.#clientOver) return;
    this.#clientOver = true;
    this.#down.swallow();
    this.#up.send({ kind: "break" }, this.#host.latencyMs());
    this.#up.end();
    this.#checkGone();
  }

  /** @internal The network carries nothing to the server. */
  refuse(): void {
    this.#serverOver = true;
    if (this.#clientOver) this.#checkGone();
    else this.#endClient();
  }

  // The server's end.

  /** @internal */
  answer(head: ExchangeHead): void {
    this.#cutsAnswer = this.#host.cutsAnswer(this);
    this.#down.send({ kind: "head", head }, this.#host.latencyMs());
  }

  /** @internal */
  write(text: string): void {
    const delayMs = this.#host.latencyMs();
    if (this.#cutsAnswer) {
      this.#down.send({ kind: "text", text: text.slice(0, text.length >> 1) }, delayMs);
      this.#down.send({ kind: "break" }, delayMs);
      this.#down.end();
      this.#soon(() => this.#endServer());
    } else this.#down.send({ kind: "text", text }, delayMs, (text.length * 1_000) / this.#bytesPerSecond);
  }

  /** @internal */
  finish(): void {
    this.#down.send({ kind: "close", code: 1000, reason: "" }, this.#host.latencyMs());
    this.#down.end();
    this.#serverOver = true;
    this.#checkGone();
  }

  /** @internal The server breaks it off. */
  destroyedByServer(): void {
    this.#serverOver = true;
    this.#down.send({ kind: "break" }, this.#host.latencyMs());
    this.#down.end();
    this.#checkGone();
  }

  #arriveUp(parcel: Parcel): void {
    if (parcel.kind === "break") return this.#endServer();
    if (this.#serverOver) return;
    this.#server = this.#host.serve(this);
    if (this.#server === undefined) this.refuse();
  }

  #arriveDown(parcel: Parcel): void {
    this.#server?.drained();
    if (this.#clientOver) return;
    if (parcel.kind === "head") this.#client.answered(parcel.head);
    else if (parcel.kind === "text") this.#client.read(parcel.text);
    else if (parcel.kind === "break") this.#endClient();
    else if (parcel.kind === "close") {
      this.#clientOver = true;
      this.#client.ended();
      this.#checkGone();
    }
  }

  #endClient(): void {
    if (this.#clientOver) return;
    this.#clientOver = true;
    this.#down.swallow();
    this.#client.broken();
    this.#checkGone();
  }

  #endServer(): void {
    if (this.#serverOver) return;
    this.#serverOver = true;
    this.#server?.broken();
    this.#checkGone();
  }

  #checkGone(): void {
    if (this.#clientOver && this.#serverOver) this.#host.gone(this);
  }

  /** Never inside a call that an end has made. */
  #soon(act: () => void): void {
    this.#host.clock.setTimer(0, act);
  }
}
