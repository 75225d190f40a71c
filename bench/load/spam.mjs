/**
 * spam: sends messages at a steady rate to rooms and members picked at random, and counts what comes back.
 *
 * Its connections are members too: each joins one of the topics, so deliveries come back to it. See `--help`.
 */
import { Swarm } from "./swarm.mjs";
import { expandTopics } from "./dialect.mjs";
import { requireDescriptors } from "./limits.mjs";
import { readTarget, targetOptions } from "./target.mjs";
import { progress } from "../harness/progress.mjs";
import { UsageError, describeOptions, readArguments } from "../harness/arguments.mjs";

/** How often a share of the rate is sent; a steady rate needs many small shares. */
const TICK_MS = 10;

const OPTIONS = /** @type {const} */ ({
  rate: { type: "number", value: 100, min: 1, help: "messages sent per second, by all connections together" },
  seconds: { type: "number", value: 0, help: "how long to send; 0: until Ctrl-C or SIGTERM" },
  connections: { type: "number", value: 10, min: 1, help: "connections that send, in turn at random" },
  ...targetOptions,
  topics: {
    type: "text",
    value: "room:bench",
    help: "rooms to send to: lobby, or room:0-99, or both separated by commas",
  },
  members: {
    type: "number",
    value: 0,
    help: 'address each message to one of N members at random ({"to": "member:K"}); 0: to the room',
  },
  event: { type: "text", value: "say", help: "event of each message" },
  size: { type: "number", value: 100, min: 1, max: 60_000, help: "bytes of text in a message" },
  seed: { type: "number", value: 1, help: "seed of the random choices, so that a run can be repeated" },
  json: { type: "flag", help: "print the summary as JSON on stdout" },
  help: { type: "flag", help: "print this" },
});

const HELP = `Usage: node bench/load/spam.mjs [options]

Sends messages at a steady rate to rooms and members picked at random, on a server on this machine.

${describeOptions(OPTIONS)}

Example: 1,000 messages a second to 100 rooms
  node bench/load/spam.mjs --port 4000 --hello --topics room:0-99 --connections 100 --rate 1000
`;

/** @param {string[]} words */
async function main(words) {
  const { flags, numbers, texts } = readArguments(words, OPTIONS);
  if (flags["help"]) {
    process.stdout.write(HELP);
    return 0;
  }
  const { connections = 0, rate = 0, seconds = 0, members = 0, size = 0, seed = 0 } = numbers;
  requireDescriptors(connections);
  const line = progress("spam");
  const stopping = new Promise((resolve) => {
    process.once("SIGINT", () => resolve(true));
    process.once("SIGTERM", () => resolve(true));
  });
  /** @type {() => void} */ let settled = () => {};
  const settling = new Promise((resolve) => {
    settled = () => resolve(false);
  });
  const swarm = new Swarm({
    ...readTarget(flags, numbers, texts),
    connections,
    rate: 0,
    topics: expandTopics(texts["topics"] ?? ""),
    event: texts["event"] ?? "say",
    payloadBytes: size,
    onSettled: settled,
  });
  swarm.start();
  let stopped = await Promise.race([settling, stopping]);
  if (!stopped && swarm.joined === 0) {
    const [reason = "no reason was given"] = swarm.reasons.keys();
    await swarm.stop();
    throw new UsageError(`None of ${connections} connections could join: ${reason}`);
  }

  const random = randomOf(seed);
  const text = "x".repeat(size);
  const startedAtMs = performance.now();
  let sent = 0;
  let skipped = 0;
  const sending = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAtMs) / 1_000) * rate);
    for (; sent + skipped < due; ) {
      const to = members === 0 ? "" : `"to":"member:${Math.floor(random() * members)}",`;
      if (swarm.push(Math.floor(random() * connections), `{${to}"text":"${text}"}`)) sent++;
      else skipped++;
    }
  }, TICK_MS);
  const showing = setInterval(() => {
    const perSecond = Math.round(sent / ((performance.now() - startedAtMs) / 1_000));
    line.show(
      `${swarm.joined} joined, ${sent} sent (${perSecond}/s), ${swarm.messages} received, ${swarm.replies} replies, ${swarm.lost} lost`,
    );
  }, 500);
  if (!stopped && seconds > 0) {
    const over = new Promise((resolve) => setTimeout(() => resolve(false), seconds * 1_000).unref());
    stopped = await Promise.race([over, stopping]);
  } else if (!stopped) {
    await stopping;
  }
  clearInterval(sending);
  const elapsedMs = performance.now() - startedAtMs;
  // What is still on its way belongs to the count.
  if (!stopped) await new Promise((resolve) => setTimeout(resolve, 250));
  clearInterval(showing);
  const { joined, failed, lost, messages, replies, reasons } = swarm.summary();
  await swarm.stop();
  const result = {
    sent,
    skipped,
    sentPerSecond: Math.round(sent / (elapsedMs / 1_000)),
    messages,
    replies,
    joined,
    failed,
    lost,
    reasons,
  };
  line.done(
    `${sent} sent (${result.sentPerSecond}/s), ${messages} received, ${replies} replies, ${failed} failed, ${lost} lost`,
  );
  for (const [reason, count] of Object.entries(reasons)) line.note(`  ${count} x ${reason}`);
  if (flags["json"]) process.stdout.write(`${JSON.stringify(result)}\n`);
  return failed + lost + skipped === 0 ? 0 : 1;
}

/**
 * A small repeatable source of random numbers (mulberry32).
 *
 * @param {number} seed
 * @returns {() => number} in [0, 1)
 */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`spam: ${error.message}\n`);
  process.exitCode = 2;
}
