import { Socket } from "../../src/client/socket.js";
import type { SocketOptions } from "../../src/client/options.js";
import type { Channel } from "../../src/client/channel.js";
import type { Frame } from "../../src/protocol/frame.js";
import type { Hello, Welcome } from "../../src/protocol/handshake.js";
import { DEFAULT_LIMITS } from "../../src/protocol/limits.js";
import { FakeWebSocket } from "./fake-web-socket.js";
import { ManualClock } from "./manual-clock.js";

/** Lets promises that are ready go on, as far as ten turns. */
export async function turns(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}

/** A socket under test with its clock, its dice and its connections in memory; the test plays the server frame by frame. */
export class Stage {
  readonly clock = new ManualClock();
  readonly wires: FakeWebSocket[] = [];
  readonly socket: Socket;
  readonly faults: unknown[] = [];
  readonly errors: string[] = [];
  readonly states: string[] = [];
  /** What the dice show next. */
  dice = 0.5;
  wake: () => void = () => undefined;
  #serverSeq = 0;

  constructor(options: SocketOptions = {}) {
    const { wires } = this;
    class Wired extends FakeWebSocket {
      constructor(url: string) {
        super(url);
        wires.push(this);
      }
    }
    this.socket = new Socket("ws://server/socket", {
      webSocket: Wired,
      clock: this.clock,
      random: { next: () => this.dice },
      wake: (wake) => {
        this.wake = wake;
        return () => {
          this.wake = () => undefined;
        };
      },
      reportError: (error) => this.faults.push(error),
      ...options,
    });
    this.socket.onError((error) => this.errors.push(error.code));
    this.socket.onState((state) => this.states.push(state.name));
  }

  /** The newest connection. */
  get wire(): FakeWebSocket {
    const wire = this.wires.at(-1);
    if (wire === undefined) throw new Error("expected a connection, got none");
    return wire;
  }

  /** The payload of the newest connection's hello. */
  get hello(): Hello {
    const frame = this.wire.of("hello")[0];
    if (frame === undefined) throw new Error("expected a hello, got none");
    return frame.payload as Hello;
  }

  /** The newest connection opens and the client says hello. */
  open(): void {
    this.wire.open();
  }

  /** The server answers hello. A session that is not resumed starts its numbers anew. */
  welcome(changes: Partial<Welcome> = {}): void {
    const resumed = changes.resumed ?? this.hello.intent === "resume";
    if (!resumed) this.#serverSeq = 0;
    const response: Welcome = {
      v: 1,
      sid: "s1",
      secret: `k${this.wires.length}`,
      epoch: this.wires.length,
      resumed,
      rx: 0,
      tx: this.#serverSeq,
      ttlMs: 120_000,
      heartbeatMs: 25_000,
      limits: DEFAULT_LIMITS,
      topics: {},
      ...changes,
    };
    this.reply(this.wire.of("hello")[0], { topic: "phoenix", response, numbered: false });
  }

  /** Connects, up to the server's answer. */
  start(changes: Partial<Welcome> = {}): void {
    this.socket.connect();
    this.open();
    this.welcome(changes);
  }

  /** Lets the delay before the next attempt pass, no more. */
  waitOut(): void {
    const { state } = this.socket;
    if (state.name !== "waiting") throw new Error(`expected a socket that waits, got one that is ${state.name}`);
    this.clock.advance(state.untilMs - this.clock.now());
  }

  /** Loses the connection without a word, waits out the delay and opens the next one, up to hello. */
  reconnect(): void {
    this.wire.closeFromServer();
    this.waitOut();
    this.open();
  }

  /** The server sends a numbered frame. */
  send(topic: string, event: string, payload: unknown = {}, joinRef: string | null = null): number {
    this.#serverSeq += 1;
    this.wire.deliver({ joinRef, topic, event, payload, seq: this.#serverSeq });
    return this.#serverSeq;
  }

  /** The server sent a frame that never arrived. */
  loseOne(): number {
    this.#serverSeq += 1;
    return this.#serverSeq;
  }

  /** The server replies to a frame of the client. */
  reply(
    frame: Frame | undefined,
    {
      status = "ok",
      response = {},
      topic = frame?.topic ?? "",
      numbered = true,
    }: { status?: string; response?: unknown; topic?: string; numbered?: boolean } = {},
  ): void {
    if (frame === undefined) throw new Error("expected a frame to reply to, got none");
    if (numbered) this.#serverSeq += 1;
    this.wire.deliver({
      joinRef: frame.joinRef,
      ref: frame.ref,
      topic,
      event: "phx_reply",
      payload: { status, response },
      seq: numbered ? this.#serverSeq : undefined,
    });
  }

  /** Joins a topic, up to the server's consent. */
  join(topic = "room:1"): Channel {
    const channel = this.socket.channel(topic);
    channel.join();
    this.reply(this.wire.of("phx_join").at(-1));
    return channel;
  }
}
