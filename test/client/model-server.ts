import { encodeBody, type Frame, sealBody } from "../../src/protocol/frame.js";
import { parseHello, type ResumeRequest } from "../../src/protocol/handshake.js";
import { DEFAULT_LIMITS } from "../../src/protocol/limits.js";
import { receive } from "../../src/protocol/sequence.js";
import type { FakeWebSocket } from "./fake-web-socket.js";

interface ModelSession {
  readonly sid: string;
  secret: string;
  /** Valid beside the new one until the client shows that it has that. */
  secretBefore: string | undefined;
  epoch: number;
  rx: number;
  tx: number;
  outbox: { readonly seq: number; readonly body: string }[];
  readonly joined: Map<string, string | null>;
  wire: ModelWire | undefined;
}

interface ModelWire {
  readonly socket: FakeWebSocket;
  /** How much of what the client wrote has arrived. */
  read: number;
  /** What is on its way to the client. */
  readonly down: string[];
  session: ModelSession | undefined;
  /** A black hole: neither side is told, nothing arrives. */
  mute: boolean;
}

/** A server that keeps the contract, on a network that a test lets flow, stall and break frame by frame. */
export class ModelServer {
  /** The payloads of pushes in the order in which they took effect. */
  readonly handled: unknown[] = [];
  readonly violations: string[] = [];
  /** The replies to idempotent pushes by id; they outlive sessions. */
  readonly #known = new Map<string, unknown>();
  readonly #sessions = new Map<string, ModelSession>();
  #wires: ModelWire[] = [];
  #made = 0;

  /** Takes notice of connections that the client has made, and opens them. */
  accept(sockets: readonly FakeWebSocket[]): void {
    for (const socket of sockets) {
      if (socket.readyState !== 0) continue;
      this.#wires.push({ socket, read: 0, down: [], session: undefined, mute: false });
      socket.open();
    }
  }

  /** Lets at most so many frames arrive in each direction; tells whether any did. */
  flow(most: number): boolean {
    let moved = false;
    for (const wire of this.#wires) {
      if (wire.mute) continue;
      for (let i = 0; i < most; i += 1) {
        const frame = wire.socket.sent[wire.read];
        if (frame === undefined) break;
        wire.read += 1;
        moved = true;
        this.#take(wire, frame);
      }
      for (let i = 0; i < most; i += 1) {
        const text = wire.socket.readyState === 1 ? wire.down.shift() : undefined;
        if (text === undefined) break;
        moved = true;
        wire.socket.deliverRaw(text);
      }
    }
    return moved;
  }

  /** Breaks every connection: what is on its way is lost. `seen`: the client is told. */
  break(seen: boolean): void {
    for (const wire of this.#wires) {
      if (wire.session?.wire === wire) wire.session.wire = undefined;
      wire.mute = true;
      if (seen) wire.socket.closeFromServer();
    }
    if (seen) this.#wires = [];
  }

  /** Whether this connection works, has a session, and nothing is on its way. */
  serves(socket: FakeWebSocket): boolean {
    const wire = this.#wires.find((known) => known.socket === socket);
    if (wire === undefined || wire.mute || wire.session?.wire !== wire) return false;
    return wire.down.length === 0 && wire.read === socket.sent.length;
  }

  /** Forgets every session. */
  expire(): void {
    this.#sessions.clear();
    this.break(true);
  }

  /** Sends to every session that has the topic joined, attached or not. */
  broadcast(topic: string, event: string, payload: unknown): number {
    let reached = 0;
    for (const session of this.#sessions.values()) {
      if (!session.joined.has(topic)) continue;
      this.#send(session, encodeBody(null, null, topic, event, payload));
      reached += 1;
    }
    return reached;
  }

  #take(wire: ModelWire, frame: Frame): void {
    if (frame.event === "hello") {
      this.#attach(wire, frame);
      return;
    }
    const { session } = wire;
    if (session === undefined || session.wire !== wire) return;
    const ack = frame.ack ?? ackOf(frame);
    if (ack !== undefined) {
      if (ack > session.tx) this.violations.push(`ack ${ack} above ${session.tx}`);
      session.outbox = session.outbox.filter((sent) => sent.seq > ack);
      session.secretBefore = undefined;
    }
    if (frame.topic === "phoenix") return;
    const verdict = receive(session.rx, frame.seq ?? 0);
    if (verdict === "gap") this.violations.push(`number ${frame.seq} after ${session.rx}`);
    if (verdict !== "accept") return;
    session.rx += 1;
    this.#handle(session, frame);
  }

  #handle(session: ModelSession, { joinRef, ref, topic, event, payload, id }: Frame): void {
    if (id !== undefined && this.#known.has(id)) {
      this.#send(
        session,
        encodeBody(joinRef, ref, topic, "phx_reply", { status: "ok", response: this.#known.get(id) }),
      );
      return;
    }
    if (id !== undefined) this.#known.set(id, payload);
    if (event === "phx_join") {
      session.joined.set(topic, joinRef);
    } else if (session.joined.get(topic) !== joinRef) {
      this.violations.push(`${event} under join_ref ${joinRef}`);
    } else if (event === "phx_leave") {
      session.joined.delete(topic);
    } else {
      this.handled.push(payload);
    }
    this.#send(session, encodeBody(joinRef, ref, topic, "phx_reply", { status: "ok", response: payload }));
  }

  #attach(wire: ModelWire, { ref, payload }: Frame): void {
    const parsed = parseHello(payload);
    if (!parsed.ok) {
      this.violations.push(parsed.reason);
      return;
    }
    const { resume } = parsed.hello;
    const found = resume === undefined ? undefined : this.#find(resume);
    const session = found ?? this.#create();
    session.epoch += 1;
    if (found !== undefined) session.secretBefore = resume?.secret;
    session.secret = `${session.sid}-secret-${session.epoch}`;
    session.wire = wire;
    wire.session = session;
    const response = {
      v: 1,
      sid: session.sid,
      secret: session.secret,
      epoch: session.epoch,
      resumed: found !== undefined,
      ...(resume !== undefined && found === undefined ? { reason: "expired" } : {}),
      rx: session.rx,
      tx: session.tx,
      ttlMs: 120_000,
      heartbeatMs: 25_000,
      limits: DEFAULT_LIMITS,
      topics: Object.fromEntries([...session.joined.keys()].map((topic) => [topic, "ok"])),
    };
    wire.down.push(sealBody(encodeBody(null, ref, "phoenix", "phx_reply", { status: "ok", response })));
    session.outbox = session.outbox.filter((sent) => sent.seq > (resume?.rx ?? 0));
    for (const { body, seq } of session.outbox) wire.down.push(sealBody(body, seq));
  }

  #find({ sid, secret, rx, txFirst }: ResumeRequest): ModelSession | undefined {
    const session = this.#sessions.get(sid);
    if (session === undefined) return undefined;
    if (secret !== session.secret && secret !== session.secretBefore) this.violations.push(`an old secret: ${secret}`);
    if (rx > session.tx) this.violations.push(`rx ${rx} above ${session.tx}`);
    if (txFirst > session.rx + 1) this.violations.push(`txFirst ${txFirst} leaves a hole after ${session.rx}`);
    return session;
  }

  #create(): ModelSession {
    this.#made += 1;
    const sid = `session-${this.#made}`;
    const blank = { secret: "", secretBefore: undefined, epoch: 0, rx: 0, tx: 0, outbox: [], wire: undefined };
    const session: ModelSession = { sid, joined: new Map(), ...blank };
    this.#sessions.set(sid, session);
    return session;
  }

  #send(session: ModelSession, body: string): void {
    session.tx += 1;
    session.outbox.push({ seq: session.tx, body });
    // Every third frame carries an acknowledgement; none is sent alone, so that much is in flight.
    const ack = session.tx % 3 === 0 ? session.rx : undefined;
    session.wire?.down.push(sealBody(body, session.tx, ack));
  }
}

function ackOf({ topic, event, payload }: Frame): number | undefined {
  const ackable = topic === "phoenix" && event === "ack" && typeof payload === "object" && payload !== null;
  return ackable && "ack" in payload && typeof payload.ack === "number" ? payload.ack : undefined;
}
