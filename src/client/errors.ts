/** What is known about a push that failed: the server never saw it, may have handled it, or refused it in a reply. */
export type PushOutcome = "not_sent" | "unknown" | "refused";

/**
 * Why a push failed.
 *
 * | code | outcome | cause |
 * |---|---|---|
 * | `refused` | `refused` | the reply's status was not `ok` |
 * | `timeout` | `unknown`, or `not_sent` if it was never written | no reply while connected |
 * | `outbox_full` | `not_sent` | too many messages or bytes wait already |
 * | `too_large` | `not_sent` | the frame is above the server's limit |
 * | `session_lost` | `unknown` | the session could not be resumed; push with `idempotent` to have it sent again |
 * | `channel_closed` | `unknown` or `not_sent` | the channel was left or closed |
 * | `channel_error` | `unknown` | the channel crashed on the server |
 * | `disconnected` | `unknown` or `not_sent` | `disconnect()`, or a close code that is final |
 */
export type PushErrorCode =
  | "refused"
  | "timeout"
  | "outbox_full"
  | "too_large"
  | "session_lost"
  | "channel_closed"
  | "channel_error"
  | "disconnected";

/** What `push.reply` rejects with. */
export class PushError extends Error {
  readonly code: PushErrorCode;
  readonly outcome: PushOutcome;
  /** What the server answered, with the code `refused`; otherwise `{reason: code, outcome}`. */
  readonly response: unknown;
  override readonly name = "PushError";

  constructor(code: PushErrorCode, outcome: PushOutcome, message: string, response?: unknown) {
    super(message);
    this.code = code;
    this.outcome = outcome;
    this.response = response ?? { reason: code, outcome };
  }
}

/**
 * Why a socket or channel could not do what was asked, or what went wrong on the connection.
 *
 * Thrown for misuse: `bad_url`, `bad_option`, `no_web_socket`, `bad_push`, `joined_twice`. Reported to `onError`: `connection` (the
 * WebSocket could not be made), `protocol` (the server broke it), `refused` (no session), `option_failed` (`token` or `params`).
 */
export type SocketErrorCode =
  | "bad_url"
  | "bad_option"
  | "no_web_socket"
  | "bad_push"
  | "joined_twice"
  | "connection"
  | "protocol"
  | "refused"
  | "option_failed";

/** An error of the client that is not about one push. */
export class SocketError extends Error {
  readonly code: SocketErrorCode;
  override readonly name = "SocketError";

  constructor(code: SocketErrorCode, message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}
