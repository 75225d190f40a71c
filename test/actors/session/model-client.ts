import { parseAnswer } from "../../../src/protocol/handshake.js";
import type { FakeEndpoint } from "../fake-endpoint.js";
import type { FakeSocket } from "../fake-socket.js";

interface Outgoing {
  readonly seq: number;
  readonly frame: readonly unknown[];
}

/** A client by the book: takes each number once and in order, and sends again what was not taken. What breaks the rules throws. */
export class ModelClient {
  readonly #end: FakeEndpoint;
  #socket: FakeSocket | undefined;
  #claim: { sid: string; secret: string; epoch: number } | undefined;
  #welcomed = false;
  #outgoing: Outgoing[] = [];
  #tx = 0;
  rx = 0;
  #ref = 100;
  /** What came on topics, replies apart. */
  readonly got: unknown[] = [];
  /** The refs of pushes that were replied to. */
  readonly replies: string[] = [];

  constructor(end: FakeEndpoint) {
    this.#end = end;
  }

  /** Whether it has its session, as far as it knows. */
  get welcomed(): boolean {
    return this.#welcomed;
  }

  /** The latest number of its own. */
  get tx(): number {
    return this.#tx;
  }

  /** Connects and asks for its session; the socket it had before stays as it is. */
  async connect(): Promise<void> {
    const { socket } = await this.#end.connect();
    this.#socket = socket;
    this.#welcomed = false;
    const resume =
      this.#claim === undefined
        ? { intent: "new" }
        : {
            intent: "resume",
            resume: {
              ...this.#claim,
              rx: this.rx,
              txFirst: this.#outgoing[0]?.seq ?? this.#tx + 1,
              txNext: this.#tx + 1,
            },
          };
    socket.arrive([null, "1", "phoenix", "hello", { v: 1, token: "ann", ...resume }]);
  }

  /** The network breaks; what had not been looked at is lost. */
  lose(): void {
    this.#socket?.lose();
    this.#socket?.take();
    this.#socket = undefined;
    this.#welcomed = false;
  }

  /** Sends a frame on a topic. */
  push(event: string, payload: unknown, topic = "room:a"): void {
    const seq = ++this.#tx;
    const ref = event === "phx_join" ? "3" : `${this.#ref++}`;
    const frame = ["3", ref, topic, event, payload, seq];
    this.#outgoing.push({ seq, frame });
    if (this.#welcomed) this.#socket?.arrive(frame);
  }

  acknowledge(): void {
    if (this.#welcomed) this.#socket?.arrive([null, null, "phoenix", "ack", { ack: this.rx }]);
  }

  /** Looks at what has come; true when there was something. */
  look(): boolean {
    const frames = this.#socket?.take() ?? [];
    for (const frame of frames) if (Array.isArray(frame)) this.#take(frame);
    return frames.length > 0;
  }

  #take([, ref, topic, event, payload, seq, ack]: unknown[]): void {
    if (topic === "phoenix") return this.#control(event, payload);
    if (!this.#welcomed) throw new Error("something came before the welcome");
    if (typeof seq !== "number") throw new Error(`a frame of ${String(topic)} without a number`);
    if (typeof ack === "number") this.#taken(ack);
    if (seq <= this.rx) return;
    if (seq !== this.rx + 1) throw new Error(`number ${seq} after ${this.rx}`);
    this.rx = seq;
    if (event === "phx_reply") this.replies.push(String(ref));
    else this.got.push(payload);
  }

  #control(event: unknown, payload: unknown): void {
    if (event === "ack" && typeof payload === "object" && payload !== null && "ack" in payload) {
      this.#taken(Number(payload.ack));
    }
    if (event !== "phx_reply" || this.#welcomed) return;
    const answer = parseAnswer(payload);
    if (answer.kind !== "welcome") throw new Error(`expected a welcome, got ${JSON.stringify(payload)}`);
    const { sid, secret, epoch, resumed, rx } = answer.welcome;
    if (this.#claim !== undefined && !resumed) throw new Error(`the session was lost: ${answer.welcome.reason}`);
    this.#claim = { sid, secret, epoch };
    this.#welcomed = true;
    this.#taken(rx);
    for (const { frame } of this.#outgoing) this.#socket?.arrive(frame);
  }

  #taken(seq: number): void {
    this.#outgoing = this.#outgoing.filter((outgoing) => outgoing.seq > seq);
  }
}
