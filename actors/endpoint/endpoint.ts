import {
  type ActorSystem,
  type ExitReason,
  type LimitedReporter,
  limitReports,
  release,
  type Reporter,
} from "../../src/index.js";
import { nodeOf } from "../../src/cluster/node-port.js";
import type { StoreChange } from "../../src/store/store-port.js";
import { child, DynamicSupervisor, Supervisor } from "../../supervisors/index.js";
import { RouteTable } from "../channel/route-table.js";
import { HomeKeeper } from "../home/home-keeper.js";
import { HomeTable } from "../home/home-table.js";
import { Heartbeat, HeartbeatMembers } from "../connection/heartbeat.js";
import { DelayQueue } from "../session/delay-queue.js";
import { PushWindow } from "../session/push-window.js";
import { SessionDirectory } from "../session/session-directory.js";
import type { SessionRef } from "../session/session-messages.js";
import { Subscriptions } from "../topic/subscriptions.js";
import { AdmissionKeeper } from "../../src/transport/admission/admission-keeper.js";
import { type AdmissionRules, resolveAdmission } from "../../src/transport/admission/admission-options.js";
import { ReplayTurns } from "../../src/transport/admission/replay-turns.js";
import type { HeardRecord } from "../topic/heard-record.js";
import { Relays } from "../relay/relays.js";
import { Topics } from "../topic/topics.js";
import { DEFAULT_TOPICS } from "../topic/topics-options.js";
import { Clients } from "./clients.js";
import type { EndpointContext } from "./context.js";
import { type Keeping, keepingOf } from "./keeping.js";
import { Listener } from "./listener.js";
import { Restorer } from "./restore.js";
import { StoreGuard } from "./store-guard.js";
import { folderOf, ownStoreOf } from "./store-option.js";
import { checkEndpointOptions, type EndpointOptions, resolveLimits, type SocketOptions } from "./options.js";

const DEFAULT_NAME = "endpoint";
const MOST_CONNECTIONS = 100_000;
const DRAIN_TIMEOUT_MS = 5_000;
const AFTER_DRAIN_MS = 2_000;

/**
 * Everything between the network and your channels: HTTP server, connections, sessions, topics and heartbeat, under one supervisor.
 *
 * Children, in order: `topics`, `sessions`, `connections`, `heartbeat`, `clients`, `listener`; `rest_for_one`, so what depends on a part that crashed is
 * started anew with it. Where sessions are kept in a store, `store` comes first and `restorer` after `sessions`; on a node of a cluster `homes` comes
 * before all. On a stop the listener goes first and drains: clients are told to come back, and nothing accepted is lost.
 *
 * ```ts
 * child(Endpoint, { id: "endpoint", args: { port: 4000, socket: { channels: { "room:*": Room } } } })
 * ```
 */
export class Endpoint extends Supervisor<EndpointOptions> {
  #context: EndpointContext | undefined;
  #admission: AdmissionKeeper | undefined;
  #report: LimitedReporter | undefined;

  override init(options: EndpointOptions) {
    checkEndpointOptions(options);
    const name = options.name ?? DEFAULT_NAME;
    const maxChildren = options.maxConnections ?? MOST_CONNECTIONS;
    const drainTimeoutMs = options.drainTimeoutMs ?? DRAIN_TIMEOUT_MS;
    const members = new HeartbeatMembers();
    const limits = resolveLimits(options.socket?.limits);
    const rules = resolveAdmission(options.admission, limits);
    const admission = new AdmissionKeeper(rules, this.system);
    const { clock } = this.system;
    const report = limitReports((one) => this.system.report(one), { clock });
    const restorerName = `${name}.restorer`;
    const store = options.socket?.store;
    const keeping =
      store === undefined ? undefined : keepingOf(ownStoreOf(store), this.system, `${name}.sessions`, restorerName);
    const port = options.socket === undefined ? undefined : nodeOf(this.system);
    const homes = port === undefined || port.isAlone ? undefined : new HomeTable();
    const context =
      options.socket === undefined
        ? undefined
        : contextOf(options.socket, name, this.system, rules, report, { keeping, homes });
    this.#context = context;
    this.#admission = admission;
    this.#report = report;
    const connectionsName = `${name}.connections`;
    const periodMs = context?.limits.heartbeatMs ?? 25_000;
    return {
      strategy: "rest_for_one",
      children: [
        ...(homes === undefined || port === undefined || context === undefined
          ? []
          : [
              child(HomeKeeper, {
                id: "homes",
                args: {
                  context,
                  table: homes,
                  port,
                  endpoint: name,
                  folder: store === undefined ? undefined : folderOf(store),
                  members,
                  admission,
                },
                name: `${name}.homes`,
              }),
            ]),
        ...(keeping === undefined || context === undefined
          ? []
          : [child(StoreGuard, { id: "store", args: { context, writer: keeping.writer }, name: `${name}.store` })]),
        child(Topics, {
          id: "topics",
          args: {
            options: { name: name === DEFAULT_NAME ? DEFAULT_TOPICS : `${name}.topics`, ...options.topics },
            subscriptions: context?.subscriptions,
            writer: keeping?.writer,
            takeHeard: () => takeHeard(keeping),
          },
          name: `${name}.topics`,
        }),
        child(DynamicSupervisor, { id: "sessions", args: { maxChildren }, name: `${name}.sessions` }),
        ...(keeping === undefined || context === undefined
          ? []
          : [child(Restorer, { id: "restorer", args: { context, writer: keeping.writer }, name: restorerName })]),
        child(DynamicSupervisor, { id: "connections", args: { maxChildren }, name: connectionsName }),
        child(Heartbeat, { id: "heartbeat", args: { periodMs, members } }),
        child(Clients, { id: "clients", args: { context, members, admission }, name: `${name}.clients` }),
        child(Listener, {
          id: "listener",
          args: { options, context, admission, members, connectionsName, drainTimeoutMs, report, homes },
          shutdown: drainTimeoutMs + AFTER_DRAIN_MS,
          name: `${name}.listener`,
        }),
      ],
    } as const;
  }

  override [release](reason: ExitReason): void {
    this.#context?.acknowledgements.stop();
    this.#context?.subscriptions.stop();
    this.#context?.silent.stop();
    this.#context?.pushes.stop();
    this.#context?.replays.stop();
    this.#context?.keeping?.writer.stop();
    this.#context?.relays?.close();
    this.#admission?.stop();
    this.#report?.stop();
    super[release](reason);
  }
}

function takeHeard(keeping: Keeping | undefined): HeardRecord | undefined {
  const heard = keeping?.heard;
  if (keeping !== undefined) keeping.heard = undefined;
  return heard;
}

/** How long a session may take for one batch of what its client has missed. */
const REPLAY_TURN_MS = 1_000;

function contextOf(
  options: SocketOptions,
  name: string,
  system: ActorSystem,
  rules: AdmissionRules,
  report: Reporter,
  { keeping, homes }: Pick<EndpointContext, "keeping" | "homes">,
): EndpointContext {
  const limits = resolveLimits(options.limits);
  const { clock, random } = system;
  const port = nodeOf(system);
  const logKeeping =
    keeping === undefined
      ? undefined
      : {
          topicLogMessages: limits.topicLogMessages,
          topicLogBytes: limits.topicLogBytes,
          topicLogMs: limits.topicLogMs,
          log: (change: StoreChange) => keeping.writer.log(change),
          wallTime: () => system.clock.wallTime(),
        };
  return {
    routes: new RouteTable(options.channels),
    limits,
    authenticate: options.authenticate ?? (() => ({})),
    directory: new SessionDirectory(limits),
    subscriptions: new Subscriptions(limits, system.clock, logKeeping),
    keeping,
    homes,
    relays: port === undefined || port.isAlone ? undefined : new Relays(port, { name, clock, random, report }),
    pushes: new PushWindow(
      system.clock,
      undefined,
      keeping === undefined ? undefined : (change) => keeping.writer.log(change),
    ),
    // Who has ended meanwhile is nobody to tell, and no dead letter.
    // Looked at here, not left to be dead letters: most who were to be told have ended, or have nothing left to do, by then.
    acknowledgements: new DelayQueue(system.clock, limits.ackDelayMs, (session) => {
      if (system.isAlive(session)) session.cast.acknowledgementDue();
    }),
    silent: new DelayQueue(system.clock, limits.helloTimeoutMs, (connection) => {
      if (system.isAlive(connection)) connection.cast.silent();
    }),
    sessionsName: `${name}.sessions`,
    report,
    authTimeoutMs: rules.authTimeoutMs,
    replays: new ReplayTurns<SessionRef>(system.clock, {
      atATime: rules.replaysAtATime,
      turnMs: REPLAY_TURN_MS,
      grant: (session) => session.cast.replayTurn(),
    }),
  };
}
