import type { CloseReason } from "../protocol/close-codes.js";

/** Why a connection was lost: the WebSocket's code, and what its reason said. */
export interface SocketClose extends CloseReason {
  readonly code: number;
}

/**
 * Where a socket stands.
 *
 * - `closed`: nothing happens until `connect()`. `why` is `new` before the first one, `disconnected` after `disconnect()`, `final`
 *   after a close code that forbids to reconnect, `attempts` when the budget of reconnects is spent.
 * - `connecting`: asks for a new session. `resuming`: asks for the one it has. `attempt` counts reconnects in a row, from 0.
 * - `open`: attached to its session; `resumed` tells whether to the one before.
 * - `waiting`: tries again at `untilMs` of its clock, `delayMs` after the loss that `close` describes.
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
