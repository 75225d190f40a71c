import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Doors, OwnDoors, SharedDoors } from "./doors.js";
import { resolveCompression } from "./compression.js";
import { eventStreamPlaces } from "./event-stream-place.js";
import { answerJson, answerText, refuseUpgrade } from "./http-answer.js";
import {
  HEALTH_PATH,
  type HttpServerOptions,
  READY_PATH,
  type ResolvedHttpOptions,
  resolveHttpOptions,
} from "./http-options.js";
import type { HttpPlace, HttpPlaceOptions } from "./http-place.js";
import { listenError } from "./listen-error.js";
import { LongPollPlace } from "./long-poll-place.js";
import { compileOrigins, type OriginPolicy } from "./origin-policy.js";
import { OtherProcesses, PASSED_FOR } from "./other-processes.js";
import { BodyReader } from "./request-body.js";
import { TransportError } from "./transport-error.js";
import type { TransportSocket } from "./transport-socket.js";
import { TurnPace } from "./turn-pace.js";
import { checkUpgrade, hasTransport, type Mount, pathBelow, upgradePath } from "./upgrade-gate.js";
import { plainAddress, splitTarget, type UpgradeRequest } from "./upgrade-request.js";
import { WaitingSockets } from "./waiting-sockets.js";
import { WebSocketAcceptor } from "./web-socket.js";
import { whenOver } from "./when-over.js";

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
   * Takes no new clients, stops listening and ends the HTTP connections: idle ones now, busy ones when they have been answered.
   *
   * While there are clients that poll, it listens for the polls in which they hear that it is over.
   * Connected sockets live on: closing them is their owners' part. The promise resolves when the last of them has ended.
   */
  close(): Promise<void>;

  /** TCP connections without a whole request, also those between two requests, and how many were cut because they were too many. */
  readonly waiting?: { readonly waiting: number; readonly refused: number };

  /** Gives the port back at once, also while clients still poll: for an owner that was killed, and whose successor needs the port. */
  stopListening?(): void;
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
  readonly #doors: Doors;
  readonly #places: ReadonlyMap<string, Place>;
  /** What is answered over HTTP, by path: long polls and event streams. */
  readonly #httpPlaces = new Map<string, HttpPlace>();
  readonly #allowsOrigin: OriginPolicy;
  readonly #waiting: WaitingSockets;
  readonly #pace: TurnPace;
  readonly #others = new OtherProcesses(
    () => this.#doors.others,
    ({ socket }) => this.#doors.isPrivate(socket),
  );
  #requests = 0;
  /** Clients that poll, also those between two polls. */
  #polling = 0;
  #onceClosed: () => void = () => undefined;
  #port = 0;
  #closed: Promise<void> | undefined = undefined;

  constructor(options: ResolvedHttpOptions) {
    this.#options = options;
    this.#pace = new TurnPace(options.clock);
    this.#allowsOrigin = compileOrigins(options.origins, options.allowMissingOrigin);
    this.#places = new Map(
      options.mounts
        .filter((mount) => hasTransport(mount, "websocket"))
        .map((mount) => [upgradePath(mount), { mount, acceptor: acceptorOf(mount, options, this.#pace) }]),
    );
    const bodies = new BodyReader();
    for (const mount of options.mounts) this.#addHttpPlaces(mount, bodies);
    this.#server = createServer({
      headersTimeout: options.headersTimeoutMs,
      requestTimeout: options.requestTimeoutMs,
      // How late a slow client is noticed.
      connectionsCheckingInterval: Math.min(5_000, options.headersTimeoutMs),
      maxHeaderSize: options.headerLimitBytes,
      keepAliveTimeout: options.keepAliveTimeoutMs,
      noDelay: true,
    });
    this.#doors =
      options.incoming === undefined ? new OwnDoors(this.#server) : new SharedDoors(this.#server, options.incoming);
    this.#waiting = new WaitingSockets({
      most: options.waitingConnections,
      mostPerAddress: options.waitingPerAddress,
      // Other processes have no address; how much they pass on is bounded there.
      isExempt: (address) => address === "" || options.isExemptAddress(address),
    });
    this.#server.on("connection", (socket) => this.#waiting.accept(socket));
    this.#server.on("request", (request, response) => this.#onRequest(request, response));
    // The body's reader says whether the body may come; everybody else is asked no question.
    this.#server.on("checkContinue", (request, response) => {
      if (!this.#httpPlaces.has(splitTarget(request.url).path)) response.writeContinue();
      this.#onRequest(request, response);
    });
    this.#server.on("upgrade", (request, socket, head) => this.#onUpgrade(request, socket, head));
  }

  get port(): number {
    return this.#port;
  }

  get waiting(): { readonly waiting: number; readonly refused: number } {
    return this.#waiting.counts;
  }

  async listen(): Promise<Listening> {
    const { port, host, onError } = this.#options;
    try {
      this.#port = await this.#doors.open(port, host);
    } catch (error) {
      throw listenError(error, port, host);
    }
    // Errors of single accepts, such as too many open files: the server goes on.
    this.#server.on("error", onError);
    return this;
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#onceClosed = resolve;
      // In the next turn: closed is set by then.
      setImmediate(() => this.#endIdle());
    });
    return this.#closed;
  }

  stopListening(): void {
    void this.close();
    if (this.#doors.isOpen) this.#doors.close(() => this.#onceClosed());
  }

  /**
   * Stops listening, unless somebody is still to hear of the end in a poll to come; when nobody is to be answered any more, cuts who is left:
   * they have no request under way, and may never send one.
   */
  #endIdle(): void {
    if (this.#closed === undefined || this.#polling > 0) return;
    if (this.#doors.isOpen) this.#doors.close(() => this.#onceClosed());
    if (this.#requests === 0) this.#server.closeAllConnections();
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    this.#requests += 1;
    this.#waiting.answering(request);
    whenOver(request, response, () => {
      this.#requests -= 1;
      this.#waiting.answered(request);
      this.#endIdle();
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
    const place = this.#httpPlaces.get(path);
    if (place !== undefined) place.answer(request, response);
    else if ((path === HEALTH_PATH || path === READY_PATH) && request.method !== "GET" && request.method !== "HEAD") {
      answerText(response, { ok: false, status: 405, message: "GET here", headers: { Allow: "GET, HEAD" } });
    } else if (path === HEALTH_PATH) answerJson(response, 200, { status: "ok" });
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
    if (!(socket instanceof Socket)) {
      socket.destroy();
      return;
    }
    if (!this.#pace.isFree) {
      // Node has given the socket away and listens no more: without this a client that is lost meanwhile would end the process.
      socket.on("error", destroySocket);
    }
    this.#pace.run(() => this.#upgrade(request, socket, head));
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.removeListener("error", destroySocket);
    this.#waiting.upgraded(socket);
    if (!socket.readable || !socket.writable) {
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
    const connected = acceptor.accept(request, socket, head, passed);
    if (connected === undefined) return;
    if (!admission.ok) {
      connected.close(admission.closeCode, admission.reason);
      return;
    }
    giveToOwner(mount, connected, passed.request);
    forgetAddress(socket);
  }

  /** The address of a client, also of one whose request another process has passed on. */
  #addressOf({ socket, headers }: IncomingMessage): string {
    if (!this.#doors.isPrivate(socket)) return plainAddress(socket.remoteAddress);
    const told = headers[PASSED_FOR];
    return typeof told === "string" ? told : "";
  }

  #addHttpPlaces(mount: Mount, bodies: BodyReader): void {
    const { clock, pollWindowMs, closeTimeoutMs, payloadLimitBytes, onError, admit, keepHeaders } = this.#options;
    const options: HttpPlaceOptions = {
      clock,
      windowMs: pollWindowMs,
      closeTimeoutMs,
      payloadLimitBytes: mount.payloadLimitBytes ?? payloadLimitBytes,
      bodies,
      rules: {
        allowsOrigin: this.#allowsOrigin,
        keptHeaders: keepHeaders,
        admit,
        addressOf: (request) => this.#addressOf(request),
        closing: () => this.#closed !== undefined,
      },
      others: this.#others,
      onError,
      accept: (socket, request) => {
        if (socket.kind === "longpoll") this.#polling += 1;
        giveToOwner(mount, socket, request);
      },
      onOver: (socket) => {
        if (socket.kind === "longpoll") this.#polling -= 1;
        this.#endIdle();
      },
    };
    if (hasTransport(mount, "longpoll")) {
      this.#httpPlaces.set(pathBelow(mount, "longpoll"), new LongPollPlace(options));
    }
    if (!hasTransport(mount, "events")) return;
    const { events, send } = eventStreamPlaces(options);
    this.#httpPlaces.set(pathBelow(mount, "events"), events);
    this.#httpPlaces.set(pathBelow(mount, "send"), send);
  }
}

function giveToOwner(mount: Mount, socket: TransportSocket, request: UpgradeRequest): void {
  mount.accept(socket, request);
  if (!socket.open || socket.owner !== undefined) return;
  socket.close(1011, "");
  throw new TransportError(
    "no_owner",
    `accept of the mount ${mount.path} returned without socket.owner: set it, or close the socket`,
  );
}

function destroySocket(this: Socket): void {
  this.destroy();
}

function acceptorOf(mount: Mount, options: ResolvedHttpOptions, pace: TurnPace): WebSocketAcceptor {
  return new WebSocketAcceptor({
    payloadLimitBytes: mount.payloadLimitBytes ?? options.payloadLimitBytes,
    closeTimeoutMs: options.closeTimeoutMs,
    compression: resolveCompression(mount.compression),
    onError: options.onError,
    pace,
  });
}

/** Drops the copy of the address that Node keeps once it has been asked for it; it asks the system again if need be. */
function forgetAddress(socket: Socket): void {
  if (Object.hasOwn(socket, "_peername")) Reflect.set(socket, "_peername", undefined);
}
