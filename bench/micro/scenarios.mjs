/** Actors, their messages and their memory. */
import { BOTH, programs } from "../harness/programs.mjs";

const perSecond = /** @type {const} */ ({ unit: "per second", better: "more" });
const NACT = { nact: "nact" };

/** @type {readonly import("../scenarios.mjs").Scenario[]} */
export const microScenarios = [
  programs({
    name: "cast",
    about: "casts, one to one",
    ...perSecond,
    peers: BOTH,
    beam: { "BEAM gen_server": "cast" },
  }),
  programs({ name: "send", about: "sends, one to one", ...perSecond, peers: NACT, beam: { "BEAM !": "send" } }),
  programs({
    name: "call",
    about: "calls, one client",
    ...perSecond,
    peers: BOTH,
    beam: { "BEAM gen_server": "call" },
  }),
  programs({
    name: "call-100",
    about: "calls, 100 in flight",
    ...perSecond,
    peers: BOTH,
    beam: { "BEAM gen_server": "call_100" },
  }),
  programs({
    name: "ping-pong",
    about: "ping-pong, round trips",
    ...perSecond,
    peers: BOTH,
    beam: { "BEAM !": "ping_pong" },
  }),
  programs({ name: "ring", about: "ring of 1,000, hops", ...perSecond, peers: BOTH, beam: { "BEAM !": "ring" } }),
  programs({
    name: "fan-out",
    about: "fan-out to 100,000, all handled",
    unit: "ms",
    better: "less",
    peers: BOTH,
    beam: { "BEAM pg": "fan_out", "BEAM list": "fan_out_list" },
  }),
  programs({
    name: "topic",
    about: "a topic's message to 100,000 subscribers",
    unit: "ms",
    better: "less",
    peers: { EventEmitter: "eventemitter" },
    beam: { "BEAM pg": "fan_out" },
    rows: {
      value: { name: "topic", title: "a topic's message to 100,000 subscribers, all handled" },
      pause: {
        name: "topic-pause",
        title: "a topic's message to 100,000 subscribers: the loop's longest pause",
        peers: ["EventEmitter"],
      },
    },
  }),
  programs({
    name: "spawn",
    about: "start, idle actor with init",
    ...perSecond,
    peers: BOTH,
    beam: { "BEAM gen_server": "spawn" },
  }),
  programs({ name: "spawn-raw", about: "spawn, not waited for", ...perSecond, beam: { "BEAM spawn": "spawn_raw" } }),
  programs({
    name: "spawn-supervised",
    about: "start under a dynamic supervisor",
    ...perSecond,
    beam: { "BEAM simple_one_for_one": "spawn_supervised" },
  }),
  programs({
    name: "bytes",
    about: "memory of an idle actor",
    unit: "bytes",
    better: "less",
    peers: BOTH,
    beam: { "BEAM gen_server hibernated": "bytes", "BEAM process": "bytes_raw" },
    nodeFlags: ["--expose-gc"],
  }),
  programs({
    name: "bytes-supervised",
    about: "memory of an idle actor under a dynamic supervisor",
    unit: "bytes",
    better: "less",
    peers: { comedy: "comedy" },
    beam: { "BEAM simple_one_for_one, hibernated": "bytes_supervised" },
    nodeFlags: ["--expose-gc"],
  }),
];

/** @type {readonly import("../scenarios.mjs").Scenario[]} */
export const storeScenarios = [
  programs({
    name: "store",
    about: "messages of durable sessions that become safe, 1 KB each",
    ...perSecond,
    peers: { "bare lmdb": "lmdb" },
    rows: {
      "process-16": { title: "made safe from the process's death, 16 at a time" },
      "process-128": { title: "the same, 128 at a time" },
      "process-1000": { title: "the same, 1,000 at a time" },
      "disk-16": { title: "made safe from a loss of power, 16 at a time" },
      "disk-128": { title: "the same, 128 at a time" },
      "disk-1000": { title: "the same, 1,000 at a time" },
      "loop-p99": { title: "loop delay meanwhile, p99 at worst", unit: "ms", better: "less" },
    },
  }),
  programs({
    name: "durable",
    about: "durable sessions, server and 64 clients in one process",
    ...perSecond,
    peers: { "in memory": "memory", "no store": "none" },
    rows: {
      pushes: { title: "pushes answered by durable sessions" },
      deliveries: { title: "broadcasts that reached durable sessions" },
    },
  }),
];
