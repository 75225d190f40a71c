/**
 * The application that the rows between cores run: on each core an actor that adds, one that drives that of the other core, and listeners of a topic.
 *
 * Loaded by each core, never by the host.
 */
import { loadActors, loadCluster, loadKernel, loadSupervisors } from "../harness/packages.mjs";
import { Meter } from "../micro/meter.mjs";
import { callOn, countCalls, countCasts, cpuOfBoth, timeCalls, warmed } from "./drive.mjs";

/**
 * @import { ActorRef } from "../../src/index.js"
 * @import { Durations } from "../micro/meter.mjs"
 * @import { Link } from "./drive.mjs"
 */

const { Actor, createSystem } = await loadKernel();
const { clusterOf } = await loadCluster();
const { Supervisor, child } = await loadSupervisors();
const { Topics, topicsOf } = await loadActors();

const TOPIC = "bench";
const LISTENERS = 100;
/** Broadcasts whose arrival is waited for together. */
const BROADCASTS = 100;

/** Adds what it is told. */
class Adder extends Actor {
  #sum = 0;
  #handled = 0;
  /** @param {number} k */
  add(k) {
    this.#sum += k;
    this.#handled++;
    return this.#sum;
  }
  handled() {
    return this.#handled;
  }
  usage() {
    return process.cpuUsage();
  }
  pid() {
    return process.pid;
  }
}

/** Counts the messages of a topic. */
class Listener extends Actor {
  #heard = 0;
  /** @override */
  init() {
    topicsOf(this.system).subscribe(TOPIC, this.self());
  }
  /** @override */
  handleInfo() {
    this.#heard++;
  }
  heard() {
    return this.#heard;
  }
}

/** One of many that call at the same time. */
class Client extends Actor {
  /**
   * @param {ActorRef<Adder>} adder
   * @param {Meter} meter
   */
  run(adder, meter) {
    return callOn(linkTo(adder), meter);
  }
}

/**
 * Works on the actors of core-2.
 *
 * It alone has a name that is unique among the cores: whoever has one asks before each message whether it is still its own.
 */
class Driver extends Actor {
  /** @override */
  async init() {
    const { names, self } = clusterOf(this.system);
    this.adder = this.spawn(Adder);
    if (self.name === "core-2") this.listeners = Array.from({ length: LISTENERS }, () => this.spawn(Listener));
    await names.register(`driver-${self.name}`, this.self());
  }

  /** The actors of this core. */
  actors() {
    return { adder: this.adder, listener: this.listeners?.at(-1) };
  }

  /**
   * Monitors the driver of another core; answers when that core knows.
   *
   * @param {ActorRef<Driver>} other
   */
  async watch(other) {
    this.downAtNs = undefined;
    this.monitor(other);
    await other.call.actors();
  }

  /** When the DOWN of the one that is watched came, in nanoseconds of the machine's monotonic clock; `undefined` before that. */
  downAt() {
    return this.downAtNs;
  }

  /** @override */
  handleDown() {
    this.downAtNs = process.hrtime.bigint();
  }

  /**
   * @param {number} together
   * @param {Durations} durations
   */
  async casts(together, durations) {
    const { adder } = await this.#others();
    return countCasts(linkTo(adder), together, durations);
  }

  /** @param {Durations} durations */
  async call(durations) {
    const { adder } = await this.#others();
    return timeCalls(linkTo(adder), durations);
  }

  /**
   * @param {number} clients
   * @param {Durations} durations
   */
  async calls(clients, durations) {
    const { adder } = await this.#others();
    const started = Array.from({ length: clients }, () => this.spawn(Client));
    const begin = (/** @type {Meter} */ meter) => started.map((one) => one.callWithin(60_000).run(adder, meter));
    const found = await countCalls(linkTo(adder), begin, durations);
    for (const one of started) this.exit(one, "shutdown");
    return found;
  }

  /** @param {Durations} durations */
  async broadcasts(durations) {
    const { adder, listener } = await this.#others();
    const topics = topicsOf(this.system);
    // Word of the listeners may still be on its way.
    let before = 0;
    while (before === 0) {
      topics.publish(TOPIC, "news", { n: 0 });
      before = await listener.call.heard();
    }
    let published = 0;
    let heard = before;
    const found = await warmed(durations, async (stretch) => {
      const meter = new Meter(stretch);
      const earlier = published;
      const spent = await cpuOfBoth(linkTo(adder), async () => {
        do {
          for (let n = 0; n < BROADCASTS; n++) topics.publish(TOPIC, "news", { n });
          published += BROADCASTS;
          heard = await listener.call.heard();
        } while (meter.tick(BROADCASTS));
      });
      return { rate: await meter.rate, us: spent / (published - earlier) };
    });
    if (heard - before !== published) throw new Error(`Expected ${published} broadcasts, got ${heard - before}`);
    return found;
  }

  async #others() {
    const { names } = clusterOf(this.system);
    /** @type {import("../../src/cluster/index.js").NameHolder<Driver> | undefined} */
    const holder = await names.lookup("driver-core-2");
    const found = await holder?.ref.call.actors();
    if (found?.listener === undefined) throw new Error("Expected core-2 to have an adder and listeners");
    return found;
  }
}

class App extends Supervisor {
  /** @override */
  init() {
    return { children: [child(Topics, { id: "topics" }), child(Driver, { id: "driver" })] };
  }
}

/**
 * @param {ActorRef<Adder>} adder
 * @returns {Link}
 */
function linkTo(adder) {
  const { cast, call } = adder;
  return {
    cast: (k) => cast.add(k),
    handled: () => call.handled(),
    call: (k) => call.add(k),
    usage: () => call.usage(),
  };
}

await createSystem({ root: App, cluster: { cores: 2 } });
