import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { type Channel, Socket } from "../../src/client/index.js";
import { seededRandom } from "../../src/kernel/random.js";
import { type Compiled, compile } from "../store/compiled.js";
import { damageFile, damages } from "./damage.js";
import { ServerProcess, until } from "./server-process.js";

const USERS = 8;
const ROUNDS = 40;
const SEEDS = [1, 2];
const VERDICTS = ["corrupt", "gap", "unknown", "expired"];

let programs: Compiled;
beforeAll(async () => {
  programs = await compile(["server-program"], "test/durable");
}, 60_000);
afterAll(() => programs.remove());

/** Somebody who says numbers, hears those of all, and writes down what does not fit. */
class Witness {
  readonly name: string;
  readonly socket: Socket;
  readonly channel: Channel;
  /** What it was told of its session, and of gaps. */
  readonly verdicts: string[] = [];
  readonly gaps: unknown[] = [];
  readonly wrong: string[] = [];
  /** Broadcasts that came again: only where a log is damaged nobody knows that they were made. */
  readonly repeated: string[] = [];
  /** How often it was connected. */
  opens = 0;
  #said = 0;
  /** Pushes that have no answer yet. */
  open = 0;
  #count = 0;
  /** The last number heard, by who said it, in this session. */
  #heard = new Map<string, number>();
  readonly missed = new Set<string>();

  constructor(name: string, port: number) {
    this.name = name;
    this.socket = new Socket(`ws://127.0.0.1:${port}/socket`, {
      webSocket: WebSocket,
      token: name,
      timeoutMs: 30_000,
      backoff: { baseMs: 5, capMs: 50 },
    });
    onTestFinished(() => this.socket.disconnect());
    this.socket.onOpen(() => this.opens++);
    this.socket.onSessionLost(({ reason }) => {
      this.verdicts.push(reason);
      // A new session begins with nothing.
      this.#heard = new Map();
      this.#count = 0;
    });
    this.channel = this.socket.channel("room:one");
    this.channel.onGap((gap) => this.gaps.push(gap));
    this.channel.on("said", (said) => this.#hear(JSON.stringify(said)));
    this.socket.connect();
  }

  get untold(): boolean {
    return this.verdicts.length === 0 && this.gaps.length === 0;
  }

  heard(name: string): number {
    return this.#heard.get(name) ?? 0;
  }

  say(): void {
    const life = this.verdicts.length;
    this.open++;
    const { reply } = this.channel.push("say", { n: ++this.#said });
    void this.#answered(reply, life);
  }

  async #answered(reply: Promise<unknown>, life: number): Promise<void> {
    const [answer] = await Promise.allSettled([reply]);
    this.open--;
    // A session that is lost answers for its pushes no more.
    if (answer.status === "rejected" || life !== this.verdicts.length) return;
    const count = Number(/"count":(\d+)/.exec(JSON.stringify(answer.value))?.[1]);
    // Each push has had its effect once, in order.
    if (count !== this.#count + 1) this.wrong.push(`count ${count} after ${this.#count}`);
    this.#count = count;
  }

  #hear(text: string): void {
    const [, by = "", n = ""] = /"by":"(\w+)","payload":\{"n":(\d+)\}/.exec(text) ?? [];
    const last = this.#heard.get(by);
    if (n === "") this.wrong.push(`heard ${text}`);
    if (last !== undefined && Number(n) <= last) this.repeated.push(`heard ${n} of ${by} after ${last}`);
    if (last !== undefined && Number(n) > last + 1) this.missed.add(by);
    this.#heard.set(by, Number(n));
  }
}

const cases = Object.keys(damages).flatMap((name) => SEEDS.map((seed) => [name, seed] as const));

test.each(cases)(
  "after a kill, and %s (seed %i), the server starts, says what is damaged, and whoever has lost something is told",
  { timeout: 120_000 },
  async (name, seed) => {
    const damage = damages[name];
    if (damage === undefined) throw new Error(`expected a damage, got ${name}`);
    const directory = await mkdtemp(join(tmpdir(), "holdfast-damaged-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const path = join(directory, "store");
    const server = new ServerProcess(programs.script("server-program"), path, "process");
    await server.start();
    const people = Array.from({ length: USERS }, (_, index) => new Witness(`user${index}`, server.port));
    await Promise.all(people.map(({ channel }) => channel.join().reply));
    for (let round = 0; round < ROUNDS; round++) for (const person of people) person.say();
    // Some of it is answered, some is on its way.
    await until(() => people.some(({ open }) => open < ROUNDS), "answers");
    const opensBefore = new Map(people.map((person) => [person, person.opens]));
    await server.kill();
    await damageFile(join(path, "data.mdb"), damage, seededRandom(seed));
    await server.start();
    // A channel stays joined while its client is away: who has not come back yet may have to join anew.
    const isBack = (person: Witness): boolean => person.opens > (opensBefore.get(person) ?? 0);
    await until(
      () => people.every((person) => isBack(person) && person.open === 0 && person.channel.state === "joined"),
      "all to be back and answered",
    );
    const told = people.filter((person) => !person.untold);
    // All go on, and hear each other.
    for (const person of people) person.say();
    const isHeard = (): boolean => people.every((one) => people.every((other) => one.heard(other.name) === ROUNDS + 1));
    await until(() => people.every(({ open }) => open === 0) && isHeard(), "all to be heard again");
    for (const person of people) {
      expect(person.wrong).toEqual([]);
      for (const verdict of person.verdicts) expect(VERDICTS).toContain(verdict);
      // Whoever was told nothing has missed nothing of those who were told nothing.
      if (!person.untold) continue;
      expect(person.repeated).toEqual([]);
      const silent = [...person.missed].filter((by) => people.find((other) => other.name === by)?.untold);
      expect(silent).toEqual([]);
    }
    if (told.length > 0)
      expect(server.said).toEqual(expect.arrayContaining([expect.stringMatching(/^(damage|report)/)]));
  },
);
