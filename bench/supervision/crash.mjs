/**
 * A child crashes, its supervisor starts it again, and its client, told by the new one's `init`, makes it crash once more: so many times in a
 * row. Every report is counted, none is written, as in the BEAM's program.
 *
 * @import { Durations } from "../micro/meter.mjs"
 * @import { ActorRef } from "../../src/index.js"
 */
import { loadKernel, loadSupervisors } from "../harness/packages.mjs";
import { median } from "../harness/statistics.mjs";
import { medianRound } from "../micro/meter.mjs";

/** Crashes in a row, each with a supervisor of its own; the first is repeated, and warms up for the others. */
const FEW = 1_000;
const MORE = 10_000;
const MANY = 50_000;

/**
 * @param {Durations} durations
 * @param {"throw" | "exit"} how the child throws an `Error`, or stops with a reason
 * @returns {Promise<Record<string, number>>} restarts per second in each of the rows, and how fast the second half of the longest was, a
 *   thousand at a time, as a share of the first row. Stretches of one length are compared: a busy machine takes more from longer ones
 */
export async function crashesInARow(durations, how) {
  const { Actor, createSystem } = await loadKernel();
  const { Supervisor, child } = await loadSupervisors();

  /** @extends {Actor<ActorRef<Client>>} */
  class Child extends Actor {
    /** @param {ActorRef<Client>} client @override */
    init(client) {
      client.cast.up(this.self());
    }
    fail() {
      if (how === "throw") throw new Error("boom");
      this.stop("boom");
    }
  }

  class Client extends Actor {
    left = 0;
    /** @type {(everyFewMs: number[]) => void} */ finish = () => {};
    /** @type {number[]} */ everyFew = [];
    /**
     * @param {number} crashes
     * @param {(everyFewMs: number[]) => void} finish gets the time of each thousandth restart
     */
    begin(crashes, finish) {
      this.left = crashes;
      this.finish = finish;
      this.everyFew = [];
    }
    /** @param {ActorRef<Child>} ref */
    up(ref) {
      if (this.left % FEW === 0) this.everyFew.push(performance.now());
      if (this.left-- > 0) ref.cast.fail();
      else this.finish(this.everyFew);
    }
  }

  /** @extends {Supervisor<ActorRef<Client>>} */
  class Top extends Supervisor {
    /** @param {ActorRef<Client>} client @override */
    init(client) {
      return { intensity: 1_000_000, periodMs: 3_600_000, children: [child(Child, { id: "child", args: client })] };
    }
  }

  let errors = 0;
  const system = await createSystem({
    reporter: ({ level }) => {
      if (level === "error") errors++;
    },
  });
  const client = await system.start(Client);

  /** @type {number[]} */ let marks = [];
  /** @param {number} crashes */
  const round = async (crashes) => {
    errors = 0;
    const finished = new Promise((resolve) => {
      client.cast.begin(crashes, (everyFew) => {
        marks = everyFew;
        resolve(undefined);
      });
    });
    const startedAtMs = performance.now();
    const top = await system.start(Top, client);
    await finished;
    const took = performance.now() - startedAtMs;
    await system.stopActor(top, "shutdown");
    // At least the supervisor reports each.
    if (errors < crashes) throw new Error(`Expected at least ${crashes} reports, got ${errors}`);
    return took;
  };

  const few = (FEW * 1_000) / (await medianRound(durations, () => round(FEW)));
  const more = (MORE * 1_000) / (await round(MORE));
  const many = (MANY * 1_000) / (await round(MANY));
  const stretches = marks.slice(1).map((mark, i) => mark - /** @type {number} */ (marks[i]));
  const late = (FEW * 1_000) / median(stretches.slice(stretches.length >> 1));
  return { few, more, many, slope: late / few };
}
