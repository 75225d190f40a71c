import type { Clock, ClockTimer } from "../../src/index.js";
import { decodeServerBinary } from "../../src/protocol/binary-frame.js";
import type { WebSocketLike } from "../../src/client/index.js";
import { type Ledger, Violation } from "./ledger.js";
import { numberIn, textIn } from "./payload.js";
import { Reading } from "./reading.js";
import type { Ways } from "./ways.js";

/** What a stock user is made with. */
export interface StockUserOptions {
  readonly name: string;
  readonly url: string;
  readonly ways: Ways;
  readonly topics: readonly string[];
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** Whether the server may announce that it could not keep messages. */
  readonly gapsAllowed: boolean;
  /** How many of the latest broadcasts a client gets in any case. */
  readonly windowMessages: number;
  readonly failed: (violation: Violation) => void;
  readonly note: (text: string) => void;
}

interface Seat {
  readonly topic: string;
  joinRef: string;
  reading: Reading | undefined;
}

const OPEN = 1;
const HEARTBEAT_MS = 4_000;
const RECONNECT_MS = 700;
const REJOIN_MS = 1_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** A user with the client of npm `phoenix` and the documented lines to come back to a session: what that client does, in little. */
export class StockUser {
  readonly name: string;
  readonly ways: Ways;
  readonly #options: StockUserOptions;
  readonly #seats: readonly Seat[];
  #socket: WebSocketLike | undefined;
  #timer: ClockTimer | undefined;
  #pendingBeat = "";
  #lastRef = 0;
  #lastPush = 0;
  #session = "";
  #rx = 0;
  #left = false;

  constructor(options: StockUserOptions) {
    this.name = options.name;
    this.ways = options.ways;
    this.#options = options;
    this.#seats = options.topics.map((topic) => ({ topic, joinRef: "", reading: undefined }));
    this.#connect();
  }

  /** Pushes to a topic, at most once: nobody sends again what may be lost. */
  push(topic: string, { slowMs }: { readonly slowMs: number }): void {
    const seat = this.#seats.find((each) => each.topic === topic);
    if (seat?.reading === undefined || this.#socket?.readyState !== OPEN) return;
    this.#lastPush += 1;
    this.#send(seat.joinRef, topic, "say", { n: this.#lastPush, slowMs });
  }

  /** Gives up the connection that it has. */
  dropConnection(): void {
    this.#socket?.close(3_000, "dropped");
    this.#lost(this.#socket);
  }

  /** What it still waits for; `undefined` when it has all that it can have. */
  waitsFor(): string | undefined {
    for (const { topic, reading } of this.#seats) {
      if (reading === undefined) return `${this.name} has not joined ${topic}`;
      const lacking = reading.lacks();
      if (lacking !== undefined) return `${this.name} ${lacking}`;
    }
    return undefined;
  }

  /** Leaves for good. */
  leave(): void {
    this.#left = true;
    this.#stopTimer();
    this.#socket?.close(1000, "");
    this.#socket = undefined;
  }

  #connect(): void {
    const { url, ways } = this.#options;
    const query = new URLSearchParams({ vsn: "2.0.0", user: this.name, session: this.#session, rx: String(this.#rx) });
    const socket: WebSocketLike = new ways.webSocket(`${url}/websocket?${query}`);
    this.#socket = socket;
    this.#pendingBeat = "";
    this.#setTimer(CONNECT_TIMEOUT_MS, () => this.dropConnection());
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      this.#beat();
      for (const seat of this.#seats) this.#join(seat);
    };
    socket.onmessage = ({ data }: { readonly data: string | ArrayBuffer }) => {
      if (socket === this.#socket) this.#received(data);
    };
    socket.onclose = () => this.#lost(socket);
  }

  #lost(socket: WebSocketLike | undefined): void {
    if (socket !== this.#socket || this.#left) return;
    this.#socket = undefined;
    this.#setTimer(RECONNECT_MS, () => this.#connect());
  }

  #beat(): void {
    if (this.#pendingBeat !== "") return this.dropConnection();
    this.#pendingBeat = this.#send(null, "phoenix", "heartbeat", {});
    this.#setTimer(HEARTBEAT_MS, () => this.#beat());
  }

  #join(seat: Seat): void {
    seat.joinRef = this.#send(null, seat.topic, "phx_join", {});
  }

  #send(joinRef: string | null, topic: string, event: string, payload: object): string {
    this.#lastRef += 1;
    const ref = String(this.#lastRef);
    this.#socket?.send(JSON.stringify([event === "phx_join" ? ref : joinRef, ref, topic, event, payload]));
    return ref;
  }

  #received(data: string | ArrayBuffer): void {
    if (typeof data !== "string") return this.#receivedBytes(new Uint8Array(data));
    const parts: unknown = JSON.parse(data);
    if (!Array.isArray(parts)) return;
    const [joinRef, ref, topic, event, payload, seq]: unknown[] = parts;
    this.#rx = typeof seq === "number" ? seq : this.#rx;
    if (topic === "phoenix") return this.#control(ref, event, payload);
    const seat = this.#seats.find((each) => each.topic === topic);
    if (seat === undefined || (joinRef !== null && joinRef !== seat.joinRef)) return;
    if (event === "phx_reply" && ref === seat.joinRef) this.#joined(seat, payload);
    else if (event === "news") this.#news(seat, numberIn(payload, "n"), false);
    else if (event === "phx_gap") {
      const reason = textIn(payload, "reason");
      this.#check(seat.reading?.gap(numberIn(payload, "from"), numberIn(payload, "to"), reason));
    } else if (event === "phx_error" || event === "phx_close") this.#rejoin(seat);
  }

  #receivedBytes(bytes: Uint8Array): void {
    const decoded = decodeServerBinary(bytes);
    if (!decoded.ok) return this.#fail(`${this.name} was sent bytes that are no frame: ${decoded.reason}`);
    if (decoded.frame.kind !== "broadcast") return;
    const { topic, payload } = decoded.frame;
    const seat = this.#seats.find((each) => each.topic === topic);
    if (seat !== undefined) this.#news(seat, numberIn(payload, "n"), true);
  }

  #control(ref: unknown, event: unknown, payload: unknown): void {
    if (ref === this.#pendingBeat) this.#pendingBeat = "";
    if (event !== "session") return;
    this.#session = textIn(payload, "token");
    const resumed = Reflect.get(Object(payload), "resumed") === true;
    this.#options.note(`${this.name} ${resumed ? "has its session back" : "has a new session"}`);
    if (resumed) return;
    this.#rx = 0;
    for (const seat of this.#seats) seat.reading = undefined;
  }

  #joined(seat: Seat, payload: unknown): void {
    const response: unknown = Reflect.get(Object(payload), "response");
    if (textIn(payload, "status") !== "ok") return this.#rejoin(seat);
    const resumed = Reflect.get(Object(response), "resumed") === true;
    // Its channel lives on, and so does what it reads.
    if (resumed && seat.reading !== undefined) return;
    const { ledger, gapsAllowed: mayLose, windowMessages } = this.#options;
    seat.reading = new Reading(seat.topic, ledger, { mayLose, bytesRepeat: true, windowMessages });
    this.#options.note(`${this.name} has joined ${seat.topic} at ${seat.reading.last}`);
  }

  #rejoin(seat: Seat): void {
    seat.reading = undefined;
    const socket = this.#socket;
    this.#options.clock.setTimer(REJOIN_MS, () => {
      if (socket === this.#socket && seat.reading === undefined) this.#join(seat);
    });
  }

  #news(seat: Seat, n: number, binary: boolean): void {
    // As in Phoenix, one that joins anew may still get what was sent to the channel before.
    this.#check(seat.reading?.news(n, binary));
  }

  #setTimer(delayMs: number, fire: () => void): void {
    this.#stopTimer();
    if (!this.#left) this.#timer = this.#options.clock.setTimer(delayMs, fire);
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #check(wrong: string | undefined): void {
    if (wrong !== undefined) this.#fail(`${this.name} ${wrong}`);
  }

  #fail(text: string): void {
    this.#options.failed(new Violation(text));
  }
}
