import { endpointUrl } from "./url.js";
import type { Frame } from "../protocol/frame.js";
import { readOptions, type SocketOptions } from "./options.js";
import type { ChannelEvents } from "./channel-events.js";
import { CLOSE_NORMAL } from "../protocol/close-codes.js";
import { type PushError, SocketError } from "./errors.js";
import { createSession, type LostSession, type Session } from "./session.js";
import { type Channel, type ChannelGap, type ChannelParams, createChannel } from "./channel.js";
import { type Connection, createConnection } from "./connection.js";
import type { SocketClose, SocketState } from "./socket-state.js";
import { createListeners, type Listeners } from "./listeners.js";

/** What was not delivered, and of which topic. */
export interface Gap extends ChannelGap {
  readonly topic: string;
}

/**
 * A session with a server, over one WebSocket after the other.
 *
 * Used like the Socket of phoenix.js. A dropped connection is made again by itself and the session resumed: nothing that either
 * side sent is lost or handled twice, and joined channels stay joined. What could not be kept is told by `onSessionLost` and `onGap`.
 *
 * @example
 * const socket = new Socket("/socket", { params: { name: "Ada" } });
 * socket.connect();
 * const room = socket.channel("room:1");
 * room.on("said", (message) => console.log(message));
 * room.join().receive("error", console.error);
 * await room.push("say", { text: "hello" }).reply;
 */
export class Socket {
  readonly #connection: Connection;
  readonly #session: Session;
  readonly #listeners: Listeners;

  /**
   * Makes a socket; `connect()` connects it.
   *
   * @param url where the server's socket is mounted: `ws://host:4000/socket`, or a path in a browser. `/websocket` is added
   * @throws {SocketError} `bad_url`, `bad_option`, or `no_web_socket` if there is no WebSocket class
   */
  constructor(url: string, options: SocketOptions = {}) {
    const settings = readOptions(options);
    const address = endpointUrl(url, globalThis.location?.href);
    if (!settings.webSocket) throw new SocketError("no_web_socket", "webSocket");
    this.#listeners = createListeners(settings.reportError);
    this.#session = createSession(settings, this.#listeners.emit);
    this.#connection = createConnection(address, settings.webSocket, this.#session);
  }

  /** Where the socket stands: the snapshot that belongs to {@link Socket.subscribe}. The same object until it changes. */
  get state(): SocketState {
    return this.#connection.state();
  }

  /** The public id of the session; `undefined` while there is none. No secret: it may be shown. */
  get sessionId(): string | undefined {
    return this.#session.id();
  }

  /** Whether it is attached to its session. */
  isConnected(): boolean {
    return this.state.name === "open";
  }

  /** Connects. While it waits for its next attempt it tries at once; otherwise a second call does nothing. */
  connect(): void {
    this.#connection.connect();
  }

  /**
   * Ends the session and closes the connection. Pushes without a reply fail with `disconnected`; `connect()` begins anew.
   *
   * While offline the server cannot be told: there the session ends when its time is over.
   *
   * @param callback called when the WebSocket has closed
   * @param code the WebSocket's close code, 1000 or from 3000 to 4999. Default 1000
   * @throws {SocketError} `bad_option` for another code
   */
  disconnect(callback?: () => void, code: number = CLOSE_NORMAL, reason?: string): void {
    if (!/^(1000|[34]\d{3})$/.test(`${code}`)) throw new SocketError("bad_option", `code ${code}`);
    this.#connection.close(callback, code, reason);
  }

  /** Gives up the WebSocket, not the session: what a lost network does. The client comes back by itself. For tests and demonstrations. */
  dropConnection(): void {
    this.#connection.drop();
  }

  /**
   * Makes a channel for a topic; `join()` joins it.
   *
   * The type argument declares its events, see {@link ChannelEvents}: `socket.channel<RoomEvents>("room:1")`.
   *
   * @param params what the server is told at the join; a function is asked anew for each join
   */
  channel<E extends ChannelEvents = ChannelEvents>(topic: string, params?: ChannelParams): Channel<E>;
  // What the type argument declares nobody can check here, so the channel is made without it.
  channel(topic: string, params: ChannelParams = {}): unknown {
    return createChannel(topic, params, this.#session);
  }

  /**
   * Calls back at each change of state until the function that it returns is called.
   *
   * Bound to its socket, as stores of user interfaces want it: `useSyncExternalStore(socket.subscribe, () => socket.state)`.
   */
  readonly subscribe = (callback: (state: SocketState) => void): (() => void) => {
    const ref = this.onState(callback);
    return () => this.off(ref);
  };

  /** Calls back when the socket is attached to a session, with whether it is the one before. Gives the number that `off` takes. */
  onOpen(callback: (opened: { readonly sessionId: string; readonly resumed: boolean }) => void): number {
    return this.#listeners.add("open", callback);
  }

  /** Calls back when the connection is lost, with its close code. */
  onClose(callback: (close: SocketClose) => void): number {
    return this.#listeners.add("close", callback);
  }

  /** Calls back when something went wrong on the connection, and for pushes that failed for want of room or of their session. */
  onError(callback: (error: SocketError | PushError) => void): number {
    return this.#listeners.add("error", callback);
  }

  /** Calls back for each frame of the session, before its channel; for tools. */
  onMessage(callback: (frame: Frame) => void): number {
    return this.#listeners.add("message", callback);
  }

  /** Calls back at each change of state. */
  onState(callback: (state: SocketState) => void): number {
    return this.#listeners.add("state", callback);
  }

  /** Calls back when the server could not keep messages of a topic: the app should fetch what it shows anew. */
  onGap(callback: (gap: Gap) => void): number {
    return this.#listeners.add("gap", callback);
  }

  /** Calls back when the session could not be resumed. Channels are joined again by themselves. */
  onSessionLost(callback: (lost: LostSession) => void): number {
    return this.#listeners.add("lost", callback);
  }

  /** Removes the callbacks of these numbers. */
  off(refs: number | readonly number[]): void {
    this.#listeners.remove((ref) => [refs].flat().includes(ref));
  }
}
