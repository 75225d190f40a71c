import { decodeHome, homesPrefix } from "../../../actors/home/home-record.js";
import type { Cell } from "../../../src/kernel/cell.js";
import { cellOf } from "../../../src/kernel/cell.js";
import { childrenOf } from "../../../src/kernel/family.js";
import type { NodeProcess } from "./node-process.js";
import type { Surroundings } from "./part.js";

const ENDPOINT = "endpoint";

/** Where sessions live: one process for each, and whoever has lost its place has none. */
export class SessionPlaces {
  readonly #around: Surroundings;
  /** The processes that a home has belonged to, the latest last. */
  readonly #owners = new Map<string, NodeProcess[]>();
  /** The revision under which each home was last seen in the register. */
  readonly #revisions = new Map<string, number>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** The process that has had the home of a session last; `undefined` for a session without a home. */
  ownerOf(sid: string): NodeProcess | undefined {
    this.#learn(sid);
    return this.#owners.get(homeOf(sid))?.at(-1);
  }

  /** Whether a process has, or has had, the home of a session: any other only carries what its client is told. */
  hasHad(sid: string, process: NodeProcess): boolean {
    this.#learn(sid);
    return this.#owners.get(homeOf(sid))?.includes(process) === true;
  }

  /** Looks that no session runs in two places, and none where there is no place for it. */
  look(): void {
    const places = new Map<string, NodeProcess>();
    for (const process of this.#around.processes()) {
      const sids = sessionsOf(process);
      for (const sid of sids) this.#learn(sid);
      if (!process.isAwake) continue;
      if (process.wasFenced && sids.length > 0) {
        this.#around.failed("who has lost its place has no sessions", `${process.life} still has ${sids.join(", ")}`);
      }
      if (!process.holdsPlace) continue;
      for (const sid of sids) {
        const other = places.get(sid);
        if (other !== undefined) {
          this.#around.failed("one place for each session", `${sid} runs on ${other.life} and on ${process.life}`);
        }
        places.set(sid, process);
      }
    }
  }

  /** Reads who has the home of a session now. */
  #learn(sid: string): void {
    const home = homeOf(sid);
    const entry = home === "" ? undefined : this.#around.cluster.network.entry(homesPrefix(ENDPOINT) + home);
    const record = entry === undefined ? undefined : decodeHome(entry.value);
    if (entry === undefined || record === undefined) return;
    const latest = this.#revisions.get(home) ?? 0;
    if (entry.revision < latest)
      this.#around.failed("tokens never fall", `the home ${home} went from ${latest} to ${entry.revision}`);
    if (entry.revision === latest) return;
    this.#revisions.set(home, entry.revision);
    const owner = this.#around
      .processes()
      .find(({ node }) => node.cluster.self.incarnation === record.node.incarnation);
    if (owner !== undefined) this.#owners.set(home, [...(this.#owners.get(home) ?? []), owner]);
  }
}

/** The home that a public id of a session names; empty for none. */
function homeOf(sid: string): string {
  const at = sid.indexOf("~");
  return at < 0 ? "" : sid.slice(0, at);
}

function sessionsOf(process: NodeProcess): string[] {
  const supervisor = process.system.whereis(`${ENDPOINT}.sessions`);
  if (supervisor === undefined) return [];
  return [...childrenOf(cellOf(supervisor))].map(sidOf).filter((sid) => sid !== "");
}

function sidOf({ actor }: Cell): string {
  return actor !== null && actor !== undefined && "sid" in actor && typeof actor.sid === "string" ? actor.sid : "";
}
