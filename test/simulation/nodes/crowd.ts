import { presenceOf, topicsOf } from "../../../actors/index.js";
import { seededRandom } from "../../../src/index.js";
import type { EndpointOptions } from "../../../actors/index.js";
import { memoryStoreFolders } from "../../../src/store/memory-store-folders.js";
import { FaultyStore, type LineEvent, type ObservedLine } from "../../../src/testing/index.js";
import { Ledger, Violation } from "../ledger.js";
import { harm, isNetworkStep } from "../network-faults.js";
import { roomClass, type StartedRoom } from "../room.js";
import { openSecondTab } from "../second-tab.js";
import { topicOf } from "../topics.js";
import { User } from "../user.js";
import { Ways } from "../ways.js";
import { numberOf, WireWatch } from "../wire-watch.js";
import { Doors } from "./doors.js";
import { gatedServer } from "./gated-server.js";
import { NodeEndpoint } from "./node-endpoint.js";
import type { NodeProcess } from "./node-process.js";
import { LateFolder } from "./late-folder.js";
import { lineOf, OriginsReading } from "./origins-reading.js";
import type { Part, Surroundings } from "./part.js";
import { SessionPlaces } from "./session-places.js";
import type { ClientStep, NodesSchedule } from "./step.js";

const POLICY = "cursor";
const SETTLE_STEP_MS = 1_000;
const LONGEST_SETTLE_MS = 120_000;
/** Longer than anything in a schedule keeps a client away. */
const TTL_MS = 3_600_000;
const HEARTBEAT_MS = 10_000;
const MARKS = 3;
/** The longest that a commit takes. */
const COMMIT_MS = 5;

interface Begun extends StartedRoom {
  readonly process: NodeProcess;
}

/** The clients of a world and all that they connect to: each connects to any node, and has what sessions promise whatever becomes of nodes. */
export class Crowd implements Part {
  readonly #around: Surroundings;
  readonly #schedule: NodesSchedule;
  readonly #doors: Doors;
  readonly #ledger: Ledger;
  readonly #watch: WireWatch;
  readonly #places: SessionPlaces;
  readonly #topics: readonly string[];
  readonly #users: User[] = [];
  readonly #rooms: Begun[] = [];
  /** What is on the disks of all nodes. */
  readonly #folders = memoryStoreFolders();
  readonly #stores = new Map<NodeProcess, LateFolder>();
  /** Processes that have lost their place, and all that was in them. */
  readonly #fenced = new Set<NodeProcess>();

  constructor(around: Surroundings, schedule: NodesSchedule, nodes: readonly string[]) {
    const { clock } = around;
    const { seed, world } = schedule;
    this.#around = around;
    this.#schedule = schedule;
    this.#ledger = new Ledger(clock);
    this.#places = new SessionPlaces(around);
    this.#topics = Array.from({ length: world.topics }, (_, index) => topicOf(POLICY, index));
    this.#watch = new WireWatch({
      clock,
      durable: world.durable,
      // What one node carries for another may arrive behind the word of the next connection, as on any wire.
      trails: true,
      replied: (user, topic, n) => this.#ledger.replied(user, topic, n),
      failed: (violation) => this.#failed(violation),
    });
    const observe = (node: string, line: ObservedLine, event: LineEvent): void => this.#observe(node, line, event);
    this.#doors = new Doors({ nodes, clock, seed, latencyMs: world.latencyMs, observe });
  }

  async began(process: NodeProcess): Promise<void> {
    const starting = process.system.start(NodeEndpoint, this.#endpointOf(process));
    let isOpen = true;
    const close = (): void => {
      isOpen = false;
    };
    starting.then(close, close);
    for (let waitedMs = 0; isOpen && waitedMs < LONGEST_SETTLE_MS; waitedMs += 20) await this.#around.clock.advance(20);
    if (isOpen)
      throw new Violation(`a node starts: the endpoint of ${process.life} has not, after ${LONGEST_SETTLE_MS} ms`);
    await starting;
  }

  /** Everybody comes. */
  open(): void {
    const { seed, world } = this.#schedule;
    for (let index = 0; index < world.clients; index++)
      this.#users.push(this.#user(`user${index + 1}`, seed * 31 + index));
  }

  do(step: ClientStep): void {
    switch (step.do) {
      case "push":
        for (let count = 0; count < step.count; count++)
          this.#userAt(step.client).push(this.#topicAt(step.topic), step);
        return;
      case "drop":
        return this.#userAt(step.client).dropConnection();
      case "second_tab":
        return this.#openTab(this.#userAt(step.client), step.acknowledges);
      case "publish":
        return;
      default:
        if (isNetworkStep(step)) {
          harm(this.#doors, this.#around.clock, step, "client" in step ? this.#userAt(step.client).name : "");
        }
    }
  }

  /** A process broadcasts on a topic. */
  publish(process: NodeProcess, topic: number, count: number): void {
    if (!process.isAwake) return;
    const name = this.#topicAt(topic);
    for (let at = 0; at < count; at++) {
      const n = this.#ledger.publish(lineOf(name, process.life));
      topicsOf(process.system).publish(name, "news", { n, from: process.life });
    }
  }

  killed(process: NodeProcess): void {
    this.#ledger.processKilled(process.life);
    this.#doors.of(process.name).killServer();
    void this.#stores.get(process)?.own.crash({ keep: 0 });
  }

  look(): void {
    this.#places.look();
    for (const process of this.#around.processes()) {
      // What its channels had done and nobody was told may be taken back.
      if (process.wasFenced && !this.#fenced.has(process)) this.#ledger.processKilled(process.life);
      if (process.wasFenced) this.#fenced.add(process);
      const crash = process.node.reports.find(({ type }) => type === "endpoint_error");
      if (crash !== undefined) this.#around.failed("no endpoint breaks", `${process.life}: ${crash.text}`);
    }
  }

  /** Everybody is there, and gets all that there is. */
  async rest(): Promise<void> {
    this.#doors.heal();
    this.#doors.calm();
    for (const each of [...this.#doors.lines(), ...this.#doors.exchanges()]) each.slow(Number.POSITIVE_INFINITY);
    await this.#until(() => {
      const late = this.#users.find((user) => !user.socket.isConnected() || !user.hasJoined);
      return late === undefined ? undefined : `${late.name} has not joined`;
    });
    // Who has just joined on one node is known on the others when the wires have carried it.
    await this.#around.clock.advance(SETTLE_STEP_MS);
    for (const process of this.#around.processes()) {
      for (const topic of this.#topics.keys()) this.publish(process, topic, MARKS);
    }
    await this.#until(() => this.#waitsFor());
    for (const user of this.#users) user.checkPushes();
    this.#checkPresence();
  }

  async end(): Promise<void> {
    for (const user of this.#users) user.leave();
    await this.#around.clock.advance(20_000);
    this.#checkPresence();
  }

  #folderOf(process: NodeProcess): LateFolder {
    const folder = this.#folders.at(process.name);
    const random = seededRandom(this.#schedule.seed * 17 + this.#stores.size);
    const own = new FaultyStore(folder.own, { clock: process.system.clock, random, delayMs: COMMIT_MS });
    const late = new LateFolder(folder, own, (name) => this.#isLocked(name));
    this.#stores.set(process, late);
    return late;
  }

  /** One that has lost its place is ended by whoever watches it before another takes its store. */
  #isLocked(name: string): boolean {
    return [...this.#stores].some(([process, { ownName }]) => ownName === name && process.holdsPlace);
  }

  #endpointOf(process: NodeProcess): EndpointOptions {
    const { durable } = this.#schedule.world;
    const surroundings = {
      ledger: this.#ledger,
      durable,
      process: process.life,
      failed: (violation: Violation) => this.#failed(violation),
      began: (room: StartedRoom) => this.#roomBegan(process, room),
      acts: (what: string) => this.#acts(process, what),
    };
    return {
      createServer: gatedServer(this.#doors.of(process.name), process.gate),
      drainTimeoutMs: 2_000,
      socket: {
        channels: { [`${POLICY}:*`]: roomClass(POLICY, surroundings) },
        authenticate: ({ token }) => (typeof token === "string" ? { user: token } : undefined),
        limits: { heartbeatMs: HEARTBEAT_MS, sessionTtlMs: TTL_MS, topicLogMs: TTL_MS },
        ...(durable ? { store: this.#folderOf(process) } : {}),
      },
    };
  }

  #user(name: string, seed: number): User {
    const { clock, note } = this.#around;
    const arrived = (data: string | Uint8Array): void => this.#arrived(name, data);
    return new User({
      name,
      url: `${this.#doors.any().url}/socket`,
      ways: new Ways({ network: () => this.#doors.any(), label: name, clock, resumes: true, arrived }),
      topics: this.#topics,
      clock,
      random: seededRandom(seed),
      ledger: this.#ledger,
      repeatsAllowed: this.#schedule.world.durable,
      read: (topic) => this.#read(topic),
      failed: (violation) => this.#failed(violation),
      note,
    });
  }

  #read(topic: string): OriginsReading {
    return new OriginsReading(topic, {
      ledger: this.#ledger,
      origins: () => this.#around.processes().map(({ life }) => life),
    });
  }

  #roomBegan(process: NodeProcess, room: StartedRoom): void {
    this.#rooms.push({ ...room, process });
    presenceOf(room.system).track(room.topic, room.user, room.ref);
  }

  /** A channel has an effect. */
  #acts(process: NodeProcess, what: string): void {
    if (!process.isAwake) this.#around.failed("a stopped process does nothing", `${what} on ${process.life}`);
    if (!process.holdsPlace) this.#around.failed("who has lost its place does nothing", `${what} on ${process.life}`);
  }

  #openTab(user: User, acknowledges: boolean): void {
    const known = this.#watch.credentials(user.name);
    if (known === undefined) return;
    user.mayLoseSession = true;
    const secret = known.secrets.at(-1) ?? "";
    openSecondTab(this.#doors.any(), this.#around.clock, { ...known, secret, token: user.name, acknowledges });
  }

  #observe(node: string, line: ObservedLine, event: LineEvent): void {
    this.#watch.observe(line, event);
    const process = this.#around.processes().find(({ name }) => name === node);
    if (event.type === "sent" && event.from === "server" && process !== undefined && !process.holdsPlace) {
      const sid = this.#watch.credentials(line.label)?.sid ?? "";
      const isSaying = numberOf(event.data) !== undefined && this.#places.hasHad(sid, process);
      if (isSaying)
        this.#around.failed("who has lost its place is silent", `${process.life} writes ${String(event.data)}`);
    }
    if (event.type === "arrived" || event.type === "sent") {
      this.#around.note(
        `${node} line ${line.id} of ${line.label}: ${event.type} by ${event.from}: ${String(event.data).slice(0, 160)}`,
      );
    } else this.#around.note(`${node} line ${line.id} of ${line.label}: ${JSON.stringify(event)}`);
  }

  #arrived(name: string, data: string | Uint8Array): void {
    const before = this.#watch.credentials(name)?.sid;
    this.#watch.arrived(name, data);
    const now = this.#watch.credentials(name)?.sid;
    if (now !== undefined) this.#places.ownerOf(now);
    if (before === undefined || before === now) return;
    const user = this.#users.find((each) => each.name === name);
    if (user === undefined || user.mayLoseSession || !this.#mayBeLost(before)) return;
    user.mayLoseSession = true;
    this.#around.clock.setTimer(1, () => {
      user.mayLoseSession = false;
    });
  }

  /** Whether a session may be lost: it was in the memory of a process that is gone. */
  #mayBeLost(sid: string): boolean {
    if (this.#schedule.world.durable) return false;
    const owner = this.#places.ownerOf(sid);
    return owner === undefined || !owner.holdsPlace || owner.wasFenced;
  }

  #waitsFor(): string | undefined {
    for (const user of this.#users) {
      const waiting = user.waitsFor();
      if (waiting !== undefined) return waiting;
    }
    return undefined;
  }

  async #until(waitsFor: () => string | undefined): Promise<void> {
    let waiting = waitsFor();
    for (let waitedMs = 0; waiting !== undefined && waitedMs < LONGEST_SETTLE_MS; waitedMs += SETTLE_STEP_MS) {
      for (const user of this.#users) user.comeBack();
      await this.#around.clock.advance(SETTLE_STEP_MS);
      this.look();
      waiting = waitsFor();
    }
    if (waiting !== undefined)
      this.#around.failed("everybody gets all that there is", `${waiting}, long after all was well`);
  }

  /** Whom every node takes to be present is who has a channel, and nobody else. */
  #checkPresence(): void {
    const living = this.#rooms.filter(({ process, ref }) => process.has(ref));
    for (const topic of this.#topics) {
      const here = living.filter((room) => room.topic === topic).map(({ user }) => user);
      for (const { system, life } of this.#around.processes()) {
        const seen = Object.entries(presenceOf(system).list(topic)).flatMap(([key, { metas }]) => metas.map(() => key));
        if (seen.sort().join() === here.sort().join()) continue;
        this.#around.failed(
          "no ghost in presence",
          `${life} sees ${seen.join(", ")} on ${topic}, and there are ${here.join(", ")}`,
        );
      }
    }
  }

  #failed(violation: Violation): void {
    this.#around.failed("what sessions promise", violation.message);
  }

  #userAt(index: number): User {
    const user = this.#users[index % this.#users.length];
    if (user === undefined) throw new RangeError("there are no users");
    return user;
  }

  #topicAt(index: number): string {
    return this.#topics[index % this.#topics.length] ?? "";
  }
}
