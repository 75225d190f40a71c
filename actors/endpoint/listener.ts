import {
  Actor,
  type ActorClass,
  type ActorRef,
  type ExitReason,
  formatReason,
  reasonOfThrown,
  release,
  type Reporter,
} from "../../src/index.js";
import { sharedPortsOf } from "../../src/cluster/shared-port.js";
import { CloseCode, encodeCloseReason } from "../../src/protocol/close-codes.js";
import { resolveAdmission } from "../../src/transport/admission/admission-options.js";
import type { HttpServerOptions, Readiness } from "../../src/transport/http-options.js";
import { createHttpServer, type Listening } from "../../src/transport/http-server.js";
import type { TransportSocket } from "../../src/transport/transport-socket.js";
import type { Admission, Mount } from "../../src/transport/upgrade-gate.js";
import { DEFAULT_KEPT_HEADERS, type UpgradeRequest } from "../../src/transport/upgrade-request.js";
import { type ChildTemplate, childTemplate, type DynamicSupervisor, startChild } from "../../supervisors/index.js";
import { type Accepted, waitingOwner } from "../connection/accepted.js";
import { Connection } from "../connection/connection.js";
import type { BeatingRef, HeartbeatMembers } from "../connection/heartbeat.js";
import { type PhoenixAccepted, PhoenixConnection } from "../connection/phoenix-connection.js";
import type { EndpointContext } from "./context.js";
import type { AdmissionKeeper, Ticket } from "./admission.js";
import type { EndpointOptions } from "./options.js";

/** What a listener is started with. */
export interface ListenerStart {
  readonly options: EndpointOptions;
  readonly context: EndpointContext | undefined;
  readonly admission: AdmissionKeeper;
  readonly members: HeartbeatMembers;
  readonly connectionsName: string;
  readonly drainTimeoutMs: number;
  /** Takes reports of what clients cause. */
  readonly report: Reporter;
  /** Told whether the endpoint is being stopped. */
  readonly homes?: { isRetired: boolean } | undefined;
}

const OVERLOADED_RETRY_MS = 2_000;
const DRAIN_SLOT_MS = 2;
const LONGEST_SPREAD_MS = 10_000;

const phoenixTemplate = childTemplate(PhoenixConnection, { restart: "temporary" });
/** Of a client that was turned away. */
const NOBODY: Promise<undefined> = Promise.resolve(undefined);

/**
 * Owns the HTTP server: it accepts clients, and gives each socket to a connection actor.
 *
 * Last child of its endpoint, so it is stopped first: it takes no new clients, then has every connection finish what it accepted and tell
 * its client when to come back, each at another moment.
 */
export class Listener extends Actor<ListenerStart> {
  #start: ListenerStart | undefined;
  #server: Listening | undefined;
  #draining = false;

  override async init(start: ListenerStart): Promise<void> {
    this.#start = start;
    if (start.homes !== undefined) start.homes.isRetired = false;
    this.trapExit();
    const { createServer = createHttpServer } = start.options;
    this.#server = await createServer(this.#serverOptions(start)).listen();
    const { context } = start;
    context?.relays?.acceptWith((socket, request) => this.#acceptCarried(context, socket, request));
  }

  /** The port it listens on. */
  port(): number {
    return this.#server?.port ?? 0;
  }

  override async terminate(_reason: ExitReason): Promise<void> {
    this.#draining = true;
    if (this.#start?.homes !== undefined) this.#start.homes.isRetired = true;
    this.#start?.context?.relays?.acceptWith(undefined);
    const closing = this.#server?.close();
    await this.#drain();
    await closing;
  }

  override [release](): void {
    // After a kill nobody has stopped it, and the next listener wants the same port.
    this.#server?.stopListening?.();
    this.#start?.context?.relays?.acceptWith(undefined);
  }

  override formatStatus(): unknown {
    const admission = this.#start?.admission.status();
    const relays = this.#start?.context?.relays?.counts;
    return {
      kind: "listener",
      port: this.#server?.port,
      ...admission,
      ...this.#server?.waiting,
      ...(relays === undefined ? {} : { carriedOut: relays.out, carriedIn: relays.in }),
      ...(this.#draining || this.#start?.admission.closed === true ? { draining: true } : {}),
    };
  }

  #serverOptions(start: ListenerStart): HttpServerOptions {
    const { options, context } = start;
    const { pendingConnections, pendingPerAddress, isExempt, trust } = resolveAdmission(options.admission);
    return {
      mounts: this.#mounts(start),
      // Who has not said anything yet is as little known as who is not authenticated yet.
      waitingConnections: pendingConnections,
      waitingPerAddress: pendingPerAddress,
      isExemptAddress: (address) => isExempt(address) || trust.isTrusted(address),
      ...(options.port === undefined ? {} : { port: options.port }),
      ...this.#incoming(start.connectionsName),
      ...(options.host === undefined ? {} : { host: options.host }),
      ...(options.origins === undefined ? {} : { origins: options.origins }),
      ...(options.routes === undefined ? {} : { requestListener: options.routes }),
      ...(context === undefined ? {} : { payloadLimitBytes: context.limits.payloadBytes }),
      ...(options.admission?.forwardedHeader === "forwarded"
        ? { keepHeaders: [...DEFAULT_KEPT_HEADERS, "forwarded"] }
        : {}),
      ...(options.socket?.pollWindowMs === undefined ? {} : { pollWindowMs: options.socket.pollWindowMs }),
      clock: this.system.clock,
      ready: () => this.#ready(context),
      admit: () => this.#admit(),
      onError: (error) => this.#report(error),
    };
  }

  /** Where the system shares its ports with other processes, connections come from whoever listens for all of them. */
  #incoming(name: string): Pick<HttpServerOptions, "incoming"> {
    const ports = sharedPortsOf(this.system);
    return ports === undefined ? {} : { incoming: { open: (place, take) => ports.open({ name, ...place }, take) } };
  }

  #ready(context: EndpointContext | undefined): Readiness {
    if (this.#draining || this.#start?.admission.closed === true) return { ready: false, reason: "draining" };
    return context?.keeping?.writer.trouble === undefined ? { ready: true } : { ready: false, reason: "store" };
  }

  #mounts(start: ListenerStart): Mount[] {
    const { options, context } = start;
    const mounts: Mount[] = [];
    if (options.socket !== undefined && context !== undefined) {
      const { path = "/socket", transports, compression } = options.socket;
      mounts.push({
        path,
        protocol: "phoenix",
        ...(transports === undefined ? {} : { transports }),
        ...(compression === undefined ? {} : { compression }),
        accept: (socket, request) => void this.#acceptPhoenix(context, socket, request),
      });
    }
    for (const [path, connectionClass] of Object.entries(options.connections ?? {})) {
      checkConnectionClass(path, connectionClass);
      const template = childTemplate(connectionClass, { restart: "temporary" });
      mounts.push({ path, protocol: "raw", accept: (socket, request) => this.#acceptRaw(template, socket, request) });
    }
    return mounts;
  }

  #admit(): Admission {
    if (this.#draining || this.#connections === undefined) return { ok: false, retryAfterMs: OVERLOADED_RETRY_MS };
    return this.#start?.admission.shield() ?? { ok: true };
  }

  /** A client that is connected: it may go on with a ticket, or is told why not, and when to come back. */
  #enter(socket: TransportSocket, request: UpgradeRequest): Ticket | undefined {
    const entered = this.#start?.admission.enter(request.remoteAddress, request.headers);
    if (entered?.ok === true) return entered.ticket;
    if (entered === undefined) this.#putOff(socket);
    else socket.close(entered.code, encodeCloseReason(entered));
    return undefined;
  }

  /** A client that another node has accepted, and whose session lives here. */
  #acceptCarried(
    context: EndpointContext,
    socket: TransportSocket,
    request: UpgradeRequest,
  ): Promise<BeatingRef | undefined> | "closed" {
    if (this.#draining || this.#start?.admission.closed === true) return "closed";
    if (this.#admit().ok) return this.#acceptPhoenix(context, socket, request);
    this.#putOff(socket);
    return NOBODY;
  }

  #acceptPhoenix(
    context: EndpointContext,
    socket: TransportSocket,
    request: UpgradeRequest,
  ): Promise<BeatingRef | undefined> {
    const ticket = this.#enter(socket, request);
    if (ticket === undefined) return NOBODY;
    const accepted: PhoenixAccepted = { socket, request, ticket, context };
    return this.#accept(phoenixTemplate, accepted);
  }

  #acceptRaw(template: ChildTemplate<Connection>, socket: TransportSocket, request: UpgradeRequest): void {
    const ticket = this.#enter(socket, request);
    if (ticket === undefined) return;
    const away = ticket.begin("new") ?? ticket.settle(undefined, "new");
    if (away === undefined) return void this.#accept(template, { socket, request, ticket });
    ticket.leave();
    socket.close(away.code, encodeCloseReason(away));
  }

  #accept(template: ChildTemplate<Connection>, accepted: Accepted): Promise<BeatingRef | undefined> {
    const { socket } = accepted;
    socket.pause();
    socket.owner = waitingOwner;
    const connections = this.#connections;
    if (connections === undefined) {
      accepted.ticket?.leave();
      this.#putOff(socket);
      return NOBODY;
    }
    return this.#startConnection(connections, template, accepted);
  }

  async #startConnection(
    connections: ActorRef<DynamicSupervisor>,
    template: ChildTemplate<Connection>,
    accepted: Accepted,
  ): Promise<BeatingRef | undefined> {
    try {
      const started = await startChild(connections, template, accepted);
      if (started.ok) {
        this.#start?.members.add(started.ref);
        return started.ref;
      }
      accepted.ticket?.leave();
      this.#putOff(accepted.socket);
    } catch (thrown) {
      // The supervisor of connections ended meanwhile: the client comes back and finds the next one.
      accepted.ticket?.leave();
      this.#putOff(accepted.socket);
      this.#report(thrown);
    }
    return undefined;
  }

  /** Tells a client that there is no room for it, and to come back at a moment of its own. */
  #putOff(socket: TransportSocket): void {
    const retryAfterMs = Math.round(OVERLOADED_RETRY_MS * (0.5 + this.system.random.next()));
    socket.close(CloseCode.overloaded, encodeCloseReason({ reason: "overloaded", retryAfterMs }));
  }

  async #drain(): Promise<void> {
    const members = (this.#start?.members.all() ?? []).filter((member) => this.system.isAlive(member));
    const spreadMs = Math.min(LONGEST_SPREAD_MS, members.length * DRAIN_SLOT_MS);
    const ended: Promise<ExitReason>[] = [];
    for (const member of members) {
      member.cast.drain(Math.round(this.system.random.next() * spreadMs));
      ended.push(this.system.exited(member));
    }
    let timer: object | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.system.clock.setTimer(this.#start?.drainTimeoutMs ?? 0, resolve);
    });
    await Promise.race([Promise.all(ended), late]);
    if (timer !== undefined) this.system.clock.clearTimer(timer);
  }

  get #connections(): ActorRef<DynamicSupervisor> | undefined {
    return this.system.whereis<DynamicSupervisor>(this.#start?.connectionsName ?? "");
  }

  #report(thrown: unknown): void {
    const text = `the endpoint failed to serve a client: ${formatReason(reasonOfThrown(thrown))}`;
    this.#start?.report({ type: "endpoint_error", level: "error", text, details: { error: thrown } });
  }
}

function checkConnectionClass(path: string, connectionClass: ActorClass<Connection>): void {
  if (typeof connectionClass === "function" && connectionClass.prototype instanceof Connection) return;
  throw new TypeError(`Expected the class that serves ${path} to extend Connection`);
}
