/** Holdfast in a storm: an endpoint with its defaults; each client is a user of its own. */
import { loadActors, loadKernel, loadSupervisors } from "../harness/packages.mjs";
import { answerStorm, Tally } from "./storm-control.mjs";

const { createSystem } = await loadKernel();
const { Supervisor, child } = await loadSupervisors();
const { Channel, Endpoint, ok } = await loadActors();

const tally = new Tally();

class Room extends Channel {
  /**
   * @override
   * @param {string} event
   * @param {unknown} payload
   */
  handleIn(event, payload) {
    if (event === "count") tally.pushed(/** @type {{ c: number, n: number }} */ (payload));
    return ok();
  }
}

class App extends Supervisor {
  /** @override */
  init() {
    const socket = {
      channels: { "room:*": Room },
      /** @param {{ token: string | undefined }} credentials */
      authenticate: ({ token }) => (token === undefined ? undefined : { user: token }),
    };
    const args = { host: "127.0.0.1", port: 0, socket };
    return { children: [child(Endpoint, { id: "endpoint", args, shutdown: 10_000 })] };
  }
}

const system = await createSystem({ root: App });
/** @type {import("../../src/index.js").ActorRef<{ port(): number }> | undefined} */
const listener = system.whereis("endpoint.listener");
/** @type {import("../../src/index.js").ActorRef<import("../../actors/index.js").Topics> | undefined} */
const topics = system.whereis("endpoint.topics");
if (listener === undefined || topics === undefined) throw new Error("The endpoint did not start");

answerStorm(
  {
    port: await listener.call.port(),
    publish: (room, message) => topics.cast.broadcast(room, "news", message),
    stop: () => system.stop(),
  },
  tally,
);
