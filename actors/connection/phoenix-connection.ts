import {
  CallError,
  type CallView,
  type Exit,
  type ExitReason,
  formatReason,
  type InitResult,
  messages,
  reasonOfThrown,
  release,
} from "../../src/index.js";
import { decodeClientBinary } from "../../src/protocol/binary-frame.js";
import { CloseCode, encodeCloseReason, stockCloseCode } from "../../src/protocol/close-codes.js";
import { decodeTextFrame, encodeBody, type Frame, sealBody } from "../../src/protocol/frame.js";
import { parseHello, type Hello, type ResumeFailure } from "../../src/protocol/handshake.js";
import { ChannelEvent, ControlEvent, PHOENIX_TOPIC } from "../../src/protocol/names.js";
import { isCount } from "../../src/protocol/sequence.js";
import { type ChildTemplate, childTemplate, type DynamicSupervisor, startChild } from "../../supervisors/index.js";
import { error, ok } from "../channel/answer.js";
import type { Refusal } from "../channel/refusal.js";
import { LATE, settleWithin, type TurnedAway } from "../endpoint/admission.js";
import { CheckedAuthenticate, ParamsRefused } from "../endpoint/checked-params.js";
import { type AuthenticatedUser, type EndpointContext, identityOf } from "../endpoint/context.js";
import { closeFor as sessionCloseFor } from "../session/session-close.js";
import { Session } from "../session/session.js";
import type {
  AttachResult,
  SessionMessages,
  SessionRef,
  SessionStart,
  StockAttach,
} from "../session/session-messages.js";
import { readStockToken, stockClaimOf } from "../session/stock-token.js";
import type { Accepted } from "./accepted.js";
import { Connection } from "./connection.js";
import { expiryOf, TOKEN_DUE, TOKEN_GRACE_MS, TOKEN_LATE, type TokenExpiry, untilDue } from "./token-expiry.js";

/** What a connection that speaks Phoenix is started with. */
export interface PhoenixAccepted extends Accepted {
  readonly context: EndpointContext;
}

/** Frames that wait for the session, above which the socket is not read. */
const HIGH_WATER = 256;
const ATTACH_TIMEOUT_MS = 10_000;
const DRAIN_TIMEOUT_MS = 3_000;
const sessionTemplate: ChildTemplate<Session> = childTemplate(Session, { restart: "temporary" });

/**
 * The connection of a client that speaks Phoenix Channels: it decodes frames and finds, or makes, the client's session.
 *
 * The first frame decides: a `hello` asks for a session that can be resumed; anything else, or ten seconds of silence, is a stock Phoenix
 * client, whose session ends with this socket. Authentication runs in full on each connect, before anything of a session is shown.
 */
export class PhoenixConnection extends Connection {
  static override readonly [messages]: readonly string[] = ["silent", "readOn"];
  #context: EndpointContext | undefined;
  #session: SessionRef | undefined;
  /** What a stock client said in its URL, until it is authenticated. */
  #accepted: Accepted | undefined;
  #resumable = false;
  /** Whether this is a stock client that can come back. */
  #comesBack = false;
  /** Only there when the client's token expires. */
  #expiry: TokenExpiry | undefined;
  /** Whether the socket is not read until the session has caught up. */
  #heldBack = false;

  override init(accepted: PhoenixAccepted): InitResult | undefined {
    this.#context = accepted.context;
    this.#accepted = accepted;
    accepted.context.silent.add(this.self());
    const { socket, request } = accepted;
    // A long poll's first answer says whether the client may connect, so it is asked at once; one that is going to say hello says so.
    const polls = socket.kind === "longpoll" && request.params["level"] !== "2";
    // A stock client that can come back waits for the news of its session.
    return polls || request.params["session"] !== undefined ? { continue: "stock" } : undefined;
  }

  override async handleContinue(): Promise<void> {
    // The first answer waits until the socket is read.
    this.socket.pause();
    await this.#openStock();
    if (this.#session !== undefined) this.socket.resume();
  }

  protected override handleFrame(data: string | Uint8Array): void | Promise<void> {
    const decoded = typeof data === "string" ? decodeTextFrame(data) : decodeClientBinary(data);
    if (!decoded.ok) return this.#refuse(CloseCode.protocolError, decoded.reason);
    const frame: Frame = "ack" in decoded.frame ? decoded.frame : { seq: undefined, ...decoded.frame, ack: undefined };
    const session = this.#session;
    if (session === undefined) return this.#first(frame, data.length);
    if (frame.topic === PHOENIX_TOPIC) return this.#control(frame, session);
    session.cast.frame(this.self(), frame, data.length);
    if (!this.#heldBack && this.system.mailboxLength(session) > HIGH_WATER) {
      // The session is busy, with a slow join for instance: TCP slows the client down meanwhile.
      this.#heldBack = true;
      this.socket.pause();
      session.cast.caughtUp(this.self());
    }
  }

  /** The session has looked at all that it was sent. @internal */
  readOn(): void {
    this.#heldBack = false;
    this.readAgain();
  }

  protected override get mayRead(): boolean {
    return !this.#heldBack;
  }

  /** Ten seconds have passed: whoever has not said hello is a stock client. @internal */
  silent(): void | Promise<void> {
    if (this.#session === undefined) return this.#unread(this.#openStock());
  }

  override handleExit(exit: Exit): void | Promise<void> {
    // The session ended, or let this connection go for another one.
    const { code, reason, retryAfterMs } = sessionCloseFor(exit.reason);
    this.#session = undefined;
    this.#refuse(code, reason, retryAfterMs);
  }

  protected override handleDrain(): void {
    this.#session?.cast.pump();
  }

  protected override sendBeat(): void {
    if (this.#resumable) this.#sendControl(null, ControlEvent.ping, {});
    else super.sendBeat();
  }

  override async drain(retryAfterMs: number): Promise<void> {
    this.socket.pause();
    const session = this.#session;
    if (session !== undefined) {
      try {
        await session.callWithin(DRAIN_TIMEOUT_MS).drain();
      } catch (thrown) {
        // Too slow, or gone: the client keeps what was not acknowledged, and is told to come back all the same.
        if (!(thrown instanceof CallError)) throw thrown;
      }
    }
    if (this.#resumable) this.#sendControl(null, ControlEvent.drain, { retryAfterMs });
    this.#refuse(CloseCode.drain, "drain", retryAfterMs);
  }

  override handleInfo(message: unknown): void | Promise<void> {
    const expiry = this.#expiry;
    if (message === TOKEN_LATE) return this.#refuse(CloseCode.authExpired, "auth_expired");
    if (message !== TOKEN_DUE || expiry === undefined) return super.handleInfo(message);
    const waitMs = untilDue(expiry.expiresAtMs, this.system.clock.wallTime());
    if (waitMs > 0) {
      expiry.timer = this.sendAfter(waitMs, TOKEN_DUE);
      return;
    }
    const inMs = Math.max(0, Math.round(expiry.expiresAtMs - this.system.clock.wallTime()));
    this.#sendControl(null, ControlEvent.tokenExpiring, { inMs });
    expiry.timer = this.sendAfter(TOKEN_GRACE_MS, TOKEN_LATE);
  }

  protected override closeFor(reason: ExitReason): { readonly code: number; readonly reason: string } {
    const close = super.closeFor(reason);
    return this.#resumable ? close : { code: stockCloseCode(close.code), reason: close.reason };
  }

  override formatStatus(): unknown {
    const status = super.formatStatus();
    return { ...(typeof status === "object" ? status : {}), session: this.#session?.toString() };
  }

  override [release](reason: ExitReason): void {
    this.#session = undefined;
    this.#accepted = undefined;
    super[release](reason);
  }

  #first(frame: Frame, bytes: number): void | Promise<void> {
    const isHello = frame.topic === PHOENIX_TOPIC && frame.event === ControlEvent.hello;
    return this.#unread(isHello ? this.#hello(frame) : this.#openStock(frame, bytes));
  }

  /** Reads nothing while it is found out who the client is: what it sends meanwhile would wait here, without a bound. */
  async #unread(opening: Promise<void>): Promise<void> {
    this.#heldBack = true;
    this.socket.pause();
    try {
      await opening;
    } finally {
      this.#heldBack = false;
      this.readAgain();
    }
  }

  #control(frame: Frame, session: SessionRef): void | Promise<void> {
    switch (frame.event) {
      case ControlEvent.heartbeat:
        if (this.#readsNothing()) return;
        this.#sendControl(frame.ref, ChannelEvent.reply, ok());
        if (this.#resumable || this.#comesBack) session.cast.heartbeat(this.self());
        return;
      case ControlEvent.token:
        return this.#refresh(frame, session);
      case ControlEvent.ack: {
        const { payload } = frame;
        const ack = typeof payload === "object" && payload !== null && "ack" in payload ? payload.ack : undefined;
        if (isCount(ack)) session.cast.acknowledged(this.self(), ack);
        else this.#refuse(CloseCode.protocolError, "expected an ack with a whole number from 0");
        return;
      }
      case ControlEvent.bye:
        session.cast.bye(this.self());
        return;
      default:
        if (this.#readsNothing()) return;
        this.#sendControl(frame.ref, ChannelEvent.reply, error({ reason: "unmatched topic" }));
    }
  }

  /** The client shows another token of its user's, in time before the one it had expires. */
  async #refresh(frame: Frame, session: SessionRef): Promise<void> {
    const { payload } = frame;
    const token = typeof payload === "object" && payload !== null && "token" in payload ? payload.token : undefined;
    if (typeof token !== "string") return this.#refuse(CloseCode.protocolError, "expected a token with a string");
    const params = this.#expiry?.params ?? {};
    const user = await this.#authenticate(params, token);
    if (user === LATE) return this.#sendControl(frame.ref, ChannelEvent.reply, error({ reason: "overloaded" }));
    if (user === undefined || user instanceof ParamsRefused) {
      // What it has is good for as long as it was; then this connection ends.
      this.#sendControl(frame.ref, ChannelEvent.reply, error(user?.refusal ?? { reason: "forbidden" }));
      return;
    }
    const told = await this.#tellOfUser(session, user);
    if (told === "another user") return this.#refuseHello(frame.ref, { reason: "forbidden" });
    if (told === "no answer") return this.#sendControl(frame.ref, ChannelEvent.reply, error({ reason: "timeout" }));
    this.#watchToken(user, params);
    this.#sendControl(frame.ref, ChannelEvent.reply, ok());
  }

  async #tellOfUser(session: SessionRef, user: AuthenticatedUser): Promise<"told" | "another user" | "no answer"> {
    try {
      return (await session.call.refreshed(this.self(), identityOf(user))) ? "told" : "another user";
    } catch (thrown) {
      // Too busy, or it has ended, and this connection hears of that next.
      if (thrown instanceof CallError) return "no answer";
      throw thrown;
    }
  }

  #watchToken(user: AuthenticatedUser, params: Readonly<Record<string, unknown>>): void {
    if (this.#expiry !== undefined) this.cancelTimer(this.#expiry.timer);
    this.#expiry = undefined;
    const expiresAtMs = expiryOf(user);
    if (expiresAtMs === undefined) return;
    const timer = this.sendAfter(untilDue(expiresAtMs, this.system.clock.wallTime()), TOKEN_DUE);
    this.#expiry = { params, expiresAtMs, timer };
  }

  /** Drops a client that asks and asks and does not read the answers, which nothing else bounds. */
  #readsNothing(): boolean {
    if (this.bufferedBytes <= this.#shared.limits.outboxBytes) return false;
    this.#refuse(CloseCode.slowConsumer, "slow_consumer", this.#retryAfterMs());
    return true;
  }

  async #hello(frame: Frame): Promise<void> {
    const parsed = parseHello(frame.payload);
    if (!parsed.ok) return this.#refuse(parsed.code, parsed.reason);
    const { hello } = parsed;
    this.#resumable = true;
    // Nothing could be promised to it: it comes back when the store takes something again.
    if (this.#shared.keeping?.writer.trouble !== undefined) {
      return this.#refuse(CloseCode.serverError, "store_failed", this.#retryAfterMs());
    }
    // A session that is not here is no reason to use the lane of those that are.
    const held = hello.resume !== undefined && this.#shared.directory.find(hello.resume.sid) !== undefined;
    const busy = this.ticket?.begin(held ? "resume" : "new");
    if (busy !== undefined) return this.#turnAway(busy, frame.ref);
    const user = await this.#authenticate(hello.params ?? {}, hello.token);
    if (user === LATE) return this.#refuse(CloseCode.overloaded, "overloaded", this.#retryAfterMs());
    if (user === undefined) return this.#refuseHello(frame.ref, { reason: "forbidden" });
    if (user instanceof ParamsRefused) return this.#refuseHello(frame.ref, user.refusal);
    this.#watchToken(user, hello.params ?? {});
    const instead = hello.resume === undefined ? undefined : await this.#resume(hello, frame.ref, user);
    if (instead === "revoked" || instead === "stale") return;
    const full = this.ticket?.settle(user.user, this.#session === undefined ? "new" : "resume");
    if (full !== undefined) return this.#turnAway(full, frame.ref);
    // Nobody may be there any more for whom a session could be made.
    if (this.#session !== undefined || !this.socket.open) return;
    await this.#open({
      context: this.#shared,
      attach: {
        socket: this.socket,
        connection: this.self(),
        identity: identityOf(user),
        ref: frame.ref,
        hello,
        instead,
      },
    });
  }

  /** Tries to give the client its session back; else says why not. */
  async #resume(
    hello: Hello,
    ref: string | null,
    user: AuthenticatedUser,
  ): Promise<ResumeFailure | "revoked" | "stale" | undefined> {
    const sid = hello.resume?.sid ?? "";
    const { directory, keeping } = this.#shared;
    const coming = keeping?.coming(sid);
    if (coming !== undefined) await settleWithin(coming, this.system.clock, ATTACH_TIMEOUT_MS);
    const session = directory.find(sid);
    if (session === undefined) return directory.whyGone(sid);
    const request = {
      socket: this.socket,
      connection: this.self(),
      identity: identityOf(user),
      ref,
      hello,
      instead: undefined,
    };
    const outcome = await this.#attached(session, sid, (within) => within.attach(request));
    if (outcome === "revoked") this.#refuse(CloseCode.sessionRevoked, "revoked");
    // Its client has a later socket, and hears this only if it is not who it says.
    if (outcome === "stale") this.#refuse(CloseCode.moved, "stale");
    return outcome;
  }

  /** Asks a session to attach this connection; else says why it did not. */
  async #attached(
    session: SessionRef,
    sid: string,
    attach: (within: CallView<SessionMessages>) => Promise<AttachResult>,
  ): Promise<ResumeFailure | "revoked" | "stale" | undefined> {
    try {
      const result = await attach(session.callWithin(ATTACH_TIMEOUT_MS));
      if (result.kind === "attached") this.#session = session;
      if (result.kind === "refused") return result.reason;
      return result.kind === "attached" ? undefined : result.kind;
    } catch (thrown) {
      // It ended while it was asked: what it was is gone.
      if (thrown instanceof CallError && thrown.code !== "timeout") return this.#shared.directory.whyGone(sid);
      throw thrown;
    }
  }

  async #openStock(frame?: Frame, bytes = 0): Promise<void> {
    const { request } = this.#accepted ?? {};
    const claim = stockClaimOf(request?.params ?? {});
    const sid = claim?.token === undefined ? undefined : readStockToken(claim.token).sid;
    const held = sid !== undefined && this.#shared.directory.find(sid) !== undefined;
    const busy = this.ticket?.begin(held ? "resume" : "new");
    if (busy !== undefined) return this.#turnAway(busy);
    const user = await this.#authenticate(request?.params ?? {}, request?.authToken);
    if (user === LATE) return this.#refuse(CloseCode.overloaded, "overloaded", this.#retryAfterMs());
    if (user === undefined) return this.#refuse(CloseCode.forbidden, "forbidden");
    // A close frame has no room for issues.
    if (user instanceof ParamsRefused) return this.#refuse(CloseCode.forbidden, user.refusal.reason);
    this.#watchToken(user, request?.params ?? {});
    const common = { socket: this.socket, connection: this.self(), identity: identityOf(user), hello: undefined };
    this.#comesBack = claim !== undefined;
    const instead = claim?.token === undefined ? undefined : await this.#resumeStock(claim.token, claim.rx, common);
    const full = this.ticket?.settle(user.user, this.#session === undefined ? "new" : "resume");
    if (full !== undefined) return this.#turnAway(full);
    if (this.#session !== undefined || !this.socket.open) return;
    const attach = claim === undefined ? common : { ...common, stock: { rx: 0, instead } };
    const session = await this.#open({ context: this.#shared, attach });
    if (frame === undefined || session === undefined) return;
    if (frame.topic === PHOENIX_TOPIC) return this.#control(frame, session);
    session.cast.frame(this.self(), frame, bytes);
  }

  /** Tries to give a stock client its session back; else says why not. */
  async #resumeStock(token: string, rx: number, common: StockAttach): Promise<ResumeFailure | undefined> {
    const { sid, secret } = readStockToken(token);
    const { directory } = this.#shared;
    const session = directory.find(sid);
    if (session === undefined) return directory.whyGone(sid);
    const request: StockAttach = { ...common, stock: { secret, rx, instead: undefined } };
    const outcome = await this.#attached(session, sid, (within) => within.attachStock(request));
    if (outcome === undefined) this.#accepted = undefined;
    return outcome === "revoked" || outcome === "stale" ? "unknown" : outcome;
  }

  async #open(start: SessionStart): Promise<SessionRef | undefined> {
    this.#accepted = undefined;
    const sessions = this.system.whereis<DynamicSupervisor>(this.#shared.sessionsName);
    const started = sessions === undefined ? undefined : await startChild(sessions, sessionTemplate, start);
    if (started?.ok === true) {
      this.#session = started.ref;
      return started.ref;
    }
    if (started?.reason === "max_children" || started === undefined) {
      this.#refuse(CloseCode.overloaded, "overloaded", this.#retryAfterMs());
      return undefined;
    }
    this.#report(
      "session_start_failed",
      `could not start a session: ${formatReason("error" in started ? started.error : started.reason)}`,
    );
    this.#refuse(CloseCode.serverError, "server_error");
    return undefined;
  }

  async #authenticate(
    params: Readonly<Record<string, unknown>>,
    token: string | undefined,
  ): Promise<AuthenticatedUser | ParamsRefused | typeof LATE | undefined> {
    const { authenticate, limits, authTimeoutMs } = this.#shared;
    const { clock } = this.system;
    const credentials = { params, token, remoteAddress: this.ticket?.address ?? this.socket.remoteAddress };
    try {
      const work =
        authenticate instanceof CheckedAuthenticate
          ? authenticate.decide(credentials, { clock, timeoutMs: limits.helloTimeoutMs })
          : authenticate(credentials);
      return await settleWithin(work, clock, authTimeoutMs);
    } catch (thrown) {
      this.#report(
        "authenticate_failed",
        `authenticate threw, the client is refused: ${formatReason(reasonOfThrown(thrown))}`,
      );
      return undefined;
    }
  }

  /** Tells a client that there is no room for it, as the answer to its `hello` too. */
  #turnAway({ code, reason, retryAfterMs }: TurnedAway, ref?: string | null): void {
    if (ref !== undefined) this.#sendControl(ref, ChannelEvent.reply, error({ reason, retryAfterMs }));
    this.#refuse(code, reason, retryAfterMs);
  }

  #sendControl(ref: string | null, event: string, payload: object): void {
    this.sendFrame(sealBody(encodeBody(null, ref, PHOENIX_TOPIC, event, payload)));
  }

  #refuseHello(ref: string | null, refusal: Refusal): void {
    this.#sendControl(ref, ChannelEvent.reply, error(refusal));
    this.#refuse(CloseCode.forbidden, refusal.reason);
  }

  /** Closes with a code, in the form that this client knows, and ends. */
  #refuse(code: number, reason: string, retryAfterMs?: number): void {
    const text = encodeCloseReason(retryAfterMs === undefined ? { reason } : { reason, retryAfterMs });
    // A protocol error is told as it is to any client: it is for whoever wrote the client.
    const shown =
      this.#resumable || code === CloseCode.protocolError || code === CloseCode.forbidden ? code : stockCloseCode(code);
    this.close(shown, shown === CloseCode.normal ? "" : text);
  }

  #retryAfterMs(): number {
    return Math.round(1_000 + this.system.random.next() * 4_000);
  }

  #report(type: string, text: string): void {
    this.system.report({
      type,
      level: "error",
      text: `connection ${this.self()} ${text}`,
      details: { connection: `${this.self()}` },
    });
  }

  get #shared(): EndpointContext {
    if (this.#context === undefined) throw new TypeError("The connection was not started by an endpoint");
    return this.#context;
  }
}
