import { PushError } from "./errors.js";
import { callSafely, type ErrorReporter } from "./listeners.js";

/** What a push needs to know of its channel at the moment it is written. */
export interface PushTarget {
  readonly topic: string;
  /** The ref of the channel's latest join. */
  readonly joinRef: string | null;
  /** Whether the server has the channel joined, so that its pushes may be written. */
  readonly open: boolean;
}

/** What becomes of a push: a reply, or a failure on this side (which carries its error). */
export interface PushResult {
  readonly status: string;
  readonly response: unknown;
  readonly error?: PushError;
}

interface Hook {
  readonly status: string;
  readonly callback: (response: unknown) => void;
}

/**
 * One message to the server and what becomes of it.
 *
 * Two ways to learn that: `receive(status, callback)` as in phoenix.js, or `await push.reply`. It is no promise itself, so that
 * an async function can return it, and a push that nobody looks at never becomes an unhandled rejection.
 *
 * Failures on this side reach `receive("error")` with `{reason, outcome}`, a missing reply `receive("timeout")`.
 */
export class Push {
  /** @internal */ readonly target: PushTarget;
  /** @internal */ readonly event: string;
  /** @internal */ readonly timeoutMs: number;
  /** @internal */ readonly idempotent: boolean;
  /** @internal Written whether or not the channel is joined: its join and leave. */
  readonly control: boolean;
  /** @internal The payload as JSON: taken when pushed, so later changes of the object do not show. */
  payloadText: string;
  /** The bytes that it counts for in the outbox; 0 until it is sent. */
  bytes = 0;
  /** @internal */ ref = "";
  /** @internal Whether it may have reached the server. */
  written = false;
  /** @internal */ timer: object | undefined;
  readonly #hooks: Hook[] = [];
  #result: PushResult | undefined;
  #reply: Promise<unknown> | undefined;
  #settleReply: ((result: PushResult) => void) | undefined;

  /** @internal */
  constructor(
    target: PushTarget,
    event: string,
    payloadText: string,
    options: { readonly timeoutMs: number; readonly idempotent?: boolean; readonly control?: boolean },
  ) {
    this.target = target;
    this.event = event;
    this.payloadText = payloadText;
    this.timeoutMs = options.timeoutMs;
    this.idempotent = options.idempotent ?? false;
    this.control = options.control ?? false;
  }

  /**
   * Calls back with the response when the push ends with this status: `ok`, `error`, `timeout`, or any other that the server uses.
   *
   * Called at once if it has ended already. A join calls back again each time the channel is joined again.
   */
  receive(status: string, callback: (response: unknown) => void): this {
    this.#hooks.push({ status, callback });
    if (this.#result?.status === status) callback(this.#result.response);
    return this;
  }

  /**
   * The reply: resolves with the response of status `ok`, rejects with a {@link PushError} otherwise.
   *
   * Made when it is first read; of a join that is tried again, it is the attempt going on at that moment.
   */
  get reply(): Promise<unknown> {
    this.#reply ??= new Promise((resolve, reject) => {
      const settle = ({ status, response, error }: PushResult): void => {
        if (status === "ok") resolve(response);
        else reject(error ?? refusal(this, status, response));
      };
      if (this.#result === undefined) this.#settleReply = settle;
      else settle(this.#result);
    });
    return this.#reply;
  }

  /** @internal Whether it has ended. */
  get settled(): boolean {
    return this.#result !== undefined;
  }

  /** @internal Ends the push, once: later results are ignored. */
  settle(result: PushResult, report: ErrorReporter): void {
    if (this.#result !== undefined) return;
    this.#result = result;
    this.#settleReply?.(result);
    for (const { status, callback } of Array.from(this.#hooks)) {
      if (status === result.status) callSafely(callback, result.response, report);
    }
  }

  /** @internal Makes a join ready for its next attempt; callbacks stay. */
  renew(payloadText: string): void {
    this.payloadText = payloadText;
    this.written = false;
    if (this.#result === undefined) return;
    this.#result = undefined;
    this.#reply = undefined;
    this.#settleReply = undefined;
  }
}

/** Makes the result of a push that failed on this side. */
export function failure(error: PushError): PushResult {
  return { status: error.code === "timeout" ? "timeout" : "error", response: error.response, error };
}

function refusal(push: Push, status: string, response: unknown): PushError {
  const what = `${JSON.stringify(push.event)} on ${JSON.stringify(push.target.topic)}`;
  return new PushError(
    "refused",
    "refused",
    `Push ${what} failed: expected status "ok", got ${JSON.stringify(status)}`,
    response,
  );
}
