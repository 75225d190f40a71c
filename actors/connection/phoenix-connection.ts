import type { NodeIdentity } from "../../src/cluster/node-port.js";
import { CallError, type Exit, type ExitReason, type InitResult, messages, release } from "../../src/index.js";
import { decodeClientBinary } from "../../src/protocol/binary-frame.js";
import { CloseCode, encodeCloseReason, stockCloseCode } from "../../src/protocol/close-codes.js";
import { encodeBody, type Frame, sealBody } from "../../src/protocol/frame.js";
import { parseHello } from "../../src/protocol/handshake.js";
import { ChannelEvent, ControlEvent, PHOENIX_TOPIC } from "../../src/protocol/names.js";
import { decodePlainFrame } from "../../src/protocol/plain-frame.js";
import { isCount } from "../../src/protocol/sequence.js";
import { error, ok } from "../channel/answer.js";
import { LATE } from "../endpoint/admission.js";
import { ParamsRefused } from "../endpoint/checked-params.js";
import { type AuthenticatedUser, type EndpointContext, identityOf } from "../endpoint/context.js";
import { Arrival } from "../session/arrival.js";
import { CarriedClient } from "../relay/carried-client.js";
import type { RelayFrame } from "../relay/relay-message.js";
import { RelaySocket } from "../relay/relay-socket.js";
import { hasLongRef, LONG_REF } from "../session/name-rule.js";
import { closeFor as sessionCloseFor } from "../session/session-close.js";
import type { SessionRef } from "../session/session-messages.js";
import type { Accepted } from "./accepted.js";
import { authenticateClient } from "./client-authentication.js";
import { Connection } from "./connection.js";
import { openByHello } from "./hello-opening.js";
import { type Opening, type OpeningHost, refused, retryAfter } from "./opening.js";
import { openStock } from "./stock-opening.js";
import { comeBackSoon } from "./where-to-open.js";
import { expiryOf, TOKEN_DUE, TOKEN_GRACE_MS, TOKEN_LATE, type TokenExpiry, untilDue } from "./token-expiry.js";

/** What a connection that speaks Phoenix is started with. */
export interface PhoenixAccepted extends Accepted {
  readonly context: EndpointContext;
}

/** Frames that wait for the session, above which the socket is not read. */
const HIGH_WATER = 256;
const DRAIN_TIMEOUT_MS = 3_000;
/** What a connection sends itself when the node with its client's session does not answer that this one is drained. */
const DRAIN_LATE = "drain is late";

/**
 * The connection of a client that speaks Phoenix Channels: it decodes frames and has the client's session found, or made.
 *
 * The first frame decides: a `hello` asks for a session that can be resumed; anything else, or ten seconds of silence, is a stock Phoenix
 * client, whose session ends with this socket. Authentication runs in full on each connect, before anything of a session is shown.
 */
export class PhoenixConnection extends Connection {
  static override readonly [messages]: readonly string[] = ["silent", "readOn", "uncarried"];
  #context: EndpointContext | undefined;
  #session: SessionRef | undefined;
  /** What a stock client said in its URL, until it is authenticated; or the way to the node that has its session. */
  #accepted: Accepted | CarriedClient | undefined;
  #resumable = false;
  /** Whether this is a stock client that can come back. */
  #comesBack = false;
  /** Only there when the client's token expires. */
  #expiry: TokenExpiry | undefined;
  /** Whether the socket is not read until the session has caught up. */
  #heldBack = false;
  /** When it said something last, in whole milliseconds, which take no room of their own; only kept of stock clients. */
  #spokeAtMs = 0;

  override init(accepted: PhoenixAccepted): InitResult | undefined {
    this.#context = accepted.context;
    this.#accepted = accepted;
    this.#spokeAtMs = Math.round(this.system.clock.now());
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
    if (this.#accepted instanceof CarriedClient) return this.#pass(this.#accepted, data);
    const decoded = typeof data === "string" ? decodePlainFrame(data) : decodeClientBinary(data);
    if (!decoded.ok) return this.#refuse(CloseCode.protocolError, decoded.reason);
    if (hasLongRef(decoded.frame)) return this.#refuse(CloseCode.protocolError, LONG_REF);
    if (!this.#resumable) this.#spokeAtMs = Math.round(this.system.clock.now());
    const frame: Frame = "ack" in decoded.frame ? decoded.frame : { seq: undefined, ...decoded.frame, ack: undefined };
    const session = this.#session;
    if (session === undefined) return this.#first(frame, data);
    if (frame.topic === PHOENIX_TOPIC) return this.#control(frame, session);
    session.cast.frame(new Arrival(this.self(), frame, data.length));
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
    if (this.mayRead) this.readAgain();
  }

  protected override get mayRead(): boolean {
    return !this.#heldBack && (!(this.#accepted instanceof CarriedClient) || this.#accepted.mayRead);
  }

  /** The client's session is on another node, which cannot be reached any more. @internal */
  uncarried(retryAfterMs = retryAfter(this.system)): void {
    this.#refuse(CloseCode.drain, "relay", retryAfterMs);
  }

  /** Ten seconds have passed: whoever has not said hello is a stock client. @internal */
  silent(): void | Promise<void> {
    if (this.#session !== undefined || this.#accepted instanceof CarriedClient) return;
    return this.#unread(this.#openStock());
  }

  override handleExit(exit: Exit): void | Promise<void> {
    // The session ended, or let this connection go for another one. Where the node has lost its place another one has the session, or will.
    const { code, reason, retryAfterMs } =
      exit.reason === "fenced" ? comeBackSoon(this.#host) : sessionCloseFor(exit.reason);
    this.#session = undefined;
    this.#refuse(code, reason, retryAfterMs ?? (code === CloseCode.slowConsumer ? retryAfter(this.system) : undefined));
  }

  protected override handleDrain(): void {
    if (this.#accepted instanceof CarriedClient) this.#accepted.drained();
    this.#session?.cast.pump();
  }

  override beat(): void {
    // Whatever runs a WebSocket answers pings by itself: a stock client has to say something as well, as Phoenix asks of it.
    const isStock = !this.#resumable && this.socket.kind === "websocket";
    const silentMs = Math.round(this.system.clock.now()) - this.#spokeAtMs;
    if (isStock && silentMs >= this.#shared.limits.stockIdleMs) this.#refuse(CloseCode.heartbeat, "idle");
    else super.beat();
  }

  protected override sendBeat(): void {
    if (this.#accepted instanceof CarriedClient) {
      this.#accepted.alive();
      // Below the messages: what the client is asked and answers is for the other node.
      super.sendBeat();
    } else if (this.#resumable) this.#sendControl(null, ControlEvent.ping, {});
    else super.sendBeat();
  }

  override async drain(retryAfterMs: number): Promise<void> {
    if (this.#accepted instanceof CarriedClient) {
      // The other node ends it, when all that the client has said is handled.
      this.sendAfter(DRAIN_TIMEOUT_MS, DRAIN_LATE);
      return this.#accepted.drain(retryAfterMs);
    }
    this.socket.pause();
    const session = this.#session;
    if (session !== undefined) {
      try {
        const isPresent = await session.callWithin(DRAIN_TIMEOUT_MS).drain(this.self());
        // The session has said how this one is to be closed.
        if (!isPresent) return;
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
    if (message === DRAIN_LATE) return this.#refuse(CloseCode.drain, "drain", retryAfter(this.system));
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
    const carriedTo = this.#accepted instanceof CarriedClient ? { carriedTo: this.#accepted.node.name } : undefined;
    return { ...(typeof status === "object" ? status : {}), session: this.#session?.toString(), ...carriedTo };
  }

  override [release](reason: ExitReason): void {
    const { code, reason: text } = endOf(reason);
    if (this.#accepted instanceof CarriedClient) this.#accepted.end(code, text);
    this.#session = undefined;
    this.#accepted = undefined;
    super[release](reason);
  }

  #first(frame: Frame, data: RelayFrame): void | Promise<void> {
    const isHello = frame.topic === PHOENIX_TOPIC && frame.event === ControlEvent.hello;
    return this.#unread(isHello ? this.#hello(frame, data) : this.#openStock(frame, data));
  }

  /** Reads nothing while it is found out who the client is: what it sends meanwhile would wait here, without a bound. */
  async #unread(opening: Promise<void>): Promise<void> {
    this.#heldBack = true;
    this.socket.pause();
    try {
      await opening;
    } finally {
      this.readOn();
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
    const asked = authenticateClient(this.#host, params, token);
    const user = asked instanceof Promise ? await asked : asked;
    if (user === LATE) return this.#sendControl(frame.ref, ChannelEvent.reply, error({ reason: "overloaded" }));
    if (user === undefined || user instanceof ParamsRefused) {
      // What it has is good for as long as it was; then this connection ends.
      this.#sendControl(frame.ref, ChannelEvent.reply, error(user?.refusal ?? { reason: "forbidden" }));
      return;
    }
    const told = await this.#tellOfUser(session, user);
    if (told === "another user") {
      this.#opened(refused(CloseCode.forbidden, "forbidden", { reason: "forbidden" }), undefined, frame.ref);
      return;
    }
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
    this.#refuse(CloseCode.slowConsumer, "slow_consumer", retryAfter(this.system));
    return true;
  }

  async #hello(frame: Frame, data: RelayFrame): Promise<void> {
    const parsed = parseHello(frame.payload);
    if (!parsed.ok) return this.#refuse(parsed.code, parsed.reason);
    this.#resumable = true;
    this.#opened(await openByHello(this.#host, parsed.hello, frame.ref), data, frame.ref);
  }

  async #openStock(frame?: Frame, data?: RelayFrame): Promise<void> {
    const session = this.#opened(await openStock(this.#host, this.#request), data);
    if (frame === undefined || session === undefined) return;
    if (frame.topic === PHOENIX_TOPIC) return this.#control(frame, session);
    session.cast.frame(new Arrival(this.self(), frame, data?.length ?? 0));
  }

  /** Goes on with what came of the client's first word, `data`. `ref` is that of a `hello`, whose refusal is answered too. */
  #opened(opening: Opening, data?: RelayFrame, ref?: string | null): SessionRef | undefined {
    if (opening.kind === "elsewhere") this.#carry(opening.node, data);
    if (opening.kind === "refused") {
      const { code, reason, retryAfterMs, answer } = opening;
      if (ref !== undefined && answer !== undefined) this.#sendControl(ref, ChannelEvent.reply, error(answer));
      this.#refuse(code, reason, retryAfterMs);
    }
    if (opening.kind !== "opened") return undefined;
    this.#accepted = undefined;
    this.#session = opening.session;
    this.#comesBack = opening.comesBack;
    this.#watchToken(opening.user, opening.params);
    return opening.session;
  }

  /** Has the client's session served where it lives. */
  #carry(node: NodeIdentity, first: RelayFrame | undefined): void {
    const { relays } = this.#shared;
    const request = this.#request;
    const { socket } = this;
    // One that was carried here is not carried on: its session has moved meanwhile.
    if (relays === undefined || request === undefined || socket instanceof RelaySocket) {
      const { code, reason, retryAfterMs } = comeBackSoon(this.#host);
      return this.#refuse(code, reason, retryAfterMs);
    }
    // It is not silent any more; who it is the other node finds out.
    this.ticket?.settle(undefined, "resume");
    this.#accepted = relays.carry(node, { socket, request, connection: this.self(), first });
  }

  #pass(client: CarriedClient, data: RelayFrame): void {
    if (!this.#resumable) this.#spokeAtMs = Math.round(this.system.clock.now());
    client.frame(data);
  }

  #sendControl(ref: string | null, event: string, payload: object): void {
    this.sendFrame(sealBody(encodeBody(null, ref, PHOENIX_TOPIC, event, payload)));
  }

  /** Closes with a code, in the form that this client knows, and ends. */
  #refuse(code: number, reason: string, retryAfterMs?: number): void {
    const text = encodeCloseReason(retryAfterMs === undefined ? { reason } : { reason, retryAfterMs });
    // A protocol error is told as it is to any client: it is for whoever wrote the client.
    const shown =
      this.#resumable || code === CloseCode.protocolError || code === CloseCode.forbidden ? code : stockCloseCode(code);
    this.close(shown, shown === CloseCode.normal ? "" : text);
  }

  get #request(): Accepted["request"] | undefined {
    return this.#accepted instanceof CarriedClient ? undefined : this.#accepted?.request;
  }

  get #host(): OpeningHost {
    const { system, socket, ticket, parent } = this;
    return { context: this.#shared, system, socket, connection: this.self(), parent, ticket };
  }

  get #shared(): EndpointContext {
    if (this.#context === undefined) throw new TypeError("The connection was not started by an endpoint");
    return this.#context;
  }
}

/** How a connection's socket has ended, as the node with its client's session is told. */
function endOf(reason: ExitReason): { readonly code: number; readonly reason: string } {
  const shutdown = typeof reason === "object" && reason !== null && "shutdown" in reason ? reason.shutdown : undefined;
  if (typeof shutdown !== "object" || shutdown === null) return { code: CloseCode.abnormal, reason: "" };
  const code: unknown = Reflect.get(shutdown, "code");
  const text: unknown = Reflect.get(shutdown, "reason");
  return { code: typeof code === "number" ? code : CloseCode.abnormal, reason: typeof text === "string" ? text : "" };
}
