import {
  Actor,
  type ActorRef,
  BadArgumentError,
  type ExitReason,
  messages,
  release,
  startup,
  teardown,
  whatCame,
} from "../../src/index.js";
import { CloseCode, encodeCloseReason } from "../../src/protocol/close-codes.js";
import type { SocketOwner, TransportSocket } from "../../src/transport/transport-socket.js";
import type { Ticket } from "../endpoint/admission.js";
import { type Accepted, waitingOwner } from "./accepted.js";

/** Frames that wait to be handled, above which the socket is not read, and at which it is read again. */
const HIGH_WATER = 256;
const LOW_WATER = 64;

/**
 * One socket's actor: what arrives becomes messages, and the actor's end is the socket's end.
 *
 * For people who speak their own protocol on a raw WebSocket: subclass it, mount the class in an endpoint's `connections`, and write
 * `init`, `handleFrame`, `handleInfo` and `terminate`, as in a Cowboy WebSocket handler. Frames are handled one at a time, in order.
 *
 * Nothing that must survive a dropped socket belongs here: that is what a session is for. The actor ends with `{ shutdown: { code, reason } }`
 * when the client closes or is lost; when it crashes, the socket closes with 4207; when the server stops, with 4201.
 *
 * ```ts
 * class Echo extends Connection {
 *   override handleFrame(frame: string | Uint8Array) { this.sendFrame(frame); }
 * }
 * ```
 */
export abstract class Connection extends Actor<Accepted> implements SocketOwner {
  static readonly [messages]: readonly string[] = ["received", "closed", "drained", "beat", "drain"];
  #socket: TransportSocket | undefined;
  #ticket: Ticket | undefined;
  /** Frames that have come and are not handled. */
  #unhandled = 0;
  /** Whether the socket is not read until they are fewer. */
  #behind = false;

  /** Called with each text (a string) or binary (bytes) message of the client. */
  protected abstract handleFrame(frame: string | Uint8Array): void | Promise<void>;

  /** Called when all that was sent has gone out, after the client had been slow. */
  protected handleDrain(): void | Promise<void> {}

  /** The code and reason with which the socket closes when this actor ends for `reason`. */
  protected closeFor(reason: ExitReason): { readonly code: number; readonly reason: string } {
    if (reason === "normal") return { code: 1000, reason: "" };
    if (reason === "shutdown") return { code: CloseCode.drain, reason: encodeCloseReason({ reason: "drain" }) };
    return { code: CloseCode.serverError, reason: encodeCloseReason({ reason: "server_error" }) };
  }

  /** The socket, while this actor runs. */
  protected get socket(): TransportSocket {
    if (this.#socket === undefined)
      throw new BadArgumentError("The connection has no socket: it was started without one, or has ended");
    return this.#socket;
  }

  /** What this connection holds of its endpoint's room. @internal */
  protected get ticket(): Ticket | undefined {
    return this.#ticket;
  }

  /** Sends a text (string) or binary (bytes) message. What one turn sends leaves in one write. */
  protected sendFrame(frame: string | Uint8Array): void {
    if (typeof frame === "string") this.socket.sendText(frame);
    else if (frame instanceof Uint8Array) this.socket.sendBinary(frame);
    else throw new BadArgumentError(`Expected a frame to be a string or a Uint8Array, got ${whatCame(frame)}`);
  }

  /** Closes the socket with a code (1000 or 3000 to 4999) and a reason of at most 123 bytes, and ends this actor. */
  protected close(code = 1000, reason = ""): void {
    this.#drop({ code, reason });
  }

  /** Bytes that wait for a slow client. */
  protected get bufferedBytes(): number {
    return this.socket.bufferedBytes;
  }

  // Messages, sent by the transport through the owner half below.

  /** @internal */
  received(frame: string | Uint8Array): void | Promise<void> {
    const outcome = this.handleFrame(frame);
    if (outcome instanceof Promise) return this.#handledLater(outcome);
    this.#handled();
  }

  async #handledLater(handling: Promise<void>): Promise<void> {
    await handling;
    this.#handled();
  }

  #handled(): void {
    this.#unhandled -= 1;
    if (!this.#behind || this.#unhandled > LOW_WATER) return;
    this.#behind = false;
    if (this.mayRead) this.#socket?.resume();
  }

  /** Whether nothing else keeps the socket from being read. */
  protected get mayRead(): boolean {
    return true;
  }

  /** Reads again, unless too many frames wait. */
  protected readAgain(): void {
    if (!this.#behind) this.#socket?.resume();
  }

  /** @internal */
  closed(code: number, reason: string): void {
    this.stop({ shutdown: { code, reason } });
  }

  /** @internal */
  drained(): void | Promise<void> {
    return this.handleDrain();
  }

  /** A beat of the endpoint's heartbeat: a client that has not been heard since the last one is gone. @internal */
  beat(): void {
    const { socket } = this;
    if (!socket.heard) {
      this.#drop({ code: CloseCode.heartbeat, reason: encodeCloseReason({ reason: "heartbeat" }) });
      return;
    }
    socket.heard = false;
    this.sendBeat();
  }

  /** Asks the client for a sign of life. */
  protected sendBeat(): void {
    this.socket.ping();
  }

  /** The server is being drained: the client is told to come back, in its own time, and this actor ends. @internal */
  drain(retryAfterMs: number): void | Promise<void> {
    this.#drop({ code: CloseCode.drain, reason: encodeCloseReason({ reason: "drain", retryAfterMs }) });
  }

  // The owner half: called by the transport outside this actor's turns, so it only sends messages to itself.

  /** @internal */
  onText(_socket: TransportSocket, text: string): void {
    if (this.#mayTake(text.length)) this.#queue(text);
  }

  /** @internal */
  onBinary(_socket: TransportSocket, bytes: Buffer): void {
    if (this.#mayTake(bytes.length)) this.#queue(bytes);
  }

  /** @internal */
  onClose(_socket: TransportSocket, code: number, reason: string): void {
    this.#inbox.cast.closed(code, reason);
  }

  /** @internal */
  onDrain(_socket: TransportSocket): void {
    this.#inbox.cast.drained();
  }

  override formatStatus(): unknown {
    const socket = this.#socket;
    return {
      kind: "connection",
      remoteAddress: socket?.remoteAddress,
      transport: socket?.kind,
      bufferedBytes: socket?.bufferedBytes,
    };
  }

  override [startup](accepted: Accepted): unknown {
    this.#socket = accepted.socket;
    this.#ticket = accepted.ticket;
    this.trapExit();
    const outcome = super[startup](accepted);
    if (outcome instanceof Promise) return this.#openLater(outcome);
    this.#open();
    return outcome;
  }

  override [teardown](reason: ExitReason): unknown {
    const outcome = super[teardown](reason);
    if (outcome instanceof Promise) return this.#closeLater(outcome, reason);
    this.#closeNow(reason);
    return outcome;
  }

  override [release](_reason: ExitReason): void {
    // Killed, or its init failed: nobody has closed the socket.
    const socket = this.#socket;
    this.#socket = undefined;
    this.#ticket?.leave();
    this.#ticket = undefined;
    if (socket === undefined) return;
    socket.owner = waitingOwner;
    if (socket.open) socket.close(CloseCode.serverError, encodeCloseReason({ reason: "server_error" }));
  }

  /** Counts a frame; one too many closes the socket, before it is anybody's message. */
  #mayTake(bytes: number): boolean {
    const away = this.#ticket?.message(bytes);
    if (away === undefined) return true;
    this.#socket?.close(away.code, encodeCloseReason(away));
    return false;
  }

  #queue(frame: string | Uint8Array): void {
    this.#unhandled += 1;
    // A slow handler slows its client down: the mailbox has a limit of messages, not of their bytes.
    if (this.#unhandled > HIGH_WATER && !this.#behind) {
      this.#behind = true;
      this.#socket?.pause();
    }
    this.#inbox.cast.received(frame);
  }

  get #inbox(): ActorRef<Connection> {
    return this.self();
  }

  #drop(close: { readonly code: number; readonly reason: string }): void {
    this.socket.close(close.code, close.reason);
    this.stop({ shutdown: close });
  }

  async #openLater(starting: Promise<unknown>): Promise<unknown> {
    const outcome = await starting;
    this.#open();
    return outcome;
  }

  #open(): void {
    const { socket } = this;
    socket.heard = true;
    if (!socket.open) {
      this.stop({ shutdown: { code: CloseCode.abnormal, reason: "" } });
      return;
    }
    socket.owner = this;
    // Accepted paused, so that nothing arrived before there was somebody to take it.
    socket.resume();
  }

  async #closeLater(terminating: Promise<unknown>, reason: ExitReason): Promise<void> {
    try {
      await terminating;
    } finally {
      this.#closeNow(reason);
    }
  }

  #closeNow(reason: ExitReason): void {
    const socket = this.#socket;
    if (socket?.open !== true) return;
    const close = this.closeFor(reason);
    socket.close(close.code, close.reason);
  }
}
