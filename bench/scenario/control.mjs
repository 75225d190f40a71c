/**
 * How a bench steers a server under test: a few commands over the IPC channel. The same few lines for every server, so
 * that they weigh the same in each.
 */

import { finish } from "../harness/finish.mjs";

/**
 * @typedef {object} Server
 * @property {number} port
 * @property {() => number} count connections that are fully set up
 * @property {() => object} memory
 * @property {() => Promise<{ user: number, system: number }>} [cpu] CPU time in microseconds, where the server is more than this process
 * @property {(bytes: number) => void} broadcast sends a text of so many bytes to everyone
 * @property {() => void | Promise<void>} stop
 */

/**
 * Announces a server to the process that started it and obeys that: `memory`, `rss`, `cpu`, `count`, `broadcast`
 * and `stop`. Ends the process when the starter is gone, so that no server is left behind.
 *
 * Started without an IPC channel it prints its port. Then `BENCH_ONCE=1` in the environment makes it end when its clients have come and
 * gone, and `BENCH_BROADCAST_EVERY_MS` makes it broadcast: that is how it runs under a profiler.
 *
 * @param {Server} server
 */
export function answerTo(server) {
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await server.stop();
    finish();
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  if (process.send === undefined) {
    process.stdout.write(`listening on 127.0.0.1:${server.port}\n`);
    if (process.env["BENCH_ONCE"] === "1") endWithLoad(server, stop);
    const everyMs = Number(process.env["BENCH_BROADCAST_EVERY_MS"] ?? 0);
    if (everyMs > 0) setInterval(() => server.broadcast(100), everyMs);
    return;
  }
  process.once("disconnect", stop);
  process.on("message", (/** @type {{ type: string, bytes?: number }} */ command) => {
    if (command.type === "memory") process.send?.({ type: "memory", ...server.memory() });
    else if (command.type === "rss") process.send?.({ type: "rss", rssBytes: process.memoryUsage.rss() });
    else if (command.type === "count") process.send?.({ type: "count", count: server.count() });
    else if (command.type === "cpu") void tellCpu(server);
    else if (command.type === "broadcast") {
      process.send?.({ type: "broadcast", atNs: String(process.hrtime.bigint()) });
      server.broadcast(command.bytes ?? 100);
    } else if (command.type === "stop") void stop();
  });
  process.send({ type: "listening", port: server.port, pid: process.pid });
}

/** @param {Server} server */
async function tellCpu(server) {
  const usage = server.cpu === undefined ? process.cpuUsage() : await server.cpu();
  process.send?.({ type: "cpu", ...usage });
}

/**
 * @param {Server} server
 * @param {() => Promise<void>} stop
 */
function endWithLoad(server, stop) {
  let loaded = false;
  const timer = setInterval(() => {
    if (server.count() > 0) loaded = true;
    else if (loaded) {
      clearInterval(timer);
      void stop();
    }
  }, 100);
}

/**
 * Reads this process's memory: resident bytes as they are, then the live heap after a full collection.
 *
 * @returns {{ rssBytes: number, heapBytes: number | undefined, externalBytes: number }} `heapBytes` is undefined without `--expose-gc`
 */
export function memory() {
  const rssBytes = process.memoryUsage.rss();
  if (globalThis.gc === undefined)
    return { rssBytes, heapBytes: undefined, externalBytes: process.memoryUsage().external };
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return { rssBytes, heapBytes: heapUsed, externalBytes: external };
}
