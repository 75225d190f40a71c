import {
  Actor,
  type AnyRef,
  type Clock,
  type Deferred,
  type ExitReason,
  messages,
  release,
  type StartResult,
  type TimerRef,
  teardown,
} from "../../src/index.js";
import { CloseCode } from "../../src/protocol/close-codes.js";
import { nodeOf } from "../../src/cluster/node-port.js";
import type { ResumeFailure } from "../../src/protocol/handshake.js";
import type { SessionState } from "../channel/channel-messages.js";
import type { Channel, ChannelClass, ChannelStart } from "../channel/channel.js";
import { ANONYMOUS, type EndpointContext } from "../endpoint/context.js";
import { Absence, type AbsenceMessage } from "./absence.js";
import { CatchUp } from "./catch-up.js";
import type { ChannelRow } from "./channel-table.js";
import { closeFor } from "./session-close.js";
import type { Numbering, SessionHost } from "./session-host.js";
import type { SessionKeeper } from "./session-keeper.js";
import { SessionLine } from "./session-line.js";
import type { AttachRequest, Identity, SessionRef, SessionStart, StockAttach } from "./session-messages.js";
import { reportOf } from "./session-status.js";
import { SessionTopics } from "./session-topics.js";

const STOCK_GAVE_UP = "heartbeat timeout";
const RETRY_MS = 1_000;

/**
 * A session's life beside its messages: sockets come and go, and in the end so does it.
 *
 * What it holds is what its parts ask of their host, {@link SessionHost}. While there is no socket its topics are put away, and an
 * {@link Absence} counts the time that it has left.
 */
export abstract class SessionLife extends Actor<SessionStart> implements SessionHost {
  static readonly [messages]: readonly string[] = [];
  numbering: Numbering = "none";
  identity: Identity = ANONYMOUS;
  away: CatchUp | undefined;
  keeper: SessionKeeper | undefined;
  #context: EndpointContext | undefined;
  /** The public id; empty for a stock client that cannot come back. */
  sid = "";
  /** How long it lives without a socket. */
  protected ttlMs = 0;
  protected readonly line = new SessionLine(this);
  protected readonly topics = new SessionTopics(this, this.line);
  #absence: Absence | undefined;
  #gone: ResumeFailure | undefined;
  #draining: Deferred<boolean>[] | undefined;

  // What its parts ask of it.

  get context(): EndpointContext {
    if (this.#context === undefined) throw new TypeError("The session was not started by an endpoint");
    return this.#context;
  }

  abstract get ref(): SessionRef;

  get clock(): Clock {
    return this.system.clock;
  }

  startChannel(channelClass: ChannelClass, start: ChannelStart): StartResult<Channel> | Promise<StartResult<Channel>> {
    return this.start(channelClass, start);
  }

  endActor(actor: AnyRef, reason: ExitReason): void {
    this.exit(actor, reason);
  }

  exited(actor: AnyRef): Promise<ExitReason> {
    return this.system.exited(actor);
  }

  after(delayMs: number, message: AbsenceMessage): TimerRef {
    return this.sendAfter(delayMs, message);
  }

  cancel(timer: TimerRef): void {
    this.cancelTimer(timer);
  }

  tellChannels(state: SessionState): void {
    for (const row of this.topics) if (!row.leaving) row.channel?.cast.sessionIs(state);
  }

  putAwayIfDetached(row: ChannelRow): void {
    if (!this.line.attached && this.numbering !== "none") this.putAway([row]);
  }

  allHandled(): void {
    if (this.#draining === undefined) return;
    if (this.keeper !== undefined && this.keeper.safeHandled < this.line.stream.handled) return;
    this.line.acknowledge(true);
    this.#drained(true);
  }

  end(code: number, reason: string, gone: ResumeFailure | undefined): void {
    this.#gone = gone;
    this.keeper?.end();
    this.stop({ shutdown: { code, reason } });
  }

  report(level: "info" | "warning" | "error", type: string, text: string): void {
    this.context.report(reportOf(this, level, type, text));
  }

  // The way in.

  /** Belongs to an endpoint from now on. */
  protected belong(context: EndpointContext): void {
    this.#context = context;
    this.trapExit();
    // Where another node may have the session by now, nothing is done here in its name.
    if (context.homes !== undefined) nodeOf(this.system)?.guard(this.ref);
  }

  /** Makes a socket the present one. */
  protected take({ socket, connection, identity }: AttachRequest | StockAttach): void {
    this.identify(identity);
    this.line.take(socket, connection);
    if (this.#absence !== undefined) {
      this.context.directory.attached(this.ref);
      this.#absence.end();
      this.#absence = undefined;
    }
    // No monitor: the link tells this session of the connection's end, and the connection of the session's.
    this.link(connection);
  }

  /** The client was authenticated anew. Its channels hear of what was said of it then, before anything that it sends from now on. */
  protected identify(identity: Identity): void {
    const before = this.identity;
    this.identity = identity;
    if (identity.assigns === before.assigns) return;
    for (const row of this.topics) if (!row.leaving) row.channel?.cast.identityIs(identity);
  }

  // The way out.

  /** Ends the present connection, if there is one, with a close code for the client. */
  protected drop(code: number, reason: string, retryAfterMs?: number): void {
    const connection = this.line.letGo();
    if (connection === undefined) return;
    // It is closed as is said here, not as a drain.
    this.#drained(false);
    this.unlink(connection);
    const close = retryAfterMs === undefined ? { code, reason } : { code, reason, retryAfterMs };
    this.exit(connection, { shutdown: close });
  }

  /** The client had better come back in a moment than wait. */
  protected dropForNow(code: number, reason: string): void {
    this.drop(code, reason, Math.round(RETRY_MS * (1 + this.system.random.next())));
    this.detach();
  }

  /** The socket is gone: for good when the client closed it with 1000, which is its other way to say bye. */
  protected lost(reason: ExitReason): void {
    this.line.letGo();
    this.#drained(false);
    const close = closeFor(reason);
    // Phoenix's client says 1000 also when it has given a dead connection up.
    const wanted = close.code === CloseCode.normal && close.reason !== STOCK_GAVE_UP;
    if (wanted && this.numbering !== "none") this.end(CloseCode.normal, "closed", undefined);
    else this.detach();
  }

  protected detach(): void {
    if (this.numbering === "none") return this.stop({ shutdown: { code: 1001, reason: "closed" } });
    this.putAway(this.topics);
    this.keeper?.headChanged();
    this.beAway(this.ttlMs);
  }

  /** Lives for so long without a socket. */
  protected beAway(ttlMs: number): void {
    this.#absence = new Absence(this, ttlMs);
    this.context.directory.detached(this.ref, this.identity.user, this.line.stream.outbox.bytes);
  }

  /** A timer of its time without a socket has fired. */
  protected awayFor(message: AbsenceMessage): void {
    this.#absence?.heard(message);
  }

  /** The client broke the protocol: its connection ends, the session stays for a better one. */
  protected violated(what: string): void {
    this.report("warning", "protocol_error", `got ${what}`);
    this.drop(CloseCode.protocolError, "protocol_error");
    this.detach();
  }

  /** The client is slow: its topics are read from their logs from now on, or it is closed and comes back. */
  protected slowDown(): void {
    const { routes } = this.context;
    const closes = [...this.topics].some((row) => !row.leaving && routes.overflowOf(row) === "close");
    if (closes) this.dropForNow(CloseCode.slowConsumer, "slow_consumer");
    else this.putAway(this.topics);
  }

  protected putAway(rows: Iterable<ChannelRow>): void {
    this.away ??= new CatchUp(this, this.line);
    this.away.putAway(rows);
    if (this.away.isDone) this.away = undefined;
  }

  /** Answers a connection with true when all that was accepted is handled; with false when it is not the present one any more. */
  protected whenAllHandled(connection: AnyRef, deferred: Deferred<boolean>): void {
    if (connection !== this.line.connection) return deferred.reply(false);
    (this.#draining ??= []).push(deferred);
    if (this.line.stream.unhandled === 0) this.allHandled();
  }

  #drained(isPresent: boolean): void {
    for (const deferred of this.#draining ?? []) deferred.reply(isPresent);
    this.#draining = undefined;
  }

  override [teardown](reason: ExitReason): unknown {
    const { code, reason: why } = closeFor(reason);
    this.drop(code, why);
    return super[teardown](reason);
  }

  override [release](reason: ExitReason): void {
    const context = this.#context;
    if (context === undefined) return;
    context.directory.remove(this.sid, this.ref, this.identity.user, this.#gone);
    context.replays.leave(this.ref);
    this.topics.release();
    if (this.keeper?.ended !== false) return;
    this.keeper.leave();
    // An orderly end of the server is no crash: the next one has it back. Nor is the loss of the node's place: another node has it.
    context.keeping?.left(this.sid, this.topics.orphan(), reason !== "shutdown" && reason !== "fenced");
  }
}
