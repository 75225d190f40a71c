import type { ActorRef, Clock, ClockTimer } from "../../src/index.js";
import type { NodeIdentity } from "../../src/cluster/node-port.js";
import {
  DRAIN_PROMISE_BYTES,
  joinTurn,
  type TransportSocket,
  type TurnWriter,
} from "../../src/transport/transport-socket.js";
import type { UpgradeRequest } from "../../src/transport/upgrade-request.js";
import { SentBytes, sizeOf, sizeOfAll, TakenBytes } from "./relay-credit.js";
import type { RelayFrame, ToClient, ToSession } from "./relay-message.js";

/** What the connection of a carried client is told. */
export interface Carrying {
  /** The client's socket may be read again. */
  readOn(): void;
  /** The client's session cannot be reached there: the client is to come back, not before `retryAfterMs`. */
  uncarried(retryAfterMs: number | undefined): void;
  /** The client's socket is closed. */
  closed(code: number, reason: string): void;
}

/** A client that is to be carried. */
export interface Client {
  readonly socket: TransportSocket;
  readonly request: UpgradeRequest;
  readonly connection: ActorRef<Carrying>;
  /** What it has said so far. */
  readonly first: RelayFrame | undefined;
}

/** What a {@link CarriedClient} needs of its node. */
export interface CarriedClientHost {
  readonly clock: Clock;
  /** Says something to the node with the session; false when that cannot be reached. */
  say(node: NodeIdentity, says: ToSession): boolean;
  /** Nothing comes for it any more. */
  forget(relay: number): void;
}

/** What may be on its way to the session, or wait there: a session that does not read has its client's socket not read. */
const WINDOW_BYTES = 128 * 1024;
/** How long the other node may take to say that it has taken a client. */
const OPEN_TIMEOUT_MS = 5_000;

/**
 * A client of this node whose session lives on another: its messages go there, and what comes from there goes to its socket.
 *
 * The socket stays its connection's. It is not read before the other node wants it to be, nor while that is behind.
 */
export class CarriedClient implements TurnWriter {
  readonly node: NodeIdentity;
  readonly #relay: number;
  readonly #host: CarriedClientHost;
  readonly #socket: TransportSocket;
  readonly #connection: ActorRef<Carrying>;
  readonly #sent = new SentBytes();
  readonly #taken = new TakenBytes();
  #queue: RelayFrame[] = [];
  #queuedBytes = 0;
  #joined = false;
  /** Bytes on the client's socket that may not have gone out. */
  #onSocket = 0;
  /** The other node wants the socket to be read. */
  #wanted = false;
  #isOver = false;
  #timer: ClockTimer | undefined;

  /** Begins at once. */
  constructor(
    relay: number,
    node: NodeIdentity,
    { socket, request, connection, first }: Client,
    host: CarriedClientHost,
  ) {
    this.node = node;
    this.#relay = relay;
    this.#host = host;
    this.#socket = socket;
    this.#connection = connection;
    socket.pause();
    const frames = first === undefined ? [] : [first];
    this.#sent.sent(sizeOfAll(frames));
    this.#timer = host.clock.setTimer(OPEN_TIMEOUT_MS, () => this.lost(undefined));
    this.#say({ kind: "open", relay, transport: socket.kind, request, frames });
  }

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the client's socket may be read. */
  get mayRead(): boolean {
    return this.#wanted && this.#sent.waiting + this.#queuedBytes < WINDOW_BYTES;
  }

  /** The client has said something. */
  frame(frame: RelayFrame): void {
    if (this.#isOver) return;
    this.#queue.push(frame);
    this.#queuedBytes += sizeOf(frame);
    if (!this.mayRead) this.#socket.pause();
    this.#flushSoon();
  }

  /** All that was on the client's socket has gone out, after it had been slow. */
  drained(): void {
    this.#taken.took(this.#onSocket);
    this.#onSocket = 0;
    if (this.#taken.isDue) this.#flushSoon();
  }

  /** A beat of the heartbeat has found the client's socket alive. */
  alive(): void {
    this.#say({ kind: "alive", relay: this.#relay });
  }

  /** This node is being drained. */
  drain(retryAfterMs: number): void {
    this.flush();
    this.#say({ kind: "drain", relay: this.#relay, retryAfterMs });
  }

  /** The connection of the client has ended. */
  end(code: number, reason: string): void {
    if (this.#isOver) return;
    this.flush();
    this.#say({ kind: "gone", relay: this.#relay, code, reason });
    this.#finish();
  }

  flush(): void {
    this.#joined = false;
    if (this.#isOver) return;
    const relay = this.#relay;
    if (this.#queue.length > 0) {
      const frames = this.#queue;
      this.#queue = [];
      this.#sent.sent(this.#queuedBytes);
      this.#queuedBytes = 0;
      this.#say({ kind: "frames", relay, frames, taken: this.#taken.tell() });
    } else if (this.#taken.isDue) this.#say({ kind: "taken", relay, taken: this.#taken.tell() });
  }

  // What the other node says; called from the event loop.

  received(says: ToClient): void {
    if (this.#isOver) return;
    this.#stopTimer();
    switch (says.kind) {
      case "opened":
        return;
      case "frames":
        this.#took(says.taken);
        return this.#deliver(says.frames);
      case "taken":
        return this.#took(says.taken);
      case "reading":
        return this.#want(says.on);
      case "ping":
        return this.alive();
      case "close":
        this.#finish();
        if (this.#socket.open) this.#socket.close(says.code, says.reason);
        this.#connection.cast.closed(says.code, says.reason);
        return;
      case "cut":
        this.#finish();
        // Its end reaches the connection as that of any socket.
        return this.#socket.terminate();
      default:
        return this.lost(undefined);
    }
  }

  /** The other node cannot be reached, or has no such relay. */
  lost(retryAfterMs: number | undefined): void {
    if (this.#isOver) return;
    this.#finish();
    this.#connection.cast.uncarried(retryAfterMs);
  }

  #deliver(frames: readonly RelayFrame[]): void {
    const socket = this.#socket;
    for (const frame of frames) {
      if (typeof frame === "string") socket.sendText(frame);
      else socket.sendBinary(frame);
    }
    this.#onSocket += sizeOfAll(frames);
    // With more than that waiting the socket tells when it has gone out.
    if (socket.bufferedBytes < DRAIN_PROMISE_BYTES) this.drained();
  }

  #took(total: number): void {
    const before = this.mayRead;
    this.#sent.took(total);
    if (!before && this.mayRead) this.#connection.cast.readOn();
  }

  #want(on: boolean): void {
    this.#wanted = on;
    if (!on) this.#socket.pause();
    else if (this.mayRead) this.#connection.cast.readOn();
  }

  #say(says: ToSession): void {
    if (!this.#isOver && !this.#host.say(this.node, says)) this.lost(undefined);
  }

  #flushSoon(): void {
    if (this.#joined) return;
    this.#joined = true;
    joinTurn(this);
  }

  #finish(): void {
    this.#isOver = true;
    this.#queue = [];
    this.#stopTimer();
    this.#host.forget(this.#relay);
  }

  #stopTimer(): void {
    if (this.#timer === undefined) return;
    this.#host.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
