import { type ActorRef, CallError } from "../../src/index.js";
import { seededRandom } from "../../src/kernel/random.js";
import { cellOf } from "../../src/kernel/cell.js";
import { childrenOf } from "../../src/kernel/family.js";
import { decodeTextFrame } from "../../src/protocol/frame.js";
import type { EndpointOptions, SocketLimits, Topics } from "../../actors/index.js";
import {
  createFaultyNetwork,
  createVirtualClock,
  FaultyStore,
  type FaultyLine,
  type FaultyNetwork,
  type LineEvent,
  type VirtualClock,
} from "../../src/testing/index.js";
import { memoryStore } from "../../src/store/memory-store.js";
import { Ledger, Violation } from "./ledger.js";
import { ALLOWED_CRASHES, Life, type Part } from "./life.js";
import { roomClass } from "./room.js";
import { openSecondTab } from "./second-tab.js";
import { describeStep, type Schedule, type Step } from "./step.js";
import { User } from "./user.js";
import { WireWatch } from "./wire-watch.js";

const NEVER_MS = 100_000_000;
const SETTLE_STEP_MS = 1_000;
const LONGEST_SETTLE_MS = 300_000;
const LARGEST_FRAME_BYTES = 4_000;
/** What the server may write before it looks at the socket's buffer again. */
const SLACK_BYTES = 8_000;

/** Takes one line of a trace. */
export type Trace = (line: string) => void;

/** Clients, a network and a server that live through one schedule, and all that must hold meanwhile. */
export class Simulation {
  readonly clock: VirtualClock = createVirtualClock();
  readonly #schedule: Schedule;
  readonly #trace: Trace | undefined;
  readonly #ledger = new Ledger();
  readonly #network: FaultyNetwork;
  readonly #watch: WireWatch;
  readonly #users: User[] = [];
  readonly #limits: Partial<SocketLimits>;
  readonly #endpoint: EndpointOptions;
  /** What is on the disk. */
  readonly #disk = memoryStore();
  /** The store of the present process. */
  #store: FaultyStore | undefined;
  #life: Life | undefined;
  #lives = 0;
  #crashes = 0;
  #violation: Violation | undefined;

  constructor(schedule: Schedule, trace?: Trace) {
    const { seed, world } = schedule;
    this.#schedule = schedule;
    this.#trace = trace;
    const failed = (violation: Violation): void => {
      this.#violation ??= violation;
      this.#note(`VIOLATION: ${violation.message}`);
    };
    this.#failed = failed;
    this.#watch = new WireWatch(this.clock, failed);
    const chance = seededRandom(seed ^ 0xd0b1e);
    this.#network = createFaultyNetwork({
      clock: this.clock,
      random: seededRandom(seed ^ 0x5eed),
      repeat: (data) => isNumbered(data) && world.repeatOneOf > 0 && chance.next() * world.repeatOneOf < 1,
      latencyMs: world.latencyMs,
      socketBufferBytes: 2_000,
      observe: (line, event) => this.#observe(line, event),
    });
    this.#limits = {
      heartbeatMs: 10_000,
      sessionTtlMs: world.ttlMs,
      windowMessages: world.windowMessages,
      outboxMessages: world.outboxMessages,
    };
    this.#endpoint = {
      createServer: this.#network.createServer,
      drainTimeoutMs: 2_000,
      socket: {
        channels: { "room:*": roomClass(this.#ledger, world.durable, failed) },
        authenticate: ({ token }) => (token === undefined ? undefined : { user: token }),
        limits: this.#limits,
      },
    };
  }

  readonly #failed: (violation: Violation) => void;

  /** Lives through it. @throws {Violation} for the first thing that must not happen */
  async run(): Promise<void> {
    await this.#begin();
    for (const [index, step] of this.#schedule.steps.entries()) {
      this.#note(`step ${index + 1}: ${describeStep(step)}`);
      await this.#do(step);
      await this.clock.settle();
      this.#checkNow();
    }
    await this.#heal();
    await this.#end();
  }

  async #begin(): Promise<void> {
    const { seed, world } = this.#schedule;
    await this.#startLife();
    for (let index = 0; index < world.clients; index++) {
      const name = `user${index + 1}`;
      this.#users.push(
        new User({
          name,
          url: `${this.#network.url}/socket`,
          webSocket: this.#network.webSocket(name),
          topics: Array.from({ length: world.topics }, (_, topic) => topicOf(topic)),
          clock: this.clock,
          random: seededRandom(seed * 31 + index),
          ledger: this.#ledger,
          repeatsAllowed: world.durable,
          gapsAllowed: !world.gentle,
          failed: this.#failed,
          note: (text) => this.#note(text),
        }),
      );
    }
    // A small outbox may overflow, and a short life may be over, at any time.
    if (!world.gentle) this.#allMayLose();
    await this.clock.settle();
  }

  async #startLife(): Promise<void> {
    this.#lives += 1;
    const { seed, world } = this.#schedule;
    const random = seededRandom(seed * 17 + this.#lives);
    // Each life has what the one before has left on the disk.
    if (world.durable) this.#store = new FaultyStore(this.#disk, { clock: this.clock, random, delayMs: 5 });
    const socket = this.#endpoint.socket;
    const endpoint =
      this.#store === undefined || socket === undefined
        ? this.#endpoint
        : { ...this.#endpoint, socket: { ...socket, store: this.#store } };
    let life: Life | undefined;
    const starting = Life.start({ clock: this.clock, seed: seed + this.#lives, endpoint }).then((started) => {
      life = started;
    });
    await this.clock.settle();
    while (life === undefined) await this.clock.advance(5);
    await starting;
    this.#life = life;
  }

  async #do(step: Step): Promise<void> {
    switch (step.do) {
      case "wait":
        return this.clock.advance(step.ms);
      case "push":
        for (let i = 0; i < step.count; i++) this.#user(step.client).push(this.#topic(step.topic), step.slowMs);
        return;
      case "publish":
        return this.#publish(this.#topic(step.topic), step.count, step.bytes);
      case "rejoin":
        this.#user(step.client).mayLoseChannel = true;
        return this.#user(step.client).rejoin(this.#topic(step.topic));
      case "drop":
        return this.#user(step.client).socket.dropConnection();
      case "second_tab":
      case "steal":
        return this.#intrude(step);
      case "crash_channel":
        return this.#crashChannel(this.#user(step.client), this.#topic(step.topic), step.how);
      case "crash_session":
      case "crash_connection":
        return this.#crashMember(step.do, this.#user(step.client));
      case "crash_server":
        return this.#crashPart(step.part);
      case "kill_process":
        return this.#killProcess();
      case "drain":
        return this.#drain();
      case "disk_fails":
        return this.#failDisk(step.times);
      case "disk_stuck":
        return this.#stickDisk(step.ms);
      default:
        return this.#ofNetwork(step);
    }
  }

  #ofNetwork(step: Extract<Step, { client: number } | { ms: number }>): void {
    const network = this.#network;
    const lines = "client" in step ? network.lines(this.#user(step.client).name) : [];
    const { clock } = this;
    switch (step.do) {
      case "cut":
        for (const line of lines) line.cut(step);
        return;
      case "half_open":
        for (const line of lines) line.halfOpen(step.alive);
        return;
      case "black_hole":
        for (const line of lines) line.blackHole();
        return;
      case "close":
        for (const line of lines) line.closeWith(step.code, "", step.told);
        return;
      case "slow_reader":
        for (const line of lines) line.slow(step.bytesPerSecond);
        return;
      case "stall":
        for (const line of lines) {
          line.stall();
          clock.setTimer(step.ms, () => line.flow());
        }
        return;
      default:
        if (step.do === "unplug") network.unplug();
        else if (step.do === "black_out") network.blackHole();
        else throw new RangeError(`there is no step ${step.do}`);
        clock.setTimer(step.ms, () => network.heal());
    }
  }

  #publish(topic: string, count: number, bytes: number): void {
    const topics = this.#life?.system.whereis<Topics>("endpoint.topics");
    if (topics === undefined) return;
    const padding = "x".repeat(bytes);
    for (let i = 0; i < count; i++) {
      const n = this.#ledger.publish(topic);
      if (!this.#schedule.world.durable) topics.cast.broadcast(topic, "news", { n, padding });
      else void this.#publishSafely(topics, topic, { n, padding });
    }
  }

  async #publishSafely(
    topics: ActorRef<Topics>,
    topic: string,
    news: { readonly n: number; readonly padding: string },
  ): Promise<void> {
    this.#ledger.unsafe(topic, news.n);
    try {
      await topics.callWithin(NEVER_MS).broadcast(topic, "news", news);
      this.#ledger.safe(topic, news.n);
    } catch (error) {
      // Its endpoint crashed.
      if (!(error instanceof CallError)) throw error;
      this.#ledger.doubt(topic, news.n);
    }
  }

  #failDisk(times: number): void {
    const store = this.#store;
    store?.failNext();
    // It is tried again every second.
    for (let time = 1; time < times; time++) this.clock.setTimer(time * 1_000 - 500, () => store?.failNext());
  }

  #stickDisk(ms: number): void {
    const store = this.#store;
    store?.hold();
    this.clock.setTimer(ms, () => store?.release());
  }

  #intrude(step: Extract<Step, { do: "second_tab" | "steal" }>): void {
    const user = this.#user(step.client);
    const known = this.#watch.credentials(user.name);
    if (known === undefined) return;
    user.mayLoseSession = true;
    const secret = step.do === "steal" ? known.secrets[0] : known.secrets.at(-1);
    const acknowledges = step.do === "second_tab" && step.acknowledges;
    openSecondTab(this.#network, this.clock, { ...known, secret: secret ?? "", token: user.name, acknowledges });
  }

  #crashChannel(user: User, topic: string, how: "throw" | "kill"): void {
    user.mayLoseChannel = true;
    if (how === "throw") return user.crash(topic);
    for (const { ref, status } of this.#life?.members("sessions") ?? []) {
      if (status["user"] !== user.name) continue;
      for (const channel of childrenOf(cellOf(ref))) {
        const shown = channel.actor?.formatStatus();
        if (typeof shown !== "object" || shown === null || !("topic" in shown) || shown.topic !== topic) continue;
        this.#ledger.killed(user.name, topic);
        this.#life?.system.exit(channel, "kill");
      }
    }
  }

  #crashMember(what: "crash_session" | "crash_connection", user: User): void {
    const life = this.#life;
    const sessions = life?.members("sessions").filter(({ status }) => status["user"] === user.name) ?? [];
    if (what === "crash_session" && !this.#schedule.world.durable) user.mayLoseSession = true;
    const names = new Set(sessions.map(({ ref }) => ref.toString()));
    const connections = life?.members("connections").filter(({ status }) => names.has(String(status["session"]))) ?? [];
    for (const { ref } of what === "crash_session" ? sessions : connections) life?.system.exit(ref, "kill");
  }

  async #crashPart(part: Part): Promise<void> {
    this.#crashes += 1;
    // More of them than the endpoint's supervisor allows, and it gives up: then everything begins anew.
    if (part !== "connections" || this.#crashes > ALLOWED_CRASHES) {
      if (this.#schedule.world.durable) this.#ledger.processKilled();
      else this.#allMayLose();
    }
    await this.#life?.crash(part);
  }

  async #killProcess(): Promise<void> {
    if (!this.#schedule.world.durable) this.#allMayLose();
    this.#ledger.processKilled();
    this.#life?.die();
    await this.#store?.crash();
    this.#network.killServer();
    await this.#startLife();
  }

  #drain(): void {
    if (this.#schedule.world.durable) this.#ledger.processKilled();
    else this.#allMayLose();
    this.#life?.drain().catch((error: unknown) => {
      // A crash came in between.
      if (!(error instanceof CallError)) throw error;
    });
  }

  #allMayLose(): void {
    for (const user of this.#users) user.mayLoseSession = true;
  }

  /** The network is well again: everybody gets all that there is. */
  async #heal(): Promise<void> {
    this.#note("the network is well again");
    this.#network.heal();
    for (const line of this.#network.lines()) line.slow(Number.POSITIVE_INFINITY);
    let waiting = this.#waiting();
    for (let waitedMs = 0; waiting !== undefined && waitedMs < LONGEST_SETTLE_MS; waitedMs += SETTLE_STEP_MS) {
      for (const user of this.#users) user.comeBack();
      await this.clock.advance(SETTLE_STEP_MS);
      this.#checkNow();
      waiting = this.#waiting();
    }
    if (waiting !== undefined)
      throw new Violation(`${waiting}, ${LONGEST_SETTLE_MS} ms after the network was well again`);
    for (const user of this.#users) user.checkPushes();
  }

  async #end(): Promise<void> {
    this.#note("everybody leaves");
    for (const user of this.#users) user.socket.disconnect();
    // Longer than any session without a client lives.
    await this.clock.advance(20_000);
    await this.#life?.stop();
    this.#checkViolation();
    this.#ledger.checkEnds();
    await this.clock.advance(10_000);
    const lines = this.#network.lines();
    if (lines.length > 0) throw new Violation(`${lines.length} connections are left over`);
  }

  /** What must hold at any moment. */
  #checkNow(): void {
    this.#checkViolation();
    const life = this.#life;
    if (life === undefined) return;
    const attached = new Set<string>();
    for (const { status } of life.members("connections")) {
      const session = status["session"];
      if (typeof session !== "string") continue;
      if (attached.has(session)) throw new Violation(`two connections are attached to session ${session}`);
      attached.add(session);
      const buffered = status["bufferedBytes"];
      if (typeof buffered === "number" && buffered > 65_536 + LARGEST_FRAME_BYTES + SLACK_BYTES) {
        throw new Violation(`${buffered} bytes wait in a socket's buffer`);
      }
    }
    const most = this.#limits.outboxMessages ?? 0;
    for (const { status } of life.members("sessions")) {
      const { outbox } = status;
      const messages = typeof outbox === "object" && outbox !== null && "messages" in outbox ? outbox.messages : 0;
      if (typeof messages === "number" && messages > most) {
        throw new Violation(`a session keeps ${messages} messages; at most ${most} are allowed`);
      }
    }
    const crash = life.reports.find(({ type }) => type === "endpoint_error");
    if (crash !== undefined) throw new Violation(crash.text);
  }

  #checkViolation(): void {
    if (this.#violation !== undefined) throw this.#violation;
  }

  #waiting(): string | undefined {
    for (const user of this.#users) {
      const waiting = user.waitsFor();
      if (waiting !== undefined) return waiting;
    }
    return undefined;
  }

  #user(index: number): User {
    const user = this.#users[index % this.#users.length];
    if (user === undefined) throw new RangeError("the world has no users");
    return user;
  }

  #topic(index: number): string {
    return topicOf(index % this.#schedule.world.topics);
  }

  #observe(line: FaultyLine, event: LineEvent): void {
    this.#watch.observe(line, event);
    if (this.#trace === undefined) return;
    const at = `line ${line.id}${line.label === "" ? "" : ` of ${line.label}`}`;
    switch (event.type) {
      case "sent":
      case "arrived":
        this.#note(`${at}: ${event.type} by ${event.from}: ${String(event.data).slice(0, 160)}`);
        return;
      case "lost":
        return this.#note(`${at}: ${event.messages} messages of the ${event.from} are lost`);
      case "ended":
        return this.#note(`${at}: ended for the ${event.end} with ${event.code} ${event.reason}`);
      case "fault":
        return this.#note(`${at}: ${event.fault}`);
      default:
        return this.#note(`${at}: ${event.type}`);
    }
  }

  #note(text: string): void {
    this.#trace?.(`${Math.round(this.clock.now()).toString().padStart(8)} ms  ${text}`);
  }
}

function isNumbered(data: string | Uint8Array): boolean {
  const decoded = typeof data === "string" ? decodeTextFrame(data) : undefined;
  return decoded?.ok === true && decoded.frame.seq !== undefined;
}

function topicOf(index: number): string {
  return `room:${index + 1}`;
}
