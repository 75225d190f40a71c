/**
 * flood: opens many WebSocket connections to this machine and keeps them.
 *
 * A lean client on bare TCP in its own process, so that what is measured is the server. See `--help`; as a child process
 * with an IPC channel it also takes the commands of {@link Command} and answers each with a message of the same type.
 */
import { Swarm } from "./swarm.mjs";
import { expandTopics } from "./dialect.mjs";
import { requireDescriptors } from "./limits.mjs";
import { readTarget, targetOptions } from "./target.mjs";
import { progress } from "../harness/progress.mjs";
import { UsageError, describeOptions, readArguments } from "../harness/arguments.mjs";

/**
 * @typedef {{ type: "stop", abrupt?: boolean } | { type: "echoOnce" } | { type: "summary" }
 *   | { type: "awaiting", count: number }
 *   | { type: "echo", inFlight: number, warmMs: number, runMs: number, clients?: number }} Command
 */

const OPTIONS = /** @type {const} */ ({
  connections: { type: "number", value: 1_000, min: 1, help: "how many to open" },
  rate: { type: "number", value: 0, help: "connections opened per second; 0: as fast as they are accepted" },
  ...targetOptions,
  topic: {
    type: "text",
    value: "room:bench",
    help: "topics to join, one per connection in turn: lobby or room:0-99 or both",
  },
  "no-join": { type: "flag", help: "join no topic: a session (or a connection) and no more" },
  event: { type: "text", value: "echo", help: "event of the pushes that --echo sends" },
  hold: { type: "flag", help: "keep the connections until Ctrl-C, SIGTERM or a line `stop` on stdin" },
  echo: { type: "number", value: 0, max: 256, help: "echoes kept in flight by each connection; 0: none" },
  seconds: { type: "number", value: 5, min: 1, help: "how long --echo runs" },
  size: { type: "number", value: 100, min: 1, max: 65_000, help: "bytes of text in an echo" },
  json: { type: "flag", help: "print the summary as JSON on stdout" },
  help: { type: "flag", help: "print this" },
});

const HELP = `Usage: node bench/load/flood.mjs [options]

Opens many WebSocket connections to a server on this machine and keeps them.

${describeOptions(OPTIONS)}

Example: 10,000 Holdfast sessions in one room, held until Ctrl-C
  node bench/load/flood.mjs --port 4000 --hello --topic room:lobby --connections 10000 --hold
`;

/** @param {string[]} words */
async function main(words) {
  const { flags, numbers, texts } = readArguments(words, OPTIONS);
  if (flags["help"]) {
    process.stdout.write(HELP);
    return 0;
  }
  const { connections = 0, rate = 0, echo = 0, seconds = 0, size = 0 } = numbers;
  requireDescriptors(connections);
  const line = progress("flood");
  /** @type {() => void} */ let settled = () => {};
  const settling = new Promise((resolve) => {
    settled = () => resolve(undefined);
  });
  const swarm = new Swarm({
    ...readTarget(flags, numbers, texts),
    connections,
    rate,
    join: !flags["no-join"],
    topics: expandTopics(texts["topic"] ?? ""),
    event: texts["event"] ?? "echo",
    payloadBytes: size,
    onSettled: settled,
  });

  const stopping = untilTold(flags["hold"] === true);
  let joinedBefore = 0;
  let joinedPerSecond = 0;
  const report = setInterval(() => {
    joinedPerSecond = (swarm.joined - joinedBefore) * 2;
    joinedBefore = swarm.joined;
    line.show(describe(swarm, joinedPerSecond));
  }, 500);
  swarm.start();
  const told = await Promise.race([settling.then(() => undefined), stopping]);
  if (told === undefined) {
    line.show(describe(swarm, Math.round(swarm.joined / (swarm.elapsedMs / 1_000))));
    process.send?.({ type: "ready", ...swarm.summary() });
  }
  let echoes;
  if (told === undefined && echo > 0 && swarm.joined > 0) {
    echoes = await Promise.race([swarm.echo({ inFlight: echo, warmMs: 500, runMs: seconds * 1_000 }), stopping]);
  }
  const abrupt = flags["hold"] || process.connected ? (await serve(swarm, stopping)).abrupt : false;
  clearInterval(report);
  const summary = swarm.summary();
  const last = describe(swarm, Math.round(swarm.joined / (swarm.elapsedMs / 1_000)));
  await swarm.stop({ abrupt });
  line.done(`${last}, closed`);
  const result = {
    ...summary,
    ...(echoes !== undefined &&
      "echoes" in echoes && { echoesPerSecond: Math.round(echoes.echoes / (echoes.elapsedMs / 1_000)) }),
  };
  if (process.connected) {
    process.send?.({ type: "stopped", ...result });
    process.disconnect();
  }
  if (flags["json"]) process.stdout.write(`${JSON.stringify(result)}\n`);
  else process.stderr.write(`${explain(result)}\n`);
  return summary.failed + summary.lost === 0 ? 0 : 1;
}

/**
 * Carries out a parent's commands until it, or a person, says stop.
 *
 * @param {Swarm} swarm
 * @param {Promise<{ abrupt: boolean }>} stopping
 */
function serve(swarm, stopping) {
  process.on("message", async (/** @type {Command} */ command) => {
    if (command.type === "echo") process.send?.({ type: "echo", ...(await swarm.echo(command)) });
    else if (command.type === "echoOnce") process.send?.({ type: "echoOnce", done: await swarm.echoOnce() });
    else if (command.type === "summary") process.send?.({ type: "summary", ...swarm.summary() });
    else if (command.type === "awaiting") {
      const last = swarm.awaitMessages(command.count);
      process.send?.({ type: "awaiting" });
      process.send?.({ type: "awaitMessages", atNs: String(await last) });
    }
  });
  return stopping;
}

/**
 * @param {boolean} stdin whether a line `stop`, or the end of stdin, counts
 * @returns {Promise<{ abrupt: boolean }>}
 */
function untilTold(stdin) {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve({ abrupt: false }));
    process.once("SIGTERM", () => resolve({ abrupt: false }));
    process.on("message", (/** @type {Command} */ command) => {
      if (command.type === "stop") resolve({ abrupt: command.abrupt === true });
    });
    process.once("disconnect", () => resolve({ abrupt: true }));
    if (!stdin || process.connected) return;
    process.stdin.setEncoding("utf8");
    process.stdin.on("data", (text) => {
      if (/^stop\b/m.test(String(text))) resolve({ abrupt: false });
    });
    process.stdin.unref?.();
  });
}

/**
 * @param {Swarm} swarm
 * @param {number} perSecond
 */
function describe(swarm, perSecond) {
  const lost = swarm.lost === 0 ? "" : `, ${swarm.lost} lost`;
  const replies = swarm.replies === 0 ? "" : `, ${swarm.replies} replies`;
  return `${swarm.connected} connected, ${swarm.joined} joined, ${swarm.failed} failed${lost}, ${perSecond}/s, ${swarm.messages} messages${replies}`;
}

/** @param {Record<string, unknown> & { reasons: Record<string, number> }} result */
function explain({ reasons, ...counts }) {
  const lines = Object.entries(counts).map(([name, value]) => `${name} ${value}`);
  const why = Object.entries(reasons).map(([reason, count]) => `\n  ${count} x ${reason}`);
  return lines.join(", ") + why.join("");
}

try {
  process.exitCode = await main(process.argv.slice(2));
  // A held stdin must not keep a finished tool alive.
  process.stdin.destroy();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`flood: ${error.message}\n`);
  process.exitCode = 2;
}
