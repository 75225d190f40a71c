/** The micro programs of the Savina suite, with its parameters. A figure is the time of one whole program. */
import { BOTH, programs } from "../harness/programs.mjs";

/**
 * @param {string} name Savina's, in kebab case
 * @param {string} about
 * @param {Readonly<Record<string, string>>} [peers]
 */
function savina(name, about, peers = BOTH) {
  const row = `savina-${name}`;
  const beam = { "BEAM !": row.replaceAll("-", "_") };
  return programs({ name: row, about: `Savina ${about}`, unit: "ms", better: "less", peers, beam });
}

/** @type {readonly import("../scenarios.mjs").Scenario[]} */
export const savinaScenarios = [
  savina("ping-pong", "ping pong, 40,000 pings"),
  savina("counting", "counting, 1,000,000 messages"),
  savina("fork-join-create", "fork join, 40,000 actors", { nact: "nact" }),
  savina("fork-join-throughput", "fork join, 60 actors x 10,000"),
  savina("thread-ring", "thread ring, 100 actors, 100,000 hops"),
  savina("chameneos", "chameneos, 100, 200,000 meetings"),
  savina("big", "big, 120 actors x 20,000"),
  savina("concurrent-dictionary", "concurrent dictionary, 20 x 10,000"),
];
