import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { decodeTextFrame, encodeBody, type Frame, sealBody } from "../../src/protocol/frame.js";
import { type Hello, parseAnswer, type Welcome } from "../../src/protocol/handshake.js";

/** How a socket ended. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A client that speaks the protocol frame by frame, so that a test can break its rules. */
export class WireClient {
  readonly #socket: WebSocket;
  readonly #frames: Frame[] = [];
  #wake: () => void = () => undefined;
  #lastRef = 0;
  /** How the server ended the connection. */
  readonly closed: Promise<Closed>;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      const decoded = decodeTextFrame(data.toString("utf8"));
      if (!decoded.ok) throw new Error(decoded.reason);
      this.#frames.push(decoded.frame);
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => resolve({ code, reason: reason.toString("utf8") }));
    });
    onTestFinished(() => socket.terminate());
  }

  /** Connects; `url` is that of the mount, `headers` are those of the upgrade. */
  static async connect(url: string, headers: Readonly<Record<string, string>> = {}): Promise<WireClient> {
    const socket = new WebSocket(`${url}/websocket?vsn=2.0.0`, { headers });
    const client = new WireClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return client;
  }

  /** Connects and asks for a session. */
  static async open(url: string, hello: Partial<Hello> = {}): Promise<{ client: WireClient; welcome: Welcome }> {
    const client = await WireClient.connect(url);
    return { client, welcome: await client.hello(hello) };
  }

  /** Asks for a session and gives the answer. */
  async hello(hello: Partial<Hello> = {}): Promise<Welcome> {
    const ref = this.control("hello", { v: 1, intent: "new", ...hello });
    const { payload } = await this.next((frame) => frame.ref === ref);
    const answer = parseAnswer(payload);
    if (answer.kind !== "welcome") throw new Error(`expected a session, got ${JSON.stringify(payload)}`);
    return answer.welcome;
  }

  /** Sends a frame on the protocol's own topic. */
  control(event: string, payload: unknown): string {
    const ref = String(++this.#lastRef);
    this.text(sealBody(encodeBody(null, ref, "phoenix", event, payload)));
    return ref;
  }

  /** Sends a frame under a number. */
  send(seq: number | undefined, topic: string, event: string, payload: unknown = {}, joinRef = "1"): string {
    const ref = event === "phx_join" ? joinRef : `p${++this.#lastRef}`;
    this.text(sealBody(encodeBody(joinRef, ref, topic, event, payload), seq));
    return ref;
  }

  /** Sends any text. */
  text(text: string): void {
    this.#socket.send(text);
  }

  /** Drops the connection without a close, as a lost network does. */
  drop(): void {
    this.#socket.terminate();
  }

  /** Closes as a client does. */
  close(code: number): void {
    this.#socket.close(code);
  }

  /** Takes the first frame that fits, of those that came and were not taken, or of those to come. */
  async next(fits: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const index = this.#frames.findIndex(fits);
      const [frame] = index < 0 ? [] : this.#frames.splice(index, 1);
      if (frame !== undefined) return frame;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
