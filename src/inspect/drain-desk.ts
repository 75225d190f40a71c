import { CallError } from "../kernel/errors.js";
import { formatReason } from "../kernel/exit-reason.js";
import type { ActorSystem } from "../kernel/system.js";
import type { InspectableActor, InspectableSystem } from "./inspectable.js";
import type { DrainProgress, DrainView } from "./protocol/drain.js";
import { isRecord } from "./protocol/json.js";
import type { ClaimedOrigin, DrainCancel, DrainOrder, DrainRequest, ReplyError } from "./protocol/messages.js";
import type { DrainAction } from "./reader-connection.js";
import type { Answer } from "./snapshot-source.js";

/** The part of an endpoint's actor `clients` that is used here. */
interface Drains {
  drain(perSecond: number, options?: { readonly stayClosed?: boolean }): number;
  cancelDrain(): unknown;
}

/** A drain that was begun here. */
interface Begun extends DrainOrder {
  readonly number: number;
  readonly startedAt: number;
  total: number;
  /** As last seen; undefined before the order has been taken. */
  left: number | undefined;
  /** Whether it was cancelled through this desk. */
  cancelled: boolean;
  /** Present when it has ended. */
  ended?: {
    readonly state: "done" | "cancelled" | "failed";
    readonly elapsedMs: number;
    readonly left: number;
    readonly reason?: string;
  };
}

/** Endpoints whose last drain is remembered. */
const MOST_REMEMBERED = 16;
/** Names of endpoints that an error lists. */
const MOST_NAMED = 10;
/** Above the most connections of any endpoint. */
const COUNT_LIMIT = 1_000_000;
const SUFFIX = ".clients";

/**
 * Hands the clients of an endpoint over for a reader of the inspector, and tells how far that has come.
 *
 * One drain of an endpoint at a time; it goes on whether or not its reader stays. How many are left is read from the tables of the runtime, not
 * asked of the actor that does it. Each attempt is a report of the system, and so is its end.
 */
export class DrainDesk implements DrainAction {
  readonly #system: ActorSystem;
  readonly #view: InspectableSystem;
  readonly #drains = new Map<string, Begun>();
  #number = 0;

  constructor(system: ActorSystem, view: InspectableSystem) {
    this.#system = system;
    this.#view = view;
  }

  answer(request: DrainRequest): Answer {
    try {
      return this.#answer(request);
    } catch (error) {
      return refused({ code: "internal", message: `${request.method} failed: ${textOf(error)}` });
    }
  }

  #answer(request: DrainRequest): Answer {
    switch (request.method) {
      case "drain.look":
        return this.#look(request.params.endpoint);
      case "drain.start":
        return this.#begin(request.params);
      case "drain.cancel":
        return this.#cancel(request.params);
    }
  }

  #look(endpoint: string): Answer {
    const clients = this.#clientsOf(endpoint);
    return clients === undefined ? refused(this.#unknown(endpoint)) : this.#show(endpoint, clients);
  }

  #begin(order: DrainOrder): Answer {
    const { endpoint, perSecond, stayClosed = false } = order;
    const clients = this.#clientsOf(endpoint);
    const actor = this.#system.whereis<Drains>(endpoint + SUFFIX);
    if (clients === undefined || actor === undefined) return this.#refuse(order, this.#unknown(endpoint));
    const running = this.#running(endpoint);
    const left = running === undefined ? leftOf(clients) : this.#progress(running, clients).left;
    if (left !== undefined) {
      const message = `The clients of endpoint ${JSON.stringify(endpoint)} are being handed over already, ${left} are left.`;
      return this.#refuse(order, { code: "already_draining", message });
    }
    const total = this.#connected(endpoint);
    const begun: Begun = {
      ...order,
      number: ++this.#number,
      startedAt: this.#system.clock.now(),
      total,
      left: undefined,
      cancelled: false,
    };
    this.#remember(begun);
    this.#audit(order, "started", `begins: ${total} clients, ${perSecond} a second`, { clients: total });
    // As long as it takes: the call ends at the latest with the actor.
    void this.#follow(begun, actor.callWithin(Number.POSITIVE_INFINITY).drain(perSecond, { stayClosed }));
    return this.#show(endpoint, clients);
  }

  /** It has ended when a later look says so. Without a drain under way it opens an endpoint that has stayed closed. */
  #cancel(order: DrainCancel): Answer {
    const { endpoint } = order;
    const clients = this.#clientsOf(endpoint);
    const actor = this.#system.whereis<Drains>(endpoint + SUFFIX);
    if (clients === undefined || actor === undefined) return this.#refuse(order, this.#unknown(endpoint));
    const running = this.#running(endpoint);
    if (running !== undefined) running.cancelled = true;
    this.#audit(order, "cancelled", "is cancelled: it takes new connections again", {});
    actor.cast.cancelDrain();
    return this.#show(endpoint, clients);
  }

  async #follow(begun: Begun, drained: Promise<number>): Promise<void> {
    const took = (): number => Math.round(this.#system.clock.now() - begun.startedAt);
    try {
      const clients = await drained;
      if (begun.cancelled) {
        const left = Math.max(0, begun.total - clients);
        begun.ended = { state: "cancelled", elapsedMs: took(), left };
        return;
      }
      begun.total = clients;
      begun.ended = { state: "done", elapsedMs: took(), left: 0 };
      this.#audit(begun, "done", `is done: ${clients} clients, ${took()} ms`, { clients, tookMs: took() });
    } catch (error) {
      const reason = error instanceof CallError ? formatReason(error.reason) : textOf(error);
      const clients = this.#clientsOf(begun.endpoint);
      const left = (clients === undefined ? undefined : leftOf(clients)) ?? this.#connected(begun.endpoint);
      begun.ended = { state: "failed", elapsedMs: took(), left, reason };
      this.#audit(begun, "failed", `broke off after ${took()} ms: ${reason}`, { reason, tookMs: took() });
    }
  }

  #show(endpoint: string, clients: InspectableActor): Answer {
    const begun = this.#drains.get(endpoint);
    const view: DrainView = {
      system: { name: this.#view.name, pid: process.pid },
      endpoint,
      clients: this.#connected(endpoint),
      closed: statusOf(clients)["closed"] === true,
      ...(begun === undefined ? {} : { drain: this.#progress(begun, clients) }),
    };
    return { ok: true, json: JSON.stringify(view) };
  }

  #progress(begun: Begun, clients: InspectableActor): DrainProgress {
    const { number, perSecond, ended, startedAt } = begun;
    if (ended !== undefined) {
      return { number, total: begun.total, perSecond, ...ended };
    }
    // Nothing is said of it before the order is taken, and when all are told. It may be about more than were counted before.
    begun.left = leftOf(clients) ?? (begun.left === undefined ? undefined : 0);
    const left = begun.left ?? begun.total;
    begun.total = Math.max(begun.total, left);
    const elapsedMs = Math.round(this.#system.clock.now() - startedAt);
    return { number, state: "running", total: begun.total, left, perSecond, elapsedMs };
  }

  #running(endpoint: string): Begun | undefined {
    const begun = this.#drains.get(endpoint);
    return begun === undefined || begun.ended !== undefined ? undefined : begun;
  }

  #remember(begun: Begun): void {
    this.#drains.delete(begun.endpoint);
    for (const [endpoint, { ended }] of this.#drains) {
      if (this.#drains.size < MOST_REMEMBERED) break;
      if (ended !== undefined) this.#drains.delete(endpoint);
    }
    this.#drains.set(begun.endpoint, begun);
  }

  /** The actor that knows an endpoint's clients, if what has its name is one. */
  #clientsOf(endpoint: string): InspectableActor | undefined {
    const actor = this.#view.find(endpoint + SUFFIX);
    return actor !== undefined && statusOf(actor)["kind"] === "clients" ? actor : undefined;
  }

  #connected(endpoint: string): number {
    return this.#view.find(`${endpoint}.connections`)?.tallyChildren(COUNT_LIMIT).count ?? 0;
  }

  #unknown(endpoint: string): ReplyError {
    const names = this.#system.names().filter((name) => name.endsWith(SUFFIX));
    const known = names
      .map((name) => name.slice(0, -SUFFIX.length))
      .filter((name) => this.#clientsOf(name) !== undefined);
    const running =
      known.length === 0
        ? "None runs now."
        : `Running now: ${known.slice(0, MOST_NAMED).join(", ")}${known.length > MOST_NAMED ? ", …" : ""}.`;
    return { code: "no_such_endpoint", message: `No endpoint has the name ${JSON.stringify(endpoint)}. ${running}` };
  }

  #refuse(order: DrainOrder | DrainCancel, error: ReplyError): Answer {
    this.#audit(order, "refused", `is refused: ${error.message}`, { reason: error.code });
    return refused(error);
  }

  // A warning, because the usual reporter drops what is less, and whoever reads the log must find why all clients went.
  #audit(order: DrainOrder | DrainCancel, event: string, text: string, more: Readonly<Record<string, unknown>>): void {
    const { endpoint, by } = order;
    const pace = "perSecond" in order ? { perSecond: order.perSecond } : {};
    const at = new Date(this.#system.clock.wallTime()).toISOString();
    this.#system.report({
      type: "inspector_action",
      level: "warning",
      text: `Drain of endpoint ${JSON.stringify(endpoint)}, ordered through the inspector by ${origin(by)}, ${text}`,
      details: { action: "drain", event, endpoint, ...pace, at, socketUid: process.getuid?.(), claimed: by, ...more },
    });
  }
}

/** What is known of who asks: the socket lets in the user of the process, and root; the rest is the asker's word. */
function origin(by: ClaimedOrigin | undefined): string {
  const uid = process.getuid?.();
  if (by === undefined) return `user ${uid} or root`;
  return `process ${by.pid} of user ${by.uid} (its own word; the socket is that of user ${uid})`;
}

function leftOf(clients: InspectableActor): number | undefined {
  const left = statusOf(clients)["draining"];
  return typeof left === "number" ? left : undefined;
}

function statusOf(actor: InspectableActor): Readonly<Record<string, unknown>> {
  const status = actor.status();
  return isRecord(status) ? status : {};
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function refused(error: ReplyError): Answer {
  return { ok: false, error };
}
