import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { CompressedWebSocket, type DeflatingSocket } from "./compressed-web-socket.js";
import { offersCompression, type ResolvedCompression } from "./compression.js";
import { switchingProtocols } from "./handshake.js";
import { TransportError } from "./transport-error.js";
import type { TransportSocket } from "./transport-socket.js";
import type { TurnPace } from "./turn-pace.js";
import { type ConnectionHost, type FullWebSocket, WebSocketConnection } from "./web-socket-connection.js";

/** Options of a {@link WebSocketAcceptor}. */
export interface WebSocketOptions {
  /** A message above this many bytes ends its connection with 1009. */
  readonly payloadLimitBytes: number;
  /** How long a client may take to answer a close frame before the connection is cut. */
  readonly closeTimeoutMs: number;
  /** How messages are compressed for clients that offer it; `undefined` for not at all. */
  readonly compression: ResolvedCompression | undefined;
  /** Told what an owner of a socket has thrown. */
  readonly onError: (error: unknown) => void;
  /** Sets the pace at which owners hear that their sockets are over. */
  readonly pace: TurnPace;
}

/**
 * Makes WebSockets of sockets whose handshake has been checked.
 *
 * {@link WebSocketConnection} carries the ordinary frames, `ws` everything else: fragments, the closing handshake, and whatever is invalid.
 * Most connections meet `ws` only when they close, so an idle one costs a fraction of the memory, and a message a fraction of the time.
 */
export class WebSocketAcceptor implements ConnectionHost {
  readonly payloadLimitBytes: number;
  readonly onError: (error: unknown) => void;
  readonly pace: TurnPace;
  /** All options of `ws` with their defaults, the limits against abuse among them, also those that a later version adds. */
  readonly #options: object;
  readonly #compressing: WebSocketServer | undefined;

  constructor(options: WebSocketOptions) {
    this.payloadLimitBytes = options.payloadLimitBytes;
    this.onError = options.onError;
    this.pace = options.pace;
    // Apart because the types of `ws` do not know `closeTimeout` yet.
    const untyped = { closeTimeout: options.closeTimeoutMs };
    const maxPayload = options.payloadLimitBytes;
    this.#options = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload,
      ...untyped,
    }).options;
    this.#compressing =
      options.compression === undefined
        ? undefined
        : new WebSocketServer({
            noServer: true,
            clientTracking: false,
            perMessageDeflate: deflateOptions(options.compression),
            maxPayload,
            WebSocket: DeflatingWebSocket,
            ...untyped,
          });
  }

  /**
   * Completes the handshake and hands out the socket. `head` is what the client has sent behind its request.
   *
   * `undefined` if the client's offer of compression is one that no server may accept: it has been refused.
   */
  accept(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    { key, subprotocol }: { readonly key: string; readonly subprotocol: string | undefined },
  ): TransportSocket | undefined {
    socket.setTimeout(0);
    socket.setNoDelay(true);
    const compressing = this.#compressing;
    if (compressing !== undefined && offersCompression(request.headers["sec-websocket-extensions"])) {
      // What was offered besides is none of its business, and may hold a token with characters that it would refuse.
      if (subprotocol === undefined) delete request.headers["sec-websocket-protocol"];
      else request.headers["sec-websocket-protocol"] = subprotocol;
      return this.#acceptCompressed(compressing, request, socket, head);
    }
    socket.write(switchingProtocols(key, subprotocol));
    if (head.length > 0) socket.unshift(head);
    return new WebSocketConnection(socket, this);
  }

  #acceptCompressed(
    server: WebSocketServer,
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
  ): TransportSocket | undefined {
    let accepted: CompressedWebSocket | undefined;
    server.handleUpgrade(request, socket, head, (full: unknown) => {
      if (!(full instanceof DeflatingWebSocket)) return;
      accepted = new CompressedWebSocket(socket, this.payloadLimitBytes, this.onError);
      accepted.carriedBy(full);
      full.connection = accepted;
    });
    return accepted;
  }

  /**
   * Lets `ws` read a connection from here on, and close it.
   *
   * Writing beside it is safe: without compression `ws` keeps no queue of its own and puts each of its frames on the socket in one
   * synchronous step, so frames cannot mix. It sends pongs, which may stand between any two messages, and the close frame, which passes
   * {@link AdoptedWebSocket.close}: what is queued is written first, and nothing is queued any more.
   */
  takeOver(connection: WebSocketConnection, socket: Socket, head: Buffer): FullWebSocket {
    const full: unknown = Reflect.construct(AdoptedWebSocket, [null, undefined, this.#options]);
    // Neither the constructor's third argument nor setSocket is in the types of `ws`; both are how its own server makes a WebSocket, in
    // every version 8.
    const setSocket: unknown = Reflect.get(WebSocket.prototype, "setSocket");
    if (!(full instanceof AdoptedWebSocket) || typeof setSocket !== "function") {
      throw new TransportError(
        "ws_incompatible",
        "the installed version of ws cannot be given a socket: install ws 8.23",
      );
    }
    full.connection = connection;
    Reflect.apply(setSocket, full, [socket, head, this.#options]);
    return full;
  }
}

/** What a WebSocket of `ws` reports to. */
interface Reported {
  heard: boolean;
  receiveMessage(bytes: Buffer, binary: boolean): void;
  beginClose(): void;
  finish(code: number, reason: string): void;
}

/** A WebSocket of `ws` that reports to a connection, by one switch instead of a listener for each event. */
class ReportingWebSocket<Connection extends Reported> extends WebSocket {
  connection: Connection | undefined = undefined;
  #closeCode = 1006;

  // `ws` closes through here too: with the code of the error when a frame is invalid, with the client's code when that has closed.
  override close(code?: number, reason?: string | Buffer): void {
    this.#closeCode = code ?? 1006;
    this.connection?.beginClose();
    super.close(code, reason);
  }

  override emit(event: string | symbol, ...args: readonly unknown[]): boolean {
    const { connection } = this;
    if (connection === undefined) return false;
    const [first, second] = args;
    switch (event) {
      case "message":
        if (Buffer.isBuffer(first)) connection.receiveMessage(first, second === true);
        return true;
      case "ping":
      case "pong":
        connection.heard = true;
        return true;
      case "error":
        connection.finish(this.#closeCode, first instanceof Error ? first.message : "");
        return true;
      case "close":
        connection.finish(typeof first === "number" ? first : 1006, Buffer.isBuffer(second) ? second.toString() : "");
        return true;
      default:
        return false;
    }
  }
}

/** The complete WebSocket of a connection that has left its ordinary life. */
class AdoptedWebSocket extends ReportingWebSocket<WebSocketConnection> implements FullWebSocket {}

/** The WebSocket that carries all of a compressed connection. */
class DeflatingWebSocket extends ReportingWebSocket<CompressedWebSocket> implements DeflatingSocket {
  get isOpen(): boolean {
    return this.readyState === WebSocket.OPEN;
  }
}

function deflateOptions(options: ResolvedCompression): object {
  const { thresholdBytes, concurrency, contextTakeover, level, windowBits } = options;
  return {
    threshold: thresholdBytes,
    concurrencyLimit: concurrency,
    serverNoContextTakeover: !contextTakeover,
    clientNoContextTakeover: !contextTakeover,
    serverMaxWindowBits: windowBits,
    zlibDeflateOptions: { level, memLevel: 7 },
  };
}
