/**
 * One broadcast to a topic with very many clients: how long until all have it, and the longest pause of the event loop meanwhile. Sockets are
 * stubs that take every byte at once, so what a system call costs comes on top. Prints JSON.
 *
 * `node bench/micro/broadcast.mjs [clients, 100,000 by default] [to how many it is handed out in one turn, as shipped by default]`
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { helloFrame, joinFrame } from "../load/dialect.mjs";
import { chunkOf, startStubEndpoint } from "./stub-endpoint.mjs";

const DIST = process.env["HOLDFAST_DIST"] ?? resolve(import.meta.dirname, "../../dist");
const { Channel } = await import(pathToFileURL(resolve(DIST, "actors/index.js")).href);

const CLIENTS_AT_A_TIME = 500;
const ROUNDS = 7;
const TOPIC = "room:bench";

class Room extends Channel {}

const nextTurn = () => new Promise((done) => setImmediate(done));

/** @param {() => boolean} isSo */
async function until(isSo) {
  while (!isSo()) await nextTurn();
}

const [clients = 100_000, turn] = process.argv.slice(2).map(Number);
const limits = turn === undefined ? {} : { broadcastTurn: turn };
const { subscriptions, connect } = await startStubEndpoint({ "room:*": Room }, limits);

let writes = 0;
/** @type {import("./stub-endpoint.mjs").StubClient[]} */
const all = [];
while (all.length < clients) {
  const more = await Promise.all(Array.from({ length: Math.min(CLIENTS_AT_A_TIME, clients - all.length) }, connect));
  for (const { socket, stub } of more) {
    stub.onWrite = () => {
      writes++;
    };
    socket.receive(chunkOf([helloFrame()]));
  }
  await until(() => more.every(({ stub }) => stub.writes > 0));
  for (const { socket } of more) socket.receive(chunkOf([joinFrame(TOPIC, 1)]));
  all.push(...more);
  await until(() => subscriptions.count(TOPIC) === all.length);
}

/** @param {number} seq the server's number of the broadcast, which the clients acknowledge when all have it */
async function round(seq) {
  for (let n = 0; n < 50; n++) await nextTurn();
  const target = writes + clients;
  const startedAtMs = performance.now();
  let lastMs = startedAtMs;
  let longestMs = 0;
  let lastCpu = process.cpuUsage();
  let longestCpuMs = 0;
  let cpuMs = 0;
  subscriptions.broadcast(TOPIC, "news", { text: "x".repeat(100) });
  while (writes < target) {
    await nextTurn();
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
    const { user, system } = process.cpuUsage(lastCpu);
    lastCpu = process.cpuUsage();
    cpuMs += (user + system) / 1_000;
    longestCpuMs = Math.max(longestCpuMs, (user + system) / 1_000);
  }
  const ack = chunkOf([`[null,null,"phoenix","ack",{"ack":${seq}}]`]);
  for (const { socket } of all) socket.receive(Buffer.from(ack));
  return { allMs: lastMs - startedAtMs, longestMs, cpuMs, longestCpuMs };
}

/** @param {readonly number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
/** @type {{ allMs: number, longestMs: number, cpuMs: number, longestCpuMs: number }[]} */
const rounds = [];
// The reply to the join was the first frame of the server. The first round warms up.
for (let n = 0; n <= ROUNDS; n++) rounds.push(await round(2 + n));
rounds.shift();
const result = {
  node: process.version,
  clients,
  allMs: median(rounds.map(({ allMs }) => allMs)),
  longestPauseMs: median(rounds.map(({ longestMs }) => longestMs)),
  // On a busy machine a pause is mostly somebody else's: the CPU time between two turns of the loop is not.
  allCpuMs: median(rounds.map(({ cpuMs }) => cpuMs)),
  longestPauseCpuMs: median(rounds.map(({ longestCpuMs }) => longestCpuMs)),
};
process.stdout.write(
  `${JSON.stringify(result, (_name, value) => (typeof value === "number" ? Math.round(value * 100) / 100 : value), 2)}\n`,
);
process.exit(0);
