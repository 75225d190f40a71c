import type { Clock, Random } from "../../src/index.js";
import { type Channel, Socket } from "../../src/client/index.js";
import { type Ledger, Violation } from "./ledger.js";
import { numberIn, payloadOf, textIn } from "./payload.js";
import type { TopicReading } from "./reading.js";
import type { Ways } from "./ways.js";

/** What a user is made with. */
export interface UserOptions {
  readonly name: string;
  readonly url: string;
  readonly ways: Ways;
  readonly topics: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
  /** Whether a push of a channel may come twice, because a crash took back that it had handled what it pushed for. */
  readonly repeatsAllowed: boolean;
  /** Whether channels make up for gaps, before anything else. */
  readonly snapshots?: boolean;
  /** Begins to read a topic that was joined. */
  readonly read: (topic: string) => TopicReading;
  readonly failed: (violation: Violation) => void;
  readonly note: (text: string) => void;
}

/** How a user pushes. */
export interface PushWay {
  readonly slowMs: number;
  readonly idempotent: boolean;
  readonly binary: boolean;
}

interface Pushed {
  readonly topic: string;
  readonly n: number;
  readonly idempotent: boolean;
  outcome: string | undefined;
}

/** One joined topic: from the join's answer to the loss of the channel, messages must come without holes. */
interface Seat {
  readonly topic: string;
  readonly channel: Channel;
  /** Whether it is not the first one of its topic. */
  readonly again: boolean;
  /** What it reads; `undefined` while it is not joined. */
  reading: TopicReading | undefined;
  /** The channel that answered, and how many of its own pushes were seen. */
  instance: number;
  heard: number;
  /** Whether it was told of a gap, and its channel has not made up for that. */
  lacksSnapshot: boolean;
}

const NEVER_MS = 100_000_000;

/** A user of an app: the real client, and a check of all that it is told. */
export class User {
  readonly name: string;
  readonly ways: Ways;
  readonly socket: Socket;
  /** Whether something was done that may cost this user the session. */
  mayLoseSession = false;
  /** Whether something was done that may cost this user a channel. */
  mayLoseChannel = false;
  readonly #options: UserOptions;
  readonly #seats = new Map<string, Seat>();
  readonly #pushes: Pushed[] = [];
  readonly #lastPush = new Map<string, number>();

  constructor(options: UserOptions) {
    const { name, url, ways, clock, random, failed, note } = options;
    this.name = name;
    this.ways = ways;
    this.#options = options;
    this.socket = new Socket(url, {
      webSocket: ways.webSocket,
      clock,
      random,
      token: name,
      timeoutMs: NEVER_MS,
      watchdogGraceMs: 3_000,
      backoff: { capMs: 4_000 },
      reportError: (error) => failed(new Violation(`a callback of ${name} threw: ${String(error)}`)),
    });
    this.socket.onState((state) => note(`${name} is ${state.name}${state.name === "closed" ? ` (${state.why})` : ""}`));
    this.socket.onSessionLost(({ reason }) => this.#lostSession(reason));
    this.socket.onError((error) => {
      note(`${name} is told ${error.message}`);
      if (error.code === "protocol") failed(new Violation(`${name} was sent what does not fit: ${error.message}`));
    });
    for (const topic of options.topics) this.#seats.set(topic, this.#seat(topic));
    this.socket.connect();
  }

  /** Pushes to a topic. */
  push(topic: string, { slowMs, idempotent, binary }: PushWay): void {
    const n = (this.#lastPush.get(topic) ?? 0) + 1;
    const pushed: Pushed = { topic, n, idempotent, outcome: undefined };
    this.#lastPush.set(topic, n);
    this.#pushes.push(pushed);
    this.#seats
      .get(topic)
      ?.channel.push("say", payloadOf({ n, slowMs, idempotent }, binary), { idempotent })
      .receive("ok", (response) => this.#settled(pushed, "ok", response))
      .receive("error", (response) => this.#settled(pushed, textIn(response, "outcome") || "refused", response));
  }

  /** Gives up the connection that it has. */
  dropConnection(): void {
    this.socket.dropConnection();
  }

  /** Leaves for good. */
  leave(): void {
    this.socket.disconnect();
  }

  /** Has the channel of a topic crash on the server. */
  crash(topic: string): void {
    this.#seats.get(topic)?.channel.push("crash", {});
  }

  /** Leaves a topic and joins it again. */
  rejoin(topic: string): void {
    this.#seats.get(topic)?.channel.leave();
    this.#seats.set(topic, this.#seat(topic, true));
  }

  /** After a final close, of the connection or of a channel: connects, or joins, again, as a person does who reloads the page. */
  comeBack(): void {
    if (this.socket.state.name === "closed") this.socket.connect();
    for (const { topic, channel } of this.#seats.values()) {
      if (channel.state === "closed") this.#seats.set(topic, this.#seat(topic, true));
    }
  }

  /** What it still waits for; `undefined` when it has all that it can have. */
  waitsFor(): string | undefined {
    if (!this.socket.isConnected()) return `${this.name} is ${this.socket.state.name}`;
    for (const seat of this.#seats.values()) {
      const { topic, reading, channel } = seat;
      if (reading === undefined) return `${this.name} has not joined ${topic}: ${channel.state}`;
      const lacking = reading.lacks();
      if (lacking !== undefined) return `${this.name} ${lacking}`;
      if (seat.lacksSnapshot) return `${this.name} has no snapshot that makes up for a gap of ${topic}`;
    }
    const open = this.#pushes.find(({ outcome }) => outcome === undefined);
    return open === undefined ? undefined : `push ${open.n} of ${this.name} on ${open.topic} has no outcome`;
  }

  /** Whether it has joined all of its topics. */
  get hasJoined(): boolean {
    const seats = [...this.#seats.values()];
    return seats.every(({ reading, channel }) => reading !== undefined && channel.state === "joined");
  }

  /** Every push became what the user was told. */
  checkPushes(): void {
    for (const { topic, n, outcome } of this.#pushes) {
      const effect = this.#options.ledger.hadEffect(this.name, topic, n);
      const what = `push ${n} of ${this.name} on ${topic}`;
      if (outcome === "ok" && !effect) throw new Violation(`${what} was answered and had no effect`);
      if (outcome === "not_sent" && effect) throw new Violation(`${what} was said not to be sent and had an effect`);
    }
  }

  #seat(topic: string, again = false): Seat {
    const channel = this.socket.channel(topic);
    const seat: Seat = { topic, channel, again, reading: undefined, instance: -1, heard: 0, lacksSnapshot: false };
    const empty = (why: string): void => {
      this.#options.note(`${this.name} loses ${topic}: ${why}`);
      seat.reading = undefined;
    };
    channel.on("news", (payload) => this.#news(seat, numberIn(payload, "n"), textIn(payload, "from")));
    channel.on("heard", (payload) => this.#heard(seat, numberIn(payload, "instance"), numberIn(payload, "k")));
    channel.on("snapshot", () => {
      this.#options.note(`${this.name} has a snapshot of ${topic}`);
      seat.lacksSnapshot = false;
    });
    channel.onGap(({ from = Number.NaN, to = Number.NaN, reason = "lost" }) => {
      this.#options.note(`${this.name} is told that ${from} to ${to} of ${topic} are missing: ${reason}`);
      this.#check(seat.reading?.gap(from, to, reason));
      // One without numbers tells beforehand, at a resume, that there will be others.
      // And what turns out to be lost when a session is back has a number already, and what comes next too: nothing comes between.
      const { snapshots = false, repeatsAllowed } = this.#options;
      if (!Number.isNaN(from + to) && !(repeatsAllowed && reason === "lost")) seat.lacksSnapshot = snapshots;
    });
    channel.onError((reason) => {
      empty(JSON.stringify(reason));
      if (!this.mayLoseChannel && !this.mayLoseSession) this.#fail(`${this.name} lost ${topic} for no reason`);
    });
    channel.onClose((reason) => empty(JSON.stringify(reason)));
    channel.join().receive("ok", (response) => {
      seat.reading = this.#options.read(topic);
      seat.instance = numberIn(response, "instance");
      seat.heard = 0;
      seat.lacksSnapshot = false;
      this.#options.note(`${this.name} has joined ${topic} at ${seat.reading.last}`);
    });
    return seat;
  }

  #news(seat: Seat, n: number, from: string): void {
    const { reading, topic, again, lacksSnapshot } = seat;
    if (reading !== undefined && lacksSnapshot) {
      this.#fail(`${this.name} got broadcast ${n} of ${topic} before the snapshot that makes up for the gap before it`);
    }
    if (reading !== undefined) return this.#check(reading.news(n, false, from));
    // As in Phoenix, a channel that takes the place of one that was left still gets the last of what was sent to that.
    if (!again) this.#fail(`${this.name} got broadcast ${n} of ${topic}, which is not joined`);
  }

  #heard(seat: Seat, instance: number, k: number): void {
    if (instance !== seat.instance) this.#fail(`${this.name} got a push of a channel of ${seat.topic} that is over`);
    if (k <= seat.heard && this.#options.repeatsAllowed) return;
    if (k !== seat.heard + 1) this.#fail(`${this.name} got push ${k} of ${seat.topic}'s channel after ${seat.heard}`);
    seat.heard = k;
  }

  #settled(pushed: Pushed, outcome: string, response: unknown): void {
    const what = `push ${pushed.n} of ${this.name} on ${pushed.topic}`;
    this.#options.note(`${what}: ${outcome}`);
    if (pushed.outcome !== undefined) this.#fail(`${what} ended twice: ${pushed.outcome}, then ${outcome}`);
    pushed.outcome = outcome;
    if (outcome === "ok") this.#options.ledger.told(numberIn(response, "instance"), pushed.n);
    if (outcome === "ok" && numberIn(response, "n") !== pushed.n) this.#fail(`${what} got the answer of another`);
    if (pushed.idempotent && textIn(response, "reason") === "session_lost")
      this.#fail(`${what} was idempotent, and given up`);
    if (outcome !== "ok" && !this.mayLoseChannel && !this.mayLoseSession) {
      this.#fail(`${what} failed for no reason: ${JSON.stringify(response)}`);
    }
  }

  #lostSession(reason: string): void {
    this.#options.note(`${this.name} has lost the session: ${reason}`);
    for (const seat of this.#seats.values()) seat.reading = undefined;
    if (!this.mayLoseSession) this.#fail(`${this.name} lost the session for no reason: ${reason}`);
  }

  #check(wrong: string | undefined): void {
    if (wrong !== undefined) this.#fail(`${this.name} ${wrong}`);
  }

  #fail(text: string): void {
    this.#options.failed(new Violation(text));
  }
}
