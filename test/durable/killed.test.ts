import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { type Channel, Socket } from "../../src/client/index.js";
import { type Compiled, compile } from "../store/compiled.js";
import { ServerProcess, until } from "./server-process.js";

const ROUNDS = 5;
const USERS = 6;
const TOPIC = "room:one";

let programs: Compiled;
beforeAll(async () => {
  programs = await compile(["server-program"], "test/durable");
}, 60_000);
afterAll(() => programs.remove());

/** A person who says numbers, and hears those of all. */
class Person {
  readonly name: string;
  readonly socket: Socket;
  readonly lost: string[] = [];
  /** What this one heard, by who said it. */
  readonly heard = new Map<string, number[]>();
  readonly answers: Promise<unknown>[] = [];
  readonly channel: Channel;
  answered = 0;

  constructor(name: string, port: number) {
    this.name = name;
    this.socket = new Socket(`ws://127.0.0.1:${port}/socket`, {
      webSocket: WebSocket,
      token: name,
      timeoutMs: 60_000,
      backoff: { baseMs: 5, capMs: 50 },
    });
    onTestFinished(() => this.socket.disconnect());
    this.socket.onSessionLost(({ reason }) => this.lost.push(reason));
    this.channel = this.socket.channel(TOPIC);
    this.channel.onGap((gap) => this.lost.push(JSON.stringify(gap)));
    this.channel.on("said", (said) => this.#hear(said));
    this.socket.connect();
  }

  say(n: number): void {
    const reply = this.channel.push("say", { n }).reply;
    this.answers.push(reply);
    void reply.then(() => this.answered++);
  }

  #hear(said: unknown): void {
    const text = JSON.stringify(said);
    const [, by = "", n] = /"by":"(\w+)","payload":{"n":(\d+)}/.exec(text) ?? [];
    const known = this.heard.get(by) ?? [];
    this.heard.set(by, known);
    known.push(Number(n));
  }
}

test.each(["process", "disk"])(
  "a server that is killed in the middle of traffic, again and again, loses nothing and does nothing twice (%s)",
  { timeout: 120_000 },
  async (durability) => {
    const path = await mkdtemp(join(tmpdir(), "holdfast-durable-"));
    onTestFinished(() => rm(path, { recursive: true, force: true }));
    const server = new ServerProcess(programs.script("server-program"), join(path, "store"), durability);
    await server.start();
    const people = Array.from({ length: USERS }, (_, index) => new Person(`user${index}`, server.port));
    await Promise.all(people.map(({ channel }) => channel.join().reply));
    let said = 0;
    const sayAll = (): void => {
      said++;
      for (const person of people) person.say(said);
    };
    const answered = (): number => people.reduce((sum, person) => sum + person.answered, 0);
    for (let round = 0; round < ROUNDS; round++) {
      // Killed when some of what was said is answered, and the rest is anywhere on its way.
      const before = answered();
      const timer = setInterval(sayAll, 1);
      await until(() => answered() - before > 100 + 61 * round, "answers");
      await server.kill();
      clearInterval(timer);
      sayAll();
      await server.start();
    }
    await until(() => people.every(({ answers, answered: count }) => answers.length === count), "all answers");
    const all = Array.from({ length: said }, (_, index) => index + 1);
    await until(
      () => people.every(({ heard }) => [...heard.values()].every((ns) => ns.length >= said)),
      "all to be heard",
    );
    const counts = await Promise.all(people.map(({ channel }) => channel.push("count", {}).reply));
    for (const person of people) {
      expect(person.lost).toEqual([]);
      for (const other of people) expect(person.heard.get(other.name)).toEqual(all);
      // The n-th answer is the n-th count: no push took effect twice, none was left out.
      expect(await Promise.all(person.answers)).toEqual(all.map((count) => ({ count })));
    }
    expect(counts).toEqual(people.map(() => ({ count: said })));
  },
);
