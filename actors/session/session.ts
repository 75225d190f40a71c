import { nanoid } from "nanoid";
import {
  Actor,
  type AnyRef,
  type Deferred,
  type Exit,
  type ExitReason,
  formatReason,
  isNormalExit,
  messages,
  release,
  type StartResult,
  startup,
  type TimerRef,
  teardown,
} from "../../src/index.js";
import { CloseCode } from "../../src/protocol/close-codes.js";
import { encodeBody, type Frame, sealBody } from "../../src/protocol/frame.js";
import type { ResumeFailure, Welcome } from "../../src/protocol/handshake.js";
import { ChannelEvent, PHOENIX_TOPIC, SESSION_VERSION } from "../../src/protocol/names.js";
import type { TransportSocket } from "../../src/transport/transport-socket.js";
import { type Answer, error, ok } from "../channel/answer.js";
import type { Channel, ChannelClass, ChannelStart } from "../channel/channel.js";
import { refusalOf } from "../channel/join-refused.js";
import { ANONYMOUS, type EndpointContext } from "../endpoint/context.js";
import { decideAttach } from "./attach-rule.js";
import type { Arrival } from "./arrival.js";
import { ChannelRow, ChannelTable } from "./channel-table.js";
import type { Body } from "./outbox.js";
import { Secrets } from "./secrets.js";
import type {
  AttachRequest,
  AttachResult,
  Identity,
  ReadingRef,
  SessionMessages,
  SessionStart,
} from "./session-messages.js";
import { closeFor } from "./session-close.js";
import { SessionStream } from "./session-stream.js";

const EXPIRED = "session expired";
/** Client frames taken and not handled, above which the socket is not read, and below which it is read again. */
const HIGH_WATER = 256;
const LOW_WATER = 64;
const LEAVE_TIMEOUT_MS = 5_000;

/**
 * One client's session: it outlives the client's sockets, and ends when the client says so or stays away for too long.
 *
 * It owns the client's identity, its joined channels (its children), the numbers of both directions, and the frames that the client has not
 * acknowledged. A socket that drops takes only its connection actor along: the session hears of it through their link and goes on,
 * detached. When the client comes back it gets what it missed, once and in order. What survives its own crash: nothing; the client gets a
 * fresh session and is told so.
 *
 * Sent to by connections (frames, acknowledgements, attaches), by its channels (pushes, answers) and by broadcasts.
 */
export class Session extends Actor<SessionStart> implements SessionMessages {
  static readonly [messages]: readonly string[] = [
    "frame",
    "acknowledged",
    "bye",
    "attach",
    "deliver",
    "push",
    "answer",
    "acknowledgementDue",
    "pump",
    "drain",
    "caughtUp",
  ];
  #context: EndpointContext | undefined;
  #identity: Identity | undefined;
  /** The public id; empty for a stock client, which cannot resume. */
  #sid = "";
  #secrets: Secrets | undefined;
  #epoch = 0;
  #socket: TransportSocket | undefined;
  #connection: AnyRef | undefined;
  #since = 0;
  #ttlMs = 0;
  /** Only there while no client is attached. */
  #expiry: TimerRef | undefined;
  readonly #channels = new ChannelTable();
  readonly #stream = new SessionStream();
  #acknowledgementQueued = false;
  #paused = false;
  #gone: ResumeFailure | undefined;
  #draining: Deferred<void>[] | undefined;

  override [startup](start: SessionStart): unknown {
    const { context, attach } = start;
    this.#context = context;
    this.#identity = attach.identity;
    this.trapExit();
    if (attach.hello !== undefined) {
      this.#sid = nanoid();
      this.#secrets = new Secrets();
      const most = attach.identity.user === undefined ? context.limits.anonymousTtlMs : context.limits.sessionTtlMs;
      this.#ttlMs = Math.min(attach.hello.ttlMs ?? most, most);
      context.directory.add(this.#sid, this.self());
    }
    this.#take(attach.socket, attach.connection);
    if (attach.hello !== undefined) this.#welcome(attach, "none");
    return undefined;
  }

  // Messages of connections.

  /** Attaches a resuming client's new socket; the present one, if it still looks open, is closed with 4001. */
  attach(request: AttachRequest): AttachResult {
    const { resume } = request.hello;
    if (resume === undefined || this.#secrets === undefined) return { kind: "refused", reason: "unknown" };
    const sameUser = request.identity.user === this.#identity?.user;
    const verdict = decideAttach(this.#secrets.check(resume.secret), sameUser, resume, this.#stream);
    if (verdict.kind === "revoke") {
      this.#report("warning", "session_revoked", "its secret was used after it had been replaced: it is revoked");
      this.#end(CloseCode.sessionRevoked, "revoked", undefined);
      return { kind: "revoked" };
    }
    if (verdict.kind === "refuse") return { kind: "refused", reason: verdict.reason };
    this.#identity = request.identity;
    this.#drop(CloseCode.takenOver, "taken_over");
    this.#take(request.socket, request.connection);
    this.#stream.acknowledge(resume.rx);
    this.#stream.rewind();
    this.#welcome(request, verdict.presented);
    this.pump();
    return { kind: "attached" };
  }

  /** Takes a frame of the client. One whose number was taken before is dropped: its effect, and its reply, happen once. */
  frame(connection: AnyRef, frame: Frame, bytes: number): void | Promise<void> {
    // A frame of a replaced connection that was still on its way: old epochs are silent.
    if (connection !== this.#connection) return;
    if (this.#secrets === undefined) return this.#dispatch({ frame, seq: undefined, bytes });
    if (frame.ack !== undefined) this.acknowledged(connection, frame.ack);
    const { seq } = frame;
    if (seq === undefined) return this.#violated(`a frame on ${frame.topic} without a number as its sixth element`);
    const verdict = this.#stream.take(seq);
    if (verdict === "gap") return this.#violated(`number ${seq} after ${this.#stream.rx}: a frame is missing`);
    if (verdict === "duplicate") return this.#acknowledgeSoon(this.#stream.owe(bytes, this.system.clock.now()));
    if (this.#stream.unhandled > HIGH_WATER) {
      this.#paused = true;
      this.#socket?.pause();
    }
    return this.#dispatch({ frame, seq, bytes });
  }

  acknowledged(connection: AnyRef, seq: number): void {
    if (connection !== this.#connection) return;
    if (seq > this.#stream.tx) return this.#violated(`an acknowledgement of ${seq}, above ${this.#stream.tx}`);
    // Whoever acknowledges under this epoch has had the answer with the new secret.
    this.#secrets?.confirm();
    this.#stream.acknowledge(seq);
    this.pump();
  }

  /** Answers a connection that has stopped reading, once all that it had sent before is looked at. */
  caughtUp(connection: ReadingRef): void {
    connection.cast.readOn();
  }

  bye(connection: AnyRef): void {
    if (connection === this.#connection) this.#end(1000, "bye", undefined);
  }

  /** Writes what the client's window and the socket's buffer allow. */
  pump(): void {
    if (this.#socket !== undefined) this.#stream.pump(this.#socket, this.#shared.limits);
  }

  /** Answers when all that was accepted is handled. A deferred reply, not an async handler: the channels must still be heard meanwhile. */
  drain(): Deferred<void> {
    const deferred = this.defer<void>();
    this.#draining ??= [];
    this.#draining.push(deferred);
    this.#finishDrain();
    return deferred;
  }

  // Messages of channels, broadcasts and timers.

  deliver(body: Body, bytes: number): void {
    this.#emit(body, bytes);
  }

  push(row: ChannelRow, body: string): void {
    // What a channel sent before it was left is not for the client any more.
    if (!row.leaving) this.#emit(body, body.length);
  }

  answer(row: ChannelRow, body: string | undefined): void {
    if (body !== undefined && !row.leaving) this.#emit(body, body.length);
    const seq = row.outstanding?.shift();
    if (seq !== undefined) this.#handled(seq, 0);
  }

  acknowledgementDue(): void {
    this.#acknowledgementQueued = false;
    this.#acknowledgeSoon(true);
  }

  override handleExit(exit: Exit): void {
    if (exit.ref === this.#connection) return this.#lost(exit.reason);
    const row = this.#channels.ofChannel(exit.ref);
    if (row !== undefined) this.#channelEnded(row, exit.reason);
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (message !== EXPIRED) return super.handleInfo(message);
    const awayMs = this.system.clock.now() - this.#since;
    // The client may have come back, and gone again, since the timer was set: then a later timer decides.
    if (this.#socket === undefined && awayMs >= this.#ttlMs) this.#end(CloseCode.expired, "expired", "expired");
  }

  override formatStatus(): unknown {
    const now = this.#context === undefined ? 0 : this.system.clock.now();
    return {
      kind: "session",
      state: this.#socket === undefined ? "detached" : "attached",
      sinceMs: Math.round(now - this.#since),
      outbox: this.#stream.outbox,
      user: this.#identity?.user,
      topics: this.#channels.joined,
      resumable: this.#secrets !== undefined,
      epoch: this.#epoch,
    };
  }

  override [teardown](reason: ExitReason): unknown {
    const { code, reason: why } = closeFor(reason);
    this.#drop(code, why);
    return super[teardown](reason);
  }

  override [release](): void {
    const context = this.#context;
    if (context === undefined) return;
    if (this.#sid !== "") context.directory.remove(this.#sid, this.#gone);
    for (const row of this.#channels) context.subscriptions.unsubscribe(row.topic, row);
  }

  // The socket.

  #take(socket: TransportSocket, connection: AnyRef): void {
    this.#epoch++;
    this.#socket = socket;
    this.#connection = connection;
    this.#since = this.system.clock.now();
    this.#paused = false;
    if (this.#expiry !== undefined) this.cancelTimer(this.#expiry);
    this.#expiry = undefined;
    // No monitor: the link tells this session of the connection's end, and the connection of the session's.
    this.link(connection);
  }

  /** Ends the present connection, if there is one, with a close code for the client. */
  #drop(code: number, reason: string): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#socket = undefined;
    if (connection === undefined) return;
    this.unlink(connection);
    this.exit(connection, { shutdown: { code, reason } });
  }

  /** The socket is gone: for good when the client closed it with 1000, which is its other way to say bye. */
  #lost(reason: ExitReason): void {
    this.#detach();
    if (closeFor(reason).code === CloseCode.normal) this.#end(CloseCode.normal, "closed", undefined);
  }

  #detach(): void {
    this.#connection = undefined;
    this.#socket = undefined;
    this.#since = this.system.clock.now();
    if (this.#secrets === undefined) this.stop({ shutdown: { code: 1001, reason: "closed" } });
    else this.#expiry = this.sendAfter(this.#ttlMs, EXPIRED);
  }

  #welcome(request: AttachRequest, presented: "none" | "current" | "previous"): void {
    const { limits } = this.#shared;
    const secret = this.#secrets?.rotate(presented) ?? "";
    const joined = [...this.#channels].filter((row) => !row.leaving);
    const welcome: Welcome = {
      v: SESSION_VERSION,
      sid: this.#sid,
      secret,
      epoch: this.#epoch,
      resumed: presented !== "none",
      ...(request.instead === undefined ? {} : { reason: request.instead }),
      rx: this.#stream.rx,
      tx: this.#stream.tx,
      ttlMs: this.#ttlMs,
      heartbeatMs: limits.heartbeatMs,
      limits: {
        payloadBytes: limits.payloadBytes,
        windowMessages: limits.windowMessages,
        windowBytes: limits.windowBytes,
      },
      // From entries, which makes own properties of any name: a topic may be called __proto__.
      topics: Object.fromEntries(joined.map((row) => [row.topic, "ok"] as const)),
    };
    this.#socket?.sendText(sealBody(encodeBody(null, request.ref, PHOENIX_TOPIC, ChannelEvent.reply, ok(welcome))));
  }

  #end(code: number, reason: string, gone: ResumeFailure | undefined): void {
    this.#gone = gone;
    this.stop({ shutdown: { code, reason } });
  }

  /** The client broke the protocol: its connection ends, the session stays for a better one. */
  #violated(what: string): void {
    this.#report("warning", "protocol_error", `got ${what}`);
    this.#drop(CloseCode.protocolError, "protocol_error");
    this.#detach();
  }

  // Both streams.

  /** Sends a frame to the client, now or when it comes back. */
  #emit(body: Body, bytes: number): void {
    const socket = this.#socket;
    const { limits } = this.#shared;
    if (this.#secrets === undefined) {
      if (socket === undefined) return;
      if (typeof body === "string") socket.sendText(sealBody(body));
      else socket.sendShared(body, sealBody(""));
      // Nobody acknowledges: the socket's own buffer is the only bound there is.
      if (socket.bufferedBytes > limits.outboxBytes) this.#end(CloseCode.slowConsumer, "slow_consumer", undefined);
      return;
    }
    if (this.#stream.append(body, bytes, limits)) {
      if (socket !== undefined) this.#stream.pump(socket, limits);
      return;
    }
    this.#report(
      "warning",
      "outbox_full",
      `holds ${this.#stream.outbox.messages} frames that were not acknowledged: it ends`,
    );
    this.#end(CloseCode.expired, "gap", "gap");
  }

  #done({ seq, bytes }: Arrival): void {
    if (seq !== undefined) this.#handled(seq, bytes);
  }

  #handled(seq: number, bytes: number): void {
    const due = this.#stream.markHandled(seq, bytes, this.system.clock.now());
    if (this.#paused && this.#stream.unhandled < LOW_WATER) {
      this.#paused = false;
      this.#socket?.resume();
    }
    this.#acknowledgeSoon(due);
    this.#finishDrain();
  }

  #acknowledgeSoon(now: boolean): void {
    if (!this.#stream.owes || this.#socket === undefined) return;
    if (now) this.#stream.writeAcknowledgement(this.#socket);
    else if (!this.#acknowledgementQueued) {
      this.#acknowledgementQueued = true;
      this.#shared.acknowledgements.add(this.self());
    }
  }

  #finishDrain(): void {
    if (this.#draining === undefined || this.#stream.unhandled > 0) return;
    this.#acknowledgeSoon(true);
    for (const deferred of this.#draining) deferred.reply();
    this.#draining = undefined;
  }

  // Topics, by the rules of Phoenix's socket dispatch.

  #dispatch(arrival: Arrival): void | Promise<void> {
    const { frame, seq } = arrival;
    const row = this.#channels.find(frame.topic);
    if (frame.event === ChannelEvent.join) return this.#join(arrival, row);
    if (row === undefined) {
      if (frame.event === ChannelEvent.leave) this.#reply(frame.joinRef, frame, ok());
      else this.#reply(null, frame, error({ reason: "unmatched topic" }));
    } else if (frame.joinRef === null || frame.joinRef === row.joinRef) {
      if (frame.event !== ChannelEvent.leave) {
        if (seq !== undefined) {
          row.outstanding ??= [];
          row.outstanding.push(seq);
        }
        row.channel?.cast.incoming(frame.event, frame.payload, frame.ref);
        return;
      }
      this.#reply(row.joinRef, frame, ok());
      this.#leave(row);
    }
    this.#done(arrival);
  }

  #join(arrival: Arrival, old: ChannelRow | undefined): void | Promise<void> {
    const { frame } = arrival;
    const { routes, limits } = this.#shared;
    const channelClass = routes.find(frame.topic);
    if (channelClass === undefined) this.#reply(null, frame, error({ reason: "unmatched topic" }));
    else if (old?.channel !== undefined) return this.#rejoin(channelClass, arrival, old, old.channel);
    else if (this.#channels.joined < limits.channelsPerSession) return this.#startChannel(channelClass, arrival);
    else this.#reply(frame.joinRef, frame, error({ reason: "too many channels joined" }));
    this.#done(arrival);
  }

  #startChannel(channelClass: ChannelClass, arrival: Arrival): void | Promise<void> {
    const { topic, joinRef, ref, payload } = arrival.frame;
    const row = new ChannelRow(this.#shared.subscriptions.nameOf(topic), joinRef ?? ref ?? "", this.self());
    const identity = this.#identity ?? ANONYMOUS;
    const start: ChannelStart = { row, params: payload, identity, context: this.#shared, answer: undefined };
    const started = this.start(channelClass, start);
    if (started instanceof Promise) return this.#joinedLater(started, arrival, start);
    this.#joined(started, arrival, start);
  }

  async #rejoin(channelClass: ChannelClass, arrival: Arrival, old: ChannelRow, channel: AnyRef): Promise<void> {
    this.#leave(old);
    const { clock } = this.system;
    const timer = clock.setTimer(LEAVE_TIMEOUT_MS, () => this.exit(channel, "kill"));
    await this.system.exited(channel);
    clock.clearTimer(timer);
    await this.#startChannel(channelClass, arrival);
  }

  async #joinedLater(starting: Promise<StartResult<Channel>>, arrival: Arrival, start: ChannelStart): Promise<void> {
    this.#joined(await starting, arrival, start);
  }

  #joined(started: StartResult<Channel>, arrival: Arrival, { row, answer }: ChannelStart): void {
    const { frame } = arrival;
    if (started.ok) {
      row.channel = started.ref;
      this.#channels.add(row);
      this.#reply(row.joinRef, frame, answer ?? ok());
      // After the reply: nothing may come on a topic before the client knows that it is in.
      this.#shared.subscriptions.subscribe(row.topic, row);
    } else {
      const reason = started.ignore ? "ignore" : started.reason;
      const refusal = refusalOf(reason);
      if (refusal === undefined) {
        this.#report("error", "join_crashed", `could not let its client join ${frame.topic}: ${formatReason(reason)}`);
      }
      this.#reply(row.joinRef, frame, error(refusal ?? { reason: "join crashed" }));
    }
    this.#done(arrival);
  }

  #leave(row: ChannelRow): void {
    row.leaving = true;
    this.#shared.subscriptions.unsubscribe(row.topic, row);
    if (row.channel !== undefined) this.exit(row.channel, { shutdown: "left" });
  }

  #channelEnded(row: ChannelRow, reason: ExitReason): void {
    this.#channels.remove(row);
    this.#shared.subscriptions.unsubscribe(row.topic, row);
    // By the client's own leave, by a new join, or by the channel's own will; else it crashed, and the client joins again.
    const closed = isNormalExit(reason);
    const event = closed ? ChannelEvent.close : ChannelEvent.error;
    const body = encodeBody(row.joinRef, row.joinRef, row.topic, event, closed ? {} : { reason: "channel_crash" });
    this.#emit(body, body.length);
    for (const seq of row.outstanding ?? []) this.#handled(seq, 0);
    row.outstanding = undefined;
  }

  #reply(joinRef: string | null, frame: Frame, answer: Answer): void {
    const body = encodeBody(joinRef, frame.ref, frame.topic, ChannelEvent.reply, answer);
    this.#emit(body, body.length);
  }

  #report(level: "warning" | "error", type: string, text: string): void {
    const user = this.#identity?.user;
    const who = `session ${this.self()}${user === undefined ? "" : ` of ${user}`}`;
    this.system.report({ type, level, text: `${who} ${text}`, details: { session: `${this.self()}`, user } });
  }

  get #shared(): EndpointContext {
    if (this.#context === undefined) throw new TypeError("The session was not started by an endpoint");
    return this.#context;
  }
}
