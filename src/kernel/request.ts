import type { ActorRef, CallView } from "./actor-ref.js";
import type { Clock } from "./clock.js";
import { checkTimeout } from "./delivery.js";
import { BadArgumentError, whatCame } from "./errors.js";
import type { ActorSystem } from "./system.js";

/** How a request ended: with the reply, or with the error that the call rejected with. */
export type Response<Value> =
  | { readonly ok: true; readonly reply: Value }
  | { readonly ok: false; readonly error: unknown };

/** A response of a collection, with the label under which its request was added. */
export type LabelledResponse<Value, Label> = Response<Value> & { readonly label: Label };

let arrivals = 0;

/**
 * A call under way whose reply is taken later: OTP's request id.
 *
 * A promise alone is enough to send first and wait later; a request adds what `gen_server` has besides: waiting with a time-out that keeps
 * the request, giving it up, looking without waiting, and collections.
 */
export class Request<Value> {
  readonly #clock: Clock;
  #response: Response<Value> | undefined;
  #abandoned = false;
  #arrival = 0;
  readonly #settled: Promise<void>;

  /** @internal */
  constructor(clock: Clock, call: Promise<Value>) {
    this.#clock = clock;
    const settle = (response: Response<Value>): void => {
      this.#response = response;
      this.#arrival = ++arrivals;
    };
    this.#settled = call.then(
      (reply) => settle({ ok: true, reply }),
      (error: unknown) => settle({ ok: false, error }),
    );
  }

  /** The response, or `"no_reply"` when there is none yet. */
  checkResponse(): Response<Value> | "no_reply" {
    return (this.#abandoned ? undefined : this.#response) ?? "no_reply";
  }

  /** Waits for the response; a time-out keeps the request, so that one can wait again. */
  async waitResponse(timeoutMs: number): Promise<Response<Value> | "timeout"> {
    await settledWithin(this.#clock, [this.#settled], timeoutMs);
    const response = this.checkResponse();
    return response === "no_reply" ? "timeout" : response;
  }

  /** Waits for the response; a time-out gives the request up: its reply is never seen. */
  async receiveResponse(timeoutMs: number): Promise<Response<Value> | "timeout"> {
    const response = await this.waitResponse(timeoutMs);
    if (response === "timeout") this.#abandoned = true;
    return response;
  }

  /** Its place among all responses in the order in which they came; 0 while there is none. @internal */
  get arrival(): number {
    return this.#arrival;
  }

  /** Resolves when there is a response; for collections. @internal */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /** @internal */
  abandon(): void {
    this.#abandoned = true;
  }
}

/**
 * Makes a request of a call: `sendRequest(system, counter.callWithin(Infinity).add(2))`.
 *
 * The time-out of the call itself still counts. A call that nobody waits for any more is never an unhandled rejection.
 */
export function sendRequest<Value>(system: ActorSystem, call: Promise<Value>): Request<Value> {
  if (!(call instanceof Promise)) throw new BadArgumentError(`Expected the promise of a call, got ${whatCame(call)}`);
  // The call that the argument has just made: who takes its reply later does not wait for it, so it is part of no cycle.
  const { last } = system.kernel.calls.fresh;
  if (last !== null) last.run = -1;
  return new Request(system.clock, call);
}

/** Options of the collection's methods that take a response out. */
export interface TakeOptions {
  /** Whether the request leaves the collection; true by default. One that stays is not given a second time. */
  readonly remove?: boolean;
}

/** Requests under way, each with a label, whose responses are taken in the order in which they come. */
export class RequestCollection<Value, Label = unknown> {
  readonly #system: ActorSystem;
  readonly #requests = new Map<Request<Value>, Label>();
  /** Those that stay although their responses were given. */
  readonly #given = new WeakSet<Request<Value>>();

  constructor(system: ActorSystem) {
    this.#system = system;
  }

  get size(): number {
    return this.#requests.size;
  }

  /** Adds a request. @throws {BadArgumentError} when it is in the collection already */
  add(request: Request<Value>, label: Label): void {
    if (this.#requests.has(request)) throw new BadArgumentError("Expected a request that is not in the collection yet");
    this.#requests.set(request, label);
  }

  /** The requests with their labels, in the order in which they were added. */
  toList(): readonly (readonly [Request<Value>, Label])[] {
    return [...this.#requests];
  }

  /** A response that is there, `"no_reply"` when there is none yet, or `"no_request"` when there is no request left to answer. */
  checkResponse(options: TakeOptions = {}): LabelledResponse<Value, Label> | "no_reply" | "no_request" {
    const open = this.#open();
    if (open.length === 0) return "no_request";
    let first: Request<Value> | undefined;
    for (const request of open) {
      if (request.arrival > 0 && (first === undefined || request.arrival < first.arrival)) first = request;
    }
    const response = first?.checkResponse() ?? "no_reply";
    if (first === undefined || response === "no_reply") return "no_reply";
    const labelled = { ...response, label: this.#requests.get(first) as Label };
    if (options.remove === false) this.#given.add(first);
    else this.#requests.delete(first);
    return labelled;
  }

  /** Waits for the next response; a time-out keeps all requests. */
  async waitResponse(
    timeoutMs: number,
    options: TakeOptions = {},
  ): Promise<LabelledResponse<Value, Label> | "timeout" | "no_request"> {
    const present = this.checkResponse(options);
    if (present !== "no_reply") return present;
    const waiting = this.#open().map((request) => request.settled);
    await settledWithin(this.#system.clock, waiting, timeoutMs);
    const response = this.checkResponse(options);
    return response === "no_reply" ? "timeout" : response;
  }

  /** Waits for the next response; a time-out gives all requests up, and the collection is empty. */
  async receiveResponse(
    timeoutMs: number,
    options: TakeOptions = {},
  ): Promise<LabelledResponse<Value, Label> | "timeout" | "no_request"> {
    const response = await this.waitResponse(timeoutMs, options);
    if (response === "timeout") {
      for (const request of this.#requests.keys()) request.abandon();
      this.#requests.clear();
    }
    return response;
  }

  #open(): readonly Request<Value>[] {
    return [...this.#requests.keys()].filter((request) => !this.#given.has(request));
  }
}

/** What came of a {@link multiCall}. */
export interface MultiCallResult<A, Value> {
  readonly replies: readonly { readonly ref: ActorRef<A>; readonly reply: Value }[];
  /** Those that did not reply in time, or had ended. */
  readonly bad: readonly { readonly ref: ActorRef<A>; readonly error: unknown }[];
}

/**
 * Calls several actors at once and waits for all of them, or for the time-out: `multiCall(refs, (call) => call.stock("book"), 1_000)`.
 *
 * Never rejects for an actor's sake. A reply that comes later is never seen.
 */
export async function multiCall<A, Value>(
  refs: readonly ActorRef<A>[],
  send: (call: CallView<A>) => Promise<Value>,
  timeoutMs: number,
): Promise<MultiCallResult<A, Value>> {
  const outcomes = await Promise.allSettled(refs.map(async (ref) => send(ref.callWithin(timeoutMs))));
  const replies: { ref: ActorRef<A>; reply: Value }[] = [];
  const bad: { ref: ActorRef<A>; error: unknown }[] = [];
  for (const [index, ref] of refs.entries()) {
    const outcome = outcomes[index];
    if (outcome?.status === "fulfilled") replies.push({ ref, reply: outcome.value });
    else bad.push({ ref, error: outcome?.reason });
  }
  return { replies, bad };
}

/** Waits until one of several promises has settled, or the time is over. */
async function settledWithin(clock: Clock, promises: readonly Promise<void>[], timeoutMs: number): Promise<void> {
  checkTimeout(timeoutMs);
  if (timeoutMs === Number.POSITIVE_INFINITY) return Promise.race(promises);
  let timer: object | undefined;
  const late = new Promise<void>((resolve) => {
    timer = clock.setTimer(timeoutMs, resolve);
  });
  await Promise.race([...promises, late]);
  if (timer !== undefined) clock.clearTimer(timer);
}
