/**
 * Holdfast under test on several cores: the endpoint of `scenario/server-holdfast.mjs` on each, behind one port.
 *
 * `BENCH_CORES` says how many. The process that the bench starts is their host; it answers the bench, with the CPU time of all processes.
 */
import { loadActors, loadCluster, loadKernel, loadSupervisors } from "../harness/packages.mjs";
import { answerTo, memory } from "../scenario/control.mjs";

const { Actor, createSystem } = await loadKernel();
const { clusterOf } = await loadCluster();
const { Supervisor, child } = await loadSupervisors();
const { Channel, Endpoint, ok } = await loadActors();

const CORES = Number(process.env["BENCH_CORES"] ?? 2);

let joined = 0;

class Room extends Channel {
  /** @override */
  join() {
    joined++;
  }
  /**
   * @override
   * @param {string} _event
   * @param {unknown} payload
   */
  handleIn(_event, payload) {
    return ok(/** @type {object} */ (payload));
  }
  /** @override */
  terminate() {
    joined--;
  }
}

/** What the host asks of a core. */
class Desk extends Actor {
  /** @override */
  async init() {
    const { names, self } = clusterOf(this.system);
    await names.register(`desk-${self.name}`, this.self());
  }
  /** @returns {Promise<number> | undefined} */
  port() {
    /** @type {import("../../src/index.js").ActorRef<{ port(): number }> | undefined} */
    const listener = this.system.whereis("endpoint.listener");
    return listener?.call.port();
  }
  usage() {
    return process.cpuUsage();
  }
  joined() {
    return joined;
  }
  /** @param {number} bytes */
  broadcast(bytes) {
    /** @type {import("../../src/index.js").ActorRef<import("../../actors/index.js").Topics> | undefined} */
    const topics = this.system.whereis("endpoint.topics");
    topics?.cast.broadcast("room:bench", "news", { text: "x".repeat(bytes) });
  }
}

class App extends Supervisor {
  /** @override */
  init() {
    const args = {
      host: "127.0.0.1",
      port: Number(process.env["PORT"] ?? 0),
      socket: { channels: { "room:*": Room } },
    };
    return {
      strategy: /** @type {const} */ ("one_for_one"),
      children: [child(Endpoint, { id: "endpoint", args }), child(Desk, { id: "desk" })],
    };
  }
}

const system = await createSystem({ root: App, cluster: { cores: CORES } });
const { names, role } = clusterOf(system);
if (role === "host") {
  /** @type {import("../../src/index.js").ActorRef<Desk>[]} */ const desks = [];
  for (let core = 1; core <= CORES; core++) {
    /** @type {import("../../src/cluster/index.js").NameHolder<Desk> | undefined} */
    const holder = await names.lookup(`desk-core-${core}`);
    if (holder === undefined) throw new Error(`Expected core-${core} to have a desk`);
    desks.push(holder.ref);
  }
  const [first] = desks;
  const port = await first?.call.port();
  if (port === undefined) throw new Error("Expected the endpoint to have started its listener");
  answerTo({
    port,
    count: () => joined,
    memory,
    async cpu() {
      const all = [process.cpuUsage(), ...(await Promise.all(desks.map((desk) => desk.call.usage())))];
      const sum = (/** @type {"user" | "system"} */ kind) => all.reduce((total, usage) => total + usage[kind], 0);
      return { user: sum("user"), system: sum("system") };
    },
    broadcast: (bytes) => first?.cast.broadcast(bytes),
    stop: () => system.stop(),
  });
}
