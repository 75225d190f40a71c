/** How a storm steers a server: the same few commands for each, over the IPC channel. */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { finish } from "../harness/finish.mjs";

const TICK_MS = 10;

/**
 * What a server must be able to do. `pushed` of {@link Tally} is to be called for each push of a client.
 *
 * @typedef {object} StormServer
 * @property {number} port
 * @property {(room: string, message: { n: number, at: number }) => void} publish sends to all clients of a room
 * @property {() => void | Promise<void>} stop
 */

/**
 * Counts what clients push: how often, and what came twice; and what was published.
 *
 * With `STORM_JOURNAL` in the environment it writes both into that file, before anything else happens to them, and begins with what is in
 * it: so it outlives its process, as the effects of an app's handlers do.
 */
export class Tally {
  /** @type {Map<number, Set<number>>} */ #seen = new Map();
  /** @type {number | undefined} */ #journal;
  /** The number of the last message in each room. @type {Map<number, number>} */ #published = new Map();
  pushes = 0;
  twice = 0;

  constructor() {
    const path = process.env["STORM_JOURNAL"];
    if (path === undefined) return;
    const journal = openSync(path, "a+");
    for (const line of readFileSync(path, "utf8").split("\n")) {
      const [kind, a, b] = line.split(" ");
      if (kind === "p") this.pushed({ c: Number(a), n: Number(b) });
      else if (kind === "b") this.#published.set(Number(a), Number(b));
    }
    this.#journal = journal;
  }

  /** @param {{ c: number, n: number }} push number `n` of client `c` */
  pushed({ c, n }) {
    this.#note(`p ${c} ${n}\n`);
    let seen = this.#seen.get(c);
    if (seen === undefined) {
      seen = new Set();
      this.#seen.set(c, seen);
    }
    if (seen.has(n)) this.twice++;
    else this.pushes++;
    seen.add(n);
  }

  /** @param {number} room @returns {number} the number of its next message */
  nextOf(room) {
    const n = (this.#published.get(room) ?? 0) + 1;
    this.#published.set(room, n);
    this.#note(`b ${room} ${n}\n`);
    return n;
  }

  /** @param {number} rooms */
  published(rooms) {
    return Array.from({ length: rooms }, (_, room) => this.#published.get(room) ?? 0);
  }

  close() {
    if (this.#journal !== undefined) closeSync(this.#journal);
  }

  /** @param {string} line */
  #note(line) {
    if (this.#journal !== undefined) writeSync(this.#journal, line);
  }
}

/**
 * Obeys the process that started it: `publish` (so many messages a second, to one room after the other), `quiet`, `totals`, `cpu` and `stop`.
 *
 * @param {StormServer} server
 * @param {Tally} tally
 */
export function answerStorm(server, tally) {
  /** @type {NodeJS.Timeout | undefined} */ let timer;
  let rooms = 0;
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    clearInterval(timer);
    await server.stop();
    tally.close();
    finish();
  };
  process.once("disconnect", stop);
  process.on("message", (/** @type {{ type: string, rooms: number, perSecond: number }} */ command) => {
    if (command.type === "publish") {
      const { perSecond } = command;
      const startedAt = performance.now();
      let sent = 0;
      rooms = command.rooms;
      timer = setInterval(() => {
        const due = ((performance.now() - startedAt) * perSecond) / 1_000;
        for (; sent < due; sent++) {
          const room = sent % rooms;
          server.publish(`room:${room}`, { n: tally.nextOf(room), at: nowMs() });
        }
      }, TICK_MS);
      process.send?.({ type: "publish" });
    } else if (command.type === "quiet") {
      clearInterval(timer);
      process.send?.({ type: "quiet", published: tally.published(rooms) });
    } else if (command.type === "totals") process.send?.({ type: "totals", pushes: tally.pushes, twice: tally.twice });
    else if (command.type === "cpu") process.send?.({ type: "cpu", ...process.cpuUsage() });
    else if (command.type === "stop") void stop();
  });
  process.send?.({ type: "listening", port: server.port });
}

/** Milliseconds on the clock that all processes of this machine share. */
export function nowMs() {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
