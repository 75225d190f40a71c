import { type ActorRef, type AnyRef, CallError } from "../../src/index.js";
import { seededRandom } from "../../src/kernel/random.js";
import { cellOf } from "../../src/kernel/cell.js";
import { childrenOf } from "../../src/kernel/family.js";
import type { Clients, EndpointOptions, SocketLimits, Topics } from "../../actors/index.js";
import { resolveLimits } from "../../actors/endpoint/options.js";
import {
  createFaultyNetwork,
  createVirtualClock,
  FaultyStore,
  type FaultyNetwork,
  type LineEvent,
  type ObservedLine,
  type VirtualClock,
} from "../../src/testing/index.js";
import { wrongChannels, wrongConnection, wrongSession } from "./invariants.js";
import { Ledger, Violation } from "./ledger.js";
import { ALLOWED_CRASHES, Life, OUTLIVED_PARTS, type Part } from "./life.js";
import { harm, isNetworkStep } from "./network-faults.js";
import { limitsOf } from "./bounds.js";
import { payloadOf } from "./payload.js";
import { People } from "./people.js";
import { type Refusal, roomClass } from "./room.js";
import { openSecondTab } from "./second-tab.js";
import { describeStep, type Schedule, type Step } from "./step.js";
import { keyOf, POLICIES, topicOf } from "./topics.js";
import { TornDisk } from "./torn-disk.js";
import type { User } from "./user.js";
import { numberOf, WireWatch } from "./wire-watch.js";

const NEVER_MS = 100_000_000;
const SETTLE_STEP_MS = 1_000;
const LONGEST_SETTLE_MS = 300_000;
/** About when a session is back that has crashed. */
const BACK_AGAIN_MS = 50;

/** Takes one line of a trace. */
export type Trace = (line: string) => void;

/** Clients, a network and a server that live through one schedule, and all that must hold meanwhile. */
export class Simulation {
  readonly clock: VirtualClock = createVirtualClock();
  readonly #schedule: Schedule;
  readonly #trace: Trace | undefined;
  readonly #ledger: Ledger;
  readonly #topics: readonly string[];
  readonly #network: FaultyNetwork;
  readonly #watch: WireWatch;
  #people: People | undefined;
  readonly #limits: SocketLimits;
  readonly #endpoint: EndpointOptions;
  /** What is on the disk. */
  readonly #disk = new TornDisk();
  /** The store of the present process. */
  #store: FaultyStore | undefined;
  #life: Life | undefined;
  #lives = 0;
  #crashes = 0;
  #sessionCrashes = 0;
  #violation: Violation | undefined;
  readonly #refusals = new Map<string, Refusal>();

  constructor(schedule: Schedule, trace?: Trace) {
    const { seed, world } = schedule;
    this.#schedule = schedule;
    this.#trace = trace;
    const failed = (violation: Violation): void => {
      this.#violation ??= violation;
      this.#note(`VIOLATION: ${violation.message}`);
    };
    this.#failed = failed;
    this.#ledger = new Ledger(this.clock);
    this.#topics = world.topics.map(topicOf);
    const replied = (user: string, topic: string, n: number): void => this.#ledger.replied(user, topic, n);
    this.#watch = new WireWatch({ clock: this.clock, durable: world.durable, replied, failed });
    const chance = seededRandom(seed ^ 0xd0b1e);
    this.#network = createFaultyNetwork({
      clock: this.clock,
      random: seededRandom(seed ^ 0x5eed),
      // A stock client has no numbers by which it would know the second.
      repeat: (data, { label }) =>
        numberOf(data) !== undefined &&
        !label.startsWith("stock") &&
        world.repeatOneOf > 0 &&
        chance.next() * world.repeatOneOf < 1,
      latencyMs: world.latencyMs,
      cutAnswer: () => world.cutAnswerOneOf > 0 && chance.next() * world.cutAnswerOneOf < 1,
      socketBufferBytes: 2_000,
      observe: (line, event) => this.#observe(line, event),
    });
    const limits = limitsOf(world);
    this.#limits = resolveLimits(limits);
    const { durable, snapshotMs } = world;
    const surroundings = { ledger: this.#ledger, durable, snapshotMs, refusals: this.#refusals, failed };
    this.#endpoint = {
      createServer: this.#network.createServer,
      drainTimeoutMs: 2_000,
      socket: {
        channels: Object.fromEntries(POLICIES.map((policy) => [`${policy}:*`, roomClass(policy, surroundings)])),
        authenticate: ({ token, params }) => userOf(token ?? params["user"]),
        pollWindowMs: 3_000,
        limits,
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
    await this.#startLife();
    this.#people = new People({
      schedule: this.#schedule,
      topics: this.#topics,
      network: this.#network,
      clock: this.clock,
      ledger: this.#ledger,
      arrived: (label, data) => this.#watch.arrived(label, data),
      failed: this.#failed,
      note: (text) => this.#note(text),
    });
    // A small outbox may overflow, and a short life may be over, at any time.
    if (!this.#schedule.world.gentle) this.#allMayLose();
    await this.clock.settle();
  }

  async #startLife(): Promise<void> {
    this.#lives += 1;
    const { seed, world } = this.#schedule;
    const random = seededRandom(seed * 17 + this.#lives);
    // Each life has what the one before has left on the disk.
    if (world.durable) this.#store = new FaultyStore(this.#disk.store, { clock: this.clock, random, delayMs: 5 });
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
        for (let i = 0; i < step.count; i++) this.#all.anyone(step.client).push(this.#topic(step.topic), step);
        return;
      case "publish":
        return this.#publish(step);
      case "rejoin":
        this.#all.user(step.client).mayLoseChannel = true;
        this.#ledger.leaves(this.#all.user(step.client).name, this.#topic(step.topic));
        return this.#all.user(step.client).rejoin(this.#topic(step.topic));
      case "drop":
        return this.#all.anyone(step.client).dropConnection();
      case "switch":
        this.#all.anyone(step.client).ways.take(step.way);
        return step.atOnce ? this.#all.anyone(step.client).dropConnection() : undefined;
      case "second_tab":
      case "steal":
        return this.#intrude(step);
      case "crash_channel":
        return this.#crashChannel(this.#all.user(step.client), this.#topic(step.topic), step.how);
      case "crash_session":
        return this.#crashSession(this.#all.user(step.client), step.times ?? 1);
      case "crash_connection":
        return this.#crashMember(step.do, this.#all.user(step.client));
      case "refuse_restore":
        this.#all.user(step.client).mayLoseChannel = true;
        this.#refusals.set(`${this.#all.user(step.client).name} ${this.#topic(step.topic)}`, step.how);
        return;
      case "hand_over":
        return this.#life?.system.whereis<Clients>("endpoint.clients")?.cast.drain(step.perSecond);
      case "kick":
        return this.#kick(this.#all.user(step.client));
      case "crash_server":
        return this.#crashPart(step.part);
      case "kill_process":
        return this.#killProcess(() => this.#store?.crash());
      case "power_loss":
        this.#allMayLose();
        return this.#killProcess(() => this.#disk.tearing(async () => this.#store?.crash({ keep: 0, tear: true })));
      case "drain":
        return this.#drain();
      case "disk_fails":
        return this.#failDisk(step.times);
      case "disk_stuck":
        return this.#stickDisk(step.ms);
      default:
        if (!isNetworkStep(step)) throw new RangeError(`there is no step ${describeStep(step)}`);
        return harm(this.#network, this.clock, step, "client" in step ? this.#all.anyone(step.client).name : "");
    }
  }

  #publish({ topic: index, count, bytes, binary }: Extract<Step, { do: "publish" }>): void {
    const topics = this.#life?.system.whereis<Topics>("endpoint.topics");
    if (topics === undefined) return;
    const topic = this.#topic(index);
    const padding = "x".repeat(bytes);
    for (let i = 0; i < count; i++) {
      const n = this.#ledger.publish(topic);
      const news = payloadOf({ n, padding }, binary);
      if (this.#schedule.world.durable) void this.#publishSafely(topics, topic, n, news);
      else topics.cast.broadcast(topic, "news", news, optionsOf(topic, n));
    }
  }

  async #publishSafely(topics: ActorRef<Topics>, topic: string, n: number, news: object): Promise<void> {
    this.#ledger.unsafe(topic, n);
    try {
      await topics.callWithin(NEVER_MS).broadcast(topic, "news", news, optionsOf(topic, n));
      this.#ledger.safe(topic, n);
    } catch (error) {
      // Its endpoint crashed.
      if (!(error instanceof CallError)) throw error;
      this.#ledger.doubt(topic, n);
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
    const user = this.#all.user(step.client);
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

  async #crashSession(user: User, times: number): Promise<void> {
    for (let time = 1; time <= times; time++) {
      this.#crashMember("crash_session", user);
      if (time < times) await this.clock.advance(BACK_AGAIN_MS);
    }
  }

  #kick(user: User): void {
    user.mayLoseSession = true;
    this.#life?.system.whereis<Clients>("endpoint.clients")?.cast.kick({ user: user.name });
  }

  #crashMember(what: "crash_session" | "crash_connection", user: User): void {
    const life = this.#life;
    const sessions = life?.members("sessions").filter(({ status }) => status["user"] === user.name) ?? [];
    if (what === "crash_session") this.#sessionCrashes += 1;
    // A session that crashes again and again is given up.
    const isGivenUp = this.#sessionCrashes > ALLOWED_CRASHES;
    if (what === "crash_session" && (!this.#schedule.world.durable || isGivenUp)) user.mayLoseSession = true;
    const names = new Set(sessions.map(({ ref }) => ref.toString()));
    const connections = life?.members("connections").filter(({ status }) => names.has(String(status["session"]))) ?? [];
    for (const { ref } of what === "crash_session" ? sessions : connections) life?.system.exit(ref, "kill");
  }

  async #crashPart(part: Part): Promise<void> {
    this.#crashes += 1;
    // More of them than the endpoint's supervisor allows, and it gives up: then everything begins anew.
    if (!OUTLIVED_PARTS.has(part) || this.#crashes > ALLOWED_CRASHES) {
      if (this.#schedule.world.durable) this.#forgetUnkept();
      else this.#allMayLose();
    }
    await this.#life?.crash(part);
  }

  async #killProcess(stopStore: () => Promise<void> | undefined): Promise<void> {
    if (!this.#schedule.world.durable) this.#allMayLose();
    this.#forgetUnkept();
    this.#life?.die();
    await stopStore();
    this.#network.killServer();
    await this.#startLife();
  }

  #drain(): void {
    if (this.#schedule.world.durable) this.#forgetUnkept();
    else this.#allMayLose();
    this.#life?.drain().catch((error: unknown) => {
      // A crash came in between.
      if (!(error instanceof CallError)) throw error;
    });
  }

  /** The process ends, or all sessions do: what was not kept may be as if it had not been. */
  #forgetUnkept(): void {
    this.#ledger.processKilled();
    this.#watch.processKilled();
  }

  #allMayLose(): void {
    for (const user of this.#all.users) user.mayLoseSession = true;
  }

  /** The network is well again: everybody gets all that there is. */
  async #heal(): Promise<void> {
    this.#note("the network is well again");
    this.#network.heal();
    this.#network.calm();
    for (const each of [...this.#network.lines(), ...this.#network.exchanges()]) each.slow(Number.POSITIVE_INFINITY);
    let waiting = this.#all.waitsFor();
    for (let waitedMs = 0; waiting !== undefined && waitedMs < LONGEST_SETTLE_MS; waitedMs += SETTLE_STEP_MS) {
      for (const user of this.#all.users) user.comeBack();
      await this.clock.advance(SETTLE_STEP_MS);
      this.#checkNow();
      waiting = this.#all.waitsFor();
    }
    if (waiting !== undefined)
      throw new Violation(`${waiting}, ${LONGEST_SETTLE_MS} ms after the network was well again`);
    for (const user of this.#all.users) user.checkPushes();
    await this.#checkChannels();
  }

  /** Channels that were left may still be at what they had begun, for a while. */
  async #checkChannels(): Promise<void> {
    const wrong = (): string | undefined => {
      const sessions = this.#life?.members("sessions") ?? [];
      return wrongChannels(sessions.map(({ ref, status }) => ({ status, channels: childrenCount(ref) })));
    };
    for (let waitedMs = 0; wrong() !== undefined && waitedMs < 30_000; waitedMs += SETTLE_STEP_MS) {
      await this.clock.advance(SETTLE_STEP_MS);
    }
    const still = wrong();
    if (still !== undefined) throw new Violation(still);
  }

  async #end(): Promise<void> {
    this.#note("everybody leaves");
    this.#all.leave();
    // Longer than any session without a client lives.
    await this.clock.advance(20_000);
    await this.#life?.stop();
    this.#checkViolation();
    this.#ledger.checkEnds();
    await this.clock.advance(10_000);
    const lines = [...this.#network.lines(), ...this.#network.exchanges()];
    if (lines.length > 0)
      throw new Violation(`left over: ${lines.map(({ id, label }) => `connection ${id} of ${label}`).join(", ")}`);
  }

  /** What must hold at any moment. */
  #checkNow(): void {
    this.#checkViolation();
    const life = this.#life;
    if (life === undefined) return;
    if (life.isAllKept) this.#watch.allKept();
    const members = life.members("sessions");
    const windowed = new Map(members.map(({ ref, status }) => [ref.toString(), isWindowed(status["user"])]));
    const sessions = members.map(({ ref, status }) => ({ ...status, windowed: windowed.get(ref.toString()) }));
    const connections = life
      .members("connections")
      .map(({ status }) => ({ ...status, windowed: windowed.get(String(status["session"])) }));
    // What is sent twice waits twice.
    const socketBufferBytes = this.#limits.socketBufferBytes * (this.#schedule.world.repeatOneOf > 0 ? 1.5 : 1);
    const wrong =
      wrongConnection(connections, { ...this.#limits, socketBufferBytes }) ?? wrongSession(sessions, this.#limits);
    if (wrong !== undefined) throw new Violation(wrong);
    const crash = life.reports.find(({ type }) => type === "endpoint_error");
    if (crash !== undefined) throw new Violation(crash.text);
  }

  #checkViolation(): void {
    if (this.#violation !== undefined) throw this.#violation;
  }

  get #all(): People {
    if (this.#people === undefined) throw new RangeError("nobody is there yet");
    return this.#people;
  }

  #topic(index: number): string {
    return this.#topics[index % this.#topics.length] ?? "";
  }

  #observe(line: ObservedLine, event: LineEvent): void {
    if (line.label.startsWith("user") || line.label === "second tab") this.#watch.observe(line, event);
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

function childrenCount(actor: AnyRef): number {
  return [...childrenOf(cellOf(actor))].length;
}

function userOf(name: unknown): { readonly user: string } | undefined {
  return typeof name === "string" ? { user: name } : undefined;
}

/** Whether the client of a user acknowledges, so that what is in flight has a bound. */
function isWindowed(user: unknown): boolean {
  return typeof user === "string" && !user.startsWith("stock");
}

function optionsOf(topic: string, n: number): { readonly key?: string } {
  const key = keyOf(topic, n);
  return key === undefined ? {} : { key };
}
