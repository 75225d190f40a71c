import { encodeBody, type Frame, sealBody } from "../protocol/frame.js";
import type { Welcome } from "../protocol/handshake.js";
import { ChannelEvent, ControlEvent, PHOENIX_TOPIC } from "../protocol/names.js";
import { isCount, isSeq, receive } from "../protocol/sequence.js";
import type { Channel } from "./channel.js";
import { Alarm, type ClientClock } from "./clock.js";
import type { Delivery } from "./delivery.js";
import { SessionState } from "./session-state.js";

/** What was not delivered, as the server announced it. `from` and `to` are missing if the server could not say. */
export interface Gap {
  readonly topic: string;
  readonly from?: number;
  readonly to?: number;
}

/** The session that could not be resumed, and why: the server's word, or that of the close code. */
export interface LostSession {
  readonly sessionId: string;
  readonly reason: string;
}

/** What a stream tells its owner. */
export interface StreamOwner {
  /** Writes a frame to the connection. */
  send(text: string): void;
  gap(gap: Gap): void;
  sessionLost(lost: LostSession): void;
  retryHinted(retryAfterMs: number): void;
}

/**
 * The session as the client sees it: takes the server's numbered frames once and in order, acknowledges them, and leads them to
 * channels and pushes.
 */
export class SessionStream {
  readonly session = new SessionState();
  readonly delivery: Delivery;
  readonly #clock: ClientClock;
  readonly #owner: StreamOwner;
  readonly #channels = new Map<string, Channel>();
  readonly #ackAlarm: Alarm;
  #replayEnd: number | undefined;
  #violatedAt: number | undefined;

  constructor(delivery: Delivery, clock: ClientClock, owner: StreamOwner) {
    this.delivery = delivery;
    this.#clock = clock;
    this.#owner = owner;
    this.#ackAlarm = new Alarm(clock, () => this.acknowledge());
  }

  /** Makes a channel the one of its topic and gives the one that was it until now. */
  enter(channel: Channel): Channel | undefined {
    const before = this.#channels.get(channel.topic);
    this.#channels.set(channel.topic, channel);
    return before;
  }

  /** Forgets a channel. */
  leave(channel: Channel): void {
    if (this.#channels.get(channel.topic) === channel) this.#channels.delete(channel.topic);
  }

  /** Goes on in the session that was granted; gives what is wrong with it, or nothing. */
  welcome(welcome: Welcome): string | undefined {
    const { resumed, sid, rx, tx, topics, limits } = welcome;
    const before = this.session.sid;
    if (resumed && sid !== before) return "Cannot resume: expected the session that was asked for, got another";
    if (resumed && !this.delivery.acknowledge(rx))
      return "Cannot resume: expected rx to be a number sent, got a higher one";
    this.session.adopt(welcome);
    this.#replayEnd = undefined;
    if (resumed) {
      this.#replayEnd = tx;
      for (const channel of this.#channels.values()) if (!Object.hasOwn(topics, channel.topic)) channel.doubt();
    } else if (before !== undefined) {
      this.#startAnew({ sessionId: before, reason: welcome.reason ?? "unknown" });
    }
    // Shows the server that the new secret has arrived, so that the one before can be worth nothing.
    this.acknowledge();
    this.delivery.attach(({ body, seq }) => this.#owner.send(sealBody(body, seq, this.#piggyback())), limits);
    for (const [topic, state] of Object.entries(topics)) if (resumed && state === "gap") this.#owner.gap({ topic });
    this.#endReplay();
    return undefined;
  }

  /** Takes a frame; gives what is wrong with it, or nothing. */
  receive(frame: Frame, size: number): string | undefined {
    const { topic, seq, ack } = frame;
    if (ack !== undefined && !this.delivery.acknowledge(ack)) return wrongAck(ack);
    if (topic === PHOENIX_TOPIC) return this.#control(frame);
    if (seq === undefined) {
      this.#dispatch(frame);
      return undefined;
    }
    const { session } = this;
    const verdict = receive(session.received, seq);
    if (verdict === "gap") return `Cannot take a frame: expected number ${session.received + 1}, got ${seq}`;
    if (verdict === "accept") {
      session.received = seq;
      this.#dispatch(frame);
    }
    // Dropped duplicates count as well: the server sends them because it knows of no acknowledgement.
    if (session.handle(seq, size, this.#clock.now())) this.acknowledge();
    else if (!this.#ackAlarm.armed) this.#ackAlarm.set((session.debt.dueAtMs ?? 0) - this.#clock.now());
    this.#endReplay();
    return undefined;
  }

  /** Acknowledges everything handled, in a frame of its own. */
  acknowledge(): void {
    this.#ackAlarm.clear();
    this.#send(ControlEvent.ack, { ack: this.session.takeAck() });
  }

  /** Says goodbye: the server ends the session at once. */
  bye(): void {
    if (this.session.debt.owed) this.acknowledge();
    this.#send(ControlEvent.bye, {});
  }

  /** Nothing is written until the next welcome. */
  detach(): void {
    this.#ackAlarm.clear();
    this.delivery.detach();
  }

  /** The session is gone; the next connection asks for a new one. */
  lose(reason: string): void {
    const sessionId = this.session.sid;
    this.session.forget();
    if (sessionId !== undefined) this.#startAnew({ sessionId, reason });
  }

  /** The server broke the protocol. If resuming has not helped since the last time, resuming again will not: the session is given up. */
  violated(): void {
    if (this.#violatedAt === this.session.received) this.lose("corrupt");
    this.#violatedAt = this.session.received;
  }

  /** The session is over, and everything that waits with it. */
  end(why: string): void {
    this.session.forget();
    this.delivery.failAll("disconnected", why);
    for (const channel of Array.from(this.#channels.values())) channel.suspend();
  }

  /** Has every channel joined again that {@link end} suspended. */
  rejoin(): void {
    for (const channel of Array.from(this.#channels.values())) if (channel.state === "errored") channel.renew();
  }

  #startAnew(lost: LostSession): void {
    this.#owner.sessionLost(lost);
    this.delivery.restart();
    for (const channel of Array.from(this.#channels.values())) channel.renew({ reason: "session_lost" });
  }

  #dispatch(frame: Frame): void {
    const { topic, event, ref, payload } = frame;
    if (event !== ChannelEvent.reply) {
      this.#channels.get(topic)?.receive(frame);
    } else if (ref !== null && typeof payload === "object" && payload !== null && "status" in payload) {
      const response = "response" in payload ? payload.response : {};
      this.delivery.replied(topic, ref, String(payload.status), response);
    }
  }

  #control({ event, payload }: Frame): string | undefined {
    const data = typeof payload === "object" && payload !== null ? payload : {};
    if (event === ControlEvent.ping) {
      this.acknowledge();
    } else if (event === ControlEvent.ack) {
      const ack = "ack" in data ? data.ack : undefined;
      if (!isCount(ack) || !this.delivery.acknowledge(ack)) return wrongAck(ack);
    } else if (event === ControlEvent.gap) {
      this.#gap(data);
    } else if (event === ControlEvent.drain && "retryAfterMs" in data && isCount(data.retryAfterMs)) {
      this.#owner.retryHinted(data.retryAfterMs);
    }
    return undefined;
  }

  #gap(data: object): void {
    const { session } = this;
    if ("seq" in data && isSeq(data.seq) && data.seq > session.received) {
      session.received = data.seq;
      session.handled = data.seq;
      this.#endReplay();
    }
    if (!("topic" in data) || typeof data.topic !== "string") return;
    const from = "from" in data && isCount(data.from) ? { from: data.from } : {};
    const to = "to" in data && isCount(data.to) ? { to: data.to } : {};
    this.#owner.gap({ topic: data.topic, ...from, ...to });
  }

  #endReplay(): void {
    if (this.#replayEnd === undefined || this.session.handled < this.#replayEnd) return;
    this.#replayEnd = undefined;
    for (const channel of Array.from(this.#channels.values())) channel.resolveDoubt();
  }

  #piggyback(): number | undefined {
    if (!this.session.debt.owed) return undefined;
    this.#ackAlarm.clear();
    return this.session.takeAck();
  }

  #send(event: string, payload: unknown): void {
    this.#owner.send(sealBody(encodeBody(null, null, PHOENIX_TOPIC, event, payload)));
  }
}

function wrongAck(ack: unknown): string {
  return `Cannot take an acknowledgement: expected the number of a frame sent, got ${String(ack)}`;
}
