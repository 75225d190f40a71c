import { nanoid } from "nanoid";
import {
  type AnyRef,
  type Deferred,
  type Exit,
  type ExitReason,
  messages,
  release,
  startup,
  whatCame,
} from "../../src/index.js";
import { CloseCode } from "../../src/protocol/close-codes.js";
import type { Broadcast } from "../topic/broadcast.js";
import { isAbsenceMessage } from "./absence.js";
import type { Arrival } from "./arrival.js";
import { decideAttach, nextAttempt } from "./attach-rule.js";
import { CatchUp } from "./catch-up.js";
import type { ChannelRow } from "./channel-table.js";
import type { RestoredFrame } from "./kept-session.js";
import { type OwnFrame, withRefs } from "./frame-body.js";
import type { Body } from "./outbox.js";
import { followSession, leavePushes } from "./repeated-pushes.js";
import { Secrets } from "./secrets.js";
import { acknowledgeFrames, isKeepable, keeperOf, restoreStream, restoreTopics, timeLeft } from "./session-keeping.js";
import { SessionLife } from "./session-life.js";
import {
  type AttachRequest,
  type AttachResult,
  type HandledPush,
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
import { statusOf, summaryOf } from "./session-status.js";
import { announceToken, decideStockAttach, holdForJoins, renewToken } from "./stock-resume.js";
import { StockToken } from "./stock-token.js";
import { ttlOf, welcomeBody } from "./welcome.js";

/** How long a stock client that is back may take to join a topic again; then it has left it. */
const JOIN_AGAIN_MS = 30_000;

/**
 * One client's session: it outlives the client's sockets, and ends when the client says so or stays away for too long.
 *
 * It owns the client's identity, its joined channels (its children), the numbers of both directions, and what was not acknowledged. A socket
 * that drops takes only its connection actor along: the session hears of it through their link and goes on, detached. A client that comes back
 * gets what it missed, once and in order. What survives a crash: what a store has of it (`SessionKeeper`); without one nothing.
 *
 * Its messages are here, its coming and going in {@link SessionLife}; the socket's side is `SessionLine`, the topics' side
 * `SessionTopics`; {@link CatchUp} is there while topics are read from logs.
 */
export class Session extends SessionLife implements SessionMessages {
  static override readonly [messages]: readonly string[] = SESSION_MESSAGES;
  #secrets: Secrets | undefined;

  override [startup](start: SessionStart): unknown {
    if ("restored" in start) return this.#restore(start);
    const { context, attach } = start;
    this.belong(context);
    this.identity = attach.identity;
    const stock = attach.hello === undefined ? attach.stock : undefined;
    if (attach.hello !== undefined || stock !== undefined) {
      this.sid = context.homes?.newSid() ?? nanoid();
      this.ttlMs = ttlOf(attach, context.limits);
    }
    context.directory.add(this.sid, this.ref, this.identity.user);
    followSession(context.pushes, this.identity.user, this.sid, attach.hello?.resume);
    this.take(attach);
    if (attach.hello !== undefined) {
      this.numbering = "window";
      this.#secrets = new Secrets();
      this.#keep(false);
      this.#welcome(attach, "none");
    } else if (stock !== undefined) {
      this.numbering = "tail";
      const token = new StockToken();
      this.#secrets = token;
      this.#keep(false);
      announceToken(this.line, token.next(this.sid, this.clock.now()), false, stock.instead);
    }
    return undefined;
  }

  get ref(): SessionRef {
    return this.self();
  }

  // Messages of connections.

  /** Attaches a resuming client's new socket; the present one, if it still looks open, is closed with 4001. */
  attach(request: AttachRequest): AttachResult {
    const { resume } = request.hello;
    const { stream } = this.line;
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
    if (verdict.kind === "refuse") {
      // Of a client that has the secret: it will go on in another session.
      if (verdict.reason !== "unknown") this.#leavePushes();
      return { kind: "refused", reason: verdict.reason };
    }
    secrets.attempt = nextAttempt(secrets.attempt, resume);
    this.drop(CloseCode.takenOver, "taken_over");
    this.take(request);
    acknowledgeFrames(this, this.line, this.topics, resume.rx);
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
    const reason = decideStockAttach(secrets.check(request.stock?.secret ?? ""), sameUser, rx, this.line.stream);
    if (reason !== undefined) return { kind: "refused", reason };
    this.drop(CloseCode.takenOver, "taken_over");
    this.take(request);
    this.putAway(this.topics);
    holdForJoins(this.away, this.topics, this.line.stream.withdraw(rx));
    this.#checkKeepable();
    this.keeper?.metaChanged();
    this.keeper?.trim(this.line.stream.tx);
    announceToken(this.line, secrets.next(this.sid, this.clock.now()), true, undefined);
    this.sendAfter(JOIN_AGAIN_MS, { joinedAgain: this.line.epoch });
    return { kind: "attached" };
  }

  /** Takes a frame of the client. One whose number was taken before is dropped: its effect, and its reply, happen once. */
  frame(arrival: Arrival): void | Promise<void> {
    const { connection, frame } = arrival;
    // A frame of a replaced connection that was still on its way: old epochs are silent.
    if (connection !== this.line.connection) return;
    const { stream } = this.line;
    if (this.numbering !== "window") {
      arrival.seq = stream.takeNext();
      this.line.taken();
      return this.topics.dispatch(arrival);
    }
    if (frame.ack !== undefined) this.acknowledged(connection, frame.ack);
    const { seq } = frame;
    if (seq === undefined) return this.violated(`a frame on ${whatCame(frame.topic)} without a number`);
    const verdict = stream.take(seq);
    if (verdict === "gap") return this.violated(`number ${seq} after ${stream.rx}: a frame is missing`);
    if (verdict === "duplicate") return this.line.repeated(arrival.bytes);
    arrival.seq = seq;
    this.line.taken();
    return this.topics.dispatch(arrival);
  }

  acknowledged(connection: AnyRef, seq: number): void {
    if (connection !== this.line.connection) return;
    const { stream } = this.line;
    if (seq > stream.tx) return this.violated(`an acknowledgement of ${seq}, above ${stream.tx}`);
    // Whoever acknowledges under this epoch has had the answer with the new secret.
    if (this.numbering === "window" && this.#secrets?.confirm() === true) this.keeper?.metaChanged();
    acknowledgeFrames(this, this.line, this.topics, seq);
    this.pump();
  }

  heartbeat(connection: AnyRef): void {
    if (connection !== this.line.connection) return;
    if (!(this.#secrets instanceof StockToken)) return this.line.acknowledge(true);
    renewToken(this, this.line, this.#secrets);
  }

  refreshed(connection: AnyRef, identity: Identity): boolean {
    if (connection !== this.line.connection) return true;
    if (identity.user !== this.identity.user) return false;
    this.identify(identity);
    this.#checkKeepable();
    this.keeper?.metaChanged();
    return true;
  }

  /** Answers a connection that has stopped reading, once all that it had sent before is looked at. */
  caughtUp(connection: ReadingRef): void {
    connection.cast.readOn();
  }

  bye(connection: AnyRef): void {
    if (connection === this.line.connection) this.end(CloseCode.normal, "bye", undefined);
  }

  /** Writes what the client's window and the socket's buffer allow, then reads logs. */
  pump(): void {
    this.line.pump();
    if (this.line.attached) this.away?.ask();
    if (this.away?.isDone === true) this.away = undefined;
  }

  replayTurn(): void {
    this.context.replays.done(this.ref, this.line.attached && this.away?.turn() === true);
    if (this.away?.isDone === true) this.away = undefined;
  }

  /** Answers a connection when all that was accepted is handled. A deferred reply, not an async handler: the channels must still be heard meanwhile. */
  drain(connection: AnyRef): Deferred<boolean> {
    const deferred = this.defer<boolean>();
    for (const row of this.topics) this.context.subscriptions.catchUp(row);
    this.whenAllHandled(connection, deferred);
    return deferred;
  }

  deliver(row: ChannelRow, broadcast: Broadcast): void {
    if (row.leaving) return;
    const away = this.away?.find(row);
    if (away !== undefined) return away.keep(broadcast);
    if (!this.line.offer(broadcast.frame, broadcast.bytes, row, broadcast)) {
      this.putAway(this.topics);
      this.away?.find(row)?.keep(broadcast);
    } else if (this.line.slow) this.slowDown();
  }

  settled(): void {
    this.away?.settled();
    this.pump();
  }

  push(row: ChannelRow, { body, bytes }: OwnFrame): void {
    this.topics.emit(row, body, bytes);
  }

  answer(handled: HandledPush): void {
    this.topics.answered(handled);
  }

  repeated(row: ChannelRow, ref: string | null, seq: number, reply: Body | undefined): void {
    if (reply !== undefined) this.topics.emit(row, withRefs(reply, row.joinRef, ref));
    this.line.handled(seq, 0);
  }

  gapAnswered(row: ChannelRow): void {
    this.away?.answered(row);
    this.pump();
  }

  acknowledgementDue(): void {
    this.line.acknowledgementDue();
  }

  evict(): void {
    if (this.line.attached) return;
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
      this.line.kept();
      this.pump();
    } else if (this.line.attached) {
      this.dropForNow(CloseCode.serverError, "store_failed");
    }
  }

  summary(): SessionSummary {
    return summaryOf(this, this.line, this.topics, this.sid);
  }

  override handleExit(exit: Exit): void {
    if (exit.ref === this.line.connection) return this.lost(exit.reason);
    const row = this.topics.ofChannel(exit.ref);
    if (row !== undefined) this.topics.ended(row, exit.reason);
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (isAbsenceMessage(message)) return this.awayFor(message);
    if (typeof message !== "object" || message === null || !("joinedAgain" in message))
      return super.handleInfo(message);
    if (message.joinedAgain !== this.line.epoch || !this.line.attached) return;
    for (const row of this.away?.unjoined ?? []) this.topics.leave(row);
  }

  override formatStatus(): unknown {
    return statusOf(this, this.line, this.topics);
  }

  override [release](reason: ExitReason): void {
    if (this.sid !== "") {
      this.#leavePushes();
      this.context.pushes.owners.ended(this.sid);
    }
    super[release](reason);
  }

  /** Another session of its client may go on where this one was, if it is an anonymous client's. */
  #leavePushes(): void {
    leavePushes(this.context.pushes, this.identity.user, this.sid, this.#secrets);
  }

  #welcome(request: AttachRequest, presented: "none" | "current" | "previous"): void {
    const secret = this.#secrets?.rotate(presented) ?? "";
    const [sid, ttlMs] = [this.sid, this.ttlMs];
    const resumed = presented !== "none";
    this.line.welcome(welcomeBody(this, this.line, this.topics, request, { sid, secret, ttlMs, resumed }));
  }

  /** Has the session kept in the store, if there is one. */
  #keep(isKnown: boolean, brought?: readonly RestoredFrame[]): void {
    const [sid, ttlMs, secrets] = [this.sid, this.ttlMs, this.#secrets];
    this.keeper = keeperOf(this, this.line, this.topics, { sid, ttlMs, secrets, isKnown, brought });
  }

  /** What the client may do has changed to what cannot be kept: from now on the session is in memory only. */
  #checkKeepable(): void {
    if (this.keeper === undefined || isKeepable(this)) return;
    this.topics.forget();
    this.keeper.end();
    this.keeper = undefined;
  }

  /** Is again what the store has of it, without a socket. */
  async #restore({ context, restored, places, gaps }: ReturningSession): Promise<void> {
    const { sid, meta } = restored;
    this.belong(context);
    this.identity = { user: meta.user, assigns: meta.assigns };
    const isStock = meta.stock !== undefined;
    this.numbering = isStock ? "tail" : "window";
    [this.sid, this.ttlMs] = [sid, meta.ttlMs];
    this.#secrets = isStock ? new StockToken(meta.secrets) : new Secrets(meta.secrets);
    context.pushes.owners.adopt(sid, meta.origin ?? sid);
    restoreStream(this, this.line, restored);
    this.#keep(gaps === undefined, gaps && restored.frames);
    context.directory.add(sid, this.ref, meta.user);
    this.away = new CatchUp(this, this.line);
    await restoreTopics(this.topics, meta, { places, ...(gaps && { gaps }) }, this.away);
    this.keeper?.brought();
    if (this.away.isDone) this.away = undefined;
    this.beAway(timeLeft(this, restored.head, this.ttlMs));
  }
}
