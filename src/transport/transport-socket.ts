import type { SharedFrame } from "./shared-frame.js";

// For whoever makes a socket of another kind.
export { checkClose } from "./close-check.js";
export { joinTurn, type TurnWriter } from "./turn-writes.js";

/** How a client is connected: a WebSocket, Phoenix's long poll, or an event stream with POSTs for the other direction. */
export type TransportKind = "websocket" | "longpoll" | "events";

/**
 * Bytes that must be waiting for {@link SocketOwner.onDrain} to be promised.
 *
 * An owner that stops sending when `bufferedBytes` reaches its own limit picks a limit of at least this, and is told when it may go on.
 */
export const DRAIN_PROMISE_BYTES = 16 * 1024;

/**
 * Who is told what happens to a socket: the other half of the port.
 *
 * One object per connection or one for all of them: every call names its socket. Calls come from the event loop, never from inside a call
 * that the owner makes on the socket. An owner that throws has its connection ended, and the error goes to the server's `onError`.
 */
export interface SocketOwner {
  /** A whole text message has come. Not called any more once the owner has called `close` or `terminate`. */
  onText(socket: TransportSocket, text: string): void;

  /**
   * A whole binary message has come. Not called any more once the owner has called `close` or `terminate`.
   *
   * `bytes` belongs to the owner and is never written again, but it may be a view into a larger buffer: copy what is kept for long.
   */
  onBinary(socket: TransportSocket, bytes: Buffer): void;

  /**
   * The conversation is over: the last call for this socket, made exactly once.
   *
   * `code` is what the client's close frame said (1005: nothing), 1006 when the connection broke or was terminated, or the code that the
   * client was refused with: 1002 bad frame, 1007 invalid UTF-8, 1008 too many fragments, 1009 above the payload limit.
   */
  onClose(socket: TransportSocket, code: number, reason: string): void;

  /** All that was sent has gone to the operating system, after {@link DRAIN_PROMISE_BYTES} or more had been waiting. */
  onDrain(socket: TransportSocket): void;
}

/**
 * One client's connection, whatever carries it.
 *
 * What is sent within one turn of the event loop leaves in one write at the end of that turn; order is kept. Sending on a socket that is
 * not open does nothing: `onClose` tells the owner, or has told it.
 */
export interface TransportSocket {
  readonly kind: TransportKind;

  /** Who is told. Set by `accept` before it returns; `undefined` again after `onClose`. */
  owner: SocketOwner | undefined;

  /** Set to `true` by whatever arrives, pings and parts of messages included. Only its reader sets it to `false`: a heartbeat without a timer per message. */
  heard: boolean;

  /** Whether the socket can still be sent on: neither side has begun to close it and the connection stands. */
  readonly open: boolean;

  /** What is waiting to go out: bytes that the operating system has not taken yet, and what this turn has sent (a text counts its UTF-16 units). */
  readonly bufferedBytes: number;

  /** The address of the other end as the connection shows it, a proxy's if there is one; `""` when it cannot be known any more. */
  readonly remoteAddress: string;

  /** Sends a text message. */
  sendText(text: string): void;

  /** Sends a binary message. `bytes` is not copied at once: it must not change before the turn ends, nor after if the client reads slowly. */
  sendBinary(bytes: Uint8Array): void;

  /** Sends a frame that many receivers share, followed by this receiver's own `suffix` (`""` for none; it is part of the same message). */
  sendShared(frame: SharedFrame, suffix: string): void;

  /** Asks for a sign of life below the level of messages. A living client answers by itself, which sets `heard`. */
  ping(): void;

  /** Writes now what would leave at the end of the turn. Rarely needed: each call may cost a system call. */
  flush(): void;

  /**
   * Sends what is queued, then the close frame, and ends the connection when the client has answered or `closeTimeoutMs` has passed.
   *
   * `onClose` follows when that is done. Does nothing on a socket that is not open.
   *
   * @throws {TransportError} `bad_close` if `code` cannot be sent (1000-1014 without 1004-1006, 3000-4999) or `reason` is above 123 bytes
   */
  close(code: number, reason: string): void;

  /** Ends the connection at once, without a close frame; what is queued is dropped. `onClose` follows with 1006. */
  terminate(): void;

  /** Stops reading: the client is slowed down by TCP. No message is delivered until `resume`, not even one that had already arrived. */
  pause(): void;

  /** Reads again after `pause`. */
  resume(): void;
}
