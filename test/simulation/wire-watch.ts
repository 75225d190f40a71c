import type { Clock } from "../../src/index.js";
import { decodeTextFrame } from "../../src/protocol/frame.js";
import type { FaultyLine, LineEvent } from "../../src/testing/index.js";
import { Violation } from "./ledger.js";

interface Watched {
  /** The text of each number that the server ever wrote. */
  readonly bodies: Map<number, string>;
  /** Secrets that were worth nothing any more, and since when. */
  readonly retired: Map<string, number>;
  /** The secrets since the last that its client confirmed, that one included. */
  unconfirmed: string[];
  epoch: number;
  line: number;
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

/**
 * Reads along on the wire, and checks what no client could: that a number always stands for the same frame, that numbers are written in
 * order, that a replaced connection is silent, and that an old secret opens nothing.
 */
export class WireWatch {
  readonly #sessions = new Map<string, Watched>();
  readonly #lines = new Map<number, OnLine>();
  readonly #known = new Map<string, { sid: string; epoch: number; secrets: string[]; rx: number }>();
  readonly #clock: Pick<Clock, "now">;
  readonly #failed: (violation: Violation) => void;

  constructor(clock: Pick<Clock, "now">, failed: (violation: Violation) => void) {
    this.#clock = clock;
    this.#failed = failed;
  }

  /** What the client of that label knows. */
  credentials(label: string): Credentials | undefined {
    return this.#known.get(label);
  }

  observe(line: FaultyLine, event: LineEvent): void {
    if ((event.type !== "sent" && event.type !== "arrived") || typeof event.data !== "string") return;
    const decoded = decodeTextFrame(event.data);
    if (!decoded.ok) return;
    const { topic, event: name, payload, seq, ack } = decoded.frame;
    const on = this.#on(line.id);
    if (event.from === "client") {
      if (event.type !== "arrived") return;
      if (name === "hello") {
        on.presented = secretIn(payload);
        on.presentedAt = this.#clock.now();
      } else if (name === "ack" || ack !== undefined) this.#confirmed(line, on);
      return;
    }
    const welcome = topic === "phoenix" && name === "phx_reply" ? welcomeIn(payload) : undefined;
    if (event.type === "arrived") this.#learn(line.label, welcome, seq);
    else if (welcome !== undefined) this.#welcomed(line, on, welcome);
    else if (seq !== undefined) this.#wrote(line, on, seq, event.data);
  }

  #welcomed(line: FaultyLine, on: OnLine, { sid, epoch, secret, resumed }: WelcomeLike): void {
    const known = this.#sessions.get(sid);
    const retiredAt = known?.retired.get(on.presented ?? "");
    if (retiredAt !== undefined && retiredAt < on.presentedAt) {
      this.#fail(`session ${sid} was given for a secret that had been replaced, and the new one confirmed`);
    }
    if (resumed && known === undefined) this.#fail(`session ${sid} was resumed and had never been opened`);
    const session: Watched = known ?? { bodies: new Map(), retired: new Map(), unconfirmed: [], epoch: 0, line: 0 };
    if (epoch <= session.epoch) this.#fail(`session ${sid} went from epoch ${session.epoch} to ${epoch}`);
    session.unconfirmed.push(secret);
    session.epoch = epoch;
    session.line = line.id;
    this.#sessions.set(sid, session);
    on.sid = sid;
    on.lastWritten = 0;
  }

  /** Whoever acknowledges has the newest secret: those before it are worth nothing from now on. */
  #confirmed(line: FaultyLine, { sid }: OnLine): void {
    const session = sid === undefined ? undefined : this.#sessions.get(sid);
    if (session?.line !== line.id) return;
    const newest = session.unconfirmed.pop();
    for (const secret of session.unconfirmed) session.retired.set(secret, this.#clock.now());
    session.unconfirmed = newest === undefined ? [] : [newest];
  }

  #wrote(line: FaultyLine, on: OnLine, seq: number, data: string): void {
    const session = on.sid === undefined ? undefined : this.#sessions.get(on.sid);
    if (session === undefined) return this.#fail(`a numbered frame came before the answer to hello on line ${line.id}`);
    if (session.line !== line.id)
      this.#fail(`line ${line.id} was written to after line ${session.line} had replaced it`);
    if (on.lastWritten > 0 && seq !== on.lastWritten + 1)
      this.#fail(`number ${seq} was written after ${on.lastWritten}`);
    on.lastWritten = seq;
    const body = bodyOf(data);
    const before = session.bodies.get(seq);
    if (before !== undefined && before !== body) this.#fail(`number ${seq} stood for ${before} and then for ${body}`);
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
    this.#failed(new Violation(text));
  }
}

interface WelcomeLike {
  readonly sid: string;
  readonly epoch: number;
  readonly secret: string;
  readonly resumed: boolean;
}

function welcomeIn(payload: unknown): WelcomeLike | undefined {
  const response = isObject(payload) ? payload["response"] : undefined;
  if (!isObject(response)) return undefined;
  const { sid, epoch, secret, resumed } = response;
  if (typeof sid !== "string" || typeof epoch !== "number" || typeof secret !== "string") return undefined;
  return { sid, epoch, secret, resumed: resumed === true };
}

function secretIn(payload: unknown): string | undefined {
  const resume = isObject(payload) ? payload["resume"] : undefined;
  const secret = isObject(resume) ? resume["secret"] : undefined;
  return typeof secret === "string" ? secret : undefined;
}

/** A frame without its numbers. */
function bodyOf(data: string): string {
  const parts: unknown = JSON.parse(data);
  return JSON.stringify(Array.isArray(parts) ? parts.slice(0, 5) : parts);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
