/** Why a connection was lost: the WebSocket's code, and what its reason said. */
export interface SocketClose {
  readonly code: number;
  /** A short stable word or sentence; empty if nothing was said. */
  readonly reason: string;
  /** The earliest moment to come back, in milliseconds from the close, if the server named one. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * Where a socket stands.
 *
 * - `closed`: nothing happens until `connect()`. `why` is `new` before the first one, `disconnected` after `disconnect()`, `final`
 *   after a close code that forbids to reconnect, `attempts` when the budget of reconnects is spent.
 * - `connecting`: asks for a new session. `resuming`: asks for the one it has. `attempt` counts reconnects in a row, from 0.
 * - `open`: attached to its session; `resumed` tells whether to the one before.
 * - `waiting`: tries again at `untilMs` of its clock, `delayMs` after the loss that `close` describes. `untilMs` is
 *   `Infinity` while nobody sees the page and there is no session to save: it tries again when the page is shown.
 *
 * A state never changes: each one is a new object, so that it can be compared by identity.
 */
export type SocketState =
  | { readonly name: "closed"; readonly why: "new" | "disconnected" }
  | { readonly name: "closed"; readonly why: "final" | "attempts"; readonly close: SocketClose }
  | { readonly name: "connecting"; readonly attempt: number }
  | { readonly name: "resuming"; readonly attempt: number }
  | { readonly name: "open"; readonly sessionId: string; readonly resumed: boolean }
  | {
      readonly name: "waiting";
      readonly attempt: number;
      readonly untilMs: number;
      readonly delayMs: number;
      readonly close: SocketClose;
    };
