import type { Clock } from "../../src/index.js";
import { decodeTextFrame } from "../../src/protocol/frame.js";
import { decodeClientBinary, decodeServerBinary } from "../../src/protocol/binary-frame.js";
import type { LineEvent, ObservedLine } from "../../src/testing/index.js";
import { Violation } from "./ledger.js";
import { numberIn, textIn } from "./payload.js";

/** How many of the latest secrets that were replaced a session knows at least; older ones are like any wrong secret. */
const SECRETS_KNOWN = 8;
/** Of a numbered binary frame: its kind and its number. */
const BYTES_BEFORE_BODY = 9;

interface Watched {
  /** The text of each number that the server ever wrote. */
  readonly bodies: Map<number, string>;
  /** Of those, which were replaced since all was last known to be kept: a crash may take that back. */
  readonly unsure: Set<string>;
  /** Secrets that were worth nothing any more, and since when. */
  readonly retired: Map<string, number>;
  /** The secrets since the last that its client confirmed, that one included. */
  unconfirmed: string[];
  epoch: number;
  line: number;
  /** The highest number of the client's that has arrived on a connection that was not replaced. */
  heard: number;
  /** Since when it must be revoked: somebody came with an old secret, and was let in as a stranger. */
  stolenAt: number | undefined;
}

/** What a client may know of its session, read off the wire: for a second tab, or a thief. */
export interface Credentials {
  readonly sid: string;
  readonly epoch: number;
  /** All secrets that the client was sent, oldest first. */
  readonly secrets: readonly string[];
  /** The highest number that arrived at the client. */
  readonly rx: number;
}

interface OnLine {
  sid: string | undefined;
  presented: string | undefined;
  presentedAt: number;
  lastWritten: number;
}

/** What a watch is made with. */
export interface WireWatchOptions {
  readonly clock: Pick<Clock, "now">;
  /** Whether a session that is not there may come back. */
  readonly durable: boolean;
  /** Whether what was written to a connection may still come out of it when another one has replaced it; not by default. */
  readonly trails?: boolean;
  /** Told of each reply to a push that is written to a client. */
  readonly replied: (label: string, topic: string, n: number) => void;
  readonly failed: (violation: Violation) => void;
}

/**
 * Reads along on the wire, and checks what no client could: that a number always stands for the same frame, that numbers are written in
 * order, that a replaced connection is silent, and that an old secret opens nothing.
 */
export class WireWatch {
  readonly #sessions = new Map<string, Watched>();
  readonly #lines = new Map<number, OnLine>();
  readonly #known = new Map<string, { sid: string; epoch: number; secrets: string[]; rx: number }>();
  readonly #options: WireWatchOptions;

  constructor(options: WireWatchOptions) {
    this.#options = options;
  }

  /** What the client of that label knows. */
  credentials(label: string): Credentials | undefined {
    return this.#known.get(label);
  }

  /** All that has happened by now is kept. */
  allKept(): void {
    for (const { unsure } of this.#sessions.values()) unsure.clear();
  }

  /** The server's process is killed. What it had not kept is as if it had not been. */
  processKilled(): void {
    for (const { unsure, retired } of this.#sessions.values()) for (const secret of unsure) retired.delete(secret);
    this.allKept();
  }

  /** Something passes on a connection. Of what arrives at a client it is told by {@link arrived}. */
  observe(line: ObservedLine, event: LineEvent): void {
    if (event.type !== "sent" && event.type !== "arrived") return;
    const { data, from } = event;
    if (from === "client" && event.type === "arrived") return this.#heard(line, data);
    if (from !== "server" || event.type !== "sent") return;
    const on = this.#on(line.id);
    const frame = frameOf(data);
    const welcome = welcomeOf(frame);
    if (welcome !== undefined) this.#welcomed(line, on, welcome);
    else if (frame?.seq !== undefined) this.#wrote(line, on, frame.seq, data);
    this.#acknowledged(on, welcome?.rx ?? ackIn(frame));
    const n = numberIn(replyIn(frame), "n");
    if (frame !== undefined && !Number.isNaN(n)) this.#options.replied(line.label, frame.topic, n);
  }

  /** A message arrives at the client of that label. */
  arrived(label: string, data: string | Uint8Array): void {
    const frame = frameOf(data);
    this.#learn(label, welcomeOf(frame), frame?.seq);
  }

  #heard(line: ObservedLine, data: string | Uint8Array): void {
    const frame = frameOf(data);
    const on = this.#on(line.id);
    const session = on.sid === undefined ? undefined : this.#sessions.get(on.sid);
    if (session?.line === line.id) session.heard = Math.max(session.heard, frame?.seq ?? 0);
    if (frame?.event === "hello") {
      on.presented = secretIn(frame.payload);
      on.presentedAt = this.#options.clock.now();
    } else if (frame?.event === "ack" || frame?.ack !== undefined) this.#confirmed(line, on);
  }

  /** What is acknowledged has arrived, and not on a connection that had been replaced by then. */
  #acknowledged({ sid }: OnLine, ack: number): void {
    const session = sid === undefined ? undefined : this.#sessions.get(sid);
    if (session === undefined || ack <= session.heard) return;
    this.#fail(`session ${sid} acknowledges ${ack}, and has heard ${session.heard} since it began`);
  }

  #welcomed(line: ObservedLine, on: OnLine, { sid, epoch, secret, resumed }: WelcomeLike): void {
    const known = this.#sessions.get(sid);
    const retiredAt = known?.retired.get(on.presented ?? "");
    if (retiredAt !== undefined && retiredAt < on.presentedAt) {
      this.#fail(`session ${sid} was given for a secret that had been replaced, and the new one confirmed`);
    }
    if (!resumed && !this.#options.durable) this.#strangerIn(on);
    if (resumed && known === undefined) this.#fail(`session ${sid} was resumed and had never been opened`);
    if (resumed && known?.stolenAt !== undefined) {
      this.#fail(`session ${sid} lives on, though somebody came with a secret of it that had been replaced`);
    }
    const session: Watched = known ?? {
      bodies: new Map(),
      retired: new Map(),
      unsure: new Set(),
      unconfirmed: [],
      epoch: 0,
      line: 0,
      heard: 0,
      stolenAt: undefined,
    };
    if (epoch <= session.epoch) this.#fail(`session ${sid} went from epoch ${session.epoch} to ${epoch}`);
    session.unconfirmed.push(secret);
    session.epoch = epoch;
    session.line = line.id;
    this.#sessions.set(sid, session);
    on.sid = sid;
    on.lastWritten = 0;
  }

  /** Whoever presents a secret that was replaced ends the session; where he gets another one, the first must have been gone. */
  #strangerIn({ presented = "", presentedAt }: OnLine): void {
    for (const session of this.#sessions.values()) {
      const known = [...session.retired].slice(-SECRETS_KNOWN);
      if (known.some(([secret, at]) => secret === presented && at < presentedAt)) session.stolenAt ??= presentedAt;
    }
  }

  /** Whoever acknowledges has the newest secret: those before it are worth nothing from now on. */
  #confirmed(line: ObservedLine, { sid }: OnLine): void {
    const session = sid === undefined ? undefined : this.#sessions.get(sid);
    if (session?.line !== line.id) return;
    const newest = session.unconfirmed.pop();
    for (const secret of session.unconfirmed) {
      session.retired.set(secret, this.#options.clock.now());
      if (this.#options.durable) session.unsure.add(secret);
    }
    session.unconfirmed = newest === undefined ? [] : [newest];
  }

  #wrote(line: ObservedLine, on: OnLine, seq: number, data: string | Uint8Array): void {
    const session = on.sid === undefined ? undefined : this.#sessions.get(on.sid);
    if (session === undefined) return this.#fail(`a numbered frame came before the answer to hello on line ${line.id}`);
    if (session.line !== line.id && this.#options.trails === true) return;
    if (session.line !== line.id)
      this.#fail(`line ${line.id} was written to after line ${session.line} had replaced it`);
    if (on.lastWritten > 0 && seq !== on.lastWritten + 1)
      this.#fail(`number ${seq} was written after ${on.lastWritten}`);
    on.lastWritten = seq;
    const body = bodyOf(data);
    const before = session.bodies.get(seq);
    if (before !== undefined && before !== body && !isLoss(data))
      this.#fail(`number ${seq} stood for ${before} and then for ${body}`);
    session.bodies.set(seq, body);
  }

  #learn(label: string, welcome: WelcomeLike | undefined, seq: number | undefined): void {
    const known = this.#known.get(label);
    if (welcome !== undefined) {
      const same = known?.sid === welcome.sid ? known : undefined;
      const secrets = [...(same?.secrets ?? []), welcome.secret];
      this.#known.set(label, { sid: welcome.sid, epoch: welcome.epoch, secrets, rx: same?.rx ?? 0 });
    } else if (seq !== undefined && known !== undefined) known.rx = Math.max(known.rx, seq);
  }

  #on(id: number): OnLine {
    let on = this.#lines.get(id);
    if (on === undefined) {
      on = { sid: undefined, presented: undefined, presentedAt: 0, lastWritten: 0 };
      this.#lines.set(id, on);
    }
    return on;
  }

  #fail(text: string): void {
    this.#options.failed(new Violation(text));
  }
}

interface WelcomeLike {
  readonly sid: string;
  readonly epoch: number;
  readonly secret: string;
  readonly resumed: boolean;
  readonly rx: number;
}

function welcomeIn(payload: unknown): WelcomeLike | undefined {
  const response = isObject(payload) ? payload["response"] : undefined;
  if (!isObject(response)) return undefined;
  const { sid, epoch, secret, resumed, rx } = response;
  if (typeof sid !== "string" || typeof epoch !== "number" || typeof secret !== "string") return undefined;
  return { sid, epoch, secret, resumed: resumed === true, rx: typeof rx === "number" ? rx : 0 };
}

interface Seen {
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
  readonly seq?: number | undefined;
  readonly ack?: number | undefined;
}

/** A frame of either side; `undefined` for what is none. */
function frameOf(data: string | Uint8Array): Seen | undefined {
  if (typeof data === "string") {
    const decoded = decodeTextFrame(data);
    return decoded.ok ? decoded.frame : undefined;
  }
  const fromServer = decodeServerBinary(data);
  const decoded = fromServer.ok ? fromServer : decodeClientBinary(data);
  return decoded.ok ? { event: "", ...decoded.frame } : undefined;
}

/** The number of a frame of either side; `undefined` if it has none. */
export function numberOf(data: string | Uint8Array): number | undefined {
  return frameOf(data)?.seq;
}

/** What a push was answered; `undefined` for what is no reply. */
function replyIn(frame: Seen | undefined): unknown {
  if (frame === undefined || frame.topic === "phoenix") return undefined;
  // A reply of bytes has no event.
  if (frame.event === "") return frame.payload;
  return frame.event === "phx_reply" && isObject(frame.payload) ? frame.payload["response"] : undefined;
}

function ackIn(frame: Seen | undefined): number {
  const alone = frame?.topic === "phoenix" && frame.event === "ack" ? numberIn(frame.payload, "ack") : 0;
  return Math.max(alone, frame?.ack ?? 0);
}

function welcomeOf(frame: Seen | undefined): WelcomeLike | undefined {
  return frame?.topic === "phoenix" && frame.event === "phx_reply" ? welcomeIn(frame.payload) : undefined;
}

function secretIn(payload: unknown): string | undefined {
  const resume = isObject(payload) ? payload["resume"] : undefined;
  const secret = isObject(resume) ? resume["secret"] : undefined;
  return typeof secret === "string" ? secret : undefined;
}

/** Whether a frame stands for one that was not kept across a restart: who has had that one drops it. */
function isLoss(data: string | Uint8Array): boolean {
  const decoded = typeof data === "string" ? decodeTextFrame(data) : undefined;
  return (
    decoded?.ok === true && decoded.frame.event === "phx_gap" && textIn(decoded.frame.payload, "reason") === "lost"
  );
}

/** A frame without its numbers. */
function bodyOf(data: string | Uint8Array): string {
  if (typeof data !== "string") return `bytes ${Buffer.from(data.subarray(BYTES_BEFORE_BODY)).toString("latin1")}`;
  const parts: unknown = JSON.parse(data);
  return JSON.stringify(Array.isArray(parts) ? parts.slice(0, 5) : parts);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
