import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { answerJson, answerText, refuseUpgrade } from "./http-answer.js";
import {
  HEALTH_PATH,
  type HttpServerOptions,
  READY_PATH,
  type ResolvedHttpOptions,
  resolveHttpOptions,
} from "./http-options.js";
import { listenError } from "./listen-error.js";
import { compileOrigins, type OriginPolicy } from "./origin-policy.js";
import { TransportError } from "./transport-error.js";
import { checkUpgrade, type Mount, upgradePath } from "./upgrade-gate.js";
import { splitTarget } from "./upgrade-request.js";
import { WebSocketAcceptor } from "./web-socket.js";

/** A server that is not listening yet. */
export interface HttpServer {
  /**
   * Begins to listen.
   *
   * @throws {TransportError} `port_in_use`, `port_forbidden`, `host_unavailable` or `listen_failed`, with what to do about it
   */
  listen(): Promise<Listening>;
}

/** A server that listens. */
export interface Listening {
  /** The port that was taken: the option's, or the one found for 0. */
  readonly port: number;

  /**
   * Stops listening, at once, and ends the HTTP connections: idle ones now, busy ones when they have been answered.
   *
   * Connected sockets live on: closing them is their owners' part. The promise resolves when the last of them has ended.
   */
  close(): Promise<void>;
}

/**
 * Makes an HTTP server that connects clients at its mounts.
 *
 * It answers `GET /health` with 200 as long as the process serves, and `GET /ready` with 200 or, with a reason, 503; everything else goes to
 * `requestListener`.
 *
 * @throws {TransportError} `bad_option`
 */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  return new Transport(resolveHttpOptions(options));
}

interface Place {
  readonly mount: Mount;
  readonly acceptor: WebSocketAcceptor;
}

class Transport implements HttpServer, Listening {
  readonly #options: ResolvedHttpOptions;
  readonly #server: Server;
  readonly #places: ReadonlyMap<string, Place>;
  readonly #allowsOrigin: OriginPolicy;
  #requests = 0;
  #port = 0;
  #closed: Promise<void> | undefined = undefined;

  constructor(options: ResolvedHttpOptions) {
    this.#options = options;
    this.#allowsOrigin = compileOrigins(options.origins, options.allowMissingOrigin);
    this.#places = new Map(
      options.mounts.map((mount) => [upgradePath(mount), { mount, acceptor: acceptorOf(mount, options) }]),
    );
    this.#server = createServer({
      headersTimeout: options.headersTimeoutMs,
      requestTimeout: options.requestTimeoutMs,
      // How late a slow client is noticed.
      connectionsCheckingInterval: Math.min(5_000, options.headersTimeoutMs),
      maxHeaderSize: options.headerLimitBytes,
      noDelay: true,
    });
    this.#server.on("request", (request, response) => this.#onRequest(request, response));
    this.#server.on("upgrade", (request, socket, head) => this.#onUpgrade(request, socket, head));
  }

  get port(): number {
    return this.#port;
  }

  listen(): Promise<Listening> {
    const { port, host, onError } = this.#options;
    const server = this.#server;
    return new Promise((resolve, reject) => {
      const failed = (error: unknown): void => reject(listenError(error, port, host));
      server.once("error", failed);
      server.listen({ port, host }, () => {
        server.removeListener("error", failed);
        // Errors of single accepts, such as too many open files: the server goes on.
        server.on("error", onError);
        const address = server.address();
        this.#port = typeof address === "object" && address !== null ? address.port : port;
        resolve(this);
      });
    });
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      if (this.#requests === 0) this.#server.closeAllConnections();
    });
    return this.#closed;
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    this.#requests += 1;
    response.once("close", () => {
      this.#requests -= 1;
      // Those left have no request under way; some of them may never send one.
      if (this.#requests === 0 && this.#closed !== undefined) this.#server.closeAllConnections();
    });
    try {
      this.#answer(request, response);
    } catch (error) {
      this.#options.onError(error);
      if (response.headersSent) response.destroy();
      else answerText(response, { ok: false, status: 500, message: "the server could not answer" });
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { path } = splitTarget(request.url);
    if (path === HEALTH_PATH) answerJson(response, 200, { status: "ok" });
    else if (path === READY_PATH) {
      const readiness = this.#options.ready();
      answerJson(response, readiness.ready ? 200 : 503, readiness);
    } else if (!this.#places.has(path)) this.#options.requestListener(request, response);
    else if (request.method !== "GET") {
      answerText(response, { ok: false, status: 400, message: "a WebSocket handshake is a GET request" });
    } else {
      const headers = { Upgrade: "websocket" };
      answerText(response, { ok: false, status: 426, message: "connect here with a WebSocket", headers });
    }
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!(socket instanceof Socket) || !socket.readable || !socket.writable) {
      // The client has hung up while its request was on the way.
      socket.destroy();
      return;
    }
    try {
      this.#connect(request, socket, head);
    } catch (error) {
      socket.destroy();
      this.#options.onError(error);
    }
  }

  #connect(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const place = this.#places.get(splitTarget(request.url).path);
    if (place === undefined) {
      refuseUpgrade(socket, { ok: false, status: 404, message: "nothing to connect to here" });
      return;
    }
    if (this.#closed !== undefined) {
      refuseUpgrade(socket, { ok: false, status: 503, message: "the server is closing" });
      return;
    }
    const { mount, acceptor } = place;
    const { admit, keepHeaders } = this.#options;
    const passed = checkUpgrade(request, mount, this.#allowsOrigin, keepHeaders);
    if (!passed.ok) {
      refuseUpgrade(socket, passed);
      return;
    }
    const admission = admit(passed.request);
    if (!admission.ok && "retryAfterMs" in admission) {
      const seconds = Math.ceil(admission.retryAfterMs / 1_000);
      refuseUpgrade(socket, {
        ok: false,
        status: 503,
        message: "overloaded",
        headers: { "Retry-After": String(seconds) },
      });
      return;
    }
    const connected = acceptor.accept(socket, head, passed.key, passed.subprotocol);
    if (!admission.ok) {
      connected.close(admission.closeCode, admission.reason);
      return;
    }
    mount.accept(connected, passed.request);
    forgetAddress(socket);
    if (connected.open && connected.owner === undefined) {
      connected.close(1011, "");
      throw new TransportError(
        "no_owner",
        `accept of the mount ${mount.path} returned without socket.owner: set it, or close the socket`,
      );
    }
  }
}

function acceptorOf(mount: Mount, options: ResolvedHttpOptions): WebSocketAcceptor {
  return new WebSocketAcceptor({
    payloadLimitBytes: mount.payloadLimitBytes ?? options.payloadLimitBytes,
    closeTimeoutMs: options.closeTimeoutMs,
    onError: options.onError,
  });
}

/** Drops the copy of the address that Node keeps once it has been asked for it; it asks the system again if need be. */
function forgetAddress(socket: Socket): void {
  if (Object.hasOwn(socket, "_peername")) Reflect.set(socket, "_peername", undefined);
}
