import {
  Actor,
  type ActorClass,
  type ActorRef,
  type ExitReason,
  formatReason,
  reasonOfThrown,
} from "../../src/index.js";
import { CloseCode, encodeCloseReason } from "../../src/protocol/close-codes.js";
import type { HttpServerOptions } from "../../src/transport/http-options.js";
import { createHttpServer, type Listening } from "../../src/transport/http-server.js";
import type { TransportSocket } from "../../src/transport/transport-socket.js";
import type { Admission, Mount } from "../../src/transport/upgrade-gate.js";
import { type ChildTemplate, childTemplate, type DynamicSupervisor, startChild } from "../../supervisors/index.js";
import { type Accepted, waitingOwner } from "../connection/accepted.js";
import { Connection } from "../connection/connection.js";
import type { HeartbeatMembers } from "../connection/heartbeat.js";
import { type PhoenixAccepted, PhoenixConnection } from "../connection/phoenix-connection.js";
import type { EndpointContext } from "./context.js";
import type { EndpointOptions } from "./options.js";

/** What a listener is started with. */
export interface ListenerStart {
  readonly options: EndpointOptions;
  readonly context: EndpointContext | undefined;
  readonly members: HeartbeatMembers;
  readonly connectionsName: string;
  readonly drainTimeoutMs: number;
}

const OVERLOADED_RETRY_MS = 2_000;
const DRAIN_SLOT_MS = 2;
const LONGEST_SPREAD_MS = 10_000;

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
    this.trapExit();
    const server = createHttpServer(this.#serverOptions(start));
    this.#server = await server.listen();
  }

  /** The port it listens on. */
  port(): number {
    return this.#server?.port ?? 0;
  }

  override async terminate(_reason: ExitReason): Promise<void> {
    this.#draining = true;
    const closing = this.#server?.close();
    await this.#drain();
    await closing;
  }

  override formatStatus(): unknown {
    return { kind: "listener", port: this.#server?.port, ...(this.#draining ? { draining: true } : {}) };
  }

  #serverOptions(start: ListenerStart): HttpServerOptions {
    const { options, context } = start;
    return {
      mounts: this.#mounts(start),
      ...(options.port === undefined ? {} : { port: options.port }),
      ...(options.host === undefined ? {} : { host: options.host }),
      ...(options.origins === undefined ? {} : { origins: options.origins }),
      ...(options.routes === undefined ? {} : { requestListener: options.routes }),
      ...(context === undefined ? {} : { payloadLimitBytes: context.limits.payloadBytes }),
      ready: () => (this.#draining ? { ready: false, reason: "draining" } : { ready: true }),
      admit: () => this.#admit(),
      onError: (error) => this.#report(error),
    };
  }

  #mounts(start: ListenerStart): Mount[] {
    const { options, context } = start;
    const mounts: Mount[] = [];
    if (options.socket !== undefined && context !== undefined) {
      const template = childTemplate(PhoenixConnection, { restart: "temporary" });
      mounts.push({
        path: options.socket.path ?? "/socket",
        protocol: "phoenix",
        accept: (socket, request) => {
          const accepted: PhoenixAccepted = { socket, request, context };
          this.#accept(template, accepted);
        },
      });
    }
    for (const [path, connectionClass] of Object.entries(options.connections ?? {})) {
      checkConnectionClass(path, connectionClass);
      const template = childTemplate(connectionClass, { restart: "temporary" });
      mounts.push({ path, protocol: "raw", accept: (socket, request) => this.#accept(template, { socket, request }) });
    }
    return mounts;
  }

  #admit(): Admission {
    if (this.#draining || this.#connections === undefined) return { ok: false, retryAfterMs: OVERLOADED_RETRY_MS };
    return { ok: true };
  }

  #accept(template: ChildTemplate<Connection>, accepted: Accepted): void {
    const { socket } = accepted;
    socket.pause();
    socket.owner = waitingOwner;
    const connections = this.#connections;
    if (connections === undefined) {
      this.#putOff(socket);
      return;
    }
    void this.#startConnection(connections, template, accepted);
  }

  async #startConnection(
    connections: ActorRef<DynamicSupervisor>,
    template: ChildTemplate<Connection>,
    accepted: Accepted,
  ): Promise<void> {
    try {
      const started = await startChild(connections, template, accepted);
      if (started.ok) this.#start?.members.add(started.ref);
      else this.#putOff(accepted.socket);
    } catch (thrown) {
      // The supervisor of connections ended meanwhile: the client comes back and finds the next one.
      this.#putOff(accepted.socket);
      this.#report(thrown);
    }
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
    this.system.report({ type: "endpoint_error", level: "error", text, details: { error: thrown } });
  }
}

function checkConnectionClass(path: string, connectionClass: ActorClass<Connection>): void {
  if (typeof connectionClass === "function" && connectionClass.prototype instanceof Connection) return;
  throw new TypeError(`Expected the class that serves ${path} to extend Connection`);
}
