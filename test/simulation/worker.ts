import { parentPort } from "node:worker_threads";
import { type Kind, runSeed } from "./run.js";

/** Seeds to run, the last one not included. */
export interface Batch extends Kind {
  readonly from: number;
  readonly to: number;
}

/** What became of a batch: how many ran, and the first that failed. */
export interface BatchResult {
  readonly ran: number;
  readonly failed?: { readonly seed: number; readonly message: string };
}

async function runBatch({ from, to, nodes }: Batch): Promise<BatchResult> {
  for (let seed = from; seed < to; seed++) {
    const outcome = await runSeed(seed, undefined, { nodes });
    if (!outcome.ok) return { ran: seed - from + 1, failed: { seed, message: outcome.error.message } };
  }
  return { ran: to - from };
}

parentPort?.on("message", (batch: Batch) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  void runBatch(batch).then((result) => parentPort?.postMessage(result));
});
