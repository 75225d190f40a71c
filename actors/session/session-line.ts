import type { AnyRef } from "../../src/index.js";
import { CloseCode } from "../../src/protocol/close-codes.js";
import { sealBody } from "../../src/protocol/frame.js";
import type { TransportSocket } from "../../src/transport/transport-socket.js";
import type { Gap } from "../channel/overflow.js";
import type { Broadcast } from "../topic/broadcast.js";
import type { ChannelRow } from "./channel-table.js";
import type { Body } from "./outbox.js";
import type { SessionHost } from "./session-host.js";
import { SessionStream } from "./session-stream.js";

/** Client frames taken and not handled, above which the socket is not read, and below which it is read again. */
const HIGH_WATER = 256;
const LOW_WATER = 64;

/**
 * The socket's side of a session: the present connection, if there is one, and the numbered streams that outlive it.
 *
 * Everything that a session sends leaves here: frames in `#write`, acknowledgements in `acknowledge`, the answer to a `hello` in `welcome`.
 * A durable session's keeper says what is safe, so that the client may hear of it; the rest waits for `kept`.
 */
export class SessionLine {
  readonly stream = new SessionStream();
  readonly #host: SessionHost;
  /** Rises by one with each attach. */
  epoch = 0;
  /** When the present socket came, or the last one went. */
  since = 0;
  connection: AnyRef | undefined = undefined;
  #socket: TransportSocket | undefined = undefined;
  #paused = false;
  #acknowledgementQueued = false;

  constructor(host: SessionHost) {
    this.#host = host;
  }

  get attached(): boolean {
    return this.#socket !== undefined;
  }

  /** Makes a socket the present one. */
  take(socket: TransportSocket, connection: AnyRef): void {
    this.epoch++;
    this.#socket = socket;
    this.connection = connection;
    this.since = this.#host.clock.now();
    this.#paused = false;
  }

  /** Goes on after this many attaches, without a socket since then. */
  restore(epoch: number, since: number): void {
    this.epoch = epoch;
    this.since = since;
  }

  /** Forgets the present socket and returns its connection. */
  letGo(): AnyRef | undefined {
    const { connection } = this;
    this.connection = undefined;
    this.#socket = undefined;
    this.since = this.#host.clock.now();
    return connection;
  }

  /** Writes a frame without a number, if there is a socket. */
  control(body: string): void {
    this.#socket?.sendText(sealBody(body));
  }

  /** Tells a client of its session, with the secret by which it finds it again; nothing overtakes that. */
  welcome(body: string): void {
    const { keeper } = this.#host;
    if (keeper === undefined) this.control(body);
    else keeper.hold(body);
  }

  /** More has become safe: it may leave now. */
  kept(): void {
    const { keeper, numbering } = this.#host;
    if (keeper === undefined) return;
    const welcome = keeper.released();
    if (welcome !== undefined) this.control(welcome);
    let due = false;
    const handled = keeper.newlyHandled();
    // A stock client waits for no acknowledgement.
    for (let left = numbering === "window" ? handled : 0; left > 0; left--) due = this.stream.owe(0) || due;
    this.#readOn();
    this.acknowledge(due);
    if (this.stream.unhandled === 0) this.#host.allHandled();
  }

  /** Sends a frame to the client, now or when it comes back; a session whose outbox is full ends. `row` and `origin` are for who keeps it. */
  emit(body: Body, bytes: number, row?: ChannelRow, origin?: Broadcast | Gap): void {
    if (this.offer(body, bytes, row, origin)) return;
    const { messages } = this.stream.outbox;
    this.#host.report("warning", "outbox_full", `holds ${messages} frames that were not acknowledged: it ends`);
    this.#host.end(CloseCode.expired, "gap", "gap");
  }

  /** The same for what can be read again later: false, and nothing happened, when the outbox is full. */
  offer(body: Body, bytes: number, row?: ChannelRow, origin?: Broadcast | Gap): boolean {
    const socket = this.#socket;
    const { numbering, context, keeper } = this.#host;
    if (numbering === "none") {
      if (socket !== undefined) this.#sendPlain(socket, body);
      return true;
    }
    const { limits } = context;
    if (!this.stream.append(body, bytes, limits)) {
      // Nobody acknowledges a tail: what was written long ago makes room. What was not written does not.
      if (numbering === "window" || socket === undefined) return false;
      let fits = false;
      while (!fits && this.stream.dropOldest()) fits = this.stream.append(body, bytes, limits);
      keeper?.dropped(this.stream.acknowledged);
      if (!fits) return false;
    }
    keeper?.frame(this.stream.tx, body, row, origin);
    if (socket === undefined) context.directory.charge(this.#host.ref, bytes);
    else this.#write(socket);
    return true;
  }

  /** Writes what the client's window and the socket's buffer allow. */
  pump(): void {
    if (this.#socket !== undefined) this.#write(this.#socket);
  }

  /** Whether more waits for the client than it should: its topics are better read from their logs. */
  get slow(): boolean {
    const { numbering, context } = this.#host;
    const { windowMessages, windowBytes, outboxMessages } = context.limits;
    if (numbering === "none") return false;
    if (numbering === "tail") return (this.#socket?.bufferedBytes ?? 0) > windowBytes;
    const { unsent, unsentBytes } = this.stream;
    return unsent > Math.min(windowMessages, outboxMessages >> 1) || unsentBytes > windowBytes;
  }

  /** Whether the client can take more of what is read from the logs. */
  get hasRoom(): boolean {
    const socket = this.#socket;
    if (socket === undefined) return false;
    const { numbering, context } = this.#host;
    if (socket.bufferedBytes >= context.limits.socketBufferBytes) return false;
    return numbering === "tail" ? this.stream.canDrop(context.limits) : this.stream.hasRoom(context.limits);
  }

  /** Stops reading the socket when the channels do not keep up. */
  taken(): void {
    if (this.#paused || this.#open <= HIGH_WATER) return;
    this.#paused = true;
    this.#socket?.pause();
  }

  /** Notes that a client frame was handled. */
  handled(seq: number, bytes: number): void {
    this.stream.markHandled(seq);
    const { keeper, numbering } = this.#host;
    // It counts when it is safe.
    if (keeper !== undefined) return keeper.handled(this.stream.ahead.length > 0);
    const due = numbering === "window" && this.stream.owe(bytes);
    this.#readOn();
    this.acknowledge(due);
    if (this.stream.unhandled === 0) this.#host.allHandled();
  }

  /** Notes that a client frame came again: it waits for an acknowledgement. */
  repeated(bytes: number): void {
    this.acknowledge(this.stream.owe(bytes));
  }

  /** Acknowledges what is owed, now or soon. */
  acknowledge(now: boolean): void {
    if (!this.stream.owes || this.#socket === undefined) return;
    if (this.#host.keeper?.holds === true) return;
    if (now) this.stream.writeAcknowledgement(this.#socket, this.#host.keeper);
    else if (!this.#acknowledgementQueued) {
      this.#acknowledgementQueued = true;
      this.#host.context.acknowledgements.add(this.#host.ref);
    }
  }

  /** An acknowledgement has waited long enough. */
  acknowledgementDue(): void {
    this.#acknowledgementQueued = false;
    this.acknowledge(true);
    this.stream.settle();
  }

  /** Client frames taken that are not handled, or whose handling is not safe. */
  get #open(): number {
    const { keeper } = this.#host;
    return keeper === undefined ? this.stream.unhandled : this.stream.rx - keeper.safeHandled;
  }

  #readOn(): void {
    if (!this.#paused || this.#open >= LOW_WATER) return;
    this.#paused = false;
    this.#socket?.resume();
  }

  #write(socket: TransportSocket): void {
    const { numbering, context, keeper } = this.#host;
    if (keeper?.holds === true) return;
    if (numbering === "window") this.stream.pump(socket, context.limits, keeper);
    else {
      this.stream.pumpAll(socket, keeper);
      this.#checkBuffer(socket);
    }
  }

  #sendPlain(socket: TransportSocket, body: Body): void {
    if (typeof body === "string") socket.sendText(sealBody(body));
    else if (body.binary) socket.sendShared(body, "");
    else socket.sendShared(body, sealBody(""));
    this.#checkBuffer(socket);
  }

  /** Nobody acknowledges: the socket's own buffer is the only bound there is. */
  #checkBuffer(socket: TransportSocket): void {
    if (socket.bufferedBytes <= this.#host.context.limits.outboxBytes) return;
    this.#host.end(CloseCode.slowConsumer, "slow_consumer", undefined);
  }
}
