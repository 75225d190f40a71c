import { type ActorRef, limitReports } from "../../src/index.js";
import { resolveLimits, type SocketLimits } from "../../actors/endpoint/options.js";
import { RouteTable } from "../../actors/channel/route-table.js";
import type { ChannelClass } from "../../actors/channel/channel.js";
import { type PhoenixAccepted, PhoenixConnection } from "../../actors/connection/phoenix-connection.js";
import { Clients } from "../../actors/endpoint/clients.js";
import { HeartbeatMembers } from "../../actors/connection/heartbeat.js";
import type { EndpointContext } from "../../actors/endpoint/context.js";
import { DelayQueue } from "../../actors/session/delay-queue.js";
import { PushWindow } from "../../actors/session/push-window.js";
import { SessionDirectory } from "../../actors/session/session-directory.js";
import { Subscriptions } from "../../actors/topic/subscriptions.js";
import { ReplayTurns } from "../../src/transport/admission/replay-turns.js";
import { createTestSystem, type TestSystem } from "../../src/testing/index.js";
import { DynamicSupervisor } from "../../supervisors/index.js";
import { FakeSocket } from "./fake-socket.js";

export interface FakeEndpoint extends TestSystem {
  readonly context: EndpointContext;
  readonly clients: ActorRef<Clients>;
  /** A client's socket, its connection actor started. */
  connect(params?: Record<string, string>): Promise<{ socket: FakeSocket; connection: ActorRef<PhoenixConnection> }>;
}

export interface FakeEndpointOptions {
  readonly channels: Record<string, ChannelClass>;
  readonly authenticate?: EndpointContext["authenticate"];
  readonly limits?: Partial<SocketLimits>;
  readonly maxSessions?: number;
  /** Runs the actors in an order drawn from it. */
  readonly seed?: number;
}

/** The parts of an endpoint behind its listener, on the virtual clock and without a network. */
export async function createFakeEndpoint(options: FakeEndpointOptions): Promise<FakeEndpoint> {
  const test = await createTestSystem(options.seed === undefined ? {} : { seed: options.seed });
  const { system, clock } = test;
  const limits = resolveLimits(options.limits);
  const context: EndpointContext = {
    routes: new RouteTable(options.channels),
    limits,
    authenticate: options.authenticate ?? (({ token }) => (token === undefined ? {} : { user: token })),
    directory: new SessionDirectory(limits),
    subscriptions: new Subscriptions(limits, clock),
    pushes: new PushWindow(clock),
    acknowledgements: new DelayQueue(clock, limits.ackDelayMs, (session) => session.cast.acknowledgementDue()),
    silent: new DelayQueue(clock, limits.helloTimeoutMs, (connection) => connection.cast.silent()),
    sessionsName: "test.sessions",
    report: limitReports((report) => system.report(report), { clock }),
    authTimeoutMs: 10_000,
    replays: new ReplayTurns(clock, { atATime: 8, turnMs: 1_000, grant: (session) => session.cast.replayTurn() }),
  };
  const members = new HeartbeatMembers();
  const clients = await system.start(Clients, { context, members });
  await system.start(DynamicSupervisor, { maxChildren: options.maxSessions ?? 1_000 }, { name: "test.sessions" });
  return {
    ...test,
    context,
    clients,
    async connect(params = {}) {
      const socket = new FakeSocket();
      const request = {
        path: "/socket/websocket",
        params,
        authToken: undefined,
        origin: undefined,
        remoteAddress: "127.0.0.1",
        headers: {},
      };
      const accepted: PhoenixAccepted = { socket, request, context };
      const connection = await system.start(PhoenixConnection, accepted);
      members.add(connection);
      return { socket, connection };
    },
    async stop() {
      context.acknowledgements.stop();
      context.subscriptions.stop();
      context.silent.stop();
      context.pushes.stop();
      await test.stop();
    },
  };
}
