/** How a storm steers a server: the same few commands for each, over the IPC channel. */
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

/** Counts what clients push: how often, and what came twice. */
export class Tally {
  /** @type {Map<number, Set<number>>} */ #seen = new Map();
  pushes = 0;
  twice = 0;

  /** @param {{ c: number, n: number }} push number `n` of client `c` */
  pushed({ c, n }) {
    let seen = this.#seen.get(c);
    if (seen === undefined) {
      seen = new Set();
      this.#seen.set(c, seen);
    }
    if (seen.has(n)) this.twice++;
    else this.pushes++;
    seen.add(n);
  }
}

/**
 * Obeys the process that started it: `publish` (so many messages a second, to one room after the other), `quiet`, `totals` and `stop`.
 *
 * @param {StormServer} server
 * @param {Tally} tally
 */
export function answerStorm(server, tally) {
  /** @type {NodeJS.Timeout | undefined} */ let timer;
  /** @type {number[]} */ let published = [];
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    clearInterval(timer);
    await server.stop();
    finish();
  };
  process.once("disconnect", stop);
  process.on("message", (/** @type {{ type: string, rooms: number, perSecond: number }} */ command) => {
    if (command.type === "publish") {
      const { rooms, perSecond } = command;
      const startedAt = performance.now();
      let sent = 0;
      published = Array.from({ length: rooms }, () => 0);
      timer = setInterval(() => {
        const due = ((performance.now() - startedAt) * perSecond) / 1_000;
        for (; sent < due; sent++) {
          const room = sent % rooms;
          const n = (published[room] ?? 0) + 1;
          published[room] = n;
          server.publish(`room:${room}`, { n, at: nowMs() });
        }
      }, TICK_MS);
      process.send?.({ type: "publish" });
    } else if (command.type === "quiet") {
      clearInterval(timer);
      process.send?.({ type: "quiet", published });
    } else if (command.type === "totals") process.send?.({ type: "totals", pushes: tally.pushes, twice: tally.twice });
    else if (command.type === "stop") void stop();
  });
  process.send?.({ type: "listening", port: server.port });
}

/** Milliseconds on the clock that all processes of this machine share. */
export function nowMs() {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
