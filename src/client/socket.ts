import { CloseCode, needsNewSession } from "../protocol/close-codes.js";
import type { Frame } from "../protocol/frame.js";
import { DEFAULT_LIMITS } from "../protocol/limits.js";
import { Channel, type ChannelHost, type ChannelParams } from "./channel.js";
import { Connection, type ConnectionOwner } from "./connection.js";
import { Delivery } from "./delivery.js";
import { type PushError, SocketError } from "./errors.js";
import { Listeners, RefSource } from "./listeners.js";
import { readOptions, type SocketOptions, type SocketSettings } from "./options.js";
import { type Gap, type LostSession, SessionStream, type StreamOwner } from "./session-stream.js";
import type { SocketClose, SocketState } from "./socket-state.js";
import { endpointUrl } from "./url.js";
import type { WebSocketClass } from "./wire.js";

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
  readonly #settings: SocketSettings;
  readonly #connection: Connection;
  readonly #stream: SessionStream;
  readonly #channelHost: ChannelHost;
  readonly #opened: Listeners<{ readonly sessionId: string; readonly resumed: boolean }>;
  readonly #closed: Listeners<SocketClose>;
  readonly #failed: Listeners<SocketError | PushError>;
  readonly #received: Listeners<Frame>;
  readonly #states: Listeners<SocketState>;
  readonly #gaps: Listeners<Gap>;
  readonly #lost: Listeners<LostSession>;

  /**
   * Makes a socket; `connect()` connects it.
   *
   * @param url where the server's socket is mounted: `ws://host:4000/socket`, or a path in a browser. `/websocket` is added
   * @throws {SocketError} `bad_url`, `bad_option`, or `no_web_socket` if there is no WebSocket class
   */
  constructor(url: string, options: SocketOptions = {}) {
    const settings = readOptions(options);
    const { clock, random, backoff, timeoutMs, reportError: report } = settings;
    this.#settings = settings;
    const refs = new RefSource();
    this.#opened = new Listeners(refs, report);
    this.#closed = new Listeners(refs, report);
    this.#failed = new Listeners(refs, report);
    this.#received = new Listeners(refs, report);
    this.#states = new Listeners(refs, report);
    this.#gaps = new Listeners(refs, report);
    this.#lost = new Listeners(refs, report);
    const delivery = new Delivery({
      clock,
      bound: settings.outbox,
      limits: DEFAULT_LIMITS,
      report,
      failed: (error) => this.#failed.emit(error),
    });
    const stream = new SessionStream(delivery, clock, this.#streamOwner());
    this.#stream = stream;
    this.#channelHost = {
      delivery,
      clock,
      random,
      backoff,
      timeoutMs,
      report,
      enter: (channel) => stream.enter(channel),
      leave: (channel) => stream.leave(channel),
    };
    const page = typeof location === "undefined" ? undefined : location.href;
    const webSocket = settings.webSocket ?? defaultWebSocket();
    this.#connection = new Connection(endpointUrl(url, page), webSocket, settings, this.#connectionOwner());
  }

  /** Where the socket stands. */
  get state(): SocketState {
    return this.#connection.state;
  }

  /** The public id of the session; `undefined` while there is none. No secret: it may be shown. */
  get sessionId(): string | undefined {
    return this.#stream.session.sid;
  }

  /** Whether it is attached to its session. */
  isConnected(): boolean {
    return this.state.name === "open";
  }

  /** Connects. While it waits for its next attempt it tries at once; otherwise a second call does nothing. */
  connect(): void {
    if (this.state.name === "closed") this.#stream.rejoin();
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
  disconnect(callback: () => void = () => undefined, code: number = CloseCode.normal, reason = ""): void {
    if (code !== CloseCode.normal && !(code >= 3000 && code <= 4999)) {
      throw new SocketError("bad_option", `Cannot disconnect: expected a code of 1000 or 3000 to 4999, got ${code}`);
    }
    this.#stream.bye();
    this.#connection.close(code, reason, callback);
  }

  /** Gives up the WebSocket, not the session: what a lost network does. The client comes back by itself. For tests and demonstrations. */
  dropConnection(): void {
    this.#connection.drop(CloseCode.dropped, "dropped by the app");
  }

  /**
   * Makes a channel for a topic; `join()` joins it.
   *
   * @param params what the server is told at the join; a function is asked anew for each join
   */
  channel(topic: string, params: ChannelParams = {}): Channel {
    return new Channel(topic, params, this.#channelHost);
  }

  /** Calls back when the socket is attached to a session, with whether it is the one before. Gives the number that `off` takes. */
  onOpen(callback: (opened: { readonly sessionId: string; readonly resumed: boolean }) => void): number {
    return this.#opened.add(callback);
  }

  /** Calls back when the connection is lost, with its close code. */
  onClose(callback: (close: SocketClose) => void): number {
    return this.#closed.add(callback);
  }

  /** Calls back when something went wrong on the connection, and for pushes that failed for want of room or of their session. */
  onError(callback: (error: SocketError | PushError) => void): number {
    return this.#failed.add(callback);
  }

  /** Calls back for each frame of the session, before its channel; for tools. */
  onMessage(callback: (frame: Frame) => void): number {
    return this.#received.add(callback);
  }

  /** Calls back at each change of state. */
  onState(callback: (state: SocketState) => void): number {
    return this.#states.add(callback);
  }

  /** Calls back when the server could not keep messages of a topic: the app should fetch what it shows anew. */
  onGap(callback: (gap: Gap) => void): number {
    return this.#gaps.add(callback);
  }

  /** Calls back when the session could not be resumed. Channels are joined again by themselves. */
  onSessionLost(callback: (lost: LostSession) => void): number {
    return this.#lost.add(callback);
  }

  /** Removes the callbacks of these numbers. */
  off(refs: number | readonly number[]): void {
    const all = [this.#opened, this.#closed, this.#failed, this.#received, this.#states, this.#gaps, this.#lost];
    for (const ref of [refs].flat()) for (const listeners of all) listeners.remove(ref);
  }

  #streamOwner(): StreamOwner {
    return {
      send: (text) => this.#connection.send(text),
      gap: (gap) => this.#gaps.emit(gap),
      sessionLost: (lost) => this.#lost.emit(lost),
      retryHinted: (retryAfterMs) => this.#connection.hintRetry(retryAfterMs),
    };
  }

  #connectionOwner(): ConnectionOwner {
    const stream = this.#stream;
    const { params, ttlMs } = this.#settings;
    return {
      hasSession: () => stream.session.sid !== undefined,
      makeRef: () => stream.delivery.makeRef(),
      hello: (token) =>
        stream.session.hello({
          token,
          params: typeof params === "function" ? params() : params,
          ttlMs,
          txFirst: stream.delivery.outbox.first,
          txNext: stream.delivery.outbox.next,
        }),
      welcomed: (welcome) => stream.welcome(welcome),
      received: (frame, size) => {
        this.#received.emit(frame);
        return stream.receive(frame, size);
      },
      violated: () => stream.violated(),
      detached: () => stream.detach(),
      lost: (close) => {
        this.#closed.emit(close);
        // A frame above the server's limit would be sent again and close the next connection as well.
        if (needsNewSession(close.code)) stream.lose(close.reason);
        else if (close.code === CloseCode.messageTooBig) stream.lose("too_large");
      },
      ended: (state) => {
        if (state.name !== "closed" || state.why === "attempts") return;
        stream.end(
          state.why === "final" ? `the server closed with ${state.close.code}` : "the socket was disconnected",
        );
      },
      stateChanged: (state) => {
        this.#states.emit(state);
        if (state.name === "open") this.#opened.emit(state);
      },
      failed: (error) => this.#failed.emit(error),
    };
  }
}

function defaultWebSocket(): WebSocketClass {
  if (typeof WebSocket === "function") return WebSocket;
  throw new SocketError(
    "no_web_socket",
    "Cannot connect: expected a WebSocket class, got none: this platform (Node 20, for one) has no global WebSocket. " +
      'Install ws and pass its class: new Socket(url, { webSocket: WebSocket }) with import WebSocket from "ws"',
  );
}
