import { type ClientRequest, type IncomingHttpHeaders, request } from "node:http";
import { onTestFinished } from "vitest";
import { decodeTextFrame, encodeBody, type Frame, sealBody } from "../../src/protocol/frame.js";
import { type Hello, parseAnswer, type Welcome } from "../../src/protocol/handshake.js";
import { HttpClient } from "../transport/http-client.js";

/** How the server ended a conversation. */
export interface Ended {
  readonly code: number;
  readonly reason: string;
}

/** Frames that came, and are taken one by one; what both ways over HTTP have in common. */
abstract class HttpWire {
  readonly #frames: Frame[] = [];
  #wake: () => void = () => undefined;
  #lastRef = 0;
  readonly ended: Promise<Ended>;
  protected end: (ended: Ended) => void = () => undefined;

  constructor() {
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  /** Sends texts, and resolves with the status of the answer. */
  abstract post(lines: readonly string[]): Promise<number>;

  /** Goes away without a word. */
  abstract drop(): void;

  protected came(text: string): void {
    const decoded = decodeTextFrame(text);
    if (!decoded.ok) throw new Error(decoded.reason);
    this.#frames.push(decoded.frame);
    this.#wake();
  }

  async hello(hello: Partial<Hello> = {}): Promise<Welcome> {
    const ref = String(++this.#lastRef);
    await this.post([sealBody(encodeBody(null, ref, "phoenix", "hello", { v: 1, intent: "new", ...hello }))]);
    const { payload } = await this.next((frame) => frame.ref === ref);
    const answer = parseAnswer(payload);
    if (answer.kind !== "welcome") throw new Error(`expected a session, got ${JSON.stringify(payload)}`);
    return answer.welcome;
  }

  /** Sends a frame under a number and gives its ref. */
  async send(seq: number | undefined, topic: string, event: string, payload: unknown = {}): Promise<string> {
    const ref = event === "phx_join" ? "1" : `p${++this.#lastRef}`;
    await this.post([sealBody(encodeBody("1", ref, topic, event, payload), seq)]);
    return ref;
  }

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

interface PollBody {
  readonly status: number;
  readonly token: string | null;
  readonly messages: readonly string[];
  readonly code?: number;
  readonly reason?: string;
}

/** A client that polls. */
export class PollWire extends HttpWire {
  readonly #http: HttpClient;
  readonly #gone = new AbortController();
  #token = "";

  private constructor(port: number) {
    super();
    this.#http = new HttpClient(port);
    onTestFinished(() => this.drop());
  }

  static async connect(port: number): Promise<PollWire> {
    const wire = new PollWire(port);
    const first = await wire.#poll();
    if (first.status !== 410) throw new Error(`not connected: ${JSON.stringify(first)}`);
    void wire.#run();
    return wire;
  }

  override async post(lines: readonly string[]): Promise<number> {
    const { json } = await this.#http.post(this.#path(), lines);
    return typeof json === "object" && json !== null && "status" in json ? Number(json.status) : 0;
  }

  override drop(): void {
    this.#gone.abort();
  }

  async #poll(): Promise<PollBody> {
    const { json } = await this.#http.get(this.#path(), {}, this.#gone.signal);
    const body = json as PollBody;
    if (body.token !== null) this.#token = body.token;
    return body;
  }

  async #run(): Promise<void> {
    while (!this.#gone.signal.aborted) {
      let body: PollBody;
      try {
        body = await this.#poll();
      } catch (error) {
        // Dropped by the test, or a lost connection, which the test sees in what does not come.
        return this.end({ code: 1006, reason: String(error) });
      }
      for (const message of body.messages) this.came(message);
      if (body.code !== undefined) return this.end({ code: body.code, reason: body.reason ?? "" });
    }
  }

  #path(): string {
    return `/socket/longpoll?level=2&vsn=2.0.0${this.#token === "" ? "" : `&token=${this.#token}`}`;
  }
}

/** A client that reads an event stream. */
export class StreamWire extends HttpWire {
  readonly #http: HttpClient;
  #request: ClientRequest | undefined;
  #headers: IncomingHttpHeaders = {};
  #rest = "";
  #token = "";
  #number = 0;
  #opened: () => void = () => undefined;
  #cameLine: () => void = () => undefined;
  /** All lines as they came, for tests that look at the form. */
  readonly lines: string[] = [];

  private constructor(port: number) {
    super();
    this.#http = new HttpClient(port);
    onTestFinished(() => this.drop());
  }

  static async connect(port: number, query = "", accept = "text/event-stream"): Promise<StreamWire> {
    const wire = new StreamWire(port);
    await new Promise<void>((resolve, reject) => {
      wire.#opened = resolve;
      const options = { host: "127.0.0.1", port, path: `/socket/events${query}`, headers: { accept } };
      wire.#request = request(options, (answer) => {
        wire.#headers = answer.headers;
        if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`));
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => wire.#read(chunk));
        answer.on("error", () => wire.end({ code: 1006, reason: "" }));
        answer.on("end", () => wire.end({ code: 1005, reason: "" }));
      });
      wire.#request.on("error", reject);
      wire.#request.end();
    });
    return wire;
  }

  get headers(): IncomingHttpHeaders {
    return this.#headers;
  }

  get token(): string {
    return this.#token;
  }

  override async post(lines: readonly string[]): Promise<number> {
    return this.postAs(++this.#number, lines);
  }

  /** Sends under a number of the test's choice. */
  async postAs(number: number, lines: readonly string[]): Promise<number> {
    return (await this.#http.post(`/socket/send?stream=${this.#token}&n=${number}`, lines)).status;
  }

  /** Resolves when so many lines have come that fit. */
  async sawLines(count: number, fits: (line: string) => boolean): Promise<void> {
    while (this.lines.filter(fits).length < count) {
      await new Promise<void>((resolve) => {
        this.#cameLine = resolve;
      });
    }
  }

  override drop(): void {
    this.#request?.destroy();
  }

  #read(chunk: string): void {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    this.lines.push(line);
    this.#cameLine();
    if (this.#token === "") {
      this.#token = String(this.#headers["x-stream-token"]);
      this.#opened();
    }
    const text = line.startsWith("data: ") ? line.slice(6) : line;
    if (text.startsWith("[")) this.came(text);
    else if (text.startsWith('{"code"')) this.end(JSON.parse(text) as Ended);
  }
}
