import { nanoid } from "nanoid";
import {
  Actor,
  type AnyRef,
  type Clock,
  type Deferred,
  type Exit,
  type ExitReason,
  messages,
  release,
  type StartResult,
  startup,
  type TimerRef,
  teardown,
} from "../../src/index.js";
import { CloseCode } from "../../src/protocol/close-codes.js";
import type { Frame } from "../../src/protocol/frame.js";
import type { ResumeFailure } from "../../src/protocol/handshake.js";
import type { SessionState } from "../channel/channel-messages.js";
import type { Channel, ChannelClass, ChannelStart } from "../channel/channel.js";
import { ANONYMOUS, type EndpointContext } from "../endpoint/context.js";
import type { Broadcast } from "../topic/broadcast.js";
import { Absence, type AbsenceMessage, isAbsenceMessage } from "./absence.js";
import { decideAttach, nextAttempt } from "./attach-rule.js";
import { CatchUp } from "./catch-up.js";
import type { ChannelRow } from "./channel-table.js";
import { withRefs } from "./frame-body.js";
import type { Body } from "./outbox.js";
import { Secrets } from "./secrets.js";
import { closeFor } from "./session-close.js";
import type { Numbering, SessionHost } from "./session-host.js";
import type { SessionKeeper } from "./session-keeper.js";
import { acknowledgeFrames, isKeepable, keeperOf, restoreStream, restoreTopics, timeLeft } from "./session-keeping.js";
import { SessionLine } from "./session-line.js";
import {
  type AttachRequest,
  type AttachResult,
  type Identity,
  type ReadingRef,
  type ReturningSession,
  SESSION_MESSAGES,
  type SessionMessages,
  type SessionRef,
  type SessionStart,
  type SessionSummary,
  type StockAttach,
  type StoreNews,
} from "./session-messages.js";
import { reportOf, statusOf, summaryOf } from "./session-status.js";
import { SessionTopics } from "./session-topics.js";
import { announceToken, decideStockAttach, holdForJoins } from "./stock-resume.js";
import { StockToken } from "./stock-token.js";
import { ttlOf, welcomeBody } from "./welcome.js";

const STOCK_GAVE_UP = "heartbeat timeout";
const RETRY_MS = 1_000;
/** How long a stock client that is back may take to join a topic again; then it has left it. */
const JOIN_AGAIN_MS = 30_000;

/**
 * One client's session: it outlives the client's sockets, and ends when the client says so or stays away for too long.
 *
 * It owns the client's identity, its joined channels (its children), the numbers of both directions, and what was not acknowledged. A socket
 * that drops takes only its connection actor along: the session hears of it through their link and goes on, detached. A client that comes back
 * gets what it missed, once and in order. What survives a crash: what a store has of it ({@link SessionKeeper}); without one nothing.
 *
 * The socket's side is {@link SessionLine}, the topics' side {@link SessionTopics}; {@link CatchUp} is there while topics are read from logs.
 */
export class Session extends Actor<SessionStart> implements SessionMessages, SessionHost {
  static readonly [messages]: readonly string[] = SESSION_MESSAGES;
  numbering: Numbering = "none";
  identity: Identity = ANONYMOUS;
  away: CatchUp | undefined;
  keeper: SessionKeeper | undefined;
  #context: EndpointContext | undefined;
  /** The public id; empty for a stock client that cannot come back. */
  #sid = "";
  #secrets: Secrets | undefined;
  #ttlMs = 0;
  readonly #line = new SessionLine(this);
  readonly #topics = new SessionTopics(this, this.#line);
  #absence: Absence | undefined;
  #gone: ResumeFailure | undefined;
  #draining: Deferred<void>[] | undefined;

  override [startup](start: SessionStart): unknown {
    if ("restored" in start) return this.#restore(start);
    const { context, attach } = start;
    this.#context = context;
    this.identity = attach.identity;
    this.trapExit();
    const stock = attach.hello === undefined ? attach.stock : undefined;
    if (attach.hello !== undefined || stock !== undefined) {
      this.#sid = nanoid();
      this.#ttlMs = ttlOf(attach, context.limits);
    }
    context.directory.add(this.#sid, this.ref, this.identity.user);
    this.#take(attach);
    if (attach.hello !== undefined) {
      this.numbering = "window";
      this.#secrets = new Secrets();
      this.#keep(false);
      this.#welcome(attach, "none");
    } else if (stock !== undefined) {
      this.numbering = "tail";
      const token = new StockToken();
      this.#secrets = token;
      announceToken(this.#line, token.next(this.#sid, this.clock.now()), false, stock.instead);
    }
    return undefined;
  }

  // Messages of connections.

  /** Attaches a resuming client's new socket; the present one, if it still looks open, is closed with 4001. */
  attach(request: AttachRequest): AttachResult {
    const { resume } = request.hello;
    const { stream } = this.#line;
    const secrets = this.#secrets;
    // A hello that was held up on its way, of a socket that its client gave up, must not take over from a later one.
    if (!request.socket.open) return { kind: "refused", reason: "unknown" };
    if (resume === undefined || secrets === undefined || this.numbering !== "window") {
      return { kind: "refused", reason: "unknown" };
    }
    const sameUser = request.identity.user === this.identity.user;
    const verdict = decideAttach(secrets.check(resume.secret), sameUser, resume, stream, secrets.attempt);
    if (verdict.kind === "revoke") {
      this.report("warning", "session_revoked", "its secret was used after it had been replaced: it is revoked");
      this.end(CloseCode.sessionRevoked, "revoked", undefined);
      return { kind: "revoked" };
    }
    if (verdict.kind === "stale") return verdict;
    if (verdict.kind === "refuse") return { kind: "refused", reason: verdict.reason };
    secrets.attempt = nextAttempt(secrets.attempt, resume);
    this.#drop(CloseCode.takenOver, "taken_over");
    this.#take(request);
    acknowledgeFrames(this, this.#line, this.#topics, resume.rx);
    stream.rewind();
    this.#checkKeepable();
    this.keeper?.metaChanged();
    this.#welcome(request, verdict.presented);
    this.pump();
    return { kind: "attached" };
  }

  /** Attaches the new socket of a stock client. Each topic waits for its join, which gets the channel back that was joined. */
  attachStock(request: StockAttach): AttachResult {
    const secrets = this.#secrets;
    const rx = request.stock?.rx ?? 0;
    if (!request.socket.open || !(secrets instanceof StockToken)) return { kind: "refused", reason: "unknown" };
    const sameUser = request.identity.user === this.identity.user;
    const reason = decideStockAttach(secrets.check(request.stock?.secret ?? ""), sameUser, rx, this.#line.stream);
    if (reason !== undefined) return { kind: "refused", reason };
    this.#drop(CloseCode.takenOver, "taken_over");
    this.#take(request);
    this.#putAway(this.#topics);
    holdForJoins(this.away, this.#topics, this.#line.stream.withdraw(rx));
    announceToken(this.#line, secrets.next(this.#sid, this.clock.now()), true, undefined);
    this.sendAfter(JOIN_AGAIN_MS, { joinedAgain: this.#line.epoch });
    return { kind: "attached" };
  }

  /** Takes a frame of the client. One whose number was taken before is dropped: its effect, and its reply, happen once. */
  frame(connection: AnyRef, frame: Frame, bytes: number): void | Promise<void> {
    // A frame of a replaced connection that was still on its way: old epochs are silent.
    if (connection !== this.#line.connection) return;
    if (this.numbering !== "window") {
      const taken = this.#line.stream.takeNext();
      this.#line.taken();
      return this.#topics.dispatch({ frame, seq: taken, bytes });
    }
    if (frame.ack !== undefined) this.acknowledged(connection, frame.ack);
    const { seq } = frame;
    const { stream } = this.#line;
    if (seq === undefined) return this.#violated(`a frame on ${frame.topic} without a number`);
    const verdict = stream.take(seq);
    if (verdict === "gap") return this.#violated(`number ${seq} after ${stream.rx}: a frame is missing`);
    if (verdict === "duplicate") return this.#line.repeated(bytes);
    this.#line.taken();
    return this.#topics.dispatch({ frame, seq, bytes });
  }

  acknowledged(connection: AnyRef, seq: number): void {
    if (connection !== this.#line.connection) return;
    const { stream } = this.#line;
    if (seq > stream.tx) return this.#violated(`an acknowledgement of ${seq}, above ${stream.tx}`);
    // Whoever acknowledges under this epoch has had the answer with the new secret.
    if (this.numbering === "window" && this.#secrets?.confirm() === true) this.keeper?.metaChanged();
    acknowledgeFrames(this, this.#line, this.#topics, seq);
    this.pump();
  }

  heartbeat(connection: AnyRef): void {
    if (connection !== this.#line.connection) return;
    if (!(this.#secrets instanceof StockToken)) return this.#line.acknowledge(true);
    const token = this.#secrets.renew(this.#sid, this.clock.now());
    if (token !== undefined) announceToken(this.#line, token, true, undefined);
  }

  refreshed(connection: AnyRef, identity: Identity): boolean {
    if (connection !== this.#line.connection) return true;
    if (identity.user !== this.identity.user) return false;
    this.identity = identity;
    this.keeper?.metaChanged();
    return true;
  }

  /** Answers a connection that has stopped reading, once all that it had sent before is looked at. */
  caughtUp(connection: ReadingRef): void {
    connection.cast.readOn();
  }

  bye(connection: AnyRef): void {
    if (connection === this.#line.connection) this.end(CloseCode.normal, "bye", undefined);
  }

  /** Writes what the client's window and the socket's buffer allow, then reads logs. */
  pump(): void {
    this.#line.pump();
    if (this.#line.attached) this.away?.ask();
    if (this.away?.isDone === true) this.away = undefined;
  }

  replayTurn(): void {
    this.context.replays.done(this.ref, this.#line.attached && this.away?.turn() === true);
    if (this.away?.isDone === true) this.away = undefined;
  }

  /** Answers when all that was accepted is handled. A deferred reply, not an async handler: the channels must still be heard meanwhile. */
  drain(): Deferred<void> {
    const deferred = this.defer<void>();
    (this.#draining ??= []).push(deferred);
    if (this.#line.stream.unhandled === 0) this.allHandled();
    return deferred;
  }

  deliver(row: ChannelRow, broadcast: Broadcast): void {
    if (row.leaving) return;
    const away = this.away?.find(row);
    if (away !== undefined) return away.keep(broadcast);
    if (!this.#line.offer(broadcast.frame, broadcast.bytes, row, broadcast)) {
      this.#putAway(this.#topics);
      this.away?.find(row)?.keep(broadcast);
    } else if (this.#line.slow) this.#slowDown();
  }

  settled(): void {
    this.away?.settled();
    this.pump();
  }

  push(row: ChannelRow, body: Body): void {
    this.#topics.emit(row, body);
  }

  answer(row: ChannelRow, body: Body | undefined, state?: unknown): void {
    this.#topics.answered(row, body, state);
  }

  repeated(row: ChannelRow, ref: string | null, seq: number, reply: Body | undefined): void {
    if (reply !== undefined) this.#topics.emit(row, withRefs(reply, row.joinRef, ref));
    this.#line.handled(seq, 0);
  }

  gapAnswered(row: ChannelRow): void {
    const away = this.away?.find(row);
    if (away?.hold === "snapshot") away.hold = undefined;
    this.pump();
  }

  acknowledgementDue(): void {
    this.#line.acknowledgementDue();
  }

  evict(): void {
    if (this.#line.attached) return;
    this.report("info", "session_evicted", "made room for others while its client was away: it ends");
    this.end(CloseCode.expired, "expired", "expired");
  }

  kick(): void {
    this.end(CloseCode.kicked, "kicked", undefined);
  }

  /** While the store takes nothing the client had better know than wait: it comes back until it does. */
  store(news: StoreNews): void {
    if (news === "refused") return this.end(CloseCode.corrupt, "corrupt", "corrupt");
    if (news === "kept") {
      this.#line.kept();
      this.pump();
    } else if (this.#line.attached) {
      this.#drop(CloseCode.serverError, "store_failed", Math.round(RETRY_MS * (1 + this.system.random.next())));
      this.#detach();
    }
  }

  summary(): SessionSummary {
    return summaryOf(this, this.#line, this.#topics, this.#sid);
  }

  override handleExit(exit: Exit): void {
    if (exit.ref === this.#line.connection) return this.#lost(exit.reason);
    const row = this.#topics.ofChannel(exit.ref);
    if (row !== undefined) this.#topics.ended(row, exit.reason);
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (isAbsenceMessage(message)) return this.#absence?.heard(message);
    if (typeof message !== "object" || message === null || !("joinedAgain" in message))
      return super.handleInfo(message);
    if (message.joinedAgain !== this.#line.epoch || !this.#line.attached) return;
    for (const row of this.away?.unjoined ?? []) this.#topics.leave(row);
  }

  override formatStatus(): unknown {
    return statusOf(this, this.#line, this.#topics);
  }

  override [teardown](reason: ExitReason): unknown {
    const { code, reason: why } = closeFor(reason);
    this.#drop(code, why);
    return super[teardown](reason);
  }

  override [release](reason: ExitReason): void {
    const context = this.#context;
    if (context === undefined) return;
    context.directory.remove(this.#sid, this.ref, this.identity.user, this.#gone);
    context.replays.leave(this.ref);
    this.#topics.release();
    if (this.keeper?.ended !== false) return;
    this.keeper.leave();
    // An orderly end of the server is no crash: the next one has it back.
    context.keeping?.left(this.#sid, this.#topics.orphan(), reason !== "shutdown");
  }

  // What its parts ask of it.

  get context(): EndpointContext {
    if (this.#context === undefined) throw new TypeError("The session was not started by an endpoint");
    return this.#context;
  }

  get ref(): SessionRef {
    return this.self();
  }

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
    for (const row of this.#topics) if (!row.leaving) row.channel?.cast.sessionIs(state);
  }

  putAwayIfDetached(row: ChannelRow): void {
    if (!this.#line.attached && this.numbering !== "none") this.#putAway([row]);
  }

  allHandled(): void {
    if (this.#draining === undefined) return;
    if (this.keeper !== undefined && this.keeper.safeHandled < this.#line.stream.handled) return;
    this.#line.acknowledge(true);
    for (const deferred of this.#draining) deferred.reply();
    this.#draining = undefined;
  }

  end(code: number, reason: string, gone: ResumeFailure | undefined): void {
    this.#gone = gone;
    this.keeper?.end();
    this.stop({ shutdown: { code, reason } });
  }

  report(level: "info" | "warning" | "error", type: string, text: string): void {
    this.system.report(reportOf(this, level, type, text));
  }

  // Coming and going.

  #take({ socket, connection, identity }: AttachRequest | StockAttach): void {
    this.identity = identity;
    this.#line.take(socket, connection);
    if (this.#absence !== undefined) {
      this.context.directory.attached(this.ref);
      this.#absence.end();
      this.#absence = undefined;
    }
    // No monitor: the link tells this session of the connection's end, and the connection of the session's.
    this.link(connection);
  }

  #welcome(request: AttachRequest, presented: "none" | "current" | "previous"): void {
    const secret = this.#secrets?.rotate(presented) ?? "";
    const [sid, ttlMs] = [this.#sid, this.#ttlMs];
    const resumed = presented !== "none";
    this.#line.welcome(welcomeBody(this, this.#line, this.#topics, request, { sid, secret, ttlMs, resumed }));
  }

  /** Has the session kept in the store, if there is one. */
  #keep(isKnown: boolean): void {
    const [sid, ttlMs, secrets] = [this.#sid, this.#ttlMs, this.#secrets];
    this.keeper = keeperOf(this, this.#line, this.#topics, { sid, ttlMs, secrets, isKnown });
  }

  /** What the client may do has changed to what cannot be kept: from now on the session is in memory only. */
  #checkKeepable(): void {
    if (this.keeper === undefined || isKeepable(this)) return;
    this.keeper.end();
    this.keeper = undefined;
    this.#topics.forget();
  }

  /** Is again what the store has of it, without a socket. */
  async #restore({ context, restored, places }: ReturningSession): Promise<void> {
    const { sid, meta } = restored;
    this.#context = context;
    this.identity = { user: meta.user, assigns: meta.assigns };
    this.numbering = "window";
    this.trapExit();
    [this.#sid, this.#ttlMs] = [sid, meta.ttlMs];
    this.#secrets = new Secrets(meta.secrets);
    restoreStream(this, this.#line, restored);
    this.#keep(true);
    context.directory.add(sid, this.ref, meta.user);
    this.away = new CatchUp(this, this.#line);
    await restoreTopics(this.#topics, meta, places, this.away);
    if (this.away.isDone) this.away = undefined;
    this.#absence = new Absence(this, timeLeft(this, restored.head, this.#ttlMs));
    context.directory.detached(this.ref, meta.user, this.#line.stream.outbox.bytes);
  }

  /** Ends the present connection, if there is one, with a close code for the client. */
  #drop(code: number, reason: string, retryAfterMs?: number): void {
    const connection = this.#line.letGo();
    if (connection === undefined) return;
    this.unlink(connection);
    const close = retryAfterMs === undefined ? { code, reason } : { code, reason, retryAfterMs };
    this.exit(connection, { shutdown: close });
  }

  /** The socket is gone: for good when the client closed it with 1000, which is its other way to say bye. */
  #lost(reason: ExitReason): void {
    this.#line.letGo();
    const close = closeFor(reason);
    // Phoenix's client says 1000 also when it has given a dead connection up.
    const wanted = close.code === CloseCode.normal && close.reason !== STOCK_GAVE_UP;
    if (wanted && this.numbering !== "none") this.end(CloseCode.normal, "closed", undefined);
    else this.#detach();
  }

  #detach(): void {
    if (this.numbering === "none") return this.stop({ shutdown: { code: 1001, reason: "closed" } });
    this.#putAway(this.#topics);
    this.#absence = new Absence(this, this.#ttlMs);
    this.keeper?.headChanged();
    this.context.directory.detached(this.ref, this.identity.user, this.#line.stream.outbox.bytes);
  }

  /** The client broke the protocol: its connection ends, the session stays for a better one. */
  #violated(what: string): void {
    this.report("warning", "protocol_error", `got ${what}`);
    this.#drop(CloseCode.protocolError, "protocol_error");
    this.#detach();
  }

  /** The client is slow: its topics are read from their logs from now on, or it is closed and comes back. */
  #slowDown(): void {
    const { routes } = this.context;
    const closes = [...this.#topics].some((row) => !row.leaving && routes.overflowOf(row.topic) === "close");
    if (!closes) return this.#putAway(this.#topics);
    this.#drop(CloseCode.slowConsumer, "slow_consumer", Math.round(RETRY_MS * (1 + this.system.random.next())));
    this.#detach();
  }

  #putAway(rows: Iterable<ChannelRow>): void {
    this.away ??= new CatchUp(this, this.#line);
    this.away.putAway(rows);
    if (this.away.isDone) this.away = undefined;
  }
}
