import { Actor, BadArgumentError, CallError, type Deferred, type TimerRef, whatCame } from "../../src/index.js";
import type { BeatingRef, HeartbeatMembers } from "../connection/heartbeat.js";
import type { SessionRef, SessionSummary } from "../session/session-messages.js";
import type { AdmissionKeeper } from "./admission.js";
import type { EndpointContext } from "./context.js";

/** What the clients' actor is started with. */
export interface ClientsStart {
  readonly context: EndpointContext | undefined;
  readonly members: HeartbeatMembers;
  /** The door of the endpoint, to be closed while its clients are handed over. */
  readonly admission?: Pick<AdmissionKeeper, "close" | "closed" | "status" | "takeAgain">;
}

/** How clients are handed over. */
export interface ClientDrainOptions {
  /** Whether the endpoint takes nobody afterwards either, until it is stopped or the drain is cancelled; `false` by default. */
  readonly stayClosed?: boolean;
}

/** What became of a drain that was cancelled. */
export interface CancelledDrain {
  /** Clients that had been told by then. */
  readonly told: number;
  /** Clients that stay. */
  readonly left: number;
}

/** How many sessions there are. */
export interface ClientCounts {
  /** With a socket. */
  readonly online: number;
  /** Without one. */
  readonly detached: number;
  /** Ended to make room for others while they were detached, so far. */
  readonly evicted: number;
  /** What the detached ones keep for their clients, in bytes. */
  readonly bytes: number;
}

/** Whose sessions are meant: those of a user, or the one with a public id. */
export type Whom = { readonly user: string } | { readonly sid: string };

const SUMMARY_TIMEOUT_MS = 1_000;
const TICK_MS = 100;

interface Draining {
  readonly waiting: BeatingRef[];
  readonly deferred: Deferred<number>[];
  readonly timer: TimerRef;
  readonly perTick: number;
  readonly stayClosed: boolean;
  /** How many may be drained by now. */
  due: number;
  drained: number;
}

/**
 * All clients of an endpoint: who is there, and the ways to send them off.
 *
 * Registered as `<endpoint>.clients`: `system.whereis<Clients>("endpoint.clients")?.call.sessionsOf("ada")`.
 */
export class Clients extends Actor<ClientsStart> {
  #context: EndpointContext | undefined;
  #members: HeartbeatMembers | undefined;
  #admission: ClientsStart["admission"];
  #draining: Draining | undefined;

  override init({ context, members, admission }: ClientsStart): void {
    this.#context = context;
    this.#members = members;
    this.#admission = admission;
    // A drain ends with the actor that does it.
    admission?.takeAgain();
  }

  /** The sessions of a user, those without a socket included. */
  async sessionsOf(user: string): Promise<readonly SessionSummary[]> {
    const sessions = this.#context?.directory.ofUser(user) ?? [];
    const summaries = await Promise.all(sessions.map((session) => summaryOf(session)));
    return summaries.filter((summary) => summary !== undefined);
  }

  counts(): ClientCounts {
    return this.#context?.directory.counts ?? { online: 0, detached: 0, evicted: 0, bytes: 0 };
  }

  /** Ends sessions at once, and tells their clients not to come back by themselves (4002). Answers how many. */
  kick(whom: Whom): number {
    const sessions = this.#sessions(whom);
    for (const session of sessions) session.cast.kick();
    return sessions.length;
  }

  /**
   * Hands all connected clients over: so many a second are told to come back (4201), and find whoever serves them then.
   *
   * Each at its own moment, after all that was accepted of it is handled. Until all are through the endpoint takes no new connections: they are
   * told when to come back (1012), and `GET /ready` says 503, so that a balancer sends them elsewhere. Answers how many were told, when all are or it
   * was cancelled. During one drain another call waits for the same.
   */
  drain(perSecond: number, { stayClosed = false }: ClientDrainOptions = {}): Deferred<number> {
    if (!Number.isFinite(perSecond) || perSecond <= 0) {
      throw new BadArgumentError(`Expected clients per second to be a number above 0, got ${whatCame(perSecond)}`);
    }
    const deferred = this.defer<number>();
    if (this.#draining === undefined) {
      const waiting = (this.#members?.all() ?? []).filter((member) => this.system.isAlive(member)).reverse();
      const timer = this.sendEvery(TICK_MS, "drain");
      const perTick = (perSecond * TICK_MS) / 1_000;
      this.#draining = { waiting, deferred: [], timer, perTick, stayClosed, due: 0, drained: 0 };
      this.#admission?.close(stayClosed ? Number.POSITIVE_INFINITY : (waiting.length / perSecond) * 1_000);
    }
    this.#draining.deferred.push(deferred);
    return deferred;
  }

  /** Ends a drain where it is, and takes new connections again, also after one that stays closed. Answers what became of it. */
  cancelDrain(): CancelledDrain {
    const draining = this.#draining;
    const left = draining?.waiting.length ?? 0;
    this.#admission?.takeAgain();
    if (draining !== undefined) this.#end(draining);
    return { told: draining?.drained ?? 0, left };
  }

  override handleInfo(message: unknown): void | Promise<void> {
    const draining = this.#draining;
    if (message !== "drain" || draining === undefined) return super.handleInfo(message);
    draining.due += draining.perTick;
    // Those of one tick come back spread over it, so that they do not all knock at once.
    const slotMs = TICK_MS / Math.max(1, draining.perTick);
    for (let slot = 0; draining.drained < Math.floor(draining.due) && draining.waiting.length > 0; slot++) {
      const member = draining.waiting.pop();
      draining.drained++;
      if (member !== undefined && this.system.isAlive(member)) member.cast.drain(Math.round(slot * slotMs));
    }
    if (draining.waiting.length > 0) return;
    if (!draining.stayClosed) this.#admission?.takeAgain();
    this.#end(draining);
  }

  #end(draining: Draining): void {
    this.cancelTimer(draining.timer);
    this.#draining = undefined;
    for (const deferred of draining.deferred) deferred.reply(draining.drained);
  }

  override formatStatus(): unknown {
    const draining = this.#draining;
    return {
      kind: "clients",
      ...this.counts(),
      limits: this.#context?.limits,
      ...(this.#admission === undefined ? {} : { admission: this.#admission.status() }),
      ...(draining === undefined ? {} : { draining: draining.waiting.length }),
      ...(this.#admission?.closed === true ? { closed: true } : {}),
    };
  }

  #sessions(whom: Whom): readonly SessionRef[] {
    const directory = this.#context?.directory;
    if ("user" in whom) return directory?.ofUser(whom.user) ?? [];
    const session = directory?.find(whom.sid);
    return session === undefined ? [] : [session];
  }
}

/** A session that ends meanwhile, or is too busy to answer, is left out. */
async function summaryOf(session: SessionRef): Promise<SessionSummary | undefined> {
  try {
    return await session.callWithin(SUMMARY_TIMEOUT_MS).summary();
  } catch (thrown) {
    if (thrown instanceof CallError) return undefined;
    throw thrown;
  }
}
