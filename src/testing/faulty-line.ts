import type { Clock, ClockTimer } from "../kernel/clock.js";
import { FaultyFlow, type Parcel } from "./faulty-flow.js";
import type { FaultySocket } from "./faulty-socket.js";
import type { FaultyWebSocket } from "./faulty-web-socket.js";

/** The two ends of a connection. */
export type End = "client" | "server";

/** How {@link FaultyLine.cut} treats what is on the way. */
export interface CutOptions {
  /**
   * `lost`: it never arrives. `delivered`: it arrives, and only then both ends learn of the break, so that a client sends again what the
   * server has. `late`: the client learns of the break at once, and what it had sent arrives `lateMs` later, perhaps after its next
   * connection. `overtaken`: as `late`, and it arrives in the same moment as the first message of the next connection with the same label.
   * `lost` by default.
   */
  readonly inFlight?: "lost" | "delivered" | "late" | "overtaken";
  /** 1,000 by default. */
  readonly lateMs?: number;
}

/** Something that happened on a connection; for logs and checks. */
export type LineEvent =
  | { readonly type: "opened" | "refused" }
  | { readonly type: "sent" | "arrived"; readonly from: End; readonly data: string | Uint8Array }
  | { readonly type: "lost"; readonly from: End; readonly messages: number }
  | { readonly type: "ended"; readonly end: End; readonly code: number; readonly reason: string }
  | { readonly type: "fault"; readonly fault: string };

/** A connection of a network as who looks on sees it: a WebSocket's, or a conversation over HTTP. */
export interface ObservedLine {
  /** Counts what a network has carried, from 1. */
  readonly id: number;
  /** The label of the class or the `fetch` that made it. */
  readonly label: string;
  readonly url: string;
}

/** What a connection asks of its network. */
export interface LineHost {
  readonly clock: Clock;
  /** How long the next message takes. */
  latencyMs(): number;
  /** Called for each message sent; may do harm to the line. */
  sent(line: FaultyLine): void;
  /** Whether an end sends this message twice. */
  repeats(data: string | Uint8Array, line: ObservedLine): boolean;
  /** The first message of a client arrives. */
  heard(line: FaultyLine): void;
  observe(line: ObservedLine, event: LineEvent): void;
  /** A server's end is over. */
  serverEnded(): void;
  /** Both ends know that it is over. */
  gone(line: FaultyLine): void;
}

const CLOSE_TIMEOUT_MS = 5_000;
const ABNORMAL = 1006;

/**
 * One connection between a client and the server, and all that can go wrong with it.
 *
 * A network has one for each WebSocket that was made: `network.lines`. It behaves as a WebSocket over TCP does: what arrives is in order and
 * without holes, and what goes wrong is how far it comes, when, and which end learns of it.
 */
export class FaultyLine implements ObservedLine {
  /** Counts the connections of a network, from 1. */
  readonly id: number;
  /** The label of the class that made it; see `network.webSocket`. */
  readonly label: string;
  readonly url: string;
  readonly #host: LineHost;
  readonly #client: FaultyWebSocket;
  readonly #up: FaultyFlow;
  readonly #down: FaultyFlow;
  readonly #timers = new Set<ClockTimer>();
  #server: FaultySocket | undefined;
  #payloadLimitBytes = Number.POSITIVE_INFINITY;
  #heard = false;
  #overtaken = false;
  #clientOver = false;
  #serverOver = true;
  #bytesPerSecond = Number.POSITIVE_INFINITY;

  /** @internal Made by a network. */
  constructor(id: number, label: string, url: string, client: FaultyWebSocket, host: LineHost) {
    this.id = id;
    this.label = label;
    this.url = url;
    this.#host = host;
    this.#client = client;
    this.#up = new FaultyFlow(host.clock, (parcel) => this.#arriveUp(parcel));
    this.#down = new FaultyFlow(host.clock, (parcel) => this.#arriveDown(parcel));
  }

  /** Whether both ends think that it is open. */
  get open(): boolean {
    return !this.#clientOver && this.#server?.open === true;
  }

  /** Whether that end thinks that it is open; of the two ends of a half-open connection one does. */
  openAt(end: End): boolean {
    return end === "client" ? !this.#clientOver && this.#server !== undefined : this.#server?.open === true;
  }

  /** @internal Whether the server's end is over, or never was. */
  get serverOver(): boolean {
    return this.#serverOver;
  }

  /** Bytes on the way to the server. */
  get bytesUp(): number {
    return this.#up.bytes;
  }

  /** Bytes on the way to the client. */
  get bytesDown(): number {
    return this.#down.bytes;
  }

  // Faults.

  /** Breaks it; both ends learn of that, see {@link CutOptions}. */
  cut({ inFlight = "lost", lateMs = 1_000 }: CutOptions = {}): void {
    if (this.#over) return;
    this.#fault(`cut, ${inFlight}`);
    if (inFlight === "delivered") {
      this.#send("client", { kind: "break" }, 0);
      this.#send("server", { kind: "break" }, 0);
      this.#up.end();
      this.#down.end();
      return;
    }
    this.#lose("server");
    if (inFlight === "late" || inFlight === "overtaken") {
      this.#send("client", { kind: "break" }, 0);
      this.#up.end();
      if (inFlight === "late") this.#up.delay(lateMs);
      else {
        this.#up.hold("network");
        this.#overtaken = true;
      }
    } else {
      this.#lose("client");
      this.#soon(() => this.#endServer(ABNORMAL, ""));
    }
    this.#soon(() => this.#endClient(ABNORMAL, ""));
  }

  /** Breaks it for one end; the other, `alive`, hears nothing of that, and what it sends goes nowhere. */
  halfOpen(alive: End): void {
    if (this.#over) return;
    this.#fault(`half-open, ${alive} alive`);
    this.#lose("client");
    this.#lose("server");
    this.#soon(() => (alive === "server" ? this.#endClient(ABNORMAL, "") : this.#endServer(ABNORMAL, "")));
  }

  /** From now on all that is sent vanishes, and neither end is told. */
  blackHole(): void {
    if (this.#over) return;
    this.#fault("black hole");
    this.#lose("client");
    this.#lose("server");
  }

  /** Nothing arrives until {@link flow}; then all of it does. */
  stall(): void {
    this.#fault("stall");
    this.#up.hold("network");
    this.#down.hold("network");
  }

  /** Ends {@link stall}. */
  flow(): void {
    this.#overtaken = false;
    this.#up.letGo("network");
    this.#down.letGo("network");
  }

  /** The client reads no more than that many bytes a second; `Infinity` ends it. What waits shows in the server's `bufferedBytes`. */
  slow(bytesPerSecond: number): void {
    this.#fault(`slow, ${bytesPerSecond} bytes/s`);
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Something between the two, a proxy for example, closes it with that code; one end alone is told, or both. */
  closeWith(code: number, reason = "", told: End | "both" = "both"): void {
    if (this.#over) return;
    this.#fault(`close ${code}`);
    this.#lose("client");
    this.#lose("server");
    if (told !== "server") this.#soon(() => this.#endClient(code, reason));
    if (told !== "client") this.#soon(() => this.#endServer(code, reason));
  }

  /** @internal The server's process is dead: its end hears nothing more, the client learns of the break. */
  killServer(): void {
    this.#server?.forsake();
    this.#serverOver = true;
    this.#lose("client");
    this.#lose("server");
    if (this.#clientOver) this.#checkGone();
    else this.#soon(() => this.#endClient(ABNORMAL, ""));
  }

  /** @internal A later connection of the same client is heard: what that had overtaken arrives. */
  arriveOvertaken(): void {
    if (!this.#overtaken) return;
    this.#overtaken = false;
    this.#up.hurry();
  }

  // The client's end.

  /** @internal */
  sendUp(parcel: Parcel): void {
    this.#send("client", parcel, this.#host.latencyMs());
  }

  /** @internal */
  closedByClient(code: number, reason: string, dialled: boolean): void {
    if (!dialled) return this.#soon(() => this.#endClient(ABNORMAL, ""));
    this.#send("client", { kind: "close", code, reason }, this.#host.latencyMs());
    this.#up.end();
    this.#after(CLOSE_TIMEOUT_MS, () => this.#endClient(ABNORMAL, ""));
  }

  // The server's end.

  /** @internal Joins the server's end to it. */
  connect(server: FaultySocket, payloadLimitBytes: number): void {
    this.#server = server;
    this.#serverOver = false;
    this.#payloadLimitBytes = payloadLimitBytes;
  }

  /** @internal The server has taken it: the client learns that it is open. */
  opened(): void {
    this.#host.observe(this, { type: "opened" });
    this.#client.opened();
  }

  /** @internal Nobody took it. */
  refused(): void {
    this.#host.observe(this, { type: "refused" });
    this.#endClient(ABNORMAL, "");
  }

  /** @internal */
  sendDown(parcel: Parcel): void {
    const bytes = parcel.kind === "text" ? parcel.text.length : parcel.kind === "binary" ? parcel.bytes.length : 0;
    this.#send("server", parcel, this.#host.latencyMs(), (bytes * 1_000) / this.#bytesPerSecond);
  }

  /** @internal */
  closedByServer(code: number, reason: string): void {
    this.#send("server", { kind: "close", code, reason }, this.#host.latencyMs());
    this.#down.end();
    // Its messages are not wanted any more; its answer to the close frame is.
    this.letGoUp();
    this.#after(CLOSE_TIMEOUT_MS, () => this.#endServer(ABNORMAL, ""));
  }

  /** @internal */
  terminatedByServer(): void {
    this.#lose("server");
    this.#lose("client");
    this.#soon(() => this.#endServer(ABNORMAL, ""));
    this.#soon(() => this.#endClient(ABNORMAL, ""));
  }

  /** @internal */
  holdUp(): void {
    this.#up.hold("reader");
  }

  /** @internal */
  letGoUp(): void {
    this.#up.letGo("reader");
  }

  #send(from: End, parcel: Parcel, delayMs: number, readMs = 0): void {
    const flow = from === "client" ? this.#up : this.#down;
    const sent = flow.send(parcel, delayMs, readMs);
    const data = dataOf(parcel);
    if (data !== undefined && this.#host.repeats(data, this)) flow.send(parcel, delayMs, readMs);
    if (data === undefined) return;
    this.#host.observe(this, { type: "sent", from, data });
    if (sent) this.#host.sent(this);
    else this.#host.observe(this, { type: "lost", from, messages: 1 });
  }

  #arriveUp(parcel: Parcel): void {
    const server = this.#server;
    if (server === undefined || this.#serverOver) return;
    const data = dataOf(parcel);
    if (data !== undefined && data.length > this.#payloadLimitBytes) {
      this.#send("server", { kind: "close", code: 1009, reason: "" }, this.#host.latencyMs());
      this.#endServer(1009, "");
    } else if (parcel.kind === "break") this.#endServer(ABNORMAL, "");
    else if (parcel.kind === "close") {
      // An answer to the server's own close frame as well.
      this.#send("server", { kind: "close", code: parcel.code, reason: parcel.reason }, this.#host.latencyMs());
      this.#endServer(parcel.code, parcel.reason);
    } else {
      if (!this.#heard && data !== undefined) {
        this.#heard = true;
        this.#host.heard(this);
      }
      // A socket that its server has closed reads no more.
      if (data !== undefined && server.open) this.#host.observe(this, { type: "arrived", from: "client", data });
      server.received(parcel);
    }
  }

  #arriveDown(parcel: Parcel): void {
    this.#server?.drained();
    if (this.#clientOver) return;
    const data = dataOf(parcel);
    if (data !== undefined) {
      this.#host.observe(this, { type: "arrived", from: "server", data });
      this.#client.received(data);
    } else if (parcel.kind === "ping") this.#send("client", { kind: "pong" }, this.#host.latencyMs());
    else if (parcel.kind === "break") this.#endClient(ABNORMAL, "");
    else if (parcel.kind === "close") {
      this.#send("client", parcel, this.#host.latencyMs());
      this.#up.end();
      this.#endClient(parcel.code, parcel.reason);
    }
  }

  #lose(from: End): void {
    const messages = (from === "client" ? this.#up : this.#down).swallow();
    if (messages > 0) this.#host.observe(this, { type: "lost", from, messages });
  }

  #endClient(code: number, reason: string): void {
    if (this.#clientOver) return;
    this.#clientOver = true;
    this.#down.swallow();
    this.#host.observe(this, { type: "ended", end: "client", code, reason });
    this.#client.ended(code, reason);
    this.#checkGone();
  }

  #endServer(code: number, reason: string): void {
    if (this.#serverOver) return;
    this.#serverOver = true;
    this.#up.swallow();
    this.#host.observe(this, { type: "ended", end: "server", code, reason });
    this.#server?.ended(code, reason);
    this.#host.serverEnded();
    this.#checkGone();
  }

  #checkGone(): void {
    if (!this.#over) return;
    for (const timer of this.#timers) this.#host.clock.clearTimer(timer);
    this.#timers.clear();
    this.#host.gone(this);
  }

  get #over(): boolean {
    return this.#clientOver && this.#serverOver;
  }

  #fault(fault: string): void {
    this.#host.observe(this, { type: "fault", fault });
  }

  /** Never inside a call that an end has made. */
  #soon(act: () => void): void {
    this.#after(0, act);
  }

  #after(delayMs: number, act: () => void): void {
    const timer = this.#host.clock.setTimer(delayMs, () => {
      this.#timers.delete(timer);
      act();
    });
    this.#timers.add(timer);
  }
}

function dataOf(parcel: Parcel): string | Uint8Array<ArrayBuffer> | undefined {
  if (parcel.kind === "text") return parcel.text;
  return parcel.kind === "binary" ? parcel.bytes : undefined;
}
