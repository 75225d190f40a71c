import {
  CallError,
  type Exit,
  type ExitReason,
  formatReason,
  messages,
  reasonOfThrown,
  release,
} from "../../src/index.js";
import { CloseCode, encodeCloseReason, stockCloseCode } from "../../src/protocol/close-codes.js";
import { decodeTextFrame, encodeBody, type Frame, sealBody } from "../../src/protocol/frame.js";
import { parseHello, type Hello, type ResumeFailure } from "../../src/protocol/handshake.js";
import { ChannelEvent, ControlEvent, PHOENIX_TOPIC } from "../../src/protocol/names.js";
import { isCount } from "../../src/protocol/sequence.js";
import { type ChildTemplate, childTemplate, type DynamicSupervisor, startChild } from "../../supervisors/index.js";
import { error, ok } from "../channel/answer.js";
import type { Refusal } from "../channel/refusal.js";
import { CheckedAuthenticate, ParamsRefused } from "../endpoint/checked-params.js";
import { type AuthenticatedUser, type EndpointContext, identityOf } from "../endpoint/context.js";
import { closeFor as sessionCloseFor } from "../session/session-close.js";
import { Session } from "../session/session.js";
import type { SessionRef, SessionStart } from "../session/session-messages.js";
import type { Accepted } from "./accepted.js";
import { Connection } from "./connection.js";

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
  /** Whether the socket is not read until the session has caught up. */
  #heldBack = false;

  override init(accepted: PhoenixAccepted): void {
    this.#context = accepted.context;
    this.#accepted = accepted;
    accepted.context.silent.add(this.self());
  }

  protected override handleFrame(data: string | Uint8Array): void | Promise<void> {
    if (typeof data !== "string")
      return this.#refuse(CloseCode.protocolError, "expected a text frame, got a binary one");
    const decoded = decodeTextFrame(data);
    if (!decoded.ok) return this.#refuse(CloseCode.protocolError, decoded.reason);
    const { frame } = decoded;
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
    this.socket.resume();
  }

  /** Ten seconds have passed: whoever has not said hello is a stock client. @internal */
  silent(): void | Promise<void> {
    if (this.#session === undefined) return this.#openStock();
  }

  override handleExit(exit: Exit): void | Promise<void> {
    // The session ended, or let this connection go for another one.
    const { code, reason } = sessionCloseFor(exit.reason);
    this.#session = undefined;
    this.#refuse(code, reason);
  }

  protected override handleDrain(): void {
    this.#session?.cast.pump();
  }

  protected override sendBeat(): void {
    if (this.#resumable) this.sendFrame(sealBody(encodeBody(null, null, PHOENIX_TOPIC, ControlEvent.ping, {})));
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
    this.#refuse(CloseCode.drain, "drain", retryAfterMs);
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
    if (frame.topic === PHOENIX_TOPIC && frame.event === ControlEvent.hello) return this.#hello(frame);
    return this.#openStock(frame, bytes);
  }

  #control(frame: Frame, session: SessionRef): void {
    switch (frame.event) {
      case ControlEvent.heartbeat:
        this.sendFrame(sealBody(encodeBody(null, frame.ref, PHOENIX_TOPIC, ChannelEvent.reply, ok())));
        return;
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
      default: {
        const answer = error({ reason: "unmatched topic" });
        this.sendFrame(sealBody(encodeBody(null, frame.ref, PHOENIX_TOPIC, ChannelEvent.reply, answer)));
      }
    }
  }

  async #hello(frame: Frame): Promise<void> {
    const parsed = parseHello(frame.payload);
    if (!parsed.ok) return this.#refuse(parsed.code, parsed.reason);
    const { hello } = parsed;
    this.#resumable = true;
    const user = await this.#authenticate(hello.params ?? {}, hello.token);
    if (user === undefined) return this.#refuseHello(frame.ref, { reason: "forbidden" });
    if (user instanceof ParamsRefused) return this.#refuseHello(frame.ref, user.refusal);
    const instead = hello.resume === undefined ? undefined : await this.#resume(hello, frame.ref, user);
    if (this.#session !== undefined || instead === "revoked") return;
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
  ): Promise<ResumeFailure | "revoked" | undefined> {
    const sid = hello.resume?.sid ?? "";
    const { directory } = this.#shared;
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
    try {
      const result = await session.callWithin(ATTACH_TIMEOUT_MS).attach(request);
      if (result.kind === "attached") this.#session = session;
      else if (result.kind === "refused") return result.reason;
      else this.#refuse(CloseCode.sessionRevoked, "revoked");
      return result.kind === "revoked" ? "revoked" : undefined;
    } catch (thrown) {
      // It ended while it was asked: what it was is gone.
      if (thrown instanceof CallError && thrown.code !== "timeout") return directory.whyGone(sid);
      throw thrown;
    }
  }

  async #openStock(frame?: Frame, bytes = 0): Promise<void> {
    const { request } = this.#accepted ?? {};
    const user = await this.#authenticate(request?.params ?? {}, request?.authToken);
    if (user === undefined) return this.#refuse(CloseCode.forbidden, "forbidden");
    // A close frame has no room for issues.
    if (user instanceof ParamsRefused) return this.#refuse(CloseCode.forbidden, user.refusal.reason);
    const attach = { socket: this.socket, connection: this.self(), identity: identityOf(user), hello: undefined };
    const session = await this.#open({ context: this.#shared, attach });
    if (frame === undefined || session === undefined) return;
    if (frame.topic === PHOENIX_TOPIC) this.#control(frame, session);
    else session.cast.frame(this.self(), frame, bytes);
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
  ): Promise<AuthenticatedUser | ParamsRefused | undefined> {
    const { authenticate, limits } = this.#shared;
    const credentials = { params, token, remoteAddress: this.socket.remoteAddress };
    try {
      if (!(authenticate instanceof CheckedAuthenticate)) return await authenticate(credentials);
      return await authenticate.decide(credentials, { clock: this.system.clock, timeoutMs: limits.helloTimeoutMs });
    } catch (thrown) {
      this.#report(
        "authenticate_failed",
        `authenticate threw, the client is refused: ${formatReason(reasonOfThrown(thrown))}`,
      );
      return undefined;
    }
  }

  #refuseHello(ref: string | null, refusal: Refusal): void {
    this.sendFrame(sealBody(encodeBody(null, ref, PHOENIX_TOPIC, ChannelEvent.reply, error(refusal))));
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
