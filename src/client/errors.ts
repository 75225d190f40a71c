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

/** What `push.reply` rejects with. Its text names the push, its code and its outcome; the codes are explained where they are declared. */
export class PushError extends Error {
  declare readonly code: PushErrorCode;
  declare readonly outcome: PushOutcome;
  /** What the server answered, with the code `refused`; otherwise `{reason: code, outcome}`. */
  declare readonly response: unknown;
  override readonly name = "PushError";

  constructor(
    code: PushErrorCode,
    outcome: PushOutcome,
    push: { readonly event: string; readonly target: { readonly topic: string } },
    response: unknown = { reason: code, outcome },
  ) {
    super(`${push.event} on ${push.target.topic}: ${code}, ${outcome}`);
    this.code = code;
    this.outcome = outcome;
    this.response = response;
  }
}

/**
 * Why a socket or channel could not do what was asked, or what went wrong on the connection.
 *
 * | code | where | cause, and what came |
 * |---|---|---|
 * | `bad_url` | thrown by `new Socket` | no URL such as `ws://host:4000/socket`; without a page it must be a whole one |
 * | `bad_option` | thrown by `new Socket`, `disconnect` | an unknown option, a number below 0, a close code other than 1000 and 3000 to 4999 |
 * | `no_web_socket` | thrown by `new Socket` | this platform (Node 20, for one) has no global WebSocket: give that of `ws` as `webSocket` |
 * | `bad_push` | thrown by `push` | before `join()`, an event of the protocol (`phx_...`), a payload without a JSON form, or bytes if topic and event have more than 255 bytes together |
 * | `joined_twice` | thrown by `join` | a channel is joined once: make another for the topic |
 * | `connection` | `onError` | the WebSocket could not be made |
 * | `protocol` | `onError` | the server sent what does not fit; the connection is dropped and the session resumed |
 * | `refused` | `onError` | the server grants no session, or takes no new token; the reason is the server's |
 * | `option_failed` | `onError` | the function given as `token` or `params` failed; see `cause` |
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

/** An error of the client that is not about one push. Its text is the code and what it is about. */
export class SocketError extends Error {
  declare readonly code: SocketErrorCode;
  override readonly name = "SocketError";

  constructor(code: SocketErrorCode, what: unknown, cause?: unknown) {
    super(`${code}: ${what}`, { cause });
    this.code = code;
  }
}
