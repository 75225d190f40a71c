import { type ActorSystem, type ExitReason, release } from "../../src/index.js";
import { child, DynamicSupervisor, Supervisor } from "../../supervisors/index.js";
import { RouteTable } from "../channel/route-table.js";
import { Heartbeat, HeartbeatMembers } from "../connection/heartbeat.js";
import { DelayQueue } from "../session/delay-queue.js";
import { SessionDirectory } from "../session/session-directory.js";
import { Subscriptions } from "../topic/subscriptions.js";
import { Topics } from "../topic/topics.js";
import type { EndpointContext } from "./context.js";
import { Listener } from "./listener.js";
import { checkEndpointOptions, type EndpointOptions, resolveLimits, type SocketOptions } from "./options.js";

const MOST_CONNECTIONS = 100_000;
const DRAIN_TIMEOUT_MS = 5_000;
const AFTER_DRAIN_MS = 2_000;

/**
 * Everything between the network and your channels: HTTP server, connections, sessions, topics and heartbeat, under one supervisor.
 *
 * Children, in order: `topics`, `sessions`, `connections`, `heartbeat`, `listener`; `rest_for_one`, so what depends on a part that crashed is
 * started anew with it. On a stop the listener goes first and drains: clients are told to come back, and nothing accepted is lost.
 *
 * ```ts
 * child(Endpoint, { id: "endpoint", args: { port: 4000, socket: { channels: { "room:*": Room } } } })
 * ```
 */
export class Endpoint extends Supervisor<EndpointOptions> {
  #context: EndpointContext | undefined;

  override init(options: EndpointOptions) {
    checkEndpointOptions(options);
    const name = options.name ?? "endpoint";
    const maxChildren = options.maxConnections ?? MOST_CONNECTIONS;
    const drainTimeoutMs = options.drainTimeoutMs ?? DRAIN_TIMEOUT_MS;
    const members = new HeartbeatMembers();
    const context = options.socket === undefined ? undefined : contextOf(options.socket, name, this.system);
    this.#context = context;
    const connectionsName = `${name}.connections`;
    const periodMs = context?.limits.heartbeatMs ?? 25_000;
    return {
      strategy: "rest_for_one",
      children: [
        child(Topics, { id: "topics", args: context?.subscriptions ?? new Subscriptions(), name: `${name}.topics` }),
        child(DynamicSupervisor, { id: "sessions", args: { maxChildren }, name: `${name}.sessions` }),
        child(DynamicSupervisor, { id: "connections", args: { maxChildren }, name: connectionsName }),
        child(Heartbeat, { id: "heartbeat", args: { periodMs, members } }),
        child(Listener, {
          id: "listener",
          args: { options, context, members, connectionsName, drainTimeoutMs },
          shutdown: drainTimeoutMs + AFTER_DRAIN_MS,
          name: `${name}.listener`,
        }),
      ],
    } as const;
  }

  override [release](reason: ExitReason): void {
    this.#context?.acknowledgements.stop();
    this.#context?.silent.stop();
    super[release](reason);
  }
}

function contextOf(options: SocketOptions, name: string, system: ActorSystem): EndpointContext {
  const limits = resolveLimits(options.limits);
  return {
    routes: new RouteTable(options.channels),
    limits,
    authenticate: options.authenticate ?? (() => ({})),
    directory: new SessionDirectory(),
    subscriptions: new Subscriptions(),
    // Who has ended meanwhile is nobody to tell, and no dead letter.
    // Looked at here, not left to be dead letters: most who were to be told have ended, or have nothing left to do, by then.
    acknowledgements: new DelayQueue(system.clock, limits.ackDelayMs, (session) => {
      if (system.isAlive(session)) session.cast.acknowledgementDue();
    }),
    silent: new DelayQueue(system.clock, limits.helloTimeoutMs, (connection) => {
      if (system.isAlive(connection)) connection.cast.silent();
    }),
    sessionsName: `${name}.sessions`,
  };
}
