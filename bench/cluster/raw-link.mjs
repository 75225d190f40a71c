/** A link of bare frames: this side of it. The other is `raw-adder.mjs`, in a process of its own. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { BENCH } from "../harness/context.mjs";
import { KIND, RawReader, RawWriter } from "./raw-frames.mjs";

/**
 * Starts the other process and connects to it.
 *
 * @returns {Promise<{ link: import("./drive.mjs").Link, stop: () => Promise<void> }>}
 */
export async function connectRaw() {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
  const path = join(folder, "raw.sock");
  const child = fork(resolve(BENCH, "cluster/raw-adder.mjs"), [path]);
  await once(child, "message");
  const socket = createConnection(path);
  await once(socket, "connect");
  /** @type {Map<number, (value: number) => void>} */ const waiting = new Map();
  let last = 0;
  const writer = new RawWriter(socket);
  const reader = new RawReader((_kind, number, value) => {
    waiting.get(number)?.(value);
    waiting.delete(number);
  });
  socket.on("data", (chunk) => reader.read(chunk));
  /** @param {number} kind @param {number} value @returns {Promise<number>} */
  const ask = (kind, value) =>
    new Promise((answered) => {
      const number = ++last;
      waiting.set(number, answered);
      writer.message(kind, number, value);
    });
  return {
    link: {
      cast: (k) => writer.message(KIND.cast, 1, k),
      handled: () => ask(KIND.handled, 0),
      call: (k) => ask(KIND.call, k),
      usage: async () => ({ user: await ask(KIND.usage, 0), system: 0 }),
    },
    async stop() {
      socket.end();
      await once(child, "close");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
