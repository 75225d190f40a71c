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
